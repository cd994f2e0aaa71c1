#include "stats/relearning.h"

#include <algorithm>

namespace iago {
namespace {

constexpr std::size_t kInARow = 2;  // shares at the target

// What it needed at least.
std::int64_t at_least(const BackAfter& back) { return back.updates.value_or(back.watched); }

bool is_sooner(const BackAfter& model, const BackAfter& control) {
  if (!model.updates) return false;
  return control.updates ? *model.updates < *control.updates : *model.updates <= control.watched;
}

}  // namespace

BackAfter back_after(std::span<const double> shares, double target) {
  BackAfter back;
  if (shares.size() >= kInARow) back.watched = static_cast<std::int64_t>(shares.size() - kInARow);
  std::size_t in_a_row = 0;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    in_a_row = shares[i] >= target ? in_a_row + 1 : 0;
    if (in_a_row < kInARow) continue;
    back.updates = static_cast<std::int64_t>(i + 1 - kInARow);
    break;
  }
  return back;
}

std::optional<UpdatesRatio> updates_ratio(const BackAfter& model, const BackAfter& control) {
  if ((!model.updates && !control.updates) || at_least(control) == 0) return std::nullopt;
  UpdatesRatio ratio{static_cast<double>(at_least(model)) / static_cast<double>(at_least(control))};
  if (!control.updates) ratio.bound = UpdatesRatio::Bound::at_most;
  if (!model.updates) ratio.bound = UpdatesRatio::Bound::at_least;
  return ratio;
}

std::optional<BackAfter> median_back(std::vector<BackAfter> backs) {
  if (backs.empty()) return std::nullopt;
  std::ranges::stable_sort(backs, [](const BackAfter& a, const BackAfter& b) {
    if (a.updates.has_value() != b.updates.has_value()) return a.updates.has_value();
    return at_least(a) < at_least(b);
  });
  return backs[backs.size() / 2];
}

bool relearnt_easily(std::span<const RelearntSeed> seeds) {
  if (seeds.size() < kLeastRelearntSeeds) return false;
  std::vector<BackAfter> models, controls;
  for (const RelearntSeed& one : seeds) {
    for (const RelearntSeed& other : seeds) {
      if (!is_sooner(one.model, other.control)) return false;
    }
    models.push_back(one.model);
    controls.push_back({at_least(one.control), one.control.watched});
  }
  return 2 * *median_back(models)->updates <= *median_back(controls)->updates;
}

}  // namespace iago
