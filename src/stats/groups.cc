#include "stats/groups.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "base/error.h"
#include "stats/clustered.h"
#include "stats/on_these_queries.h"

namespace iago {
namespace {

// One arm of one set of queries, of those with data.
struct SetSums {
  double queries = 0, rates = 0;  // number, and the sum of their own rates
  double inverse_trials = 0;      // sum of 1 / trials
  bool has_success = false, has_failure = false;
  std::size_t n = 0;
  std::set<std::size_t> asked;  // the queries; fewer than `queries` where one stands for several

  void add(const QueryCounts& query, std::size_t which) {
    asked.insert(which);
    queries += 1;
    rates += rate_of(query);
    inverse_trials += 1 / static_cast<double>(query.trials);
    has_success |= query.successes > 0;
    has_failure |= query.successes < query.trials;
    n += query.trials;
  }
};

using Sets = std::map<std::size_t, SetSums>;

Sets sets_of(std::span<const QueryCounts> arm, const DrawnTogether& drawn) {
  IAGO_CHECK(arm.size() == drawn.sets.size(), "a label for each query");
  IAGO_CHECK(drawn.queries.empty() || drawn.queries.size() == arm.size(), "a query each");
  Sets sets;
  for (std::size_t i = 0; i < arm.size(); ++i) {
    if (arm[i].trials == 0) continue;
    sets[drawn.sets[i]].add(arm[i], drawn.query_at(i));
  }
  return sets;
}

// The linearised mean: each set's share in it.
ClusteredRate clustered_over(const Sets& sets) {
  double queries = 0, rates = 0;
  for (const auto& [label, set] : sets) {
    queries += set.queries;
    rates += set.rates;
  }
  const double mean = queries > 0 ? rates / queries : 0, count = static_cast<double>(sets.size());
  std::vector<QueryRate> units;
  for (const auto& [label, set] : sets) {
    const double scale = count / queries;
    units.push_back({.rate = mean + scale * (set.rates - set.queries * mean),
                     .inverse_trials = scale * scale * set.inverse_trials,
                     .has_success = set.has_success,
                     .has_failure = set.has_failure,
                     .n = set.n,
                     .queries = set.asked.size()});
  }
  return clustered_rate(units);
}

// What the sets' differences come to, in the order of their labels.
struct PairedSets {
  ContrastCounts pair;
  Labels labels = {};  // of the pair's queries
  Sets more = {}, less = {};
};

PairedSets paired_sets(std::span<const QueryCounts> more, std::span<const QueryCounts> less,
                       const DrawnTogether& drawn) {
  IAGO_CHECK(more.size() == drawn.sets.size(), "a label for each query");
  PairedSets sets{.pair = paired(more, less)};
  Labels queries;
  for (std::size_t i = 0; i < drawn.sets.size(); ++i) {
    if (more[i].trials == 0 || less[i].trials == 0) continue;
    sets.labels.push_back(drawn.sets[i]);
    queries.push_back(drawn.query_at(i));
  }
  sets.more = sets_of(sets.pair.more, {sets.labels, queries});
  sets.less = sets_of(sets.pair.less, {sets.labels, queries});
  return sets;
}

std::vector<double> sums_of_differences(const PairedSets& sets) {
  std::vector<double> sums;
  for (const auto& [label, set] : sets.more) sums.push_back(set.rates - sets.less.at(label).rates);
  return sums;
}

Differences describe(const PairedSets& sets) {
  std::vector<double> sums = sums_of_differences(sets);
  const double differing =
      static_cast<double>(sums.size()) - static_cast<double>(std::ranges::count(sums, 0.0));
  const double queries = static_cast<double>(sets.labels.size());
  const double count = static_cast<double>(sums.size());
  double mean = 0;
  for (double sum : sums) mean += sum / queries;
  std::size_t at = 0;
  for (const auto& [label, set] : sets.more) {
    sums[at] = mean + count / queries * (sums[at] - set.queries * mean);
    ++at;
  }
  Differences described = describe_differences(sums);
  described.differing = differing;
  return described;
}

Interval interval_over(const PairedSets& sets, double level) {
  ClusteredRate a = clustered_over(sets.more), b = clustered_over(sets.less);
  const double freedom = std::max(1.0, static_cast<double>(sets.more.size()) - 1);
  a.critical = b.critical = student_critical(freedom, level);
  return in_points(joined_interval(a, b, describe(sets)));
}

// A query or a cluster of them, as what the permutation deals out.
struct Unit {
  double difference = 0, queries = 0;  // sum over its queries, and their number
  std::size_t group = 0;               // place among the groups
};

// The sums of one dealing.
struct Dealt {
  double between = 0;           // sum of squares between groups, fractions
  std::vector<double> to_rest;  // |gap of group - gap of rest| over the root of 1/n + 1/rest
};

Dealt deal(std::span<const Unit> units, std::span<const std::size_t> places, std::size_t groups) {
  std::vector<double> sums(groups), sizes(groups);
  double sum = 0, size = 0;
  for (std::size_t i = 0; i < units.size(); ++i) {
    sums[places[i]] += units[i].difference;
    sizes[places[i]] += units[i].queries;
    sum += units[i].difference;
    size += units[i].queries;
  }
  Dealt dealt;
  for (std::size_t g = 0; g < groups; ++g) {
    const double mean = sums[g] / sizes[g], rest = size - sizes[g];
    dealt.between += sizes[g] * std::pow(mean - sum / size, 2);
    const double to_rest = rest > 0 ? mean - (sum - sums[g]) / rest : 0;
    dealt.to_rest.push_back(std::abs(to_rest) * std::sqrt(rest > 0 ? sizes[g] * rest / size : 0));
  }
  return dealt;
}

std::vector<Unit> units_of(const PairedSets& by_unit, const std::map<std::size_t, std::size_t>& in,
                           const std::map<std::size_t, std::size_t>& place_of) {
  std::vector<Unit> units;
  for (const auto& [label, set] : by_unit.more) {
    units.push_back({.difference = set.rates - by_unit.less.at(label).rates,
                     .queries = set.queries,
                     .group = place_of.at(in.at(label))});
  }
  return units;
}

// Moments: what the groups' squares exceed those within them.
double sd_of_groups(std::span<const Unit> units, std::span<const GroupGap> groups,
                    const Dealt& seen) {
  const double count = static_cast<double>(groups.size());
  double size = 0, squares = 0, total = 0;
  std::vector<double> sizes(groups.size()), means(groups.size());
  for (const Unit& unit : units) sizes[unit.group] += unit.queries;
  for (const Unit& unit : units) means[unit.group] += unit.difference / sizes[unit.group];
  for (const Unit& unit : units) {
    const double own = unit.difference / unit.queries;
    total += unit.queries * std::pow(own - means[unit.group], 2);
    size += unit.queries;
  }
  for (double of_group : sizes) squares += of_group * of_group;
  const double freedom = static_cast<double>(units.size()) - count;
  const double usual = (size - squares / size) / (count - 1);
  if (freedom <= 0 || usual <= 0) return 0;
  const double excess = seen.between / (count - 1) - total / freedom;
  return kPoints * std::sqrt(std::max(0.0, excess) / usual);
}

// The groups' own figures, by label. `clusters` has one label for each query.
std::vector<GroupGap> gaps_of(std::span<const QueryCounts> more, std::span<const QueryCounts> less,
                              std::span<const std::size_t> groups, const DrawnTogether& clusters,
                              Population population) {
  struct Part {
    ArmCounts more, less;
    Labels clusters, queries;
    DrawnTogether drawn() const { return {clusters, queries}; }
  };
  std::map<std::size_t, Part> parts;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (more[i].trials == 0 || less[i].trials == 0) continue;
    Part& part = parts[groups[i]];
    part.more.push_back(more[i]);
    part.less.push_back(less[i]);
    part.clusters.push_back(clusters.sets[i]);
    part.queries.push_back(clusters.query_at(i));
  }
  const double level =
      1 - (1 - kLevel) / static_cast<double>(std::max<std::size_t>(1, parts.size()));
  std::vector<GroupGap> gaps;
  for (const auto& [label, part] : parts) {
    gaps.push_back(
        {.group = label,
         .gap = *estimate_gap_over_without_test(part.more, part.less, part.drawn(), population),
         .simultaneous95 = *gap_interval_over(part.more, part.less, part.drawn(), level)});
  }
  return gaps;
}

void set_to_rest(std::span<const Unit> units, std::vector<GroupGap>& groups) {
  std::vector<double> sums(groups.size()), sizes(groups.size());
  double sum = 0, size = 0;
  for (const Unit& unit : units) {
    sums[unit.group] += unit.difference;
    sizes[unit.group] += unit.queries;
    sum += unit.difference;
    size += unit.queries;
  }
  for (std::size_t g = 0; g < groups.size(); ++g) {
    groups[g].to_rest = kPoints * (sums[g] / sizes[g] - (sum - sums[g]) / (size - sizes[g]));
  }
}

constexpr double kTiedSums = 1e-9;  // sums of the same differences in another order are ties

void permute(GroupComparison& found, std::span<const Unit> units, const Dealt& seen, Random& random,
             std::size_t draws) {
  std::vector<std::size_t> places, as_extreme(found.groups.size());
  for (const Unit& unit : units) places.push_back(unit.group);
  std::size_t spread = 0;
  for (std::size_t draw = 0; draw < draws; ++draw) {
    random.shuffle(places);
    const Dealt dealt = deal(units, places, found.groups.size());
    spread += dealt.between >= seen.between - kTiedSums;
    const double largest = *std::ranges::max_element(dealt.to_rest);
    for (std::size_t g = 0; g < as_extreme.size(); ++g) {
      as_extreme[g] += largest >= seen.to_rest[g] - kTiedSums;
    }
  }
  const double count = static_cast<double>(draws);
  const auto p_of = [count](std::size_t extreme) {
    return (static_cast<double>(extreme) + 1) / (count + 1);
  };
  found.p_alike = p_of(spread);
  found.p_alike_error = std::sqrt(found.p_alike * (1 - found.p_alike) / count);
  for (std::size_t g = 0; g < as_extreme.size(); ++g) {
    found.groups[g].p_to_rest = p_of(as_extreme[g]);
  }
}

Labels each_its_own(std::size_t count) {
  Labels labels(count);
  for (std::size_t i = 0; i < count; ++i) labels[i] = i;
  return labels;
}

}  // namespace

ClusterSizes cluster_sizes(std::span<const QueryCounts> more, std::span<const QueryCounts> less,
                           std::span<const std::size_t> labels) {
  const PairedSets sets = paired_sets(more, less, labels);
  std::vector<std::size_t> sizes;
  ClusterSizes found{.clusters = sets.more.size()};
  for (const auto& [label, set] : sets.more) {
    sizes.push_back(set.n + sets.less.at(label).n);
    found.completions += sizes.back();
  }
  std::ranges::sort(sizes, std::greater());
  for (std::size_t held = 0; 2 * held < found.completions; ++found.hold_half) {
    held += sizes[found.hold_half];
  }
  return found;
}

std::optional<RateEstimate> estimate_rate_over(std::span<const QueryCounts> arm,
                                               const DrawnTogether& drawn, Population population) {
  std::optional<RateEstimate> rate = estimate_rate(arm);
  if (!rate) return rate;
  const ClusteredRate over = clustered_over(sets_of(arm, drawn));
  const Interval interval = rate_interval(over), &on_these = rate->on_these_queries;
  rate->ci95 = {std::min(interval.lo, on_these.lo), std::max(interval.hi, on_these.hi)};
  rate->population = population;
  rate->clusters = over.queries;
  rate->se = std::sqrt(over.variance);
  rate->effective_n = over.effective_n;
  return rate;
}

std::optional<Interval> gap_interval_over(std::span<const QueryCounts> more,
                                          std::span<const QueryCounts> less,
                                          const DrawnTogether& drawn, double level) {
  const PairedSets sets = paired_sets(more, less, drawn);
  if (sets.labels.empty()) return std::nullopt;
  return interval_over(sets, level);
}

std::optional<GapEstimate> estimate_gap_over_without_test(std::span<const QueryCounts> more,
                                                          std::span<const QueryCounts> less,
                                                          const DrawnTogether& drawn,
                                                          Population population) {
  std::optional<GapEstimate> gap = estimate_gap_without_test(more, less);
  if (!gap) return gap;
  const PairedSets sets = paired_sets(more, less, drawn);
  gap->ci95 = interval_over(sets, kLevel);
  const Interval on_these = *gap_on_these_queries(more, less);
  gap->on_these_queries = {std::max(gap->ci95.lo, on_these.lo),
                           std::min(gap->ci95.hi, on_these.hi)};
  gap->population = population;
  gap->clusters = sets.more.size();
  gap->se_paired = kPoints * std::sqrt(describe(sets).variance);
  return gap;
}

std::optional<GapEstimate> estimate_gap_over(std::span<const QueryCounts> more,
                                             std::span<const QueryCounts> less,
                                             const DrawnTogether& drawn, Random& random,
                                             Population population, std::size_t draws) {
  auto gap = estimate_gap_over_without_test(more, less, drawn, population);
  if (!gap) return gap;
  const std::vector<double> sums = sums_of_differences(paired_sets(more, less, drawn));
  const SignFlipResult test = sign_flip_test(sums, random, draws);
  gap->p_value = test.p_value;
  gap->p_value_error = test.error;
  return gap;
}

GroupComparison compare_groups(std::span<const QueryCounts> more, std::span<const QueryCounts> less,
                               std::span<const std::size_t> groups, const DrawnTogether& clusters,
                               Random& random, std::size_t draws) {
  IAGO_CHECK(draws > 0, "at least one draw");
  IAGO_CHECK(more.size() == groups.size(), "a group for each query");
  const bool has_clusters = !clusters.sets.empty();
  IAGO_CHECK(!has_clusters || clusters.sets.size() == groups.size(), "a cluster for each query");
  const Labels own = has_clusters ? Labels(clusters.sets.begin(), clusters.sets.end())
                                  : each_its_own(groups.size());
  std::map<std::size_t, std::size_t> group_of;  // of each cluster
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const auto [at, is_new] = group_of.try_emplace(own[i], groups[i]);
    IAGO_CHECK(is_new || at->second == groups[i], "a cluster within one group");
  }
  GroupComparison found{.groups = gaps_of(more, less, groups, {own, clusters.queries},
                                          has_clusters ? Population::clusters_like_these
                                                       : Population::queries_like_these)};
  if (found.groups.size() < 2) return found;
  std::map<std::size_t, std::size_t> place_of;
  for (const GroupGap& group : found.groups) place_of.emplace(group.group, place_of.size());
  const std::vector<Unit> units = units_of(paired_sets(more, less, own), group_of, place_of);
  Labels places;
  for (const Unit& unit : units) places.push_back(unit.group);
  const Dealt seen = deal(units, places, found.groups.size());
  set_to_rest(units, found.groups);
  found.sd = sd_of_groups(units, found.groups, seen);
  permute(found, units, seen, random, draws);
  return found;
}

}  // namespace iago
