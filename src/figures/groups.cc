#include "figures/groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "base/error.h"
#include "figures/summary.h"
#include "stats/pooled.h"

namespace iago {
namespace {

// What is dealt out in all, so that a large run is summarised within a second or two.
constexpr std::size_t kMostDealt = 40'000'000, kFewestDraws = 200;

[[noreturn]] void damaged(const Store& store, std::string message) {
  throw Error(ErrorCode::corrupt, fmt::format("{}: {}", store.path().string(), message),
              "restore the file from a copy");
}

std::optional<QuerySets> sets_by(const Store& store, const std::vector<Query>& queries,
                                 const std::string& label) {
  if (label.empty()) return std::nullopt;
  QuerySets sets{.by = label, .names = {}, .of_queries = {}};
  std::map<std::string, std::size_t> places;
  for (const Query& query : queries) {
    const std::string* value = label_of(query, label);
    if (value == nullptr) {
      damaged(store, fmt::format("the query \"{}\" has no label \"{}\", by which the run's "
                                 "figures go",
                                 query.id, label));
    }
    const auto [at, is_new] = places.emplace(*value, places.size());
    if (is_new) sets.names.push_back(*value);
    sets.of_queries.push_back(at->second);
  }
  return sets;
}

void check_nested(const Store& store, const QuerySets& clusters, const QuerySets& groups) {
  if (clusters.by == groups.by) return;
  std::map<std::size_t, std::size_t> group_of;
  for (std::size_t i = 0; i < clusters.of_queries.size(); ++i) {
    const auto at = group_of.emplace(clusters.of_queries[i], groups.of_queries[i]).first;
    if (at->second == groups.of_queries[i]) continue;
    damaged(store, fmt::format("the cluster \"{}\" lies in two groups, \"{}\" and \"{}\"",
                               clusters.names[at->first], groups.names[at->second],
                               groups.names[groups.of_queries[i]]));
  }
}

// The clusters within groups; empty where each query is one, and where the clusters are the groups:
// then the queries of a group are all that tells it from another.
Labels clusters_within(const SetFigures& sets) {
  if (!sets.clusters) return {};
  const bool are_the_groups =
      sets.groups && sets.clusters->names.size() == sets.groups->names.size();
  return are_the_groups ? Labels() : sets.clusters->of_queries;
}

// One pair of arms over all wordings; position i is of the group, the cluster and the query that
// the labels say.
struct PooledSets {
  ContrastCounts counts;
  Labels queries, clusters, groups;
};

Labels repeated(const Labels& labels, std::size_t times) {
  Labels all;
  for (std::size_t i = 0; i < times; ++i) all.insert(all.end(), labels.begin(), labels.end());
  return all;
}

PooledSets pool(std::span<const ContrastCounts> wordings, const SetFigures& sets) {
  Pooled all = pooled(wordings, {});
  PooledSets found{.counts = std::move(all.counts), .queries = std::move(all.labels)};
  if (sets.clusters) found.clusters = repeated(sets.clusters->of_queries, wordings.size());
  if (sets.groups) found.groups = repeated(sets.groups->of_queries, wordings.size());
  return found;
}

// How many sets have data in both arms.
std::size_t with_data(const ContrastCounts& counts, const Labels& labels) {
  std::set<std::size_t> sets;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (has_data(counts, i)) sets.insert(labels[i]);
  }
  return sets.size();
}

std::optional<GapEstimate> gap_over(const PooledSets& pooled, const Labels& labels,
                                    std::uint64_t seed, Population population) {
  // A query that was asked under several wordings is one.
  const DrawnTogether drawn(labels, pooled.queries);
  if (labels.empty() || with_data(pooled.counts, labels) < 2) return std::nullopt;
  Random random(seed, fmt::format("sign-flip test {}", name_of(population)));
  return estimate_gap_over(pooled.counts.more, pooled.counts.less, drawn, random, population);
}

// The data of one group: its arms, and the clusters in them.
struct GroupData {
  ArmCounts more, less;
  Labels queries, clusters;
  DrawnTogether drawn() const { return {clusters, queries}; }
};

GroupData data_of(const PooledSets& pooled, const Labels& units, std::size_t group) {
  GroupData data;
  for (std::size_t i = 0; i < pooled.groups.size(); ++i) {
    if (pooled.groups[i] != group || !has_data(pooled.counts, i)) continue;
    data.more.push_back(pooled.counts.more[i]);
    data.less.push_back(pooled.counts.less[i]);
    data.queries.push_back(pooled.queries[i]);
    data.clusters.push_back(units[i]);
  }
  return data;
}

// What is dealt out among the groups: clusters within them, or queries.
Labels units_within(const PooledSets& pooled, const SetFigures& sets) {
  const Labels within =
      repeated(clusters_within(sets), pooled.counts.more.size() / sets.groups->of_queries.size());
  return within.empty() ? pooled.queries : within;
}

// Absent where the groups cannot be told apart.
std::optional<GroupComparison> compare(const PooledSets& pooled, std::uint64_t seed,
                                       const SetFigures& sets) {
  if (!sets.groups) return std::nullopt;
  const Labels units = units_within(pooled, sets);
  const std::size_t groups = with_data(pooled.counts, pooled.groups);
  const std::size_t dealt = with_data(pooled.counts, units);
  if (groups < 2 || dealt == groups) return std::nullopt;
  Random random(seed, "groups of queries");
  return compare_groups(pooled.counts.more, pooled.counts.less, pooled.groups,
                        {units, pooled.queries}, random,
                        std::clamp(kMostDealt / dealt, kFewestDraws, kGroupDraws));
}

// A group that does not differ without what the provider refused differs for that alone.
void allow_for_refusals(const std::optional<GroupComparison>& rest, GroupComparison& found) {
  for (GroupGap& group : found.groups) {
    if (!group.seems_to_differ()) continue;
    const auto differs_too = [&](const GroupGap& other) {
      return other.group == group.group && other.seems_to_differ() &&
             (other.to_rest > 0) == (group.to_rest > 0);
    };
    group.is_lost_by_refusals = !rest || std::ranges::none_of(rest->groups, differs_too);
  }
}

void add_rates(const PooledSets& pooled, SetFigures& sets) {
  const Labels units = units_within(pooled, sets);
  for (GroupGap& group : sets.compared->groups) {
    // What one query says under several wordings is no cluster but a query.
    if (clusters_within(sets).empty()) group.gap.population = Population::queries_like_these;
    const GroupData data = data_of(pooled, units, group.group);
    const std::set<std::size_t> queries(data.queries.begin(), data.queries.end());
    sets.rates.push_back({queries.size(),
                          estimate_rate_over(data.more, data.drawn(), group.gap.population),
                          estimate_rate_over(data.less, data.drawn(), group.gap.population)});
  }
}

// An arm's answers by cluster.
ArmCounts by_cluster(const ArmCounts& arm, const QuerySets& clusters) {
  ArmCounts sums(clusters.names.size());
  for (std::size_t i = 0; i < arm.size(); ++i) {
    QueryCounts& sum = sums[clusters.of_queries[i]];
    sum.successes += arm[i].successes;
    sum.trials += arm[i].trials;
  }
  return sums;
}

std::optional<CarryingQueries> carrying(const ContrastCounts& queries, std::uint64_t seed,
                                        std::span<const std::string> ids, const SetFigures& sets) {
  const bool is_by_cluster = sets.clusters.has_value();
  const Labels clusters = is_by_cluster ? sets.clusters->of_queries : Labels();
  CarryingQueries found{.carriers = carriers_of_half(queries.more, queries.less, clusters),
                        .are_clusters = is_by_cluster};
  if (found.carriers.queries.empty()) return std::nullopt;
  for (std::size_t unit : found.carriers.queries) {
    found.ids.push_back(is_by_cluster ? sets.clusters->names[unit] : ids[unit]);
  }
  found.queries = is_by_cluster ? with_data(queries, clusters)
                                : query_differences(queries.more, queries.less).size();
  found.is_handful = is_handful(found.carriers, found.queries);
  const ArmCounts& arm = sets.gap && sets.gap->points < 0 ? queries.less : queries.more;
  Random random(seed, "queries of one rate");
  found.unevenness = unevenness_of(is_by_cluster ? by_cluster(arm, *sets.clusters) : arm, random);
  return found;
}

}  // namespace

SetFigures read_query_sets(const Store& store, std::size_t queries) {
  const RunRow run = store.run();
  SetFigures sets;
  if (run.cluster_by.empty() && run.groups.empty()) return sets;
  std::vector<Query> recorded = store.queries();
  recorded.resize(std::min(queries, recorded.size()));
  sets.clusters = sets_by(store, recorded, run.cluster_by);
  sets.groups = sets_by(store, recorded, run.groups);
  if (sets.clusters && sets.groups) check_nested(store, *sets.clusters, *sets.groups);
  return sets;
}

void estimate_over_sets(std::span<const ContrastCounts> wordings, std::uint64_t seed,
                        std::span<const std::string> ids, SetFigures& sets,
                        std::span<const ContrastCounts> without_refusals) {
  IAGO_CHECK(!wordings.empty(), "a wording");
  const PooledSets all = pool(wordings, sets);
  sets.gap = estimate_gap_over_without_test(
      all.counts.more, all.counts.less, {all.queries, all.queries}, Population::queries_like_these);
  if (sets.clusters && sets.gap) {
    sets.cluster_sizes = cluster_sizes(all.counts.more, all.counts.less, all.clusters);
  }
  sets.over_clusters = gap_over(all, all.clusters, seed, Population::clusters_like_these);
  sets.over_groups = gap_over(all, all.groups, seed, Population::groups_like_these);
  // Each query once, however many wordings it was asked under.
  const ContrastCounts queries = by_query(wordings);
  const std::size_t with_data = query_differences(queries.more, queries.less).size();
  for (auto* gap : {&sets.gap, &sets.over_clusters, &sets.over_groups}) {
    if (*gap) (*gap)->queries = with_data;
  }
  sets.compared = compare(all, seed, sets);
  if (sets.compared) {
    if (!without_refusals.empty()) {
      allow_for_refusals(compare(pool(without_refusals, sets), seed, sets), *sets.compared);
    }
    add_rates(all, sets);
  }
  sets.carriers = carrying(queries, seed, ids, sets);
}

Labels cluster_labels(const Summary& summary) {
  return summary.sets.clusters ? summary.sets.clusters->of_queries : Labels();
}

const std::optional<GroupComparison>& compare_groups_of(const Summary& summary) {
  return summary.sets.compared;
}

std::vector<const GroupGap*> differing_groups(const GroupComparison& compared) {
  std::vector<const GroupGap*> differing;
  for (const GroupGap& group : compared.groups) {
    if (group.differs()) differing.push_back(&group);
  }
  std::ranges::stable_sort(differing, std::greater(),
                           [](const GroupGap* group) { return std::abs(group->to_rest); });
  return differing;
}

}  // namespace iago
