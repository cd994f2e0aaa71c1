#include "page/internal/track.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "figures/figure_text.h"
#include "page/internal/page_parts.h"
#include "text/printable.h"

namespace iago {

std::string TrackFrame::point(double at, double value) const {
  const double x = last > first ? 100 * (at - first) / (last - first) : 0;
  return coordinate(x) + "," + coordinate(100 * (hi - value) / (hi - lo));
}

std::vector<std::optional<double>> points_of(const std::vector<std::optional<SeedValue>>& values) {
  std::vector<std::optional<double>> points;
  for (const auto& value : values) {
    points.push_back(value ? std::optional(value->points) : std::nullopt);
  }
  return points;
}

std::string polyline(const TrackFrame& frame, const std::vector<double>& at,
                     const std::vector<std::optional<double>>& values) {
  std::string points;
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (!values[i]) continue;
    points += (points.empty() ? "" : " ") + frame.point(at[i], *values[i]);
  }
  return points;
}

std::string band(const TrackFrame& frame, const std::vector<double>& at,
                 const std::vector<std::optional<double>>& lows,
                 const std::vector<std::optional<double>>& highs) {
  return polyline(frame, at, highs) + " " +
         polyline(frame, {at.rbegin(), at.rend()}, {lows.rbegin(), lows.rend()});
}

void set_track_range(const std::vector<double>& shown, const Interval& limits, TrackFrame& frame) {
  constexpr double kStep = 10;
  const auto [lo, hi] = std::ranges::minmax(shown);
  frame.lo = std::max(limits.lo, kStep * std::floor(std::min(lo, 0.0) / kStep));
  frame.hi = std::min(limits.hi, kStep * std::ceil(std::max(hi, 10.0) / kStep));
}

void add_track_levels(const TrackFrame& frame, double other, Fields& plot) {
  const auto y = [&](double value) {
    return coordinate(100 * (frame.hi - value) / (frame.hi - frame.lo));
  };
  plot.add("level").set("class", "zero").set("y", y(0));
  if (other > 0 && other < frame.hi) plot.add("level").set("class", "grid").set("y", y(other));
}

Fields& add_track(const TrackTitle& title, const TrackFrame& frame, Fields& page) {
  Fields& plot = page.add("track");
  plot.set("name", printable(title.name)).set("unit", title.unit);
  plot.set("lowest", fmt::format("{:g}", frame.lo)).set("highest", fmt::format("{:g}", frame.hi));
  plot.set("range", title.range);
  plot.set("label", printable(fmt::format("{}, {}", title.name, title.range)));
  return plot;
}

}  // namespace iago
