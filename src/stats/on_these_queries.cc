#include "stats/on_these_queries.h"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <cmath>

#include "base/error.h"
#include "stats/clustered.h"

namespace iago {
namespace {

// The sums over one arm's queries from which both limits follow. `w` is what one success adds to
// the rate.
struct Weighted {
  double rate = 0;
  double squares = 0;     // sum of w^2 over successes
  double binomial = 0;    // p (1 - p) sum of w^2 over all answers, without p (1 - p)
  double within = 0;      // unbiased variance of the rate given the queries
  double unrepeated = 0;  // what queries of one answer would add to it at the mean rate, as
                          // `binomial`
  double mixed = 0;       // queries that show both outcomes
  bool has_success = false, has_failure = false;
};

Weighted weighted(std::span<const QueryCounts> arm) {
  double queries = 0;
  for (const QueryCounts& query : arm) queries += query.trials > 0;
  Weighted sums;
  for (const QueryCounts& query : arm) {
    if (query.trials == 0) continue;
    // Of copies only one counts: what it adds to the rate is then that of all.
    const double n = query.distinct(), x = static_cast<double>(query.successes) / query.copies;
    const double w = 1 / (queries * n);
    sums.rate += w * x;
    sums.squares += w * w * x;
    sums.binomial += w * w * n;
    if (n > 1) {
      sums.within += w * w * x * (n - x) / (n - 1);
    } else {
      sums.unrepeated += w * w;
    }
    sums.mixed += query.successes > 0 && query.successes < query.trials;
    sums.has_success |= query.successes > 0;
    sums.has_failure |= query.successes < query.trials;
  }
  sums.rate = sums.has_success ? sums.has_failure ? std::min(sums.rate, 1.0) : 1 : 0;
  return sums;
}

// How many times more the answers say than draws of the mean rate would; at least 1.
double gain_of(const Weighted& sums) {
  const double spread = sums.rate * (1 - sums.rate);
  const double binomial = spread * sums.binomial;
  if (binomial <= 0) return 1;
  const double weight = std::pow(1 + sums.mixed, -kFullClusterExponent);
  const double within = sums.within + spread * sums.unrepeated;
  return std::max(1.0, binomial / (weight * binomial + (1 - weight) * within));
}

double beta_limit(double probability, double a, double b) {
  if (a <= 0) return 0;
  if (b <= 0) return 1;
  return boost::math::quantile(boost::math::beta_distribution<>(a, b), probability);
}

// Both limits as Clopper and Pearson's of effective counts. `rate` and `squares` are of the
// outcome that is counted; `next` is the weight of the one success more that the upper limit adds.
Interval limits(double rate, double squares, double next, double gain, double tail) {
  Interval interval{0, 1};
  if (rate > 0) {
    const double x = gain * rate * rate / squares, n = gain * rate / squares;
    interval.lo = beta_limit(tail, x, n - x + 1);
  }
  const double upper = rate + next, variance = squares + next * next;
  const double x = gain * (upper * upper / variance - 1), n = gain * upper / variance;
  interval.hi = beta_limit(1 - tail, x + 1, n - x);
  return interval;
}

Interval interval_of(const Weighted& sums, double level) {
  const bool is_one_sided = !sums.has_success || !sums.has_failure;
  const double tail = is_one_sided ? 1 - level : (1 - level) / 2;
  const double gain = gain_of(sums);
  const Interval of_successes = limits(sums.rate, sums.squares, sums.binomial, gain, tail);
  const Interval of_failures =
      limits(1 - sums.rate, sums.binomial - sums.squares, sums.binomial, gain, tail);
  // The two agree where repeats are equal; elsewhere the wider holds.
  return {std::min({of_successes.lo, 1 - of_failures.hi, sums.rate}),
          std::max({of_successes.hi, 1 - of_failures.lo, sums.rate})};
}

}  // namespace

std::optional<Interval> rate_on_these_queries(std::span<const QueryCounts> arm, double level) {
  IAGO_CHECK(level > 0 && level < 1, "level in (0, 1)");
  if (total(arm).trials == 0) return std::nullopt;
  return interval_of(weighted(arm), level);
}

std::optional<Interval> gap_on_these_queries(std::span<const QueryCounts> more,
                                             std::span<const QueryCounts> less, double level) {
  const ContrastCounts pair = paired(more, less);
  if (pair.more.empty()) return std::nullopt;
  const Weighted a = weighted(pair.more), b = weighted(pair.less);
  const Interval gap =
      mover_interval(a.rate, interval_of(a, level), b.rate, interval_of(b, level), 0, 1);
  return in_points(gap);
}

}  // namespace iago
