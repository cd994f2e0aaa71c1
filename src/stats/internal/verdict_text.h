// What the sentences of verdict.h and wordings_verdict.h have in common. Pure.
#pragma once

#include <optional>
#include <string>

#include "stats/interval.h"
#include "stats/verdict.h"

namespace iago {

// A fraction as per cent with one digit: rounding must not hide which side of a threshold it is on,
// so a text gives the threshold too.
std::string percent_text(double fraction);

// As "+11.0 points, 95 % interval +5.0 to +17.0". `kind` goes before "95 %", with a space.
std::string points_text(double points, const Interval& interval, const std::string& kind = "");

// Why two arms with these rates (fractions) hold no conflict to fake about, if they do not.
std::optional<std::string> no_conflict_text(double more_rate, double less_rate,
                                            const ContrastWords& what);

// Whether an interval in points lies inside (-margin, margin).
inline bool is_inside(const Interval& interval, double margin) {
  return interval.lo > -margin && interval.hi < margin;
}

// What would settle an inconclusive finding.
std::string settling_text(const std::optional<std::size_t>& queries);

}  // namespace iago
