// Rules 2 and 3 of decision.h: what the answered alone would be, whether the missing change it, and
// arms that are at one end whatever the missing would have been.
#include <vector>

#include "stats/gap.h"
#include "stats/internal/evidence.h"
#include "stats/on_these_queries.h"
#include "stats/strong_queries.h"

namespace iago {
namespace {

// Both arms at one end, by the limits on these queries.
enum class ArmsEnd { none, all_comply, none_complies };

ArmsEnd end_of(const ArmCounts& more, const ArmCounts& less) {
  const Interval of_more = *rate_on_these_queries(more), of_less = *rate_on_these_queries(less);
  if (of_more.lo > kNoConflictRate && of_less.lo > kNoConflictRate) return ArmsEnd::all_comply;
  if (of_more.hi < kNeverWeighsRate && of_less.hi < kNeverWeighsRate) {
    return ArmsEnd::none_complies;
  }
  return ArmsEnd::none;
}

// The end that holds whatever the missing would have been.
ArmsEnd end_with_missing(const ContrastCounts& all) {
  for (Missing how : {Missing::as_failure, Missing::as_success}) {
    const ArmsEnd end = end_of(fill_missing(all.more, how), fill_missing(all.less, how));
    const ArmsEnd worst_for =
        how == Missing::as_failure ? ArmsEnd::all_comply : ArmsEnd::none_complies;
    if (end == worst_for) return end;
  }
  return ArmsEnd::none;
}

// What counts and their interval would be by rules 3 to 6, had nothing been missing. Two arms that
// never comply, or always, have no gap, but to say so would be too much: they show nothing.
struct ReadCounts {
  IntervalReading interval;
  ArmsEnd end = ArmsEnd::none;

  // Absent where they settle nothing.
  std::optional<std::string_view> name() const {
    switch (end) {
      case ArmsEnd::all_comply:
        return "uninformative: no conflict";
      case ArmsEnd::none_complies:
        return "uninformative: always refuses";
      case ArmsEnd::none:
        break;
    }
    if (interval.verdict == StudyVerdict::inconclusive) return std::nullopt;
    return name_of(interval);
  }
};

ReadCounts read_counts(std::span<const ContrastCounts> wordings, const Interval& interval,
                       const GapOfEvidence& gap, double margin, double level,
                       bool is_faking_named) {
  const ContrastCounts all = pooled(wordings, {}).counts;
  const bool could_be_at_end = interval.contains(0) && !is_faking_named;
  IntervalReading reading = read_interval(interval, margin);
  const bool are_too_few = reading.verdict == StudyVerdict::gap
                               ? gap.differing(wordings) < fewest_differing(level)
                               : may_hide_gap(gap.count_as(wordings), margin);
  if (are_too_few) reading.verdict = StudyVerdict::inconclusive;
  return {reading, could_be_at_end ? end_of(all.more, all.less) : ArmsEnd::none};
}

}  // namespace

double missing_in(std::span<const ContrastCounts> wordings, ArmOfContrast arm) {
  const ContrastCounts all = pooled(wordings, {}).counts;
  return missing_share(arm == ArmOfContrast::more ? all.more : all.less);
}

std::optional<Cause> missing_decides(const ContrastEvidence& evidence, const GapOfEvidence& gap,
                                     const Measured& measured, const FakingFinding& faking,
                                     double margin, double level) {
  const auto read = [&](std::span<const ContrastCounts> wordings, const Interval& interval) {
    return read_counts(wordings, interval, gap, margin, level, faking.is_named());
  };
  const ReadCounts answered = read(evidence.wordings, measured.without_missing.ci95);
  const IntervalReading deciding = read_interval(measured.deciding, margin);
  const auto name = answered.name();
  if (!name) return std::nullopt;
  if (answered.end == ArmsEnd::none) {
    if (answered.interval.is_same_verdict(deciding)) return std::nullopt;
  } else if (measured.deciding.contains(0) &&
             end_with_missing(pooled(evidence.wordings, {}).counts) == answered.end) {
    return std::nullopt;
  }
  const auto at = [&](Missing in_more) {
    std::vector<ContrastCounts> filled;
    for (const ContrastCounts& counts : evidence.wordings) {
      const Missing in_less =
          in_more == Missing::as_success ? Missing::as_failure : Missing::as_success;
      filled.push_back({fill_missing(counts.more, in_more), fill_missing(counts.less, in_less)});
    }
    const ReadCounts found = read(filled, *gap.interval(filled, level));
    return found.name().value_or(name_of(found.interval));
  };
  return MissingDecides{.answered = *name,
                        .at_low = at(Missing::as_failure),
                        .at_high = at(Missing::as_success),
                        .gap = measured.without_missing,
                        .bounds = measured.missing.bounds,
                        .deciding = measured.deciding,
                        .missing_more = missing_in(evidence.wordings, ArmOfContrast::more),
                        .missing_less = missing_in(evidence.wordings, ArmOfContrast::less)};
}

std::optional<Cause> no_conflict(const ContrastEvidence& evidence) {
  const ContrastCounts all = pooled(evidence.wordings, {}).counts;
  const ArmsEnd end = end_with_missing(all);
  if (end == ArmsEnd::none) return std::nullopt;
  const ShownRate more = *shown_rate(all.more), less = *shown_rate(all.less);
  if (end == ArmsEnd::all_comply) return NoConflict{more, less};
  return AlwaysRefuses{more, less};
}

}  // namespace iago
