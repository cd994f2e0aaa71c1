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

  std::size_t wordings() const { return wordings_.size(); }
  // "the gap (+10.8 points, ...)", or "the mean gap over 4 wordings (...)".
  std::string the_gap(const ShownGap& gap) const;
  // "under 2 of 4 wordings (plain, terse)", of places among those that the verdict is over.
  std::string under(const std::vector<std::size_t>& places) const;

  const Summary& summary() const { return summary_; }

 private:
  const Summary& summary_;
  const Contrast& contrast_;
  std::vector<std::string> wordings_;  // those that the verdict is over, in its order
};

std::string signed_points(double points);               // "+10.8", "0.0", "-3.1"
std::string signed_interval(const Interval& interval);  // "+8.9 to +12.8"
std::string units_of(const ShownGap& gap);              // "queries", or "clusters"

// How the trials came out that cannot be counted, only what occurred: "of 400 replies 380 are empty
// and 20 were cut off", "all 400 trials are open". Of no trial: empty.
std::string came_out(const ArmTally& tally);

}  // namespace iago
