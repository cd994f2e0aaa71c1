#include "stats/label_design.h"

#include <algorithm>
#include <cmath>
#include <queue>
#include <string>
#include <utility>

#include "base/error.h"

namespace iago {
namespace {

std::uint64_t least_of(const DesignStratum& stratum) {
  return std::min(kLeastInStratum, stratum.answers);
}

// What the next label is worth after n of them.
double priority(const DesignStratum& stratum, std::uint64_t n) {
  const double labels = static_cast<double>(n), error = stratum.expected_error;
  return stratum.weight * std::sqrt(error * (1 - error) / (labels * (labels + 1)));
}

}  // namespace

std::uint64_t fewest_labels(std::span<const DesignStratum> strata) {
  std::uint64_t sum = 0;
  for (const DesignStratum& stratum : strata) sum += least_of(stratum);
  return sum;
}

std::vector<std::uint64_t> allocate_labels(std::span<const DesignStratum> strata,
                                           std::uint64_t labels) {
  std::uint64_t rest = labels;
  IAGO_CHECK(fewest_labels(strata) <= labels, std::to_string(labels));
  std::vector<std::uint64_t> found;
  std::priority_queue<std::pair<double, std::size_t>> next;
  const auto offer = [&](std::size_t place) {
    if (found[place] == strata[place].answers) return;
    next.emplace(priority(strata[place], found[place]), place);
  };
  for (std::size_t i = 0; i < strata.size(); ++i) {
    found.push_back(least_of(strata[i]));
    rest -= found.back();
    offer(i);
  }
  for (; rest > 0 && !next.empty(); --rest) {
    const std::size_t place = next.top().second;
    next.pop();
    ++found[place];
    offer(place);
  }
  return found;
}

}  // namespace iago
