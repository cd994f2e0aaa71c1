#include "bench/coverage_designs.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

namespace iago::bench {

double Design::expected_events() const {
  const auto of = [this](double rate, const SimulatedArm& arm) {
    const double repeats = static_cast<double>(arm.repeats);
    const double each = arm.unequal_repeats ? (1 + repeats) / 2 : repeats;
    return std::min(rate, 1 - rate) * static_cast<double>(queries) * each * (1 - arm.missing);
  };
  return std::min(of(more, more_arm), of(less, less_arm));
}

std::string Design::name() const {
  return fmt::format("{:5.3f} {:5.3f} Q{:<3} m{}/{}{}{} icc{:<4} {}", more, less, queries,
                     more_arm.repeats, less_arm.repeats, more_arm.unequal_repeats ? "u" : "",
                     more_arm.missing > 0 ? "x" : "", correlation,
                     tie == Tie::same ? "tied" : "free");
}

std::vector<Design> all_designs() {
  constexpr std::array<std::array<double, 2>, 12> kRates = {{{0.005, 0.005},
                                                             {0.03, 0.005},
                                                             {0.03, 0.03},
                                                             {0.14, 0.03},
                                                             {0.1, 0.1},
                                                             {0.5, 0.005},
                                                             {0.25, 0.1},
                                                             {0.25, 0.25},
                                                             {0.5, 0.25},
                                                             {0.5, 0.5},
                                                             {0.5, 0.95},
                                                             {0.97, 0.9}}};
  const std::vector<std::array<SimulatedArm, 2>> shapes = {
      {{{.repeats = 1}, {.repeats = 1}}},
      {{{.repeats = 3}, {.repeats = 3}}},
      {{{.repeats = 10}, {.repeats = 10}}},
      {{{.repeats = 10}, {.repeats = 2}}},
      {{{.repeats = 10, .unequal_repeats = true, .missing = 0.05},
        {.repeats = 5, .unequal_repeats = true, .missing = 0.05}}},
  };
  std::vector<Design> designs;
  for (const auto& rates : kRates) {
    for (std::size_t queries : {20, 50, 100, 400}) {
      for (const auto& shape : shapes) {
        for (double correlation : {0.0, 0.05, 0.3}) {
          for (Tie tie : {Tie::none, Tie::same}) {
            if (correlation == 0 && tie == Tie::same) continue;
            designs.push_back({rates[0], rates[1], queries, shape[0], shape[1], correlation, tie});
          }
        }
      }
    }
  }
  return designs;
}

const Propensity& propensity(double rate, double correlation) {
  static std::mutex mutex;
  static std::map<std::pair<double, double>, Propensity> known;
  std::lock_guard lock(mutex);
  return known.try_emplace({rate, correlation}, rate, correlation).first->second;
}

}  // namespace iago::bench
