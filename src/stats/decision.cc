// The order of decision.h, from top to bottom in rule_on(). What it computes of the evidence is in
// internal/evidence.h, what it makes of a judge's error in internal/judging.h.
#include "stats/decision.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "record/names.h"
#include "stats/gap.h"
#include "stats/internal/evidence.h"
#include "stats/internal/judging.h"
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
    {WordingState::refusals_decide, "refusals decide"},
    {WordingState::no_data, "no data"}};

WordingState state_of(const Interval& interval, double margin) {
  if (is_inside(interval, margin)) return WordingState::inside;
  if (interval.lo > 0) return WordingState::gap;
  return interval.hi < 0 ? WordingState::reverse_gap : WordingState::open;
}

// Of one wording by its interval at a level, with what is missing.
WordingState state_of(const ContrastCounts& counts, const GapOfEvidence& one, double margin,
                      double level) {
  const auto answered = one.shown({&counts, 1}, level);
  if (!answered) return WordingState::no_data;
  const WordingState alone = state_of(answered->ci95, margin);
  const WordingState with_missing = state_of(one.deciding({&counts, 1}, level)->interval, margin);
  if (alone != WordingState::open && alone != with_missing) return WordingState::missing_decides;
  const bool is_gap =
      with_missing == WordingState::gap || with_missing == WordingState::reverse_gap;
  const bool can_tell = one.differing({&counts, 1}) >= fewest_differing(level);
  return is_gap && !can_tell ? WordingState::open : with_missing;
}

// One state for each wording, by simultaneous intervals.
std::vector<WordingState> states_of(const ContrastEvidence& evidence, double margin, double level) {
  const double each = 1 - (1 - level) / static_cast<double>(evidence.wordings.size());
  const GapOfEvidence one(1, evidence.clusters);
  std::vector<WordingState> states;
  for (std::size_t i = 0; i < evidence.wordings.size(); ++i) {
    WordingState state = state_of(evidence.wordings[i], one, margin, each);
    const bool is_said = state != WordingState::open && state != WordingState::no_data &&
                         state != WordingState::missing_decides;
    if (is_said && !evidence.without_refusals.empty()) {
      const WordingState rest = state_of(evidence.without_refusals[i], one, margin, each);
      if (rest == WordingState::no_data) state = rest;
      if (rest != state) state = WordingState::refusals_decide;
    }
    states.push_back(state);
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

// Both arms at one end so far: so many queries as would make the limits on these queries say so, if
// no answer is another than those that came. Absent for other arms.
std::optional<std::size_t> queries_to_one_end(const ContrastEvidence& evidence, std::size_t units) {
  const ContrastCounts all = pooled(evidence.wordings, {}).counts;
  const QueryCounts more = total(all.more), less = total(all.less);
  const bool none = more.successes + less.successes == 0;
  const bool every = more.successes == more.trials && less.successes == less.trials;
  if (!none && !every) return std::nullopt;
  // 0 of n lies below a limit at 1 - 0.05^(1 / n): on_these_queries.h.
  const double needed =
      std::log(1 - kLevel) / std::log(none ? 1 - kNeverWeighsRate : kNoConflictRate);
  const double fewest = static_cast<double>(std::min(more.trials, less.trials));
  return static_cast<std::size_t>(static_cast<double>(units) * needed / fewest) + 1;
}

// In all, about, for `needed` to differ between the arms, if they differ as often as so far.
std::size_t for_enough_to_differ(const Measured& measured, std::size_t needed) {
  const std::size_t differing = std::max<std::size_t>(1, measured.differing);
  return (needed * measured.units + differing - 1) / differing;
}

// How many queries would settle it, where more of them can. What is missing they leave as it is,
// and the judge's error too.
void set_queries_to_settle(Decision& decision, const ContrastEvidence& evidence,
                           const Measured& measured, double margin, double level,
                           NotSettled& unsettled) {
  const Interval& bounds = measured.missing.bounds;
  const bool could_settle = is_inside(bounds, margin) || bounds.lo > 0 || bounds.hi < 0;
  if (!could_settle) return;
  const ShownGap& answered = measured.without_missing;
  GapEstimate estimate;
  estimate.points = answered.points;
  estimate.ci95 = measured.is_corrected ? answered.ci95 : measured.answered.ci95;
  estimate.queries = measured.units;
  Interval fixed{};
  if (measured.is_corrected) {
    fixed = {answered.points - measured.by_labels.lo, measured.by_labels.hi - answered.points};
    unsettled.needs_labels =
        read_interval(measured.by_labels, margin).verdict == StudyVerdict::inconclusive;
  }
  auto needed = queries_to_settle(estimate, margin, fixed);
  if (needed && std::abs(estimate.points) > margin && measured.differing > 0) {
    // It would end as a gap, which an exact test has to be able to tell.
    needed = std::max(*needed, for_enough_to_differ(measured, fewest_differing(level)));
  }
  const bool may_end = !measured.is_corrected && !decision.faking.is_named();
  const auto to_end = may_end ? queries_to_one_end(evidence, measured.units) : std::nullopt;
  if (to_end && (!needed || *to_end < *needed)) needed = to_end;
  if (needed && *needed > measured.units) decision.queries_to_settle = needed;
}

// Rules 4 to 6.
void read_deciding(Decision& decision, const ContrastEvidence& evidence, const Measured& measured,
                   double margin, double level) {
  const ShownGap& gap = *decision.deciding;
  NotSettled unsettled{
      .gap = gap,
      .margin = margin,
      .open_wordings = places(decision.wordings,
                              {WordingState::open, WordingState::gap, WordingState::reverse_gap}),
      .missing_wordings = places(decision.wordings, {WordingState::missing_decides}),
      .refused_wordings = places(decision.wordings, {WordingState::refusals_decide}),
      .empty_wordings = places(decision.wordings, {WordingState::no_data})};
  const bool are_all_inside =
      static_cast<std::size_t>(std::ranges::count(decision.wordings, WordingState::inside)) ==
      decision.wordings.size();
  const IntervalReading reading = read_interval(measured.deciding, margin);
  if (reading.verdict == StudyVerdict::gap) {
    // What differs by the judge says nothing where people saw what it did not.
    const std::size_t needed = measured.is_by_people ? 0 : fewest_differing(level);
    if (measured.differing < needed) {
      decision.queries_to_settle = for_enough_to_differ(measured, needed);
      return set_inconclusive(decision, FewDiffer{gap, measured.differing, measured.units, needed,
                                                  *decision.queries_to_settle});
    }
    return set_gap(decision, GapFound{gap, reading.is_reverse, reading.is_small, margin},
                   reading.is_reverse, reading.is_small);
  }
  if (reading.verdict == StudyVerdict::no_gap && are_all_inside) {
    if (may_hide_gap(measured.count_as, margin)) {
      decision.queries_to_settle = queries_to_exclude_hidden_gap(margin);
      return set_inconclusive(decision, FewQueries{gap, margin, measured.units, measured.count_as,
                                                   largest_unseen_share(measured.count_as),
                                                   *decision.queries_to_settle});
    }
    decision.verdict = StudyVerdict::no_gap;
    decision.causes.push_back(NoGapFound{gap, margin});
    return;
  }
  if (reading.verdict != StudyVerdict::no_gap) {
    set_queries_to_settle(decision, evidence, measured, margin, level, unsettled);
  }
  unsettled.queries_needed = decision.queries_to_settle;
  set_inconclusive(decision, unsettled);
}

// The rules from the judge's on.
void apply_rules(Decision& decision, const ContrastEvidence& evidence, const GapOfEvidence& gap,
                 const Measured& measured, double margin, double level) {
  if (evidence.wordings.size() > 1) decision.wordings = states_of(evidence, margin, level);
  if (const auto cause = judge_disproved(evidence, decision, margin)) {
    return set_inconclusive(decision, *cause);
  }
  auto up = places(decision.wordings, {WordingState::gap});
  auto down = places(decision.wordings, {WordingState::reverse_gap});
  // The states are of what the judge reports: where its error decides, they keep "no gap" away, and
  // no more.
  if (!measured.is_corrected && (!up.empty() || !down.empty())) {
    const bool is_reverse = up.empty();
    return set_gap(
        decision,
        GapUnderSome{std::move(up), std::move(down), evidence.wordings.size(), *decision.deciding,
                     places(decision.wordings, {WordingState::missing_decides}),
                     places(decision.wordings, {WordingState::refusals_decide}),
                     places(decision.wordings, {WordingState::no_data})},
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
  read_deciding(decision, evidence, measured, margin, level);
}

Measured measure(const ContrastEvidence& evidence, const GapOfEvidence& gap, double level) {
  Measured measured{.answered = *gap.shown(evidence.wordings, level),
                    .missing = *gap.deciding(evidence.wordings, level),
                    .units = gap.units(evidence.wordings),
                    .count_as = gap.count_as(evidence.wordings),
                    .differing = gap.differing(evidence.wordings)};
  measured.without_missing = measured.answered;
  measured.deciding = measured.missing.interval;
  return measured;
}

// Of one wording, as its table has it: an interval on these queries never reaches beyond the one
// over queries like these, or clusters.
std::optional<GapEstimate> gap_at_95(const ContrastEvidence& evidence) {
  const ContrastCounts& counts = evidence.wordings.front();
  return evidence.clusters.empty()
             ? estimate_gap_without_test(counts.more, counts.less)
             : estimate_gap_over_without_test(counts.more, counts.less, evidence.clusters);
}

// All of the rule but what the provider refused, with the cause that decides.
Decision rule_on(const ContrastEvidence& evidence, double margin, double level) {
  Decision decision;
  const GapOfEvidence gap(evidence.wordings.size(), evidence.clusters);
  if (const auto cause = not_measured(evidence)) {
    decision.faking = find_faking(evidence, {});
    decision.causes.push_back(*cause);
    return decision;
  }
  Measured measured = measure(evidence, gap, level);
  decision.answered = measured.answered;
  if (evidence.wordings.size() == 1) {
    decision.on_these_queries = gap_at_95(evidence)->on_these_queries;
  }
  if (evidence.judge.source == JudgeSource::here) {
    decision.judged = correct_for_judge(evidence, level, measured);
  }
  decision.faking = find_faking(evidence, decision.judged);
  decision.deciding = measured.without_missing;
  decision.deciding->ci95 = measured.deciding;
  apply_rules(decision, evidence, gap, measured, margin, level);
  return decision;
}

// What is left without the provider's refusals; absent where it refused nothing.
std::optional<ContrastEvidence> without_refused(const ContrastEvidence& evidence) {
  if (evidence.without_refusals.empty()) return std::nullopt;
  ContrastEvidence rest = evidence;
  rest.wordings = evidence.without_refusals;
  rest.without_refusals.clear();
  rest.more_tally.refused_by_provider = rest.less_tally.refused_by_provider = 0;
  return rest;
}

// Two arms at one end have no gap; to say that they have none for sure needs "no gap" without the
// refused, or one end again.
void let_refusals_decide(Decision& decision, const Decision& rest, const RefusedShares& refused) {
  const bool is_no_gap = decision.verdict == StudyVerdict::no_gap;
  const bool is_one_end = decision.verdict == StudyVerdict::uninformative && decision.deciding;
  const bool is_none = rest.verdict == StudyVerdict::no_gap ||
                       (rest.verdict == StudyVerdict::uninformative && rest.deciding);
  const bool stands = is_no_gap ? is_none : !is_one_end || rest.verdict != StudyVerdict::gap;
  if (stands) return;
  const RefusalsDecide cause{.gap = *decision.deciding,
                             .without = rest.deciding,
                             .with_verdict = full_name_of(decision),
                             .without_verdict = full_name_of(rest),
                             .refused_more = refused.more,
                             .refused_less = refused.less};
  decision.causes.clear();
  decision.queries_to_settle.reset();
  set_inconclusive(decision, cause);
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
  for (const auto* arm : {&evidence.baseline, &evidence.baseline_without_refusals, &evidence.rated,
                          &evidence.rated_without_refusals}) {
    IAGO_CHECK(arm->empty() || arm->size() == evidence.wordings.size(), "an arm of each wording");
  }
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
  Decision decision = rule_on(evidence, margin_points, level);
  const auto kept = without_refused(evidence);
  const RefusedShares refused = refused_shares(evidence);
  std::optional<Decision> rest;
  if (kept && (refused.more > 0 || refused.less > 0)) {
    rest = rule_on(*kept, margin_points, level);
    let_refusals_decide(decision, *rest, refused);
  }
  set_judge(decision, evidence, margin_points);
  for (Cause& cause : explain(evidence, decision, rest, margin_points, level)) {
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
