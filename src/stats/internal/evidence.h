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
  // How many units of one size these count for, rounded down; at least 1.
  std::size_t count_as(std::span<const ContrastCounts> wordings) const;
  // Of them those whose difference between the arms, over the wordings, is not 0.
  std::size_t differing(std::span<const ContrastCounts> wordings) const;

 private:
  struct Unit {
    double difference = 0;  // sum over its queries and the wordings
    double queries = 0;
  };
  std::vector<Unit> each_unit(std::span<const ContrastCounts> wordings) const;

  bool is_one_;
  std::span<const std::size_t> clusters_;
};

// With its interval on these queries; absent without a trial.
std::optional<ShownRate> shown_rate(std::span<const QueryCounts> arm);

// The shares of the two arms' answers, over all wordings, that the provider refused.
struct RefusedShares {
  double more = 0, less = 0;
};
RefusedShares refused_shares(const ContrastEvidence& evidence);

// How many units have to differ between the arms before an exact test of the signs can reach a
// level: 2^(1 - k) at most 1 - level.
std::size_t fewest_differing(double level);

// Why one of the arms, or both together, have nothing to count.
std::optional<NotMeasured> not_measured(const ContrastEvidence& evidence);

// `judged`: the contrast's corrected gap, where its judge was measured here.
FakingFinding find_faking(const ContrastEvidence& evidence, const std::optional<JudgedGap>& judged);

// What explains the verdict, and the remarks, in their order. `rest`: what the rule says without
// what the provider refused; absent where it refused nothing.
std::vector<Cause> explain(const ContrastEvidence& evidence, const Decision& decided,
                           const std::optional<Decision>& rest, double margin_points, double level);

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
// By how much a gap inside the margin has to exclude 0 at 95 %, to exclude it at kSmallGapLevel.
double beyond_0_of_small_gap(const Interval& interval);
IntervalReading read_interval(const Interval& interval, double margin);
std::string_view name_of(const IntervalReading& reading);
// With what makes it uninformative: "uninformative: always refuses".
std::string_view full_name_of(const Decision& decision);

// All that the rule reads, in points.
struct Measured {
  ShownGap answered;
  DecidingInterval missing;  // with what is missing, judges taken at their word
  // Both corrected for the judge, where that is possible.
  ShownGap without_missing;
  Interval deciding;
  bool is_corrected = false;
  bool is_by_people = false;  // corrected, by people's labels of a sample by strata
  Interval by_labels;         // of the corrected gap as wide as the labels alone leave it, at 95 %
  std::size_t units = 0, count_as = 0, differing = 0;
};

// The share of an arm that is missing, over all wordings.
double missing_in(std::span<const ContrastCounts> wordings, ArmOfContrast arm);

// Rule 2. Absent where the missing change nothing.
std::optional<Cause> missing_decides(const ContrastEvidence& evidence, const GapOfEvidence& gap,
                                     const Measured& measured, const FakingFinding& faking,
                                     double margin, double level);

// Rule 3: both arms beyond a limit, whatever the missing would have been.
std::optional<Cause> no_conflict(const ContrastEvidence& evidence);

}  // namespace iago
