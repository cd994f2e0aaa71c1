#include "page/internal/forest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "figures/figure_text.h"
#include "page/internal/page_parts.h"

namespace iago {

ForestAxis::ForestAxis(const std::vector<Interval>& shown, double margin) {
  double lo = -margin, hi = margin;
  for (const Interval& one : shown) lo = std::min(lo, one.lo), hi = std::max(hi, one.hi);
  lo = std::max(lo, -100.0), hi = std::min(hi, 100.0);
  const double span = std::max(hi - lo, 1.0);
  step_ = span > 100 ? 50 : span > 40 ? 20 : span > 16 ? 10 : span > 6 ? 5 : 1;
  lo_ = std::floor(lo / step_) * step_;
  hi_ = std::max(std::ceil(hi / step_) * step_, lo_ + step_);
}

std::vector<double> ForestAxis::ticks() const {
  std::vector<double> ticks;
  for (double at = lo_; at < hi_ + step_ / 2; at += step_) ticks.push_back(at);
  return ticks;
}

ForestAxis ForestAxis::of_shares(double middle) {
  ForestAxis axis({{0, 100}}, 0);
  axis.middle_ = middle;
  axis.is_of_shares_ = true;
  return axis;
}

std::string colour_of(const Interval& ci95) {
  return ci95.lo > 0 ? "up" : ci95.hi < 0 ? "down" : "";
}

void add_forest_scale(const ForestAxis& axis, double margin, Fields& row) {
  const double left = margin > 0 ? std::max(0.0, axis.x(-margin)) : 0;
  const double right = margin > 0 ? std::min(100.0, axis.x(margin)) : 0;
  row.set("margin_x", coordinate(left)).set("margin_width", coordinate(right - left));
  row.set("zero", coordinate(axis.zero()));
  for (const double at : axis.ticks()) row.add("grid").set("x", coordinate(axis.x(at)));
}

void add_forest_mark(const ForestMark& mark, const ForestAxis& axis, Fields& row) {
  row.add("mark")
      .set("lo", coordinate(axis.x(mark.ci95.lo)))
      .set("hi", coordinate(axis.x(mark.ci95.hi)))
      .set("x", coordinate(axis.x(mark.value)))
      .set("y", std::to_string(mark.y))
      .set("class", mark.colour)
      .set("label", mark.label);
}

Fields& add_forest_row(const ForestRow& shown, const ForestAxis& axis, Fields& plot) {
  auto& row = plot.add("row");
  row.set("name", shown.name).set("label", shown.label);
  add_forest_scale(axis, shown.margin, row);
  row.set("x", coordinate(axis.x(shown.points)));
  row.set("lo", coordinate(axis.x(shown.ci95.lo))).set("hi", coordinate(axis.x(shown.ci95.hi)));
  row.set("class", colour_of(shown.ci95));
  set_figure(row.add("points"), shown.path + "points", shown.points, points(shown.points));
  set_figure(row.add("from"), shown.path + shown.interval + ".0", shown.ci95.lo,
             points(shown.ci95.lo));
  set_figure(row.add("until"), shown.path + shown.interval + ".1", shown.ci95.hi,
             points(shown.ci95.hi));
  return row;
}

void add_forest_ticks(const ForestAxis& axis, Fields& plot) {
  const auto ticks = axis.ticks();
  for (double at : ticks) {
    plot.add("tick")
        .set("x", coordinate(axis.x(at)))
        .set("class", at == ticks.front()  ? "first"
                      : at == ticks.back() ? "last"
                                           : "")
        .set("label", at == 0               ? "0"
                      : axis.is_of_shares() ? fmt::format("{:g}", at)
                                            : fmt::format("{:+g}", at));
  }
}

}  // namespace iago
