#include "stats/deciding.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <vector>

#include "base/error.h"
#include "stats/gap.h"

namespace iago {
namespace {

std::vector<ContrastCounts> filled(std::span<const ContrastCounts> wordings, Missing in_more) {
  const Missing in_less =
      in_more == Missing::as_success ? Missing::as_failure : Missing::as_success;
  std::vector<ContrastCounts> all;
  for (const ContrastCounts& counts : wordings) {
    all.push_back({fill_missing(counts.more, in_more), fill_missing(counts.less, in_less)});
  }
  return all;
}

double phi(double x) { return boost::math::cdf(boost::math::normal(), x); }

}  // namespace

double critical_between_bounds(double distance_in_errors, double level) {
  IAGO_CHECK(distance_in_errors >= 0 && level > 0 && level < 1, "a distance, level in (0, 1)");
  double lo = 0, hi = normal_critical(level);
  for (int step = 0; step < 60; ++step) {
    const double middle = (lo + hi) / 2;
    (phi(middle + distance_in_errors) - phi(-middle) < level ? lo : hi) = middle;
  }
  return hi;
}

std::optional<DecidingInterval> deciding_interval(std::span<const ContrastCounts> wordings,
                                                  const Interval& bounds,
                                                  const IntervalOfCounts& interval_of,
                                                  double level) {
  const auto low = filled(wordings, Missing::as_failure);
  const auto high = filled(wordings, Missing::as_success);
  const auto at_low = interval_of(low, level), at_high = interval_of(high, level);
  if (!at_low || !at_high) return std::nullopt;
  const double normal = normal_critical(level);
  const double error = std::max(bounds.lo - at_low->lo, at_high->hi - bounds.hi) / normal;
  const double distance = bounds.hi - bounds.lo;
  if (!(distance > 0) || error <= 0) {
    return DecidingInterval{{at_low->lo, at_high->hi}, bounds, level};
  }
  const double critical = critical_between_bounds(distance / error, level);
  const double at_each = 2 * phi(critical) - 1;
  return DecidingInterval{
      {interval_of(low, at_each)->lo, interval_of(high, at_each)->hi}, bounds, at_each};
}

std::optional<DecidingInterval> deciding_gap_interval(const ContrastCounts& counts, double level) {
  const auto bounds = gap_bounds_if_missing(counts.more, counts.less);
  if (!bounds) return std::nullopt;
  return deciding_interval(
      {&counts, 1}, *bounds,
      [](std::span<const ContrastCounts> wordings, double at) {
        return gap_interval(wordings[0].more, wordings[0].less, at);
      },
      level);
}

}  // namespace iago
