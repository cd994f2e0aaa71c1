#include "stats/strong_queries.h"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <map>
#include <utility>

#include "base/error.h"

namespace iago {
namespace {

constexpr std::size_t kHandful = 5, kQueriesPerCarrier = 40;
constexpr double kAlike = 0.001;
constexpr double kMarkedCorrelation = 0.3;  // queries that vary a little, as most do, have 0.1
constexpr std::size_t kMostTrials = 20'000;
constexpr double kRounding = 1e-9;  // of sums of rates

struct Part {
  std::size_t query = 0;  // or a cluster's label
  double difference = 0;  // of a cluster: the sum over its queries
  double queries = 1;
};

std::vector<Part> parts_of(std::span<const QueryCounts> more, std::span<const QueryCounts> less,
                           std::span<const std::size_t> clusters) {
  IAGO_CHECK(more.size() == less.size(), "the arms have the same queries");
  IAGO_CHECK(clusters.empty() || clusters.size() == more.size(), "a cluster for each query");
  std::map<std::size_t, Part> parts;
  for (std::size_t i = 0; i < more.size(); ++i) {
    if (more[i].trials == 0 || less[i].trials == 0) continue;
    const std::size_t unit = clusters.empty() ? i : clusters[i];
    Part& part = parts.try_emplace(unit, Part{.query = unit, .queries = 0}).first->second;
    part.difference += rate_of(more[i]) - rate_of(less[i]);
    part.queries += 1;
  }
  std::vector<Part> found;
  for (const auto& [unit, part] : parts) found.push_back(part);
  return found;
}

// The arm's answers by cluster.
ArmCounts folded(std::span<const QueryCounts> arm, std::span<const std::size_t> clusters) {
  if (clusters.empty()) return {arm.begin(), arm.end()};
  std::map<std::size_t, QueryCounts> sums;
  for (std::size_t i = 0; i < arm.size(); ++i) {
    QueryCounts& sum = sums[clusters[i]];
    sum.successes += arm[i].successes;
    sum.trials += arm[i].trials;
  }
  ArmCounts found;
  for (const auto& [cluster, sum] : sums) found.push_back(sum);
  return found;
}

// The chance that, with the arm's pooled rate everywhere, any query would show as many successes as
// the most surprising one (Bonferroni).
double chance_if_alike(std::span<const QueryCounts> arm) {
  const double rate = rate_of(total(arm));
  double least = 1, queries = 0;
  for (const QueryCounts& query : arm) {
    if (query.trials == 0) continue;
    queries += 1;
    if (query.successes == 0) continue;
    const double n = query.distinct(), x = static_cast<double>(query.successes) / query.copies;
    least = std::min(least, rate < 1 ? boost::math::ibeta(x, n - x + 1, rate) : 1);
  }
  return std::min(1.0, queries * least);
}

// An arm trial by trial: its query and its outcome.
struct Trials {
  std::vector<std::size_t> queries;
  std::vector<char> outcomes;
};

Trials trials_of(std::span<const QueryCounts> arm, Random& random) {
  std::vector<std::pair<std::size_t, char>> all;
  for (std::size_t i = 0; i < arm.size(); ++i) {
    if (arm[i].trials == 0) continue;
    const auto trials = static_cast<std::size_t>(std::lround(arm[i].distinct()));
    const double share = rate_of(arm[i]) * static_cast<double>(trials);
    const auto successes = static_cast<std::size_t>(std::lround(share));
    for (std::size_t n = 0; n < trials; ++n) all.emplace_back(i, n < successes);
  }
  if (all.size() > kMostTrials) {
    random.shuffle(all);
    all.resize(kMostTrials);
  }
  Trials trials;
  for (const auto& [query, outcome] : all) {
    trials.queries.push_back(query);
    trials.outcomes.push_back(outcome);
  }
  return trials;
}

// Successes squared over trials, over queries.
double spread_of(const Trials& trials, std::size_t queries) {
  std::vector<double> successes(queries), counts(queries);
  for (std::size_t i = 0; i < trials.queries.size(); ++i) {
    successes[trials.queries[i]] += trials.outcomes[i];
    counts[trials.queries[i]] += 1;
  }
  double spread = 0;
  for (std::size_t q = 0; q < queries; ++q) {
    if (counts[q] > 0) spread += successes[q] * successes[q] / counts[q];
  }
  return spread;
}

double p_of_one_rate(std::span<const QueryCounts> arm, Random& random, std::size_t draws) {
  constexpr double kTied = 1e-9;
  Trials trials = trials_of(arm, random);
  const double seen = spread_of(trials, arm.size());
  std::size_t as_uneven = 0;
  for (std::size_t draw = 0; draw < draws; ++draw) {
    random.shuffle(trials.outcomes);
    as_uneven += spread_of(trials, arm.size()) >= seen - kTied;
  }
  return (static_cast<double>(as_uneven) + 1) / (static_cast<double>(draws) + 1);
}

double correlation_of(std::span<const QueryCounts> arm) {
  double within = 0, repeated = 0, rates = 0;
  for (const QueryCounts& query : arm) {
    const double n = query.distinct();
    if (query.trials < 2 || n < 2) continue;  // copies are no repeats
    const double rate = rate_of(query);
    within += rate * (1 - rate) * n / (n - 1);
    rates += rate;
    repeated += 1;
  }
  const double mean = repeated > 0 ? rates / repeated : 0;
  if (mean <= 0 || mean >= 1) return 0;
  return std::clamp(1 - within / repeated / (mean * (1 - mean)), 0.0, 1.0);
}

}  // namespace

double largest_unseen_share(std::size_t queries, double chance) {
  IAGO_CHECK(queries > 0 && chance > 0 && chance < 1, "a query, and a chance within (0, 1)");
  return 1 - std::pow(chance, 1 / static_cast<double>(queries));
}

bool may_hide_gap(std::size_t queries, double margin_points) {
  return kPoints * largest_unseen_share(queries) >= margin_points;
}

std::size_t queries_to_exclude_hidden_gap(double margin_points) {
  IAGO_CHECK(margin_points > 0 && margin_points < kPoints, "margin in (0, 100)");
  const double queries = std::log(kUnseenChance) / std::log1p(-margin_points / kPoints);
  auto fewest = static_cast<std::size_t>(std::ceil(queries));
  while (may_hide_gap(fewest, margin_points)) ++fewest;
  return fewest;
}

Carriers carriers_of_half(std::span<const QueryCounts> more, std::span<const QueryCounts> less,
                          std::span<const std::size_t> clusters) {
  std::vector<Part> parts = parts_of(more, less, clusters);
  double sum = 0;
  for (const Part& part : parts) sum += part.difference;
  Carriers carriers;
  if (parts.empty() || sum == 0) return carriers;
  carriers.p_alike = chance_if_alike(folded(sum > 0 ? more : less, clusters));
  const double direction = sum > 0 ? 1 : -1;
  std::ranges::stable_sort(parts, std::greater(),
                           [direction](const Part& part) { return direction * part.difference; });
  double carried = 0, last = 0;
  carriers.least = 1;
  for (const Part& part : parts) {
    const double difference = direction * part.difference;
    // Queries that differ as much as the last one are no fewer reason for the gap than it.
    const bool is_tied = !carriers.queries.empty() && difference >= last - kRounding;
    if (carried / sum > 0.5 + kRounding && !is_tied) break;
    carried += part.difference;
    last = difference;
    carriers.least = std::min(carriers.least, difference / part.queries);
    carriers.queries.push_back(part.query);
  }
  carriers.share = carried / sum;
  carriers.rivals = static_cast<std::size_t>(std::ranges::count_if(parts, [&](const Part& part) {
    return -direction * part.difference / part.queries >= carriers.least - kRounding;
  }));
  return carriers;
}

bool Unevenness::is_marked() const { return p_one_rate && *p_one_rate <= kAlike; }

Unevenness unevenness_of(std::span<const QueryCounts> arm, Random& random, std::size_t draws) {
  IAGO_CHECK(draws > 0, "at least one draw");
  Unevenness found{.correlation = correlation_of(arm), .p_one_rate = std::nullopt};
  if (found.correlation >= kMarkedCorrelation) found.p_one_rate = p_of_one_rate(arm, random, draws);
  return found;
}

bool is_handful(const Carriers& carriers, std::size_t queries) {
  if (carriers.queries.empty() || carriers.p_alike >= kAlike) return false;
  const std::size_t most = std::max(kHandful, queries / kQueriesPerCarrier);
  return carriers.queries.size() <= most && carriers.queries.size() < queries / 2;
}

bool is_strong_handful(const Carriers& carriers, std::size_t queries) {
  constexpr double kStrong = 0.5;
  return is_handful(carriers, queries) && carriers.least >= kStrong &&
         carriers.rivals < carriers.queries.size();
}

}  // namespace iago
