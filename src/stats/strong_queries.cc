#include "stats/strong_queries.h"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>

#include "base/error.h"

namespace iago {
namespace {

constexpr std::size_t kHandful = 5, kQueriesPerCarrier = 40;
constexpr double kAlike = 0.001;

struct Part {
  std::size_t query = 0;
  double difference = 0;
};

std::vector<Part> parts_of(std::span<const QueryCounts> more, std::span<const QueryCounts> less) {
  IAGO_CHECK(more.size() == less.size(), "the arms have the same queries");
  std::vector<Part> parts;
  for (std::size_t i = 0; i < more.size(); ++i) {
    if (more[i].trials == 0 || less[i].trials == 0) continue;
    parts.push_back({i, rate_of(more[i]) - rate_of(less[i])});
  }
  return parts;
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
    const double x = static_cast<double>(query.successes), n = static_cast<double>(query.trials);
    least = std::min(least, rate < 1 ? boost::math::ibeta(x, n - x + 1, rate) : 1);
  }
  return std::min(1.0, queries * least);
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

Carriers carriers_of_half(std::span<const QueryCounts> more, std::span<const QueryCounts> less) {
  std::vector<Part> parts = parts_of(more, less);
  double sum = 0;
  for (const Part& part : parts) sum += part.difference;
  Carriers carriers;
  if (parts.empty() || sum == 0) return carriers;
  const ContrastCounts pair = paired(more, less);
  carriers.p_alike = chance_if_alike(sum > 0 ? pair.more : pair.less);
  const double direction = sum > 0 ? 1 : -1;
  std::ranges::stable_sort(parts, std::greater(),
                           [direction](const Part& part) { return direction * part.difference; });
  double carried = 0;
  for (const Part& part : parts) {
    carried += part.difference;
    carriers.queries.push_back(part.query);
    if (carried / sum > 0.5) break;
  }
  carriers.share = carried / sum;
  return carriers;
}

bool is_handful(const Carriers& carriers, std::size_t queries) {
  if (carriers.queries.empty() || carriers.p_alike >= kAlike) return false;
  const std::size_t most = std::max(kHandful, queries / kQueriesPerCarrier);
  return carriers.queries.size() <= most && carriers.queries.size() < queries / 2;
}

}  // namespace iago
