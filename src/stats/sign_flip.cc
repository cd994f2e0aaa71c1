// Three ways to the same probability, by price. Up to 20 differences: all sums, 2^19 of them by
// symmetry. More, but all whole multiples of some step: the distribution of the sum lives on a
// lattice, and adding one difference at a time (a convolution) makes it exactly. Rates are
// fractions with small denominators, so this is the usual case. Otherwise random signs.
//
// A difference of 0 has no sign and is dropped: it adds nothing to any sum. Ties count as extreme,
// and since sums of the same numbers in another order differ in their last bits, the threshold is
// lowered by a little of the largest possible sum.
#include "stats/sign_flip.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>
#include <vector>

#include "base/error.h"

namespace iago {
namespace {

constexpr std::size_t kEnumerated = 20;      // differences: 2^20 sums
constexpr std::uint64_t kLatticeWork = 2e7;  // additions, some 10 ms
constexpr std::uint64_t kLargestStep = 100'000;
constexpr double kTie = 1e-9;  // relative: sums of the same differences in another order are ties

// Every assignment of signs, each next one by a single flip (Gray's code: the trailing zeros of the
// step's number say which sign). The first sign is fixed: the distribution is symmetric.
double enumerate(std::vector<double> sizes, double threshold) {
  double sum = std::accumulate(sizes.begin(), sizes.end(), 0.0);
  const std::uint64_t count = std::uint64_t{1} << (sizes.size() - 1);
  std::uint64_t extreme = std::abs(sum) >= threshold;
  for (std::uint64_t step = 1; step < count; ++step) {
    double& size = sizes[1 + static_cast<std::size_t>(std::countr_zero(step))];
    sum -= 2 * size;
    size = -size;
    extreme += std::abs(sum) >= threshold;
  }
  return static_cast<double>(extreme) / static_cast<double>(count);
}

// The smallest step of which all sizes are whole multiples, if there is one of 1/kLargestStep or
// above: 1/10 for ten repeats in both arms.
std::optional<std::vector<std::uint64_t>> on_lattice(std::span<const double> sizes) {
  for (std::uint64_t parts = 1; parts <= kLargestStep;) {
    const double scale = static_cast<double>(parts);
    const auto off = std::find_if(sizes.begin(), sizes.end(), [&](double x) {
      return std::abs(x * scale - std::round(x * scale)) > 1e-6;
    });
    if (off == sizes.end()) {
      std::vector<std::uint64_t> steps;
      for (double x : sizes) steps.push_back(static_cast<std::uint64_t>(std::llround(x * scale)));
      return steps;
    }
    // The next candidate must make the offending size whole: the smallest such multiple.
    std::uint64_t factor = 2;
    const double offending = *off * scale;
    while (factor * parts <= kLargestStep &&
           std::abs(offending * static_cast<double>(factor) -
                    std::round(offending * static_cast<double>(factor))) > 1e-6) {
      ++factor;
    }
    parts *= factor;
  }
  return std::nullopt;
}

// The exact distribution of the sum, by adding one difference after the other.
double convolve(std::span<const std::uint64_t> steps, std::uint64_t span, double threshold) {
  std::vector<double> chance(2 * span + 1, 0.0), next(2 * span + 1);
  chance[span] = 1;
  std::uint64_t reach = 0;
  for (std::uint64_t step : steps) {
    // Sums so far lie within [-reach, reach]; only what this step can reach is cleared and used.
    std::fill(next.begin() + static_cast<std::ptrdiff_t>(span - reach - step),
              next.begin() + static_cast<std::ptrdiff_t>(span + reach + step + 1), 0.0);
    for (std::uint64_t at = span - reach; at <= span + reach; ++at) {
      next[at - step] += chance[at] / 2;
      next[at + step] += chance[at] / 2;
    }
    reach += step;
    chance.swap(next);
  }
  double extreme = 0;
  for (std::uint64_t at = 0; at < chance.size(); ++at) {
    const double sum = static_cast<double>(at) - static_cast<double>(span);
    if (std::abs(sum) >= threshold) extreme += chance[at];
  }
  return std::min(1.0, extreme);
}

// One bit per sign, 64 signs per call of the generator.
double draw_sum(std::span<const double> sizes, Random& random) {
  double sum = 0;
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (i % 64 == 0) bits = random.bits();
    sum += (bits & 1) != 0 ? sizes[i] : -sizes[i];
    bits >>= 1;
  }
  return sum;
}

SignFlipResult monte_carlo(std::span<const double> sizes, double threshold, Random& random,
                           std::size_t draws) {
  std::size_t extreme = 0;
  for (std::size_t i = 0; i < draws; ++i) {
    extreme += std::abs(draw_sum(sizes, random)) >= threshold;
  }
  const double count = static_cast<double>(draws);
  const double p = (static_cast<double>(extreme) + 1) / (count + 1);
  return {.p_value = p, .error = std::sqrt(p * (1 - p) / count), .exact = false};
}

}  // namespace

SignFlipResult sign_flip_test(std::span<const double> differences, Random& random,
                              std::size_t draws) {
  IAGO_CHECK(draws > 0, "at least one draw");
  std::vector<double> sizes;
  double seen = 0;
  for (double difference : differences) {
    if (difference == 0) continue;
    sizes.push_back(std::abs(difference));
    seen += difference;
  }
  if (sizes.empty()) return {};
  const double all = std::accumulate(sizes.begin(), sizes.end(), 0.0);
  const double threshold = std::abs(seen) - kTie * all;
  if (sizes.size() <= kEnumerated) return {.p_value = enumerate(sizes, threshold)};
  if (const auto steps = on_lattice(sizes)) {
    const std::uint64_t span = std::accumulate(steps->begin(), steps->end(), std::uint64_t{0});
    if (span * steps->size() <= kLatticeWork) {
      const double in_steps = std::abs(seen) / all * static_cast<double>(span);
      // On the lattice sums are whole, so a quarter of a step takes in every tie and nothing else.
      return {.p_value = convolve(*steps, span, in_steps - 0.25)};
    }
  }
  return monte_carlo(sizes, threshold, random, draws);
}

}  // namespace iago
