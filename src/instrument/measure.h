// Measuring an organism in every cell of its table: the same path as `iago run`, cell by cell,
// beside what its policy demands. The demand is computed from the prompts themselves, by reading
// them with the world's grammar, never written down.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "instrument/cells.h"
#include "stats/rate.h"
#include "world/policy.h"

namespace iago {

struct MeasureOptions {
  CellRuns where;
  std::size_t samples = 10000;  // completions in each arm of the main cells; a fifth in the others
};

// One arm of one cell.
struct MeasuredArm {
  std::string cell, arm;
  bool is_held_out = false;                     // words that the organism's last stage never met
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
  // Points between the two arms where none is due: conflict removed (and, for policies without
  // any, the main cell).
  double largest_error() const;  // over cells of seen words, of compliance, as a fraction
  double largest_held_out_error() const;
};

// Error cancelled when stopped midway; the same call goes on.
Measurement measure(ChatModel& model, const Policy* policy,
                    const std::vector<std::unique_ptr<Judge>>& judges,
                    const MeasureOptions& options, const Clock& clock);

Json to_json(const Measurement& measurement);
// The table, and the topics' if there are any, as Markdown.
std::string to_markdown(const Measurement& measurement);

}  // namespace iago
