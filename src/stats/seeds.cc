#include "stats/seeds.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "stats/saturation.h"

namespace iago {
namespace {

bool in_two_places(const std::vector<double>& sorted) {
  if (sorted.size() < 3) return false;
  std::size_t split = 1;
  for (std::size_t i = 2; i < sorted.size(); ++i) {
    if (sorted[i] - sorted[i - 1] > sorted[split] - sorted[split - 1]) split = i;
  }
  const double apart = sorted[split] - sorted[split - 1];
  const double spread = std::max(sorted[split - 1] - sorted.front(), sorted.back() - sorted[split]);
  return apart >= kPlacesApart && apart >= kPlacesToSpread * spread;
}

// The variance of one seed's figure, and at least that of its completions.
double variance_of_a_seed(std::span<const SeedValue> seeds, double mean) {
  double between = 0, within = 0;
  for (const SeedValue& seed : seeds) {
    between += (seed.points - mean) * (seed.points - mean);
    within += seed.sampling_se * seed.sampling_se;
  }
  const auto n = static_cast<double>(seeds.size());
  return std::max(between / (n - 1), within / n);
}

}  // namespace

std::optional<SeedSpread> seed_spread(std::span<const SeedValue> seeds, std::size_t looks,
                                      const Interval& limits) {
  if (seeds.empty()) return std::nullopt;
  std::vector<double> sorted;
  for (const SeedValue& seed : seeds) sorted.push_back(seed.points);
  std::ranges::sort(sorted);
  SeedSpread spread{.seeds = seeds.size(), .range = {sorted.front(), sorted.back()}};
  spread.two_places = in_two_places(sorted);
  if (spread.two_places) return spread;
  const auto n = static_cast<double>(seeds.size());
  const double mean = std::accumulate(sorted.begin(), sorted.end(), 0.0) / n;
  spread.mean = mean;
  if (seeds.size() < 2) return spread;
  const double half = student_critical(n - 1, level_of_look(looks)) *
                      std::sqrt(variance_of_a_seed(seeds, mean) / n);
  spread.band = Interval{std::max(mean - half, limits.lo), std::min(mean + half, limits.hi)};
  return spread;
}

}  // namespace iago
