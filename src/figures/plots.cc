#include "figures/plots.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "figures/figure_text.h"
#include "figures/internal/svg.h"
#include "stats/gap.h"

namespace iago {
namespace {

// One line of a plot: a point with its interval.
struct PlotRow {
  std::string label;
  double x = 0;
  Interval ci95;
};

struct PlotAxis {
  std::string title;
  double lo = 0, hi = 1, step = 0.1;
};

// Lengths in pixels.
constexpr double kLabels = 260, kPlotWidth = 420, kFigures = 170, kRowHeight = 26, kTop = 40,
                 kBottom = 46;

// A step of 1, 2 or 5 times a power of ten that divides the range into 4 to 10 parts.
double step_for(double range) {
  const double power = std::pow(10, std::floor(std::log10(range / 4)));
  for (double factor : {5.0, 2.0}) {
    if (range / (factor * power) >= 4) return factor * power;
  }
  return power;
}

// From 0 or below it to the furthest end, in whole steps.
PlotAxis axis_over(const std::vector<PlotRow>& rows, std::string title) {
  double lo = 0, hi = 0;
  for (const PlotRow& row : rows) {
    lo = std::min({lo, row.ci95.lo, row.x});
    hi = std::max({hi, row.ci95.hi, row.x});
  }
  const double step = step_for(std::max(hi - lo, 1.0));
  return {std::move(title), step * std::floor(lo / step),
          step * std::ceil(std::max(hi, step) / step), step};
}

std::string forest(const std::string& title, const PlotAxis& axis,
                   const std::vector<PlotRow>& rows) {
  const double bottom = kTop + kRowHeight * static_cast<double>(rows.size());
  const double width = kLabels + kPlotWidth + kFigures, height = bottom + kBottom;
  const auto place = [&](double x) {
    return kLabels + kPlotWidth * (x - axis.lo) / (axis.hi - axis.lo);
  };
  std::string svg = svg_begin(width, height);
  svg += text_at(width / 2, 20, "middle", title);
  const int ticks = static_cast<int>(std::lround((axis.hi - axis.lo) / axis.step));
  for (int i = 0; i <= ticks; ++i) {
    const double x = axis.lo + i * axis.step;
    const bool is_zero = std::abs(x) < axis.step / 2;
    svg += line_at(place(x), kTop, place(x), bottom, is_zero ? "#555" : "#ddd");
    svg += text_at(place(x), bottom + 16, "middle", fmt::format("{:g}", is_zero ? 0 : x));
  }
  svg += text_at(kLabels + kPlotWidth / 2, bottom + 36, "middle", axis.title);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const PlotRow& row = rows[i];
    const double y = kTop + kRowHeight * (static_cast<double>(i) + 0.5);
    svg += text_at(kLabels - 10, y + 4, "end", row.label);
    svg += line_at(place(row.ci95.lo), y, place(row.ci95.hi), y, "#1b4f72");
    svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"#1b4f72\"/>\n",
                       place(row.x), y);
    svg += text_at(width - 10, y + 4, "end",
                   fmt::format("{:.1f} ({:.1f} to {:.1f})", row.x, row.ci95.lo, row.ci95.hi));
  }
  return svg + "</svg>\n";
}

void add_rate(const std::string& label, const std::optional<RateEstimate>& rate,
              std::vector<PlotRow>& rows) {
  if (!rate) return;
  rows.push_back({label, 100 * rate->rate, {100 * rate->ci95.lo, 100 * rate->ci95.hi}});
}

std::string contrast_title(const Contrast& contrast) {
  return fmt::format("{} - {}", contrast.more, contrast.less);
}

std::vector<PlotRow> rates_of(const Summary& summary) {
  std::vector<PlotRow> rows;
  for (const ArmSummary& arm : summary.arms()) {
    add_rate(fmt::format("{}: {}", arm.name, counted_label(summary)), arm.compliance, rows);
    add_rate(fmt::format("{}: fakes", arm.name), arm.faking_reasoning, rows);
  }
  return rows;
}

std::vector<PlotRow> contrasts_of_reference(const Summary& summary) {
  std::vector<PlotRow> rows;
  for (const ContrastSummary& contrast : summary.reference().contrasts) {
    if (contrast.gap) {
      rows.push_back({contrast_title(contrast.contrast), contrast.gap->points, contrast.gap->ci95});
    }
  }
  return rows;
}

std::vector<PlotRow> wordings_of_first(const Summary& summary) {
  std::vector<PlotRow> rows;
  for (const WordingSummary& wording : summary.wordings) {
    if (wording.contrasts.empty() || !wording.contrasts.front().gap) continue;
    const GapEstimate& gap = *wording.contrasts.front().gap;
    rows.push_back({fmt::format("{} ({})", wording.wording.name, name_of(wording.wording.role)),
                    gap.points, gap.ci95});
  }
  if (rows.size() < 2) rows.clear();
  return rows;
}

}  // namespace

std::vector<Plot> plots_of(const Summary& summary) {
  const std::string of = fmt::format("{}, {}", summary.run.subject, summary.run.setting);
  const std::vector<PlotRow> rates = rates_of(summary), contrasts = contrasts_of_reference(summary),
                             wordings = wordings_of_first(summary);
  std::vector<Plot> plots;
  if (!rates.empty()) {
    plots.push_back(
        {"rates.svg", forest(of, axis_over(rates, "% of answers, 95 % interval"), rates)});
  }
  if (!contrasts.empty()) {
    plots.push_back(
        {"contrasts.svg", forest(of, axis_over(contrasts, "points, 95 % interval"), contrasts)});
  }
  if (!wordings.empty()) {
    plots.push_back(
        {"wordings.svg", forest(of + ": " + contrast_title(summary.contrasts.front()),
                                axis_over(wordings, "points, 95 % interval"), wordings)});
  }
  return plots;
}

}  // namespace iago
