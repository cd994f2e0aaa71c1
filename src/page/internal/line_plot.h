// A plot of lines over steps (html/training.html, html/battery.html). Private to the room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "page/internal/template.h"

namespace iago {

// A plot's axes: steps to x and figures to y, both in per cent of its frame.
struct PlotFrame {
  double first = 0, last = 1, lo = 0, hi = 1;

  std::string point(double step, double value) const;
  std::string y(double value) const;
};

// Of the steps that have a value; values[i] is that of steps[i].
std::string polyline(const PlotFrame& frame, const std::vector<std::int64_t>& steps,
                     const std::vector<std::optional<double>>& values);

// The line at 0, and one at `other`, which may be 0 for none.
void add_levels(const PlotFrame& frame, double other, Fields& plot);

// An entry of the section `track`, with all but its levels and lines.
Fields& add_line_plot(const std::string& name, const std::string& unit, const PlotFrame& frame,
                      Fields& page);

}  // namespace iago
