#include "bench/coverage_designs.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <tuple>

#include "record/names.h"

namespace iago::bench {
namespace {

constexpr EnumName<Family> kFamilyNames[] = {
    {Family::beta, "beta"}, {Family::logit, "logit"}, {Family::strong, "strong"}};
constexpr EnumName<Tie> kTieNames[] = {
    {Tie::none, "free"}, {Tie::half, "half"}, {Tie::same, "tied"}};

using Shape = std::array<SimulatedArm, 2>;

Shape repeated(std::size_t more, std::size_t less) {
  return {{{.repeats = more}, {.repeats = less}}};
}

Shape unequal() {
  return {{{.repeats = 10, .unequal_repeats = true, .missing = 0.05},
           {.repeats = 5, .unequal_repeats = true, .missing = 0.05}}};
}

constexpr std::array<std::array<double, 2>, 9> kRates = {{{0.001, 0.001},
                                                          {0.005, 0.005},
                                                          {0.03, 0.03},
                                                          {0.14, 0.03},
                                                          {0.25, 0.25},
                                                          {0.5, 0.005},
                                                          {0.5, 0.5},
                                                          {0.97, 0.9},
                                                          {0.99, 0.99}}};

struct Spread {
  double spread = 0;
  Tie tie = Tie::none;
};

std::vector<Design> crossed(Family family, const std::vector<Spread>& spreads,
                            const std::vector<Shape>& shapes) {
  std::vector<Design> designs;
  for (const auto& [more, less] : kRates) {
    for (std::size_t queries : {20, 50, 400}) {
      for (const Shape& shape : shapes) {
        for (const auto& [spread, tie] : spreads) {
          designs.push_back(
              {family, {more, spread}, {less, spread}, queries, shape[0], shape[1], tie});
        }
      }
    }
  }
  return designs;
}

// A share above 0.9 is no longer a few.
void add_strong(std::vector<Design>& designs, Design design, double share) {
  if (share * static_cast<double>(design.queries) < 3 || share > 0.9) return;
  const double less = design.less.rate;
  design.family = Family::strong;
  design.more.spread = share;
  designs.push_back(design);  // in `more` alone
  design.less.spread = share;
  design.tie = Tie::same;
  designs.push_back(design);  // the same queries in both
  design.tie = Tie::none;
  designs.push_back(design);  // other queries in each
  design.less = {1 - less, 0};
  design.more.spread = share;
  designs.push_back(design);  // in `more`, far below the other arm
}

}  // namespace

std::string_view name_of(Family family) { return name_in(kFamilyNames, family); }

double Design::expected_events() const {
  const auto of = [this](const ArmDesign& of_arm, const SimulatedArm& arm) {
    const double rate = propensity(family, of_arm).mean();
    const double repeats = static_cast<double>(arm.repeats);
    const double each = arm.unequal_repeats ? (1 + repeats) / 2 : repeats;
    return std::min(rate, 1 - rate) * static_cast<double>(queries) * each * (1 - arm.missing);
  };
  return std::min(of(more, more_arm), of(less, less_arm));
}

std::string Design::name() const {
  return fmt::format("{:<6} {:5.3f} {:5.3f} Q{:<3} m{}/{}{}{} {:.3g}/{:.3g} {}", name_of(family),
                     more.rate, less.rate, queries, more_arm.repeats, less_arm.repeats,
                     more_arm.unequal_repeats ? "u" : "", more_arm.missing > 0 ? "x" : "",
                     more.spread, less.spread, name_in(kTieNames, tie));
}

std::vector<Design> beta_designs() {
  return crossed(Family::beta, {{0}, {0.05, Tie::same}, {0.2, Tie::half}, {0.4}, {0.4, Tie::same}},
                 {repeated(1, 1), repeated(3, 3), repeated(10, 10), repeated(20, 20), unequal()});
}

std::vector<Design> logit_designs() {
  return crossed(Family::logit, {{1, Tie::half}, {2, Tie::half}, {2, Tie::same}},
                 {repeated(3, 3), repeated(10, 10)});
}

std::vector<Design> strong_designs() {
  std::vector<Design> designs;
  for (std::size_t queries : {20, 30, 100, 400}) {
    for (std::size_t repeats : {1, 3, 10}) {
      for (double base : {0.001, 0.03, 0.1, 0.3}) {
        const Design design{.more = {base, 0},
                            .less = {base, 0},
                            .queries = queries,
                            .more_arm = {.repeats = repeats},
                            .less_arm = {.repeats = repeats}};
        for (double expected : {3.0, 8.0}) {
          add_strong(designs, design, expected / static_cast<double>(queries));
        }
      }
    }
  }
  return designs;
}

std::vector<Design> margin_designs() {
  constexpr double kMargin = 0.03;
  std::vector<Design> designs;
  for (std::size_t queries : {100, 120, 200, 400}) {
    for (const Shape& shape : {repeated(3, 3), repeated(10, 10)}) {
      for (double base : {0.001, 0.01, 0.03, 0.1}) {
        const auto add = [&](Family family, double spread, Tie tie) {
          designs.push_back(
              {family, {base + kMargin, spread}, {base, spread}, queries, shape[0], shape[1], tie});
        };
        add(Family::beta, 0, Tie::none);
        add(Family::beta, 0.4, Tie::none);
        add(Family::beta, 0.4, Tie::same);
        add(Family::logit, 2, Tie::half);
        add(Family::logit, 2, Tie::same);
        const double share = kMargin / (1 - base);
        if (share * static_cast<double>(queries) < 3) continue;
        designs.push_back(
            {Family::strong, {base, share}, {base, 0}, queries, shape[0], shape[1], Tie::none});
      }
    }
  }
  return designs;
}

std::vector<Design> all_designs() {
  std::vector<Design> designs;
  for (const auto& some : {beta_designs(), logit_designs(), strong_designs(), margin_designs()}) {
    designs.insert(designs.end(), some.begin(), some.end());
  }
  return designs;
}

const Propensity& propensity(Family family, const ArmDesign& arm) {
  static std::mutex mutex;
  static std::map<std::tuple<Family, double, double>, Propensity> known;
  const auto make = [&] {
    switch (family) {
      case Family::beta:
        return Propensity(arm.rate, arm.spread);
      case Family::logit:
        return Propensity::logit_normal(arm.rate, arm.spread);
      case Family::strong:
        return Propensity::strong(arm.rate, arm.spread);
    }
    return Propensity(arm.rate, 0);
  };
  const std::tuple key(family, arm.rate, arm.spread);
  std::lock_guard lock(mutex);
  const auto found = known.find(key);
  return found != known.end() ? found->second : known.emplace(key, make()).first->second;
}

}  // namespace iago::bench
