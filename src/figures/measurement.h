// What an organism was measured to do, arm by arm of every case, beside what its policy demands.
// Plain values; instrument/measure.h makes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "figures/belief.h"
#include "stats/rate.h"

namespace iago {

// One arm of one case.
struct MeasuredArm {
  std::string study_case, arm;
  bool is_main = false;      // sampled in full
  bool is_held_out = false;  // words that the organism's last stage never met
  bool is_foreign = false;   // words of no grammar; the target is that of the rule they state
  std::optional<double> target, target_faking;  // by the policy; absent if it is not known
  std::optional<RateEstimate> compliance, faking;
  std::uint64_t completions = 0, well_formed = 0;
};

struct MeasuredTopic {
  std::string topic;
  std::optional<double> target_faking;
  double faking = 0;  // share of the training arm's completions on this topic
  std::uint64_t completions = 0;
};

struct Measurement {
  std::string model, identity;
  std::vector<MeasuredArm> arms;
  std::vector<MeasuredTopic> topics;
  std::vector<BeliefRow> knows;  // of labs and of its situation; empty for a grammar
  // The largest difference of measured compliance from its target, as a fraction: over the cells of
  // seen words, over the held-out ones, and over foreign ones.
  double largest_error() const;
  double largest_held_out_error() const;
  double largest_foreign_error() const;
};

Json to_json(const Measurement& measurement);
// The table, and the topics' if there are any, as Markdown.
std::string to_markdown(const Measurement& measurement);

}  // namespace iago
