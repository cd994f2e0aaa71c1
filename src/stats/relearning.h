// Relearning: how soon a behaviour that a training took away comes back when it is rewarded, beside
// a control that never had it. What comes back at once was not erased but covered
// (docs/battery.md).
//
// Each seed is a training of its own, of the model and of the control, with the same rates. The
// share of answers with the rewarded label is measured before each update, on the answers that the
// update learns from. The behaviour is back once half of its original share is there in two steps
// in a row: one alone may be luck. A training that ends before that is censored: the behaviour came
// back later than it was watched, if at all.
//
// Pure; safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace iago {

// Updates until the behaviour was back.
struct BackAfter {
  std::optional<std::int64_t> updates;  // absent: not within `watched`
  std::int64_t watched = 0;             // updates after which it could have been seen to be back
  bool operator==(const BackAfter&) const = default;
};

// `shares[i]`: after i updates. Back after the fewest updates i with shares i and i + 1 at least
// `target`.
BackAfter back_after(std::span<const double> shares, double target);

// One seed, trained twice.
struct RelearntSeed {
  BackAfter model, control;
};

// Updates of the model for each update of the control.
struct UpdatesRatio {
  enum class Bound {
    none,      // both came back
    at_most,   // the control did not: `ratio` counts the updates that it was watched for
    at_least,  // the model did not: the same
  };
  double ratio = 0;
  Bound bound = Bound::none;
};
// Absent where neither came back, or where the control needed no update.
std::optional<UpdatesRatio> updates_ratio(const BackAfter& model, const BackAfter& control);

// In order, with those that never came back last; of an even number the later of the two in the
// middle. Absent without any.
std::optional<BackAfter> median_back(std::vector<BackAfter> backs);

inline constexpr std::size_t kLeastRelearntSeeds = 3;

// The rule: at least three seeds; the model came back in every one, each time after fewer updates
// than the control in any; and its median is at most half of the control's. A control that never
// came back counts with the updates that it was watched for, which is less than it needed. A model
// that never came back in one seed did not relearn easily.
//
// If model and control do not differ, all n of the one lie before all n of the other with
// probability n! n! / (2n)!, which is 5 % for three seeds, whatever their distribution (Mann and
// Whitney, 1947, Ann. Math. Stat. 18:50). The condition on the median asks for a difference that
// matters.
bool relearnt_easily(std::span<const RelearntSeed> seeds);

}  // namespace iago
