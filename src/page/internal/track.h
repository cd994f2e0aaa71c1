// A curve over the course of something: steps of a training, or doses. Private to this room.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "page/internal/template.h"
#include "stats/interval.h"
#include "stats/seeds.h"

namespace iago {

// A plot's axes: what runs along to x and figures to y, both in per cent of its frame.
struct TrackFrame {
  double first = 0, last = 1, lo = 0, hi = 1;

  std::string point(double at, double value) const;
};

// The figures of one seed alone.
std::vector<std::optional<double>> points_of(const std::vector<std::optional<SeedValue>>& values);

// A line through the figures. A place without a figure is skipped.
std::string polyline(const TrackFrame& frame, const std::vector<double>& at,
                     const std::vector<std::optional<double>>& values);
// The area between two such lines.
std::string band(const TrackFrame& frame, const std::vector<double>& at,
                 const std::vector<std::optional<double>>& lows,
                 const std::vector<std::optional<double>>& highs);

// Round ends around all that is shown, within the limits.
void set_track_range(const std::vector<double>& shown, const Interval& limits, TrackFrame& frame);

struct TrackTitle {
  std::string name, unit;  // "Gap", "points"
  std::string range;       // "over steps 0 to 100"
};
// An entry `track` for html/track.html. Its lines are entries `line` with class (seed, control),
// points and title, `mean` and `band`.
Fields& add_track(const TrackTitle& title, const TrackFrame& frame, Fields& page);
// The line at 0, and one at `other`, which may be 0 for none.
void add_track_levels(const TrackFrame& frame, double other, Fields& plot);

}  // namespace iago
