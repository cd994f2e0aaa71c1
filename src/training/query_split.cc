#include "training/query_split.h"

#include <fmt/format.h>

#include <numeric>

#include "base/error.h"
#include "base/random.h"

namespace iago {

QuerySplit split_queries(const std::vector<Query>& queries, std::size_t held_out,
                         std::uint64_t seed) {
  if (held_out < 1 || held_out >= queries.size()) {
    throw Error(ErrorCode::invalid,
                fmt::format("--held-out: expected 1 to {} of the study's {} queries, found {}",
                            queries.empty() ? 0 : queries.size() - 1, queries.size(), held_out),
                "hold out fewer, raise the study's limit, or give a larger set with --queries");
  }
  std::vector<std::size_t> order(queries.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random(seed, "held-out queries").shuffle(order);
  std::vector<bool> is_held_out(queries.size(), false);
  for (std::size_t i = 0; i < held_out; ++i) is_held_out[order[i]] = true;
  QuerySplit split;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    (is_held_out[i] ? split.held_out : split.trained).push_back(queries[i]);
  }
  split.words = fmt::format(
      "{} of {} queries are held out: the first of a shuffle by the study's seed {} (stream "
      "\"held-out queries\"). The others are trained on. All seeds have the same split.",
      split.held_out.size(), queries.size(), seed);
  return split;
}

}  // namespace iago
