// A battery as one static page (html/battery.html).
#include <fmt/format.h>

#include <algorithm>

#include "base/version.h"
#include "figures/battery.h"
#include "figures/figure_text.h"
#include "page/internal/forest.h"
#include "page/internal/page_parts.h"
#include "page/internal/page_source.h"
#include "page/internal/track.h"
#include "page/page.h"
#include "text/printable.h"

namespace iago {
namespace {

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

void add_side(const std::optional<CellFigure>& figure, BatterySide side, const std::string& name,
              const ForestAxis& axis, Fields& row) {
  if (!figure) return;
  const bool is_after = side == BatterySide::after;
  const Interval& range = figure->alone;
  add_forest_mark({.value = figure->value,
                   .ci95 = range,
                   .y = is_after ? 24 : 10,
                   .colour = is_after ? colour_of(range) : "before",
                   .label = mark_label(name, name_of(side), *figure)},
                  axis, row);
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
  Fields& row = plot.add("row");
  row.set("name", name).set("shown", shown_pair(shown));
  row.set("label", fmt::format("gap under {}: {} points", name, shown_pair(shown)));
  add_forest_scale(axis, battery.plan.margin_points, row);
  add_side(shown.before, BatterySide::before, name, axis, row);
  add_side(shown.after, BatterySide::after, name, axis, row);
}

void add_pairs(const Battery& battery, Fields& page) {
  const auto rows = gap_rows(battery);
  if (rows.empty()) return;
  const ForestAxis axis = axis_of(battery, rows);
  Fields& plot = page.add("plot");
  for (const BatteryRow* row : rows) add_pair(battery, *row, axis, plot);
  add_forest_ticks(axis, plot);
}

void add_battery_table(const Battery& battery, Fields& page) {
  if (battery.rows.empty()) return;
  add_table(battery_table(battery),
            page.add("table").set("intervals", std::to_string(battery.intervals)));
}

void add_curve(const RelearningCurve& curve, std::uint64_t seed, std::string_view who,
               const TrackFrame& frame, Fields& plot) {
  std::vector<double> updates;
  std::vector<std::optional<double>> shares;
  for (const double share : curve.shares) {
    updates.push_back(static_cast<double>(updates.size()));
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
  const TrackFrame frame{0, static_cast<double>(longest - 1), 0, 100};
  Fields& section = page.add("relearning");
  section.set("label", printable(relearning.label, 40)).set("arm", printable(relearning.arm, 40));
  section.set("control", printable(relearning.control, 60));
  Fields& plot =
      add_track({fmt::format("Share of \"{}\"", printable(relearning.label, 40)),
                 "per cent of a step's answers", fmt::format("after 0 to {} updates", longest - 1)},
                frame, section);
  add_track_levels(frame, 100 * relearning.target(), plot);
  for (const RelearningSeed& seed : relearning.seeds) {
    add_curve(seed.control, seed.seed, "control", frame, plot);
    add_curve(seed.model, seed.seed, "model", frame, plot);
  }
  add_table(relearning_table(relearning), section.add("table"));
}

void add_battery_plan(const BatteryPlan& plan, Fields& page) {
  const auto add = [&](const std::string& name, const std::string& value) {
    add_option(name, value, page);
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
  for (const auto& [name, hash] : plan.runs) add("run " + name, hash);
}

}  // namespace

std::string html_page(const Battery& battery) {
  Fields page;
  page.set("program", std::string(kVersion));
  page.set("title", short_name(battery.plan.after.name));
  page.set("heading", unbroken(battery_heading(battery)));
  page.set("conclusion", unbroken(printable(battery_headline(battery), kMostLine)));
  page.set("more", printable(battery.plan.contrast.more, 40));
  page.set("less", printable(battery.plan.contrast.less, 40));
  add_notice("What it rests on", battery_reasons(battery), page);
  add_pairs(battery, page);
  add_battery_table(battery, page);
  add_relearning(battery, page);
  add_battery_plan(battery.plan, page);
  return filled_page(kBatteryHtml, page);
}

}  // namespace iago
