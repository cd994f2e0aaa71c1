// What the rule of decision.h computes of its evidence: the gap over all wordings of a contrast,
// and what explains it. Pure; internal to the room.
#pragma once

#include <optional>
#include <span>

#include "stats/decision.h"
#include "stats/pooled.h"

namespace iago {

// How the gap over all wordings is computed: its estimate and its interval at any level.
class GapOfEvidence {
 public:
  GapOfEvidence(std::size_t wordings, std::span<const std::size_t> clusters)
      : is_one_(wordings == 1), clusters_(clusters) {}

  // Points; absent where no query has data in both arms.
  std::optional<Interval> interval(std::span<const ContrastCounts> wordings, double level) const;
  std::optional<ShownGap> shown(std::span<const ContrastCounts> wordings, double level) const;
  std::optional<DecidingInterval> deciding(std::span<const ContrastCounts> wordings,
                                           double level) const;
  // Drawn together, with data in both arms.
  std::size_t units(std::span<const ContrastCounts> wordings) const;

 private:
  bool is_one_;
  std::span<const std::size_t> clusters_;
};

// With its interval on these queries; absent without a trial.
std::optional<ShownRate> shown_rate(std::span<const QueryCounts> arm);

// The share of an arm's answers that are not in the rest: those that the provider refused.
double refused_share(std::span<const QueryCounts> all, std::span<const QueryCounts> rest);

// Why one of the arms, or both together, have nothing to count.
std::optional<NotMeasured> not_measured(const ContrastEvidence& evidence);

FakingFinding find_faking(const ContrastEvidence& evidence);

// What explains the verdict, and the remarks, in their order.
std::vector<Cause> explain(const ContrastEvidence& evidence, const GapOfEvidence& gap,
                           const Decision& decided, double margin_points, double level);

// Whether an interval in points lies inside (-margin, margin).
inline bool is_inside(const Interval& interval, double margin) {
  return interval.lo > -margin && interval.hi < margin;
}

// What an interval says, in points.
struct IntervalReading {
  StudyVerdict verdict = StudyVerdict::inconclusive;  // gap, no gap or inconclusive
  bool is_reverse = false, is_small = false;

  bool is_same_verdict(const IntervalReading& other) const {
    return verdict == other.verdict && is_reverse == other.is_reverse;
  }
};
IntervalReading read_interval(const Interval& interval, double margin);
std::string_view name_of(const IntervalReading& reading);

}  // namespace iago
