#include "page/internal/line_plot.h"

#include <fmt/format.h>

#include "figures/figure_text.h"
#include "page/internal/page_parts.h"
#include "text/printable.h"

namespace iago {

std::string PlotFrame::point(double step, double value) const {
  const double x = last > first ? 100 * (step - first) / (last - first) : 0;
  return coordinate(x) + "," + y(value);
}

std::string PlotFrame::y(double value) const { return coordinate(100 * (hi - value) / (hi - lo)); }

std::string polyline(const PlotFrame& frame, const std::vector<std::int64_t>& steps,
                     const std::vector<std::optional<double>>& values) {
  std::string points;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!values[i]) continue;
    points += (points.empty() ? "" : " ") + frame.point(static_cast<double>(steps[i]), *values[i]);
  }
  return points;
}

void add_levels(const PlotFrame& frame, double other, Fields& plot) {
  plot.add("level").set("class", "zero").set("y", frame.y(0));
  if (other > 0 && other < frame.hi) {
    plot.add("level").set("class", "grid").set("y", frame.y(other));
  }
}

Fields& add_line_plot(const std::string& name, const std::string& unit, const PlotFrame& frame,
                      Fields& page) {
  Fields& plot = page.add("track");
  plot.set("name", capitalised(printable(name))).set("unit", unit);
  plot.set("lowest", fmt::format("{:g}", frame.lo)).set("highest", fmt::format("{:g}", frame.hi));
  plot.set("first", fmt::format("{:g}", frame.first)).set("last", fmt::format("{:g}", frame.last));
  plot.set("label", printable(fmt::format("{} over steps", name)));
  return plot;
}

}  // namespace iago
