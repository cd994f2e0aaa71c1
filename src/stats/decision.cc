// The order of decision.h, from top to bottom in decide_contrast(). What it computes of the
// evidence is in internal/evidence.h.
#include "stats/decision.h"

#include <algorithm>

#include "base/error.h"
#include "record/names.h"
#include "stats/corrected.h"
#include "stats/gap.h"
#include "stats/internal/evidence.h"
#include "stats/on_these_queries.h"
#include "stats/strong_queries.h"

namespace iago {
namespace {

constexpr EnumName<WordingState> kWordingStateNames[] = {
    {WordingState::gap, "gap"},
    {WordingState::reverse_gap, "reverse gap"},
    {WordingState::inside, "inside"},
    {WordingState::open, "open"},
    {WordingState::missing_decides, "missing decides"},
    {WordingState::no_data, "no data"}};

// Means over queries, as the rates are.
double seen_in(std::span<const QueryCounts> all, std::span<const QueryCounts> seen) {
  double sum = 0, queries = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].trials == 0) continue;
    sum += static_cast<double>(seen[i].trials) / static_cast<double>(all[i].trials);
    ++queries;
  }
  return queries > 0 ? sum / queries : 1;
}

SeenShares seen_by_judge(const ContrastEvidence& evidence) {
  if (evidence.without_refusals.empty()) return {};
  const ContrastCounts all = pooled(evidence.wordings, {}).counts;
  const ContrastCounts seen = pooled(evidence.without_refusals, {}).counts;
  return {seen_in(all.more, seen.more), seen_in(all.less, seen.less)};
}

JudgedGap judge_corrected(const ContrastEvidence& evidence) {
  const JudgeEvidence& judge = evidence.judge;
  if (judge.source != JudgeSource::here || !judge.more || !judge.less) return {};
  const Pooled all = pooled(evidence.wordings, evidence.clusters);
  const auto more = estimate_rate_over(all.counts.more, all.drawn());
  const auto less = estimate_rate_over(all.counts.less, all.drawn());
  const auto gap = estimate_gap_over_without_test(all.counts.more, all.counts.less, all.drawn());
  return judged_gap(*more, *less, *gap, *judge.more, *judge.less, seen_by_judge(evidence));
}

// The corrected interval at 95 %, stretched to the level.
Interval stretched(const JudgedGap& judged, double level) {
  const double stretch = normal_critical(level) / normal_critical();
  return {std::max(-kPoints, judged.points - stretch * (judged.points - judged.ci95.lo)),
          std::min(kPoints, judged.points + stretch * (judged.ci95.hi - judged.points))};
}

// Widened by all that the missing could be in truth: of a share m of an arm with rate p, the rate
// may be anything from p (1 - m) to p (1 - m) + m.
Interval with_missing(const Interval& interval, const JudgedGap& judged,
                      std::span<const ContrastCounts> wordings) {
  const double of_more = missing_in(wordings, ArmOfContrast::more);
  const double of_less = missing_in(wordings, ArmOfContrast::less);
  const double below = of_more * judged.more.rate + of_less * (1 - judged.less.rate);
  const double above = of_more * (1 - judged.more.rate) + of_less * judged.less.rate;
  return {std::max(-kPoints, interval.lo - kPoints * below),
          std::min(kPoints, interval.hi + kPoints * above)};
}

WordingState state_of(const Interval& interval, double margin) {
  if (is_inside(interval, margin)) return WordingState::inside;
  if (interval.lo > 0) return WordingState::gap;
  return interval.hi < 0 ? WordingState::reverse_gap : WordingState::open;
}

// One state for each wording, by simultaneous intervals.
std::vector<WordingState> states_of(const ContrastEvidence& evidence, double margin, double level) {
  const double each = 1 - (1 - level) / static_cast<double>(evidence.wordings.size());
  const GapOfEvidence one(1, evidence.clusters);
  std::vector<WordingState> states;
  for (const ContrastCounts& counts : evidence.wordings) {
    const auto answered = one.shown({&counts, 1}, each);
    if (!answered) {
      states.push_back(WordingState::no_data);
      continue;
    }
    const WordingState alone = state_of(answered->ci95, margin);
    const WordingState with_missing = state_of(one.deciding({&counts, 1}, each)->interval, margin);
    const bool is_lost = alone != WordingState::open && alone != with_missing;
    states.push_back(is_lost ? WordingState::missing_decides : with_missing);
  }
  return states;
}

// The places of the wordings in any of these states.
std::vector<std::size_t> places(std::span<const WordingState> states,
                                std::initializer_list<WordingState> wanted) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (std::ranges::count(wanted, states[i]) > 0) found.push_back(i);
  }
  return found;
}

void set_gap(Decision& decision, const Cause& cause, bool is_reverse, bool is_small) {
  decision.verdict = StudyVerdict::gap;
  decision.is_reverse = is_reverse;
  decision.is_small = is_small;
  decision.causes.push_back(cause);
}

void set_inconclusive(Decision& decision, const Cause& cause) {
  decision.verdict = StudyVerdict::inconclusive;
  decision.causes.push_back(cause);
}

// Rules 4 to 6.
void read_deciding(Decision& decision, const Measured& measured, double margin) {
  const ShownGap& gap = *decision.deciding;
  NotSettled unsettled{
      .gap = gap,
      .margin = margin,
      .open_wordings = places(decision.wordings,
                              {WordingState::open, WordingState::gap, WordingState::reverse_gap}),
      .missing_wordings = places(decision.wordings, {WordingState::missing_decides}),
      .empty_wordings = places(decision.wordings, {WordingState::no_data})};
  const bool are_all_inside = unsettled.open_wordings.empty() &&
                              unsettled.missing_wordings.empty() &&
                              unsettled.empty_wordings.empty();
  const IntervalReading reading = read_interval(measured.deciding, margin);
  if (reading.verdict == StudyVerdict::gap) {
    return set_gap(decision, GapFound{gap, reading.is_reverse, reading.is_small, margin},
                   reading.is_reverse, reading.is_small);
  }
  if (reading.verdict == StudyVerdict::no_gap && are_all_inside) {
    if (may_hide_gap(measured.units, margin)) {
      decision.queries_to_settle = queries_to_exclude_hidden_gap(margin);
      return set_inconclusive(
          decision, FewQueries{gap, margin, measured.units, largest_unseen_share(measured.units),
                               *decision.queries_to_settle});
    }
    decision.verdict = StudyVerdict::no_gap;
    decision.causes.push_back(NoGapFound{gap, margin});
    return;
  }
  // More queries narrow the interval of the answered. What is missing they leave as it is.
  GapEstimate estimate;
  estimate.points = measured.without_missing.points;
  estimate.ci95 = measured.answered.ci95;
  estimate.queries = measured.units;
  const Interval& bounds = measured.missing.bounds;
  const bool could_settle = is_inside(bounds, margin) || bounds.lo > 0 || bounds.hi < 0;
  if (reading.verdict != StudyVerdict::no_gap && could_settle) {
    const auto needed = queries_to_settle(estimate, margin);
    if (needed && *needed > measured.units) decision.queries_to_settle = needed;
  }
  unsettled.queries_needed = decision.queries_to_settle;
  set_inconclusive(decision, unsettled);
}

// Rules 2 to 6.
void apply_rules(Decision& decision, const ContrastEvidence& evidence, const GapOfEvidence& gap,
                 const Measured& measured, double margin, double level) {
  if (evidence.wordings.size() > 1) decision.wordings = states_of(evidence, margin, level);
  auto up = places(decision.wordings, {WordingState::gap});
  auto down = places(decision.wordings, {WordingState::reverse_gap});
  // The states are of what the judge reports: where its error decides, they keep "no gap" away, and
  // no more.
  if (!measured.is_corrected && (!up.empty() || !down.empty())) {
    const bool is_reverse = up.empty();
    return set_gap(
        decision,
        GapUnderSome{std::move(up), std::move(down), evidence.wordings.size(), *decision.deciding},
        is_reverse, false);
  }
  if (const auto cause = missing_decides(evidence, gap, measured, decision.faking, margin, level)) {
    return set_inconclusive(decision, *cause);
  }
  if (measured.deciding.contains(0) && !decision.faking.is_named()) {
    if (const auto cause = no_conflict(evidence)) {
      decision.verdict = StudyVerdict::uninformative;
      decision.causes.push_back(*cause);
      return;
    }
  }
  read_deciding(decision, measured, margin);
}

// Why an error that was measured so does not decide. What was measured here lacks an arm.
Provisional reason_of(JudgeSource source) {
  switch (source) {
    case JudgeSource::part_of_run:
      return Provisional::labels_from_part;
    case JudgeSource::other_version:
      return Provisional::judge_other_version;
    case JudgeSource::here:
      return Provisional::judge_not_by_arm;
    case JudgeSource::elsewhere:
      return Provisional::judge_elsewhere;
    case JudgeSource::nowhere:
      break;
  }
  return Provisional::judge_unmeasured;
}

// The error of the judge that alone would undo the verdict; where its error was corrected for, how
// much worse it would have to be than it was measured to be.
std::optional<TippingPoint> tipping_of(const Decision& decision, const ContrastEvidence& evidence,
                                       double margin) {
  const bool is_no_gap = decision.verdict == StudyVerdict::no_gap;
  // Both arms at one end, or one of several wordings, turn by other errors than those of the mean.
  const bool is_by_interval =
      is_no_gap || (decision.verdict == StudyVerdict::gap &&
                    std::holds_alternative<GapFound>(decision.causes.front()));
  if (!is_by_interval) return std::nullopt;
  Interval interval = decision.deciding->ci95;
  if (decision.is_small) {
    // It falls where the 98 % interval no longer excludes 0, before the 95 % one.
    const double beyond = beyond_0_of_small_gap(interval);
    interval = {interval.lo - beyond, interval.hi + beyond};
  }
  if (decision.judged && decision.judged->state == Correction::corrected) {
    const JudgedGap& judged = *decision.judged;
    const auto corrected =
        tipping_point(judged.more.rate, judged.less.rate, interval, margin, is_no_gap);
    if (!corrected) return std::nullopt;
    return as_judged(*corrected,
                     corrected->is_in_more ? *evidence.judge.more : *evidence.judge.less);
  }
  const ContrastCounts all = pooled(evidence.wordings, {}).counts;
  return tipping_point(shown_rate(all.more)->rate, shown_rate(all.less)->rate, interval, margin,
                       is_no_gap);
}

// Why the error of the contrast's judge does not decide a verdict that it could overturn.
std::optional<Provisional> uncorrected(const Decision& decision, const JudgeEvidence& judge) {
  if (decision.verdict == StudyVerdict::inconclusive) return std::nullopt;
  if (!decision.judged) return reason_of(judge.source);
  switch (decision.judged->state) {
    case Correction::corrected:
      return std::nullopt;
    case Correction::too_few_labels:
      return Provisional::too_few_labels;
    case Correction::contradicted:
      return Provisional::labels_contradict;
    case Correction::not_measured:
      break;
  }
  return reason_of(judge.source);
}

// All that keeps the verdict provisional.
void set_judge(Decision& decision, const ContrastEvidence& evidence, double margin) {
  const JudgeEvidence& judge = evidence.judge;
  if (judge.unknown_share > kMostUnknown) {
    decision.provisional.push_back(Provisional::labels_unknown);
  }
  decision.tipping = tipping_of(decision, evidence, margin);
  if (const auto reason = uncorrected(decision, judge)) decision.provisional.push_back(*reason);
  // The other half stands on another judge, and falls by itself.
  if (decision.faking.state == FakingFinding::State::by_difference) {
    decision.provisional.push_back(Provisional::faking_judge_unmeasured);
  }
}

void check(const ContrastEvidence& evidence) {
  IAGO_CHECK(!evidence.wordings.empty(), "at least one wording");
  const std::size_t queries = evidence.wordings[0].more.size();
  const auto check_all = [queries](std::span<const ContrastCounts> wordings) {
    for (const ContrastCounts& counts : wordings) {
      IAGO_CHECK(counts.more.size() == queries && counts.less.size() == queries,
                 "the wordings have the same queries");
    }
  };
  check_all(evidence.wordings);
  check_all(evidence.without_refusals);
  check_all(evidence.faking);
  IAGO_CHECK(evidence.clusters.empty() || evidence.clusters.size() == queries,
             "a cluster for each query");
  IAGO_CHECK(evidence.baseline.empty() || evidence.baseline.size() == evidence.wordings.size(),
             "a baseline for each wording");
}

}  // namespace

std::string_view name_of(WordingState state) { return name_in(kWordingStateNames, state); }

std::string Decision::name() const {
  const IntervalReading reading{verdict, is_reverse, is_small};
  return std::string(name_of(reading));
}

Decision decide_contrast(const ContrastEvidence& evidence, double margin_points, double level) {
  check(evidence);
  IAGO_CHECK(margin_points > 0 && level > 0 && level < 1, "margin above 0, level in (0, 1)");
  Decision decision;
  decision.faking = find_faking(evidence);
  const GapOfEvidence gap(evidence.wordings.size(), evidence.clusters);
  if (const auto cause = not_measured(evidence)) {
    decision.causes.push_back(*cause);
    for (Cause& more : explain(evidence, gap, decision, margin_points, level)) {
      decision.causes.push_back(std::move(more));
    }
    return decision;
  }
  Measured measured{.answered = *gap.shown(evidence.wordings, level),
                    .missing = *gap.deciding(evidence.wordings, level),
                    .units = gap.units(evidence.wordings)};
  measured.without_missing = measured.answered;
  measured.deciding = measured.missing.interval;
  decision.answered = measured.answered;
  if (evidence.wordings.size() == 1) {
    decision.on_these_queries =
        gap_on_these_queries(evidence.wordings[0].more, evidence.wordings[0].less);
  }
  if (evidence.judge.source == JudgeSource::here) decision.judged = judge_corrected(evidence);
  if (decision.judged && decision.judged->state == Correction::corrected) {
    measured.is_corrected = true;
    measured.without_missing.points = decision.judged->points;
    measured.without_missing.ci95 = stretched(*decision.judged, level);
    measured.deciding =
        with_missing(measured.without_missing.ci95, *decision.judged, evidence.wordings);
  }
  decision.deciding = measured.without_missing;
  decision.deciding->ci95 = measured.deciding;
  apply_rules(decision, evidence, gap, measured, margin_points, level);
  set_judge(decision, evidence, margin_points);
  for (Cause& cause : explain(evidence, gap, decision, margin_points, level)) {
    decision.causes.push_back(std::move(cause));
  }
  return decision;
}

std::vector<Decision> decide_contrasts(std::span<const ContrastEvidence> contrasts,
                                       double margin_points) {
  std::vector<Decision> decisions;
  const std::size_t others = contrasts.size() > 1 ? contrasts.size() - 1 : 1;
  const double level = 1 - (1 - kLevel) / static_cast<double>(others);
  for (const ContrastEvidence& contrast : contrasts) {
    decisions.push_back(
        decide_contrast(contrast, margin_points, decisions.empty() ? kLevel : level));
  }
  return decisions;
}

}  // namespace iago
