#include "stats/random_draw.h"

#include <algorithm>
#include <boost/math/distributions/hypergeometric.hpp>

#include "base/error.h"

namespace iago {

double chance_of_draw(std::uint64_t drawn_positives, std::uint64_t drawn, std::uint64_t positives,
                      std::uint64_t all) {
  IAGO_CHECK(all <= 4'000'000'000 && drawn <= all && positives <= all, "a part of all");
  IAGO_CHECK(drawn_positives <= drawn && drawn_positives <= positives &&
                 drawn - drawn_positives <= all - positives,
             "a draw that there can be");
  const boost::math::hypergeometric_distribution<> draws(positives, drawn, all);
  const auto k = static_cast<double>(drawn_positives);
  const double at_most = boost::math::cdf(draws, k);
  const double at_least = 1 - at_most + boost::math::pdf(draws, k);
  return std::min(1.0, 2 * std::min(at_most, at_least));
}

}  // namespace iago
