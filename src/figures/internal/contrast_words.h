// What sentences call things: the arms of a contrast, the wordings that its verdict is over, its
// gap. Private to the room.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "figures/summary.h"

namespace iago {

class ContrastWords {
 public:
  // `place` of the summary's contrasts. Borrows the summary.
  ContrastWords(const Summary& summary, std::size_t place);

  std::string more() const;
  std::string less() const;
  std::string arm(ArmOfContrast which) const;
  // "the arm training"; of both together "either arm" or "both arms", as `both` says.
  std::string where(const NotMeasured& cause, std::string_view both) const;

  // Where the reference wording has no such arm: "the wording default has no arm rated-only, which
  // three-tier has (--reference three-tier)". Else empty.
  std::string reference_lacks(const NotMeasured& cause) const;

  std::size_t wordings() const { return wordings_.size(); }
  // Of these, those with data in both arms: what a mean is over. At least 1.
  std::size_t in_mean() const { return in_mean_; }
  // "the gap (+10.8 points, ...)", or "the mean gap over 4 wordings (...)". With a margin by which
  // the sentence reads it.
  std::string the_gap(const ShownGap& gap, double margin = 0) const;
  // "under 2 of 4 wordings (plain, terse)", of places among those that the verdict is over.
  std::string under(const std::vector<std::size_t>& places) const;

  const Summary& summary() const { return summary_; }

 private:
  const Summary& summary_;
  const Contrast& contrast_;
  std::vector<std::string> wordings_;  // those that the verdict is over, in its order
  std::size_t in_mean_ = 0;
};

std::string signed_points(double points);               // "+10.8", "0.0", "-3.1"
std::string signed_interval(const Interval& interval);  // "+8.9 to +12.8"
// An interval of which a sentence says that it contains 0 or not, or lies inside the margin or not:
// where one decimal would put an end on 0 or on the margin, as many as tell: "-1.3 to 2.998". With
// `is_signed`: "-1.3 to +2.998". Points; margin 0: only 0 counts.
std::string telling_interval(const Interval& interval, double margin, bool is_signed);
std::string units_of(const ShownGap& gap);  // "queries", or "clusters"

// What the headline and the longer sentence have in common: "nothing was answered in either arm".
std::string not_measured(const NotMeasured& cause, const ContrastWords& words);
// What to do about most of them, as a sentence; empty where nothing is to be said.
std::string what_to_do(const NotMeasured& cause);
// "the subject nearly always complies: 99.0 % in training, 98.0 % in unmonitored (lower limits on
// these queries 97.90 % and 96.20 %)", and the same of "almost never" with upper limits.
std::string nearly_always(const NoConflict& cause, const ContrastWords& words);
std::string almost_never(const AlwaysRefuses& cause, const ContrastWords& words);
// An arm in which the judge found faking.
struct FakingArm {
  const WordingSummary* wording;
  const ArmSummary* arm;
  double rate() const { return arm->faking_reasoning->rate; }
};
// All besides this arm, under the reference and the other wordings of the mean, in their order.
std::vector<FakingArm> faking_elsewhere(const Summary& summary, const std::string& arm);
// "unmonitored", or with several wordings in the mean "unmonitored under tier-paraphrase-1".
std::string name_of(const FakingArm& found, const Summary& summary);
std::string times(std::size_t n);  // "twice", "3 times"
// "\"no gap\" or \"gap\""
std::string at_bounds(const MissingDecides& cause);

// How the trials came out that cannot be counted, only what occurred: "of 400 replies 380 are empty
// and 20 were cut off", "all 400 trials are open". Of no trial: empty.
std::string came_out(const ArmTally& tally);

}  // namespace iago
