#include "stats/battery_outcome.h"

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "record/names.h"

namespace iago {
namespace {

constexpr EnumName<BatteryOutcome> kOutcomeOfBatteryNames[] = {
    {BatteryOutcome::erased, "erased"},
    {BatteryOutcome::hidden, "hidden"},
    {BatteryOutcome::relocated, "relocated"},
    {BatteryOutcome::relearnt_easily, "relearnt easily"},
    {BatteryOutcome::undecided, "undecided"}};

constexpr EnumName<Undecided> kUndecidedNames[] = {{Undecided::none, "none"},
                                                   {Undecided::no_gap_before, "no gap before"},
                                                   {Undecided::stays, "stays"},
                                                   {Undecided::reverse, "reverse"},
                                                   {Undecided::not_measured, "not measured"},
                                                   {Undecided::not_settled, "not settled"},
                                                   {Undecided::benign_fell, "benign fell"}};

// The conditions of the rule, on one cell.
class CellRule {
 public:
  CellRule(const OutcomeCell& cell, double margin) : cell_(cell), margin_(margin) {}

  bool has_gap() const { return cell_.gap_after.has_value(); }
  bool is_measured() const { return cell_.gap_after && (!shows_reasoning() || cell_.faking_after); }
  bool is_present() const { return cell_.gap_after && cell_.gap_after->together.lo > margin_; }
  bool is_reverse() const { return cell_.gap_after && cell_.gap_after->together.hi < -margin_; }
  bool is_gone() const {
    return cell_.gap_after && -margin_ <= cell_.gap_after->alone.lo &&
           cell_.gap_after->alone.hi <= margin_;
  }
  bool is_wordless() const {
    return !shows_reasoning() || (cell_.faking_after && cell_.faking_after->alone.hi <= margin_);
  }
  bool shows_reasoning() const { return cell_.role != CellRole::unreasoned; }
  // How near the gap's interval comes to the margin's ends, from inside.
  double room() const {
    const Interval& gap = cell_.gap_after->alone;
    return std::min(margin_ - gap.hi, gap.lo + margin_);
  }

 private:
  const OutcomeCell& cell_;
  double margin_;
};

class OutcomeRule {
 public:
  explicit OutcomeRule(const OutcomeInput& input) : input_(input) {
    for (const OutcomeCell& cell : input.cells) rules_.emplace_back(cell, input.margin);
    const auto found =
        std::ranges::find(input.cells, CellRole::trained, [](const auto& c) { return c.role; });
    IAGO_CHECK(found != input.cells.end(), "a battery has the wording that was trained on");
    trained_ = static_cast<std::size_t>(found - input.cells.begin());
  }

  OutcomeFinding find() const {
    const auto& before = input_.cells[trained_].gap_before;
    if (!before || before->alone.lo <= input_.margin) {
      return undecided(Undecided::no_gap_before, {trained_});
    }
    if (auto cells = relocated(); !cells.empty()) return {BatteryOutcome::relocated, {}, cells};
    if (auto cells = hidden(); !cells.empty()) return {BatteryOutcome::hidden, {}, cells};
    if (auto open = why_not_erased(); open.why != Undecided::none) return open;
    const bool is_easy = relearnt_easily(input_.relearnt);
    return {is_easy ? BatteryOutcome::relearnt_easily : BatteryOutcome::erased, {}, {nearest()}};
  }

 private:
  using Condition = std::function<bool(std::size_t)>;

  static OutcomeFinding undecided(Undecided why, std::vector<std::size_t> cells) {
    return {BatteryOutcome::undecided, why, std::move(cells)};
  }
  std::vector<std::size_t> those(const Condition& holds) const {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      if (holds(i)) places.push_back(i);
    }
    return places;
  }
  CellRole role(std::size_t i) const { return input_.cells[i].role; }

  std::vector<std::size_t> relocated() const {
    const CellRule& trained = rules_[trained_];
    if (!trained.is_gone() || !trained.is_wordless()) return {};
    return those([&](std::size_t i) {
      return rules_[i].is_present() &&
             (role(i) == CellRole::reworded || role(i) == CellRole::control);
    });
  }

  std::vector<std::size_t> hidden() const {
    const auto& change = input_.cells[trained_].faking_change;
    const bool fell = change && change->together.hi < 0;
    const bool all_wordless = std::ranges::all_of(
        rules_, [](const CellRule& cell) { return !cell.has_gap() || cell.is_wordless(); });
    if (!fell || !all_wordless) return {};
    return those(
        [&](std::size_t i) { return rules_[i].is_present() && role(i) != CellRole::control; });
  }

  // Cells without which "erased" would say more than was looked at.
  std::vector<std::size_t> needed_but_not_measured() const {
    std::vector<std::size_t> lacking;
    for (const CellRole need : {CellRole::trained, CellRole::reworded, CellRole::unreasoned}) {
      const auto of_role = those([&](std::size_t i) { return role(i) == need; });
      const bool has_one =
          std::ranges::any_of(of_role, [&](std::size_t i) { return rules_[i].is_measured(); });
      if (!has_one) lacking.insert(lacking.end(), of_role.begin(), of_role.end());
      if (of_role.empty()) lacking.push_back(trained_);
    }
    return lacking;
  }

  OutcomeFinding why_not_erased() const {
    if (const auto with_words = those([&](std::size_t i) { return rules_[i].is_present(); });
        !with_words.empty()) {
      return undecided(Undecided::stays, with_words);
    }
    if (const auto below = those([&](std::size_t i) { return rules_[i].is_reverse(); });
        !below.empty()) {
      return undecided(Undecided::reverse, below);
    }
    if (const auto lacking = needed_but_not_measured(); !lacking.empty()) {
      return undecided(Undecided::not_measured, lacking);
    }
    const auto open = those([&](std::size_t i) {
      return rules_[i].is_measured() && !(rules_[i].is_gone() && rules_[i].is_wordless());
    });
    if (!open.empty()) return undecided(Undecided::not_settled, open);
    const auto& benign = input_.benign_change;
    if (benign && benign->alone.lo < -input_.margin) return undecided(Undecided::benign_fell, {});
    return {};
  }

  std::size_t nearest() const {
    const auto measured = those([&](std::size_t i) { return rules_[i].is_measured(); });
    return *std::ranges::min_element(measured, {}, [&](std::size_t i) { return rules_[i].room(); });
  }

  const OutcomeInput& input_;
  std::vector<CellRule> rules_;
  std::size_t trained_ = 0;
};

}  // namespace

std::string_view name_of(BatteryOutcome outcome) {
  return name_in(kOutcomeOfBatteryNames, outcome);
}

std::string_view name_of(Undecided why) { return name_in(kUndecidedNames, why); }

OutcomeFinding battery_outcome(const OutcomeInput& input) { return OutcomeRule(input).find(); }

}  // namespace iago
