#include "stats/interval.h"

#include <algorithm>
#include <array>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <cstdint>

#include "base/error.h"

namespace iago {
namespace {

void check(double successes, double trials, double level) {
  IAGO_CHECK(successes >= 0 && successes <= trials, "0 <= successes <= trials");
  IAGO_CHECK(level > 0 && level < 1, "level in (0, 1)");
}

double beta_quantile(double p, double a, double b) {
  return boost::math::quantile(boost::math::beta_distribution<>(a, b), p);
}

// The rate at which P(X > x) + P(X = x) / 2 reaches `tail`. Both are defined for any real x, which
// is what effective samples need.
double mid_p_end(double successes, double trials, double tail) {
  const double failures = trials - successes;
  const auto excess = [&](double rate) {
    const double exactly =
        boost::math::ibeta_derivative(successes + 1, failures + 1, rate) / (trials + 1);
    const double above = failures > 0 ? boost::math::ibeta(successes + 1, failures, rate) : 0.0;
    return above + exactly / 2 - tail;
  };
  // `excess` rises with the rate from below 0 to above: a bracketed search finds its one root.
  std::uintmax_t steps = 60;
  const auto bracket = boost::math::tools::toms748_solve(
      excess, 0.0, 1.0, boost::math::tools::eps_tolerance<double>(40), steps);
  return (bracket.first + bracket.second) / 2;
}

}  // namespace

double normal_critical(double level) {
  IAGO_CHECK(level > 0 && level < 1, "level in (0, 1)");
  return boost::math::quantile(boost::math::normal(), 0.5 + level / 2);
}

double student_critical(double degrees_of_freedom, double level) {
  IAGO_CHECK(level > 0 && level < 1, "level in (0, 1)");
  IAGO_CHECK(degrees_of_freedom > 0, "degrees of freedom above 0");
  // One takes some 10 us, and the arms and wordings of a study ask for the same few.
  struct Known {
    double degrees_of_freedom = 0, level = 0, critical = 0;
  };
  thread_local std::array<Known, 4> known;
  thread_local std::size_t oldest = 0;
  for (const Known& quantile : known) {
    if (quantile.degrees_of_freedom == degrees_of_freedom && quantile.level == level) {
      return quantile.critical;
    }
  }
  const double critical =
      boost::math::quantile(boost::math::students_t(degrees_of_freedom), 0.5 + level / 2);
  known[oldest++ % known.size()] = {degrees_of_freedom, level, critical};
  return critical;
}

Interval wilson_at(double rate, double trials, double critical) {
  if (trials <= 0) return {0, 1};
  const double c2 = critical * critical / trials;
  const double centre = (rate + c2 / 2) / (1 + c2);
  const double half =
      critical * std::sqrt(rate * (1 - rate) / trials + c2 / (4 * trials)) / (1 + c2);
  // Rounding must not push an end past the estimate: at rates of 0 and 1 they coincide exactly.
  return {std::clamp(centre - half, 0.0, rate), std::clamp(centre + half, rate, 1.0)};
}

Interval wilson(double successes, double trials, double level) {
  check(successes, trials, level);
  if (trials == 0) return {0, 1};
  return wilson_at(successes / trials, trials, normal_critical(level));
}

Interval clopper_pearson(double successes, double trials, double level) {
  check(successes, trials, level);
  if (trials == 0) return {0, 1};
  const double tail = (1 - level) / 2, failures = trials - successes;
  return {successes == 0 ? 0 : beta_quantile(tail, successes, failures + 1),
          failures == 0 ? 1 : beta_quantile(1 - tail, successes + 1, failures)};
}

Interval mid_p(double successes, double trials, double level) {
  check(successes, trials, level);
  if (trials == 0) return {0, 1};
  const double tail = (1 - level) / 2, rate = successes / trials;
  const double lo = successes == 0 ? 0 : mid_p_end(successes, trials, tail);
  const double hi = successes == trials ? 1 : mid_p_end(successes, trials, 1 - tail);
  return {std::min(lo, rate), std::max(hi, rate)};
}

Interval jeffreys(double successes, double trials, double level) {
  check(successes, trials, level);
  if (trials == 0) return {0, 1};
  const double tail = (1 - level) / 2, failures = trials - successes, rate = successes / trials;
  const double lo = successes == 0 ? 0 : beta_quantile(tail, successes + 0.5, failures + 0.5);
  const double hi = failures == 0 ? 1 : beta_quantile(1 - tail, successes + 0.5, failures + 0.5);
  return {std::min(lo, rate), std::max(hi, rate)};
}

}  // namespace iago
