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
  // From 0 to 100 per cent; `middle` takes the place of the line at 0.
  static ForestAxis of_shares(double middle);
  double x(double points) const { return 100 * (points - lo_) / (hi_ - lo_); }
  std::vector<double> ticks() const;
  double zero() const { return x(middle_); }
  bool is_of_shares() const { return is_of_shares_; }

 private:
  double lo_, hi_, step_;
  double middle_ = 0;
  bool is_of_shares_ = false;
};

struct ForestRow {
  std::string name, label;
  std::string path;  // of the gap in the JSON, with its last dot
  double points = 0;
  Interval ci95;
  double margin = 0;
  std::string interval = "ci95";  // its key behind the path
};

// The class of a mark: above 0, below it, or neither for sure.
std::string colour_of(const Interval& ci95);

// The lines behind a row, for html/scale.html: the band of the margin (0: none), the grid, zero.
void add_forest_scale(const ForestAxis& axis, double margin, Fields& row);

// A row's fields, for html/forest.html.
Fields& add_forest_row(const ForestRow& row, const ForestAxis& axis, Fields& plot);

// One of several marks in a row of html/pairs.html.
struct ForestMark {
  double value = 0;  // as the axis has it
  Interval ci95;
  int y = 0;           // pixels from the row's top
  std::string colour;  // a class: colour_of, or "before"
  std::string label;
};
void add_forest_mark(const ForestMark& mark, const ForestAxis& axis, Fields& row);

void add_forest_ticks(const ForestAxis& axis, Fields& plot);

}  // namespace iago
