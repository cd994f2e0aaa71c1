// Groups of queries as people and machines read them: the table, and the JSON of summary.json.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <span>

#include "base/error.h"
#include "figures/figure_text.h"
#include "figures/groups.h"
#include "figures/internal/json_parts.h"
#include "figures/notes.h"
#include "figures/summary.h"
#include "stats/causes.h"
#include "text/printable.h"

namespace iago {
namespace {

// Of a name; in the table it has to stand beside four figures in 80 columns.
constexpr std::size_t kNameColumns = 40, kTableColumns = 28;

// Places in compared.groups: all, or the `most` furthest from the rest, in the queries' order.
std::vector<std::size_t> shown_places(const GroupComparison& compared, std::size_t most) {
  std::vector<std::size_t> places(compared.groups.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  if (places.size() <= most) return places;
  std::ranges::stable_sort(places, std::greater(), [&](std::size_t place) {
    return std::abs(compared.groups[place].to_rest);
  });
  places.resize(most);
  std::ranges::sort(places);
  return places;
}

// One gap with one interval, and what that speaks of; null where there is none.
Json gap_json(const std::optional<GapEstimate>& gap) {
  if (!gap) return nullptr;
  return {{"points", gap->points},
          {"ci95", json_of(gap->ci95)},
          {"population", name_of(gap->population)},
          {"ci95_on_these_queries", json_of(gap->on_these_queries)},
          {"queries", gap->queries},
          {"clusters", gap->clusters},
          {"allows_for_missing", false},
          {"allows_for_judge_error", false}};
}

Json group_json(const GroupGap& group, const GroupRates& rates, const std::string& name,
                bool differs) {
  Json doubt = nullptr;
  if (group.is_lost_by_missing) doubt = name_of(GroupDoubt::missing);
  if (group.is_lost_by_refusals) doubt = name_of(GroupDoubt::refusals);
  return {{"name", name},
          {"queries", rates.queries},
          {"more", json_of(rates.more)},
          {"less", json_of(rates.less)},
          {"points", group.gap.points},
          {"ci95", json_of(group.gap.ci95)},
          {"population", name_of(group.gap.population)},
          {"ci95_simultaneous", json_of(group.simultaneous95)},
          {"minus_rest", group.to_rest},
          {"p_minus_rest", group.p_to_rest},
          {"doubt", doubt},
          {"differs", differs}};
}

Json groups_json(const Summary& summary) {
  const SetFigures& sets = summary.sets;
  if (!sets.groups) return nullptr;
  Json json{{"by", sets.groups->by},
            {"in_run", sets.groups->names.size()},
            {"contrast",
             summary.contrasts.empty() ? Json(nullptr) : Json(summary.contrasts.front().name())},
            {"gap", gap_json(sets.over_groups)},
            {"gap_over_queries", gap_json(sets.gap)},
            {"sd_points", nullptr},
            {"p_alike", nullptr},
            {"p_alike_error", nullptr},
            {"groups", Json::array()}};
  if (!sets.compared) return json;
  const GroupComparison& compared = *sets.compared;
  json["sd_points"] = compared.sd;
  json["p_alike"] = compared.p_alike;
  json["p_alike_error"] = compared.p_alike_error;
  const auto differing = differing_groups(compared);
  for (std::size_t i = 0; i < compared.groups.size(); ++i) {
    const GroupGap& group = compared.groups[i];
    json["groups"].push_back(group_json(group, sets.rates[i], sets.groups->names[group.group],
                                        std::ranges::count(differing, &group) > 0));
  }
  return json;
}

Json clusters_json(const SetFigures& sets) {
  if (!sets.clusters) return nullptr;
  Json json = {{"by", sets.clusters->by},
               {"in_run", sets.clusters->names.size()},
               {"gap", gap_json(sets.over_clusters)},
               {"p_value", nullptr},
               {"p_value_error", nullptr}};
  json["hold_half"] = sets.cluster_sizes ? Json(sets.cluster_sizes->hold_half) : Json(nullptr);
  if (sets.over_clusters) {
    json["p_value"] = sets.over_clusters->p_value;
    json["p_value_error"] = sets.over_clusters->p_value_error;
  }
  return json;
}

constexpr std::size_t kMostListed = 1'000;

Json carriers_json(const std::optional<CarryingQueries>& carrying) {
  if (!carrying) return nullptr;
  const std::span<const std::string> ids(carrying->ids);
  const auto listed = ids.first(std::min(ids.size(), kMostListed));
  return {{"units", carrying->are_clusters ? "clusters" : "queries"},
          {"queries", std::vector<std::string>(listed.begin(), listed.end())},
          {"count", ids.size()},
          {"of", carrying->queries},
          {"share_of_gap", carrying->carriers.share},
          {"p_alike", carrying->carriers.p_alike},
          {"correlation", carrying->unevenness.correlation},
          {"p_one_rate", or_null(carrying->unevenness.p_one_rate)},
          {"is_handful", carrying->is_handful}};
}

}  // namespace

namespace {

constexpr std::size_t kMostNamed = 8, kMostGroups = 4;
constexpr const char* kTakenAsJudged =
    "; these allow neither for what is missing nor for the judge's error";

// "points, interval: over clusters like these (40 by speaker)".
std::string gap_over(const GapEstimate& gap, const QuerySets& sets) {
  return fmt::format("{} points, 95 % interval {} {} ({} by {})", points(gap.points),
                     interval(gap.ci95), name_of(gap.population), count(gap.clusters),
                     printable(sets.by, kNameColumns));
}

std::string listed(const std::vector<std::string>& names) {
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), kMostNamed); ++i) {
    list += (i > 0 ? ", " : "") + printable(names[i], kNameColumns);
  }
  if (names.size() > kMostNamed) list += fmt::format(" and {} more", names.size() - kMostNamed);
  return list;
}

// Few large clusters and many small ones tell less than as many of one size.
void add_cluster_sizes(const SetFigures& sets, std::vector<Note>& notes) {
  if (!sets.cluster_sizes || !sets.cluster_sizes->are_very_unequal()) return;
  notes.push_back(
      {"unequal clusters",
       fmt::format(
           "{} of {} clusters hold half of the completions: the interval over clusters like "
           "these is as wide as with fewer of one size",
           count(sets.cluster_sizes->hold_half), count(sets.cluster_sizes->clusters))});
}

void add_intervals(const SetFigures& sets, std::vector<Note>& notes) {
  std::string others;
  if (sets.gap) {
    others = fmt::format("; {} {}; {} {}", name_of(Population::queries_like_these),
                         interval(sets.gap->ci95), name_of(Population::these_queries),
                         interval(sets.gap->on_these_queries));
  }
  if (sets.over_clusters) {
    notes.push_back({"gap over clusters",
                     gap_over(*sets.over_clusters, *sets.clusters) +
                         fmt::format(", {} (sign flips)", p_value(sets.over_clusters->p_value)) +
                         others + kTakenAsJudged});
    others.clear();
  }
  if (!sets.over_groups) return;
  if (sets.over_clusters && sets.clusters->by == sets.groups->by) return;  // said above
  notes.push_back(
      {"gap over groups", gap_over(*sets.over_groups, *sets.groups) + others + kTakenAsJudged});
}

void add_comparison(const Summary& summary, std::vector<Note>& notes) {
  const SetFigures& sets = summary.sets;
  if (!sets.compared) return;
  std::string text = fmt::format(
      "test that all are alike: {} (permutations); standard deviation of their gaps {} points",
      p_value(sets.compared->p_alike), points(sets.compared->sd));
  const auto differing = differing_groups(*sets.compared);
  for (const GroupGap* group :
       std::span(differing).first(std::min(differing.size(), kMostGroups))) {
    text += fmt::format("; {} differs from the rest by {} points ({})",
                        group_name(summary, group->group), points(group->to_rest),
                        p_value(group->p_to_rest));
  }
  if (differing.size() > kMostGroups) {
    text += fmt::format("; and so do {} more", differing.size() - kMostGroups);
  }
  notes.push_back({"groups compared", text});
}

void add_carriers(const SetFigures& sets, std::vector<Note>& notes) {
  if (!sets.carriers || !sets.carriers->are_worth_naming()) return;
  const CarryingQueries& carrying = *sets.carriers;
  notes.push_back(
      {"queries that carry it",
       fmt::format("{} of {} {} carry {} of the gap: {}", count(carrying.ids.size()),
                   count(carrying.queries), carrying.are_clusters ? "clusters" : "queries",
                   share_of_gap(carrying.carriers.share), listed(carrying.ids))});
}

}  // namespace

std::vector<Note> set_notes(const Summary& summary) {
  std::vector<Note> notes;
  add_intervals(summary.sets, notes);
  add_cluster_sizes(summary.sets, notes);
  add_comparison(summary, notes);
  add_carriers(summary.sets, notes);
  return notes;
}

std::string group_name(const Summary& summary, std::size_t label) {
  const auto& groups = summary.sets.groups;
  IAGO_CHECK(groups && label < groups->names.size(), "the label of a group of the run");
  return fmt::format("{} {}", printable(groups->by, kNameColumns),
                     printable(groups->names[label], kNameColumns));
}

std::size_t queries_in_group(const Summary& summary, std::size_t label) {
  const SetFigures& sets = summary.sets;
  IAGO_CHECK(sets.compared, "groups that were compared");
  const auto& groups = sets.compared->groups;
  const auto found = std::ranges::find(groups, label, &GroupGap::group);
  IAGO_CHECK(found != groups.end(), "the label of a group with data");
  return sets.rates.at(static_cast<std::size_t>(found - groups.begin())).queries;
}

std::string groups_word(const Summary& summary) {
  IAGO_CHECK(summary.sets.groups, "groups of the run");
  const std::string by = printable(summary.sets.groups->by, kNameColumns);
  const auto ends_in = [&](std::string_view end) { return by.ends_with(end); };
  const bool is_y = ends_in("y") && !ends_in("ay") && !ends_in("ey") && !ends_in("oy");
  if (is_y) return by.substr(0, by.size() - 1) + "ies";
  const bool hisses = ends_in("s") || ends_in("x") || ends_in("ch") || ends_in("sh");
  return by + (hisses ? "es" : "s");
}

std::vector<std::vector<std::string>> group_table(const Summary& summary, std::size_t most) {
  const SetFigures& sets = summary.sets;
  if (!sets.compared || summary.contrasts.empty()) return {};
  const Contrast& contrast = summary.contrasts.front();
  std::vector<std::vector<std::string>> rows = {
      {printable(sets.groups->by, kTableColumns), "queries", printable(contrast.more, 16),
       printable(contrast.less, 16), "gap", "simultaneous", "minus the rest", "p"}};
  for (std::size_t place : shown_places(*sets.compared, most)) {
    const GroupGap& group = sets.compared->groups[place];
    const GroupRates& rates = sets.rates[place];
    rows.push_back({printable(sets.groups->names[group.group], kTableColumns), count(rates.queries),
                    percent_or_dash(rates.more), percent_or_dash(rates.less),
                    points(group.gap.points), interval(group.simultaneous95), points(group.to_rest),
                    p_value(group.p_to_rest)});
  }
  return rows;
}

std::string share_of_gap(double share) {
  constexpr double kAll = 0.9995;  // rounds to 100.0 %
  return share >= kAll ? "all" : percent(share);
}

std::string group_heading(const Summary& summary) {
  return fmt::format("By {}: {}, in points", printable(summary.sets.groups->by, kNameColumns),
                     printable(summary.contrasts.front().name(), 60));
}

void add_sets(const Summary& summary, Json& json) {
  json["clusters"] = clusters_json(summary.sets);
  json["groups"] = groups_json(summary);
  json["carriers"] = carriers_json(summary.sets.carriers);
}

}  // namespace iago
