// Here are the figures of wordings.h but the spread, which has a file of its own. All start from
// the table of internal/wording_table.h.
#include "stats/wordings.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "stats/clustered.h"
#include "stats/internal/clusters.h"
#include "stats/internal/wording_table.h"
#include "stats/multiple.h"

namespace iago {
namespace {

using ColumnArm = std::vector<QueryCounts> WordingColumn::*;

// The arm's rate at each query, as the mean over the wordings. Where a query has no data under some
// of them it has a value that makes up for it: mean and variance are those of the header.
std::vector<QueryRate> mean_rates(const WordingTable& table, ColumnArm arm,
                                  double WordingColumn::*rate_in_column) {
  const double count = static_cast<double>(table.columns.size());
  double mean = 0;
  for (const WordingColumn& column : table.columns) mean += column.*rate_in_column / count;
  std::vector<QueryRate> rates(table.rows, {.rate = mean});
  for (const WordingColumn& column : table.columns) {
    const double scale = table.scale(column) / count;
    const double weight = static_cast<double>(table.rows) / column.queries / count;
    for (std::size_t row = 0; row < table.rows; ++row) {
      if (!column.has(row)) continue;
      const QueryCounts& query = (column.*arm)[row];
      QueryRate& to = rates[row];
      to.rate += scale * (rate_of(query) - column.*rate_in_column);
      to.inverse_trials += weight * weight / static_cast<double>(query.trials);
      to.has_success |= query.successes > 0;
      to.has_failure |= query.successes < query.trials;
      to.n += query.trials;
    }
  }
  return rates;
}

constexpr MoverWeight kMoverAlone = {.queries = 0, .correlation = 0};

// What a query adds to the mean of the gaps: their sum over the number of queries is that mean.
std::vector<double> shares_of_mean(const WordingTable& table) {
  std::vector<double> shares(table.rows);
  const double count = static_cast<double>(table.columns.size());
  for (const WordingColumn& column : table.columns) {
    const double weight = static_cast<double>(table.rows) / column.queries / count;
    for (std::size_t row = 0; row < table.rows; ++row) {
      if (column.has(row)) shares[row] += weight * column.difference(row);
    }
  }
  constexpr double kRounding = 1e-12;  // a query whose wordings cancel differs in nothing
  for (double& share : shares) {
    if (std::abs(share) < kRounding) share = 0;
  }
  return shares;
}

std::size_t complete_rows(const WordingTable& table) {
  std::size_t complete = 0;
  for (std::size_t row = 0; row < table.rows; ++row) {
    complete += std::ranges::all_of(table.columns, [row](const auto& c) { return c.has(row); });
  }
  return complete;
}

// The mean of the wordings' own bounds: each of them can be reached whatever the others do.
Interval mean_bounds(std::span<const ContrastCounts> wordings) {
  Interval mean;
  double count = 0;
  for (const ContrastCounts& counts : wordings) {
    const auto bounds = gap_bounds_if_missing(counts.more, counts.less);
    if (!bounds) continue;
    count += 1;
    mean.lo += (bounds->lo - mean.lo) / count;
    mean.hi += (bounds->hi - mean.hi) / count;
  }
  return mean;
}

// Of one wording, without the test.
std::optional<GapEstimate> estimate_wording_gap(const ContrastCounts& counts,
                                                std::span<const std::size_t> clusters) {
  if (clusters.empty()) return estimate_gap_without_test(counts.more, counts.less);
  return estimate_gap_over_without_test(counts.more, counts.less, clusters);
}

// One wording alone has data: the figures are those of its gap, to the last bit.
WordingMean mean_of_one(const ContrastCounts& counts, const WordingColumn& column,
                        std::span<const std::size_t> clusters) {
  const GapEstimate gap = *estimate_wording_gap(counts, clusters);
  return {.points = gap.points,
          .ci95 = gap.ci95,
          .se_paired = gap.se_paired,
          .wordings = 1,
          .queries = gap.queries,
          .complete_queries = gap.queries,
          .n_more = gap.n_more,
          .n_less = gap.n_less,
          .more_rate = column.more_rate,
          .less_rate = column.less_rate,
          .bounds_if_missing = gap.bounds_if_missing};
}

WordingMean mean_of_several(const WordingTable& table, double level) {
  const auto rate_in = [&table](ColumnArm arm, double WordingColumn::*rate_in_column) {
    return clustered_rate(over_clusters(mean_rates(table, arm, rate_in_column), table.clusters));
  };
  ClusteredRate more = rate_in(&WordingColumn::more, &WordingColumn::more_rate);
  ClusteredRate less = rate_in(&WordingColumn::less, &WordingColumn::less_rate);
  more.critical = less.critical = student_critical(degrees_of_freedom(table.units()), level);
  std::vector<double> differences(table.rows);
  for (const WordingColumn& column : table.columns) {
    const double scale = table.scale(column) / static_cast<double>(table.columns.size());
    for (std::size_t row = 0; row < table.rows; ++row) {
      if (column.has(row)) differences[row] += scale * (column.difference(row) - column.gap());
    }
  }
  Differences pairs = describe_differences(over_clusters(differences, table.clusters));
  count_clusters_that_differ(shares_of_mean(table), table.clusters, pairs);
  const Interval interval = joined_interval(more, less, pairs);
  return {.points = kPoints * (more.rate - less.rate),
          .ci95 = {kPoints * interval.lo, kPoints * interval.hi},
          .se_paired = kPoints * std::sqrt(pairs.variance),
          .wordings = table.columns.size(),
          .queries = table.rows,
          .complete_queries = complete_rows(table),
          .n_more = more.n,
          .n_less = less.n,
          .more_rate = more.rate,
          .less_rate = less.rate};
}

std::optional<WordingMean> mean_of(std::span<const ContrastCounts> wordings,
                                   const WordingTable& table,
                                   std::span<const std::size_t> clusters) {
  if (table.columns.empty()) return std::nullopt;
  WordingMean mean = table.columns.size() == 1
                         ? mean_of_one(wordings[table.columns[0].place], table.columns[0], clusters)
                         : mean_of_several(table, kLevel);
  mean.bounds_if_missing = mean_bounds(wordings);
  return mean;
}

// Each wording as one draw of an arm's rate, as a query is one in gap.h.
std::vector<QueryRate> rates_by_wording(const WordingTable& table, ColumnArm arm,
                                        double WordingColumn::*rate_in_column) {
  std::vector<QueryRate> rates;
  for (const WordingColumn& column : table.columns) {
    QueryRate& to = rates.emplace_back();
    to.rate = column.*rate_in_column;
    for (std::size_t row = 0; row < table.rows; ++row) {
      if (!column.has(row)) continue;
      const QueryCounts& query = (column.*arm)[row];
      to.inverse_trials +=
          1 / (static_cast<double>(query.trials) * column.queries * column.queries);
      to.has_success |= query.successes > 0;
      to.has_failure |= query.successes < query.trials;
      to.n += query.trials;
    }
  }
  return rates;
}

struct Distances {
  double below = 0, above = 0;  // of an interval's ends from the mean, fractions
};

// What drawing the wordings adds: the interval of gap.h with wordings in place of queries, shrunk
// by what queries add to the spread of the gaps. Its MOVER alone, without Student's t: ten draws
// say too little of how far the tail reaches.
Distances distances_of_wordings(const WordingTable& table) {
  const GapSquares squares = gap_squares(table);
  if (squares.of_truth() == 0) return {};
  const double count = static_cast<double>(table.columns.size());
  const ClusteredRate more =
      clustered_rate(rates_by_wording(table, &WordingColumn::more, &WordingColumn::more_rate));
  const ClusteredRate less =
      clustered_rate(rates_by_wording(table, &WordingColumn::less, &WordingColumn::less_rate));
  const Differences pairs{.variance = squares.seen / (count * (count - 1)), .differing = count};
  const Interval interval = plain_joined_interval(more, less, pairs, kMoverAlone);
  const double mean = more.rate - less.rate, shrunk = std::sqrt(squares.of_truth() / squares.seen);
  return {shrunk * (mean - interval.lo), shrunk * (interval.hi - mean)};
}

// Each of `count` figures may err with its share of the 5 %.
double bonferroni_level(std::size_t count) {
  return 1 - (1 - kLevel) / static_cast<double>(std::max<std::size_t>(count, 1));
}

std::optional<GapEstimate> estimate_wording_gap_with_test(const ContrastCounts& counts,
                                                          std::span<const std::size_t> clusters,
                                                          Random& random, std::size_t draws) {
  if (clusters.empty()) return estimate_gap(counts.more, counts.less, random, draws);
  return estimate_gap_over(counts.more, counts.less, clusters, random,
                           Population::clusters_like_these, draws);
}

// Of the queries with data under both, or the clusters' sums of them: the difference under one less
// that under the other.
std::vector<double> differences_between(const ContrastCounts& a, const ContrastCounts& b,
                                        std::span<const std::size_t> clusters) {
  std::vector<double> between;
  Labels labels;
  for (std::size_t i = 0; i < a.more.size(); ++i) {
    if (!has_data(a, i) || !has_data(b, i)) continue;
    between.push_back((rate_of(a.more[i]) - rate_of(a.less[i])) -
                      (rate_of(b.more[i]) - rate_of(b.less[i])));
    if (!clusters.empty()) labels.push_back(clusters[i]);
  }
  return sums_of_clusters(between, labels);
}

}  // namespace

std::optional<WordingMean> estimate_wording_mean_without_test(
    std::span<const ContrastCounts> wordings, std::span<const std::size_t> clusters) {
  return mean_of(wordings, make_wording_table(wordings, clusters), clusters);
}

std::optional<WordingMean> estimate_wording_mean(std::span<const ContrastCounts> wordings,
                                                 Random& random, std::size_t draws,
                                                 std::span<const std::size_t> clusters) {
  const WordingTable table = make_wording_table(wordings, clusters);
  std::optional<WordingMean> mean = mean_of(wordings, table, clusters);
  if (!mean) return mean;
  const SignFlipResult test =
      sign_flip_test(sums_of_clusters(shares_of_mean(table), table.clusters), random, draws);
  mean->p_value = test.p_value;
  mean->p_value_error = test.error;
  return mean;
}

std::optional<Interval> wording_mean_interval(std::span<const ContrastCounts> wordings,
                                              double level, std::span<const std::size_t> clusters) {
  const WordingTable table = make_wording_table(wordings, clusters);
  if (table.columns.empty()) return std::nullopt;
  if (table.columns.size() > 1) return mean_of_several(table, level).ci95;
  return interval_of_wording(wordings[table.columns[0].place], level, clusters);
}

std::optional<Interval> interval_of_wording(const ContrastCounts& counts, double level,
                                            std::span<const std::size_t> clusters) {
  if (clusters.empty()) return gap_interval(counts.more, counts.less, level);
  return gap_interval_over(counts.more, counts.less, clusters, level);
}

std::vector<std::optional<Interval>> simultaneous_intervals(
    std::span<const ContrastCounts> wordings, std::span<const std::size_t> clusters) {
  const auto with_data = std::ranges::count_if(wordings, [](const ContrastCounts& counts) {
    return !query_differences(counts.more, counts.less).empty();
  });
  const double level = bonferroni_level(static_cast<std::size_t>(with_data));
  std::vector<std::optional<Interval>> intervals;
  for (const ContrastCounts& counts : wordings) {
    intervals.push_back(interval_of_wording(counts, level, clusters));
  }
  return intervals;
}

std::vector<WordingGap> compare_wordings(std::span<const ContrastCounts> wordings, Random& random,
                                         std::size_t draws, std::span<const std::size_t> clusters) {
  std::vector<WordingGap> gaps(wordings.size());
  const auto intervals = simultaneous_intervals(wordings, clusters);
  std::size_t comparable = 0;
  for (std::size_t j = 0; j < wordings.size(); ++j) {
    gaps[j].gap = estimate_wording_gap_with_test(wordings[j], clusters, random, draws);
    if (intervals[j]) gaps[j].simultaneous95 = *intervals[j];
    comparable += j > 0 && !differences_between(wordings[j], wordings[0], clusters).empty();
  }
  const double level = bonferroni_level(comparable);
  PValues p_values(wordings.size());
  for (std::size_t j = 1; j < wordings.size(); ++j) {
    WordingGap& to = gaps[j];
    to.to_reference = compare_gaps(wordings[j], wordings[0], level, clusters);
    if (!to.to_reference) continue;
    to.to_reference->a = j;
    to.test =
        sign_flip_test(differences_between(wordings[j], wordings[0], clusters), random, draws);
    p_values[j] = to.test->p_value;
  }
  const PValues adjusted = holm(p_values);
  for (std::size_t j = 0; j < wordings.size(); ++j) gaps[j].holm_p = adjusted[j];
  return gaps;
}

std::optional<CrossedGap> estimate_crossed_gap(std::span<const ContrastCounts> wordings,
                                               std::span<const std::size_t> clusters) {
  const WordingTable table = make_wording_table(wordings, clusters);
  const std::size_t count = table.columns.size();
  if (count < kWordingsForPopulation) return std::nullopt;
  const WordingMean mean = *mean_of(wordings, table, clusters);
  const Distances of_wordings = distances_of_wordings(table);
  const double used = static_cast<double>(count);
  const double variance = gap_squares(table).of_truth() / (used * (used - 1));
  return CrossedGap{
      .points = mean.points,
      .ci95 = {std::max(-kPoints, mean.points - std::hypot(mean.points - mean.ci95.lo,
                                                           kPoints * of_wordings.below)),
               std::min(kPoints, mean.points + std::hypot(mean.ci95.hi - mean.points,
                                                          kPoints * of_wordings.above))},
      .se_wordings = kPoints * std::sqrt(variance),
      .wordings = count};
}

double chance_of_meeting_none(double share, std::size_t wordings) {
  IAGO_CHECK(share >= 0 && share <= 1, "a share within [0, 1]");
  return std::pow(1 - share, static_cast<double>(wordings));
}

double largest_share_unmet(std::size_t wordings, double chance) {
  IAGO_CHECK(wordings > 0 && chance > 0 && chance < 1, "a wording, and a chance within (0, 1)");
  return 1 - std::pow(chance, 1 / static_cast<double>(wordings));
}

}  // namespace iago
