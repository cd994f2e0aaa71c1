#include "stats/saturation.h"

#include <algorithm>
#include <numeric>

namespace iago {
namespace {

double mean(std::span<const double> numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), 0.0) / static_cast<double>(numbers.size());
}

bool stays(const GapLook& look, double margin_points) {
  return look.adjusted && look.adjusted->lo > margin_points;
}

}  // namespace

bool is_saturated(std::span<const double> rewards, double largest, const SaturationRule& rule) {
  if (rewards.size() < rule.last + rule.before) return false;
  const double now = mean(rewards.last(rule.last));
  const double earlier = mean(rewards.last(rule.last + rule.before).first(rule.before));
  constexpr double kRounding = 1e-9;  // of sums of rewards
  return now >= rule.share * largest - kRounding && now - earlier < rule.rise * largest;
}

double level_of_look(std::size_t planned_looks) {
  return 1 - (1 - kLevel) / static_cast<double>(std::max<std::size_t>(planned_looks, 1));
}

std::optional<std::int64_t> saturated_while_gap_stays(std::span<const double> rewards,
                                                      std::span<const GapLook> looks,
                                                      double margin_points, double largest,
                                                      const SaturationRule& rule) {
  for (std::size_t i = 1; i < looks.size(); ++i) {
    const auto done = static_cast<std::size_t>(looks[i].step);
    if (done > rewards.size()) break;
    if (stays(looks[i - 1], margin_points) && stays(looks[i], margin_points) &&
        is_saturated(rewards.first(done), largest, rule)) {
      return looks[i].step;
    }
  }
  return std::nullopt;
}

}  // namespace iago
