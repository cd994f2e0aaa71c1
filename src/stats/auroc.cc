#include "stats/auroc.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/error.h"

namespace iago {
namespace {

std::vector<double> sorted(std::span<const double> scores) {
  std::vector<double> all(scores.begin(), scores.end());
  for (double score : all) IAGO_CHECK(std::isfinite(score), fmt::format("{}", score));
  std::sort(all.begin(), all.end());
  return all;
}

// Newcombe's variance of the area were the area `a`.
double variance(double a, double m, double n) {
  double size = (m + n) / 2 - 1;
  return a * (1 - a) / (m * n) * (1 + size * ((1 - a) / (2 - a) + a / (1 + a)));
}

// Where the distance from the estimate is the critical one: between it and `end`, by bisection. The
// distance grows from 0 at the estimate, and at the end the variance is 0.
double limit(double estimate, double end, double m, double n) {
  double inside = estimate, outside = end;
  for (int i = 0; i < 100; ++i) {
    double middle = (inside + outside) / 2;
    bool within =
        std::abs(middle - estimate) <= normal_critical() * std::sqrt(variance(middle, m, n));
    (within ? inside : outside) = middle;
  }
  return inside;
}

double share_from(const std::vector<double>& scores, double threshold) {
  auto first = std::lower_bound(scores.begin(), scores.end(), threshold);
  return static_cast<double>(scores.end() - first) / static_cast<double>(scores.size());
}

}  // namespace

std::optional<Auroc> auroc(std::span<const double> positives, std::span<const double> negatives) {
  if (positives.empty() || negatives.empty()) return std::nullopt;
  auto below = sorted(negatives);
  double twice = 0;  // pairs in the right order count 2, ties 1
  for (double score : sorted(positives)) {
    auto [first, last] = std::equal_range(below.begin(), below.end(), score);
    twice += 2 * static_cast<double>(first - below.begin()) + static_cast<double>(last - first);
  }
  auto m = static_cast<double>(positives.size()), n = static_cast<double>(negatives.size());
  Auroc found{.area = twice / (2 * m * n),
              .ci95 = {},
              .positives = positives.size(),
              .negatives = negatives.size()};
  found.ci95 = {limit(found.area, 0, m, n), limit(found.area, 1, m, n)};
  return found;
}

std::optional<ThresholdAtRate> threshold_at(double false_positive_rate,
                                            std::span<const double> positives,
                                            std::span<const double> negatives) {
  if (positives.empty() || negatives.empty()) return std::nullopt;
  auto right = sorted(positives), wrong = sorted(negatives);
  std::vector<double> candidates = right;
  candidates.insert(candidates.end(), wrong.begin(), wrong.end());
  std::sort(candidates.begin(), candidates.end());
  candidates.push_back(std::nextafter(candidates.back(), std::numeric_limits<double>::infinity()));
  auto threshold = *std::find_if(candidates.begin(), candidates.end(), [&](double candidate) {
    return share_from(wrong, candidate) <= false_positive_rate;
  });
  return ThresholdAtRate{threshold, share_from(wrong, threshold), share_from(right, threshold)};
}

}  // namespace iago
