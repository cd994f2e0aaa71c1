#include "stats/groups.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "base/error.h"
#include "stats/clustered.h"
#include "stats/internal/clusters.h"
#include "stats/on_these_queries.h"

namespace iago {
namespace {

// The positions with data, and what was drawn with each.
struct PairedSets {
  ContrastCounts pair;
  Labels labels = {}, queries = {};
};

void check(std::size_t positions, const DrawnTogether& drawn) {
  IAGO_CHECK(positions == drawn.sets.size(), "a label for each query");
  IAGO_CHECK(drawn.queries.empty() || drawn.queries.size() == positions, "a query each");
}

ClusteredRate clustered_over(std::span<const QueryCounts> arm, const DrawnTogether& drawn) {
  check(arm.size(), drawn);
  Labels labels, queries;
  for (std::size_t i = 0; i < arm.size(); ++i) {
    if (arm[i].trials == 0) continue;
    labels.push_back(drawn.sets[i]);
    queries.push_back(drawn.query_at(i));
  }
  return clustered_rate(over_clusters(query_rates(arm), labels, queries));
}

PairedSets paired_sets(std::span<const QueryCounts> more, std::span<const QueryCounts> less,
                       const DrawnTogether& drawn) {
  check(more.size(), drawn);
  PairedSets sets{.pair = paired(more, less)};
  for (std::size_t i = 0; i < drawn.sets.size(); ++i) {
    if (more[i].trials == 0 || less[i].trials == 0) continue;
    sets.labels.push_back(drawn.sets[i]);
    sets.queries.push_back(drawn.query_at(i));
  }
  return sets;
}

std::vector<double> differences_of(const PairedSets& sets) {
  return query_differences(sets.pair.more, sets.pair.less);
}

std::vector<double> sums_of_differences(const PairedSets& sets) {
  return sums_of_clusters(differences_of(sets), sets.labels);
}

Interval interval_over(const PairedSets& sets, double level) {
  const DrawnTogether drawn(sets.labels, sets.queries);
  ClusteredRate a = clustered_over(sets.pair.more, drawn);
  ClusteredRate b = clustered_over(sets.pair.less, drawn);
  a.critical = b.critical = student_critical(degrees_of_freedom(a.units), level);
  return in_points(joined_interval(a, b, describe_over(differences_of(sets), sets.labels)));
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
  const std::vector<double> sums = sums_of_differences(by_unit);
  const std::vector<double> sizes = sizes_of_clusters(by_unit.labels, by_unit.labels.size());
  std::vector<Unit> units;
  for (std::size_t label : std::set<std::size_t>(by_unit.labels.begin(), by_unit.labels.end())) {
    const std::size_t at = units.size();
    units.push_back(
        {.difference = sums[at], .queries = sizes[at], .group = place_of.at(in.at(label))});
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

// The group's gap minus that of the rest, a fraction, with what is missing at its worst for their
// difference; and the root of the sizes that `Dealt::to_rest` is in the unit of.
struct Worst {
  double to_rest = 0, unit = 0;
};

Worst worst_of(std::span<const QueryCounts> more, std::span<const QueryCounts> less,
               std::span<const std::size_t> groups, const GroupGap& group) {
  const Missing down = group.to_rest > 0 ? Missing::as_failure : Missing::as_success;
  const Missing up = group.to_rest > 0 ? Missing::as_success : Missing::as_failure;
  const ContrastCounts against{fill_missing(more, down), fill_missing(less, up)};
  const ContrastCounts with{fill_missing(more, up), fill_missing(less, down)};
  double in = 0, of_in = 0, out = 0, of_out = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const bool is_in = groups[i] == group.group;
    const ContrastCounts& counts = is_in ? against : with;
    if (!has_data(counts, i)) continue;
    (is_in ? in : out) += rate_of(counts.more[i]) - rate_of(counts.less[i]);
    (is_in ? of_in : of_out) += 1;
  }
  if (of_in == 0 || of_out == 0) return {};
  return {in / of_in - out / of_out, std::sqrt(of_in * of_out / (of_in + of_out))};
}

// `critical`: what the largest figure of any group reaches in one dealing of twenty.
void allow_for_missing(std::span<const QueryCounts> more, std::span<const QueryCounts> less,
                       std::span<const std::size_t> groups, double critical,
                       std::vector<GroupGap>& gaps) {
  if (total(more).missing + total(less).missing == 0) return;
  for (GroupGap& group : gaps) {
    const Worst worst = worst_of(more, less, groups, group);
    const double towards = group.to_rest > 0 ? worst.to_rest : -worst.to_rest;
    group.is_lost_by_missing = group.seems_to_differ() && towards * worst.unit < critical;
  }
}

constexpr double kTiedSums = 1e-9;  // sums of the same differences in another order are ties

// Returns what the largest figure of any group exceeds in 5 % of the dealings.
double permute(GroupComparison& found, std::span<const Unit> units, const Dealt& seen,
               Random& random, std::size_t draws) {
  std::vector<std::size_t> places, as_extreme(found.groups.size());
  for (const Unit& unit : units) places.push_back(unit.group);
  std::size_t spread = 0;
  std::vector<double> all_largest;
  for (std::size_t draw = 0; draw < draws; ++draw) {
    random.shuffle(places);
    const Dealt dealt = deal(units, places, found.groups.size());
    spread += dealt.between >= seen.between - kTiedSums;
    const double largest = *std::ranges::max_element(dealt.to_rest);
    all_largest.push_back(largest);
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
  std::ranges::sort(all_largest);
  return all_largest[static_cast<std::size_t>(kLevel * (count - 1))];
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
  std::map<std::size_t, std::size_t> completions;
  for (std::size_t i = 0; i < sets.labels.size(); ++i) {
    completions[sets.labels[i]] += sets.pair.more[i].trials + sets.pair.less[i].trials;
  }
  ClusterSizes found{.clusters = completions.size()};
  std::vector<std::size_t> sizes;
  for (const auto& [label, n] : completions) {
    sizes.push_back(n);
    found.completions += n;
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
  const ClusteredRate over = clustered_over(arm, drawn);
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
  gap->clusters = count_clusters(sets.labels, 0);
  gap->se_paired = kPoints * std::sqrt(describe_over(differences_of(sets), sets.labels).variance);
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
  const double critical = permute(found, units, seen, random, draws);
  allow_for_missing(more, less, groups, critical, found.groups);
  return found;
}

}  // namespace iago
