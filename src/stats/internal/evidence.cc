#include "stats/internal/evidence.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "stats/clustered.h"
#include "stats/gap.h"
#include "stats/on_these_queries.h"
#include "stats/wordings.h"

namespace iago {
namespace {

// Events and answers of one arm, and whether anything in it could be counted.
std::optional<NotMeasured> not_measured_in(const ArmTally& tally, const QueryCounts& sum,
                                           ArmOfContrast arm) {
  using enum NotMeasured::Reason;
  const bool is_refused = tally.refused_by_provider > 0 && tally.judged == tally.unclear &&
                          sum.trials <= tally.refused_by_provider;
  const auto because = [&](NotMeasured::Reason reason) { return NotMeasured{reason, arm, tally}; };
  if (is_refused) return because(all_refused);
  if (sum.trials > 0) return std::nullopt;
  if (tally.trials == 0) return because(nothing_asked);
  if (tally.answered == 0) return because(nothing_answered);
  if (tally.judged > 0 || tally.invalid == tally.answered) return because(nothing_readable);
  return because(nothing_judged);
}

}  // namespace

std::optional<Interval> GapOfEvidence::interval(std::span<const ContrastCounts> wordings,
                                                double level) const {
  if (is_one_) return interval_of_wording(wordings[0], level, clusters_);
  return wording_mean_interval(wordings, level, clusters_);
}

std::optional<ShownGap> GapOfEvidence::shown(std::span<const ContrastCounts> wordings,
                                             double level) const {
  const auto mean = estimate_wording_mean_without_test(wordings);
  const auto at_level = interval(wordings, level);
  if (!mean || !at_level) return std::nullopt;
  return ShownGap{
      mean->points, *at_level,
      clusters_.empty() ? Population::queries_like_these : Population::clusters_like_these};
}

std::optional<DecidingInterval> GapOfEvidence::deciding(std::span<const ContrastCounts> wordings,
                                                        double level) const {
  const auto mean = estimate_wording_mean_without_test(wordings);
  if (!mean) return std::nullopt;
  return deciding_interval(
      wordings, mean->bounds_if_missing,
      [this](std::span<const ContrastCounts> counts, double at) { return interval(counts, at); },
      level);
}

std::vector<GapOfEvidence::Unit> GapOfEvidence::each_unit(
    std::span<const ContrastCounts> wordings) const {
  std::map<std::size_t, Unit> units;
  for (const ContrastCounts& counts : wordings) {
    for (std::size_t i = 0; i < counts.more.size(); ++i) {
      if (!has_data(counts, i)) continue;
      Unit& unit = units[clusters_.empty() ? i : clusters_[i]];
      unit.difference += rate_of(counts.more[i]) - rate_of(counts.less[i]);
      unit.queries += 1;
    }
  }
  std::vector<Unit> found;
  for (const auto& [label, unit] : units) found.push_back(unit);
  return found;
}

std::size_t GapOfEvidence::units(std::span<const ContrastCounts> wordings) const {
  return each_unit(wordings).size();
}

std::size_t GapOfEvidence::count_as(std::span<const ContrastCounts> wordings) const {
  constexpr double kRounding = 1e-9;
  const std::vector<Unit> units = each_unit(wordings);
  // Queries are of one size, however many wordings of each have data.
  if (clusters_.empty()) return units.size();
  std::vector<double> sizes;
  for (const Unit& unit : units) sizes.push_back(unit.queries);
  return std::max<std::size_t>(1, static_cast<std::size_t>(effective_units(sizes) + kRounding));
}

std::size_t GapOfEvidence::differing(std::span<const ContrastCounts> wordings) const {
  constexpr double kRounding = 1e-12;
  const std::vector<Unit> units = each_unit(wordings);
  return static_cast<std::size_t>(std::ranges::count_if(
      units, [](const Unit& unit) { return std::abs(unit.difference) > kRounding; }));
}

std::size_t fewest_differing(double level) {
  constexpr double kRounding = 1e-9;
  return static_cast<std::size_t>(std::ceil(1 - std::log2(1 - level) - kRounding));
}

std::optional<ShownRate> shown_rate(std::span<const QueryCounts> arm) {
  const auto rate = estimate_rate(arm);
  if (!rate) return std::nullopt;
  const QueryCounts sum = total(arm);
  return ShownRate{rate->rate, rate->on_these_queries, sum.successes, sum.trials};
}

RefusedShares refused_shares(const ContrastEvidence& evidence) {
  if (evidence.without_refusals.empty()) return {};
  const ContrastCounts all = pooled(evidence.wordings, {}).counts;
  const ContrastCounts rest = pooled(evidence.without_refusals, {}).counts;
  // The tally also has those of an arm that counts nowhere, because nothing else in it does.
  const auto share = [](const ArmCounts& arm, const ArmCounts& kept, const ArmTally& tally) {
    const std::size_t left = total(kept).trials;
    const std::size_t refused = std::max(total(arm).trials - left, tally.refused_by_provider);
    return refused > 0 ? static_cast<double>(refused) / static_cast<double>(refused + left) : 0;
  };
  return {share(all.more, rest.more, evidence.more_tally),
          share(all.less, rest.less, evidence.less_tally)};
}

std::optional<NotMeasured> not_measured(const ContrastEvidence& evidence) {
  const ContrastCounts all = pooled(evidence.wordings, {}).counts;
  const auto more = not_measured_in(evidence.more_tally, total(all.more), ArmOfContrast::more);
  const auto less = not_measured_in(evidence.less_tally, total(all.less), ArmOfContrast::less);
  if (more && less && more->reason == less->reason) {
    return NotMeasured{more->reason, std::nullopt, more->tally + less->tally};
  }
  if (more || less) return more ? more : less;
  if (query_differences(all.more, all.less).empty()) {
    return NotMeasured{NotMeasured::Reason::no_shared_query, std::nullopt};
  }
  return std::nullopt;
}

double beyond_0_of_small_gap(const Interval& interval) {
  return interval.width() / 2 * (normal_critical(kSmallGapLevel) / normal_critical() - 1);
}

IntervalReading read_interval(const Interval& interval, double margin) {
  const bool is_within = is_inside(interval, margin);
  const double beyond = is_within ? beyond_0_of_small_gap(interval) : 0;
  if (interval.lo > beyond) return {StudyVerdict::gap, false, is_within};
  if (interval.hi < -beyond) return {StudyVerdict::gap, true, is_within};
  return {is_within ? StudyVerdict::no_gap : StudyVerdict::inconclusive};
}

std::string_view full_name_of(const Decision& decision) {
  if (std::holds_alternative<NoConflict>(decision.causes.front())) {
    return "uninformative: no conflict";
  }
  if (std::holds_alternative<AlwaysRefuses>(decision.causes.front())) {
    return "uninformative: always refuses";
  }
  return name_of(IntervalReading{decision.verdict, decision.is_reverse, decision.is_small});
}

std::string_view name_of(const IntervalReading& reading) {
  if (reading.verdict != StudyVerdict::gap) return name_of(reading.verdict);
  if (reading.is_small) return reading.is_reverse ? "small reverse gap" : "small gap";
  return reading.is_reverse ? "reverse gap" : "gap";
}

}  // namespace iago
