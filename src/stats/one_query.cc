#include "stats/one_query.h"

#include <algorithm>
#include <cmath>

#include "stats/on_these_queries.h"

namespace iago {
namespace {

Interval wilson_of(const QueryCounts& query) {
  return wilson(static_cast<double>(query.successes), static_cast<double>(query.trials));
}

}  // namespace

std::optional<RateEstimate> estimate_query_rate(const QueryCounts& query) {
  if (query.trials == 0) return std::nullopt;
  const double n = static_cast<double>(query.trials), rate = rate_of(query);
  return RateEstimate{.rate = rate,
                      .ci95 = mid_p(static_cast<double>(query.successes), n),
                      .population = Population::these_queries,
                      .on_these_queries = *rate_on_these_queries({&query, 1}),
                      .n = query.trials,
                      .queries = 1,
                      .clusters = 1,
                      .se = std::sqrt(rate * (1 - rate) / n),
                      .effective_n = n};
}

std::optional<RateDifference> estimate_query_difference(const QueryCounts& a,
                                                        const QueryCounts& b) {
  if (a.trials == 0 || b.trials == 0) return std::nullopt;
  const double rate_a = rate_of(a), rate_b = rate_of(b), difference = rate_a - rate_b;
  const Interval of_a = wilson_of(a), of_b = wilson_of(b);
  const double below = std::hypot(rate_a - of_a.lo, of_b.hi - rate_b);
  const double above = std::hypot(of_a.hi - rate_a, rate_b - of_b.lo);
  return RateDifference{
      100 * difference,
      {100 * std::max(-1.0, difference - below), 100 * std::min(1.0, difference + above)}};
}

}  // namespace iago
