// A forest plot: one row for each gap, its interval as a whisker over the margin in which a gap
// is too small to matter. Private to this room.
#pragma once

#include <string>
#include <vector>

#include "page/internal/template.h"
#include "stats/interval.h"

namespace iago {

// Points to per cent of the plot's width, between round ends. All intervals and the margin fit in.
class ForestAxis {
 public:
  ForestAxis(const std::vector<Interval>& shown, double margin);
  double x(double points) const { return 100 * (points - lo_) / (hi_ - lo_); }
  std::vector<double> ticks() const;

 private:
  double lo_, hi_, step_;
};

struct ForestRow {
  std::string name, label;
  std::string path;  // of the gap in the JSON, with its last dot
  double points = 0;
  Interval ci95;
  double margin = 0;
  std::string interval = "ci95";  // its key behind the path
};

// The row's fields, for a template to draw.
Fields& add_forest_row(const ForestRow& row, const ForestAxis& axis, Fields& plot);
void add_forest_ticks(const ForestAxis& axis, Fields& plot);

}  // namespace iago
