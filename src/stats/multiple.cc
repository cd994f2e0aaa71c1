#include "stats/multiple.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "base/error.h"

namespace iago {
namespace {

// Places of the p-values that count, smallest first.
std::vector<std::size_t> ordered(std::span<const std::optional<double>> p_values) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < p_values.size(); ++i) {
    if (!p_values[i] || std::isnan(*p_values[i])) continue;
    IAGO_CHECK(*p_values[i] >= 0 && *p_values[i] <= 1, "a p-value within [0, 1]");
    places.push_back(i);
  }
  std::stable_sort(places.begin(), places.end(),
                   [&](std::size_t a, std::size_t b) { return *p_values[a] < *p_values[b]; });
  return places;
}

}  // namespace

PValues holm(std::span<const std::optional<double>> p_values) {
  const std::vector<std::size_t> places = ordered(p_values);
  PValues adjusted(p_values.size());
  double largest = 0;  // so far: a step down never rejects behind one that it kept
  for (std::size_t i = 0; i < places.size(); ++i) {
    const double left = static_cast<double>(places.size() - i);
    largest = std::max(largest, std::min(1.0, left * *p_values[places[i]]));
    adjusted[places[i]] = largest;
  }
  return adjusted;
}

PValues benjamini_hochberg(std::span<const std::optional<double>> p_values) {
  const std::vector<std::size_t> places = ordered(p_values);
  PValues adjusted(p_values.size());
  const double count = static_cast<double>(places.size());
  double smallest = 1;  // so far, from the largest p-value down: a step up
  for (std::size_t i = places.size(); i-- > 0;) {
    smallest = std::min(smallest, count / static_cast<double>(i + 1) * *p_values[places[i]]);
    adjusted[places[i]] = smallest;
  }
  return adjusted;
}

}  // namespace iago
