// How a reply is sampled.
#pragma once

#include <string>
#include <vector>

namespace iago {

struct Sampling {
  double temperature = 1.0;       // >= 0; 0 = the most probable token
  double top_p = 1.0;             // (0, 1]: the fewest most probable tokens that together reach it
  int top_k = 0;                  // >= 0; 0 = all
  int max_tokens = 512;           // >= 1, of the reply; the prefill does not count
  std::vector<std::string> stop;  // the reply ends before the first of these, all non-empty
  bool logprobs = false;          // ask for each token's log-probability; changes no token
  bool operator==(const Sampling&) const = default;
};

}  // namespace iago
