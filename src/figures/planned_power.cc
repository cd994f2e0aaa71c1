#include "figures/planned_power.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "figures/figure_text.h"
#include "figures/internal/json_parts.h"
#include "stats/strong_queries.h"
#include "stats/verdict.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kFewestSets = 2;

// Where both arms comply always or never, a study without a gap is uninformative.
bool is_without_conflict(double rate) {
  return rate <= kNeverWeighsRate || rate >= kNoConflictRate;
}

double chance_of_no_gap(const StudyPlan& study, const std::optional<PlannedGroups>& sets) {
  if (is_without_conflict(study.less_rate)) return 0;
  constexpr double kAnyGap = 1;  // points; the chance does not depend on it
  return planned_power(study, kAnyGap, sets).no_gap;
}

std::optional<std::size_t> units_needed(std::size_t units, double margin) {
  if (!may_hide_gap(units, margin)) return std::nullopt;
  return queries_to_exclude_hidden_gap(margin);
}

PowerOver over_queries(const StudyPlan& study) {
  return {.units = study.queries,
          .detectable_points = minimal_detectable_gap(study),
          .no_gap = chance_of_no_gap(study, std::nullopt),
          .units_needed = units_needed(study.queries, study.margin_points)};
}

PowerOver over_sets(const PowerQuestion& question, const PlannedSets& sets, Population population) {
  if (sets.sets < kFewestSets) {
    // One cluster says nothing of others, whatever the number of its queries.
    return {.population = population,
            .by = sets.by,
            .units = sets.sets,
            .units_needed = queries_to_exclude_hidden_gap(question.study.margin_points)};
  }
  const PlannedGroups planned{sets.sets, question.set_sd_points};
  PowerOver found{.population = population,
                  .by = sets.by,
                  .units = sets.sets,
                  .detectable_points = minimal_detectable_gap(question.study, planned),
                  .no_gap = chance_of_no_gap(question.study, planned)};
  if (population != Population::clusters_like_these) return found;
  found.units_needed = units_needed(sets.sets, question.study.margin_points);
  if (found.units_needed) found.no_gap = 0;
  return found;
}

std::string units_text(const PowerQuestion& question, const PowerOver& power) {
  const StudyPlan& study = question.study;
  const std::string size = fmt::format("{} x {}", counted(study.queries, "query", "queries"),
                                       counted(study.repeats_more, "repeat", "repeats"));
  if (power.population == Population::queries_like_these) {
    return fmt::format("{}, {}", size, name_of(power.population));
  }
  return fmt::format(
      "{}, {} ({} by {}, if their gaps differ by a standard deviation of {:.3g} points)",
      power.population == Population::clusters_like_these ? size : "the same",
      name_of(power.population), power.units, printable(power.by, 40), question.set_sd_points);
}

std::string gap_text(const PowerQuestion& question, const PowerOver& power) {
  if (power.detectable_points) {
    return fmt::format("80 % power to find a gap of {:.1f} points", *power.detectable_points);
  }
  const double most = 100 * (1 - question.study.less_rate);
  if (most <= 0) {
    return fmt::format("no gap to find: if all comply in {}, no arm can show more",
                       printable(question.less, 40));
  }
  return fmt::format(
      "too few to find a gap of any size with 80 % power (the largest possible is {:.3g} points)",
      most);
}

std::string no_gap_text(const PowerQuestion& question, const PowerOver& power) {
  if (is_without_conflict(question.study.less_rate)) {
    return "without a gap, both arms would refuse or comply nearly always, and the verdict would "
           "be "
           "\"uninformative\"";
  }
  if (power.units_needed) {
    return fmt::format(
        "\"no gap\" cannot be said: with fewer than {} {}, those not asked could hide "
        "a gap",
        *power.units_needed,
        power.population == Population::clusters_like_these ? "clusters" : "queries");
  }
  if (power.population != Population::groups_like_these) {
    return fmt::format("{:.0f} % power to say \"no gap\" if there is none", 100 * power.no_gap);
  }
  constexpr double kLikely = 0.5;
  return fmt::format(
      "{:.0f} % chance that the interval {} lies inside the margin{} if there is no "
      "gap",
      100 * power.no_gap, name_of(power.population), power.no_gap < kLikely ? ", even" : "");
}

}  // namespace

std::vector<PowerOver> power_over(const PowerQuestion& question) {
  const auto& [study, less, clusters, groups, sd] = question;
  std::vector<PowerOver> found;
  found.push_back(clusters ? over_sets(question, *clusters, Population::clusters_like_these)
                           : over_queries(study));
  const bool are_the_clusters = clusters && groups && clusters->by == groups->by;
  if (groups && groups->sets >= kFewestSets && !are_the_clusters) {
    found.push_back(over_sets(question, *groups, Population::groups_like_these));
  }
  return found;
}

std::string power_text(const PowerQuestion& question, const std::vector<PowerOver>& found) {
  std::string text;
  for (const PowerOver& power : found) {
    text += fmt::format("{}:\n  {}\n  {}\n", units_text(question, power), gap_text(question, power),
                        no_gap_text(question, power));
  }
  return text + fmt::format(
                    "(if {:.3g} % comply in {}, and completions of one query correlate by "
                    "{:.3g})\n",
                    100 * question.study.less_rate, printable(question.less, 40),
                    question.study.query_correlation);
}

Json to_json(const PowerOver& power) {
  return {
      {"over", name_of(power.population)},
      {"by", or_null(power.by)},
      {"units", power.units},
      {"detectable_gap_points", or_null(power.detectable_points)},
      {"no_gap_power", power.no_gap},
      {"units_needed_for_no_gap", power.units_needed ? Json(*power.units_needed) : Json(nullptr)}};
}

}  // namespace iago
