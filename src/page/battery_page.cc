// A battery as one static page (html/battery.html).
#include <fmt/format.h>

#include <algorithm>

#include "base/version.h"
#include "figures/battery.h"
#include "figures/figure_text.h"
#include "page/internal/forest.h"
#include "page/internal/line_plot.h"
#include "page/internal/page_parts.h"
#include "page/internal/page_source.h"
#include "page/page.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kMostBatteryLine = 1000;

std::vector<const BatteryRow*> gap_rows(const Battery& battery) {
  std::vector<const BatteryRow*> rows;
  for (const BatteryRow& row : battery.rows) {
    const bool is_shown = row.quantity == BatteryQuantity::gap && (row.before || row.after);
    if (is_shown) rows.push_back(&row);
  }
  return rows;
}

ForestAxis axis_of(const Battery& battery, const std::vector<const BatteryRow*>& rows) {
  std::vector<Interval> shown;
  for (const BatteryRow* row : rows) {
    if (row->before) shown.push_back(row->before->alone);
    if (row->after) shown.push_back(row->after->alone);
  }
  return {shown, battery.plan.margin_points};
}

std::string mark_label(const std::string& name, std::string_view side, const CellFigure& figure) {
  return fmt::format("{}, {} the training: {} points, 95 % interval {}", name, side,
                     points(figure.value), interval(figure.alone));
}

void add_mark(const std::optional<CellFigure>& figure, BatterySide side, const std::string& name,
              const ForestAxis& axis, Fields& row) {
  if (!figure) return;
  const bool is_after = side == BatterySide::after;
  const Interval& range = figure->alone;
  row.add("mark")
      .set("lo", coordinate(axis.x(range.lo)))
      .set("hi", coordinate(axis.x(range.hi)))
      .set("x", coordinate(axis.x(figure->value)))
      .set("y", is_after ? "24" : "10")
      .set("class", !is_after      ? "before"
                    : range.lo > 0 ? "up"
                    : range.hi < 0 ? "down"
                                   : "")
      .set("label", mark_label(name, name_of(side), *figure));
}

std::string shown_pair(const BatteryRow& row) {
  const auto text = [](const std::optional<CellFigure>& figure) {
    return figure ? points(figure->value) : std::string("-");
  };
  return fmt::format("{} to {}", text(row.before), text(row.after));
}

void add_pair(const Battery& battery, const BatteryRow& shown, const ForestAxis& axis,
              Fields& plot) {
  const std::string name = printable(battery.plan.cells[shown.cell].name, 60);
  const double margin = battery.plan.margin_points;
  const double left = std::max(0.0, axis.x(-margin)), right = std::min(100.0, axis.x(margin));
  Fields& row = plot.add("row");
  row.set("name", name).set("shown", shown_pair(shown));
  row.set("label", fmt::format("gap under {}: {} points", name, shown_pair(shown)));
  row.set("margin_x", coordinate(left)).set("margin_width", coordinate(right - left));
  row.set("zero", coordinate(axis.x(0)));
  for (const double at : axis.ticks()) row.add("grid").set("x", coordinate(axis.x(at)));
  add_mark(shown.before, BatterySide::before, name, axis, row);
  add_mark(shown.after, BatterySide::after, name, axis, row);
}

void add_pairs(const Battery& battery, Fields& page) {
  const auto rows = gap_rows(battery);
  if (rows.empty()) return;
  const ForestAxis axis = axis_of(battery, rows);
  Fields& plot = page.add("plot");
  for (const BatteryRow* row : rows) add_pair(battery, *row, axis, plot);
  add_forest_ticks(axis, plot);
}

void fill_table(const std::vector<std::vector<std::string>>& rows, Fields& table) {
  for (const std::string& heading : rows[0]) table.add("heading").set("text", heading);
  for (std::size_t r = 1; r < rows.size(); ++r) {
    Fields& row = table.add("row").set("name", rows[r][0]);
    for (std::size_t i = 1; i < rows[r].size(); ++i) row.add("cell").set("text", rows[r][i]);
  }
}

void add_battery_table(const Battery& battery, Fields& page) {
  if (battery.rows.empty()) return;
  fill_table(battery_table(battery),
             page.add("table").set("intervals", std::to_string(battery.intervals)));
}

void add_curve(const RelearningCurve& curve, std::uint64_t seed, std::string_view who,
               const PlotFrame& frame, Fields& plot) {
  std::vector<std::int64_t> updates;
  std::vector<std::optional<double>> shares;
  for (const double share : curve.shares) {
    updates.push_back(static_cast<std::int64_t>(updates.size()));
    shares.emplace_back(100 * share);
  }
  plot.add("line")
      .set("class", who == "model" ? "seed" : "control")
      .set("points", polyline(frame, updates, shares))
      .set("title", fmt::format("{}, seed {}", who, seed));
}

void add_relearning(const Battery& battery, Fields& page) {
  if (!battery.relearning || battery.relearning->seeds.empty()) return;
  const Relearning& relearning = *battery.relearning;
  std::size_t longest = 2;
  for (const RelearningSeed& seed : relearning.seeds) {
    longest = std::max({longest, seed.model.shares.size(), seed.control.shares.size()});
  }
  const PlotFrame frame{0, static_cast<double>(longest - 1), 0, 100};
  Fields& section = page.add("relearning");
  section.set("label", printable(relearning.label, 40)).set("arm", printable(relearning.arm, 40));
  section.set("control", printable(relearning.control, 60));
  Fields& plot = add_line_plot(fmt::format("share of \"{}\"", printable(relearning.label, 40)),
                               "per cent of a step's answers", frame, section);
  add_levels(frame, 100 * relearning.target(), plot);
  for (const RelearningSeed& seed : relearning.seeds) {
    add_curve(seed.control, seed.seed, "control", frame, plot);
    add_curve(seed.model, seed.seed, "model", frame, plot);
  }
  fill_table(relearning_table(relearning), section.add("table"));
}

void add_battery_plan(const BatteryPlan& plan, Fields& page) {
  const auto add = [&](const std::string& name, const std::string& value) {
    page.add("option").set("name", name).set("value", printable(value, kMostBatteryLine));
  };
  add("before", plan.before.name);
  add("identity before", plan.before.identity);
  add("after", plan.after.name);
  add("identity after", plan.after.identity);
  add("study", plan.study);
  add("setting", plan.setting);
  add("channel", plan.channel);
  add("wording", plan.wording);
  add("margin", fmt::format("{:g} points", plan.margin_points));
  for (const auto& [name, hash] : plan.runs) add(fmt::format("run {}", printable(name)), hash);
}

}  // namespace

std::string html_page(const Battery& battery) {
  Fields page;
  page.set("program", std::string(kVersion));
  page.set("title", short_name(battery.plan.after.name));
  page.set("heading", unbroken(battery_heading(battery)));
  page.set("conclusion", unbroken(printable(battery_headline(battery), kMostBatteryLine)));
  page.set("more", printable(battery.plan.contrast.more, 40));
  page.set("less", printable(battery.plan.contrast.less, 40));
  const auto reasons = battery_reasons(battery);
  if (!reasons.empty()) {
    Fields& notice = page.add("notice");
    for (const std::string& reason : reasons) {
      notice.add("line").set("text", unbroken(printable(reason, kMostBatteryLine)));
    }
  }
  add_pairs(battery, page);
  add_battery_table(battery, page);
  add_relearning(battery, page);
  add_battery_plan(battery.plan, page);
  return filled_page(kBatteryHtml, page);
}

}  // namespace iago
