// Trainings along their steps, and reward over divergence.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "figures/figure_text.h"
#include "figures/internal/svg.h"
#include "figures/internal/trainings.h"
#include "figures/trainings.h"

namespace iago {
namespace {

constexpr double kPanelWidth = 250, kPanelHeight = 150;  // of the plot itself, in pixels
constexpr double kPanelLeft = 50, kPanelTop = 34, kPanelBottom = 44, kPanelRight = 20;
constexpr std::size_t kPanelsInARow = 3;
constexpr const char* kColours[] = {"#1b4f72", "#7f8c8d", "#c0392b",
                                    "#b9770e", "#6c3483", "#117a65"};
constexpr double kCellWidth = kPanelLeft + kPanelWidth + kPanelRight;
constexpr double kCellHeight = kPanelTop + kPanelHeight + kPanelBottom;

struct Point {
  double x = 0, y = 0;
};

struct PlottedLine {
  std::vector<Point> points;
  std::string colour;
  bool is_dashed = false;
};

struct PlottedMark {
  Point at;
  std::string colour, label;
};

// A plot with y from 0 to 100.
struct Panel {
  std::string title, x_title;
  double x_end = 1, x_step = 1;
  std::vector<PlottedLine> lines;
  std::vector<PlottedMark> marks;
};

struct PanelFrame {
  double left = 0, top = 0, x_end = 1;

  double x(double value) const { return left + kPanelWidth * value / x_end; }
  double y(double value) const { return top + kPanelHeight * (1 - value / kPoints); }
};

std::string axes_of(const Panel& panel, const PanelFrame& frame) {
  std::string svg;
  for (double y = 0; y <= kPoints; y += 25) {
    svg += line_at(frame.left, frame.y(y), frame.left + kPanelWidth, frame.y(y),
                   y == 0 ? "#555" : "#ddd");
    svg += text_at(frame.left - 6, frame.y(y) + 4, "end", fmt::format("{:g}", y));
  }
  for (double x = 0; x <= panel.x_end + 1e-9; x += panel.x_step) {
    svg += text_at(frame.x(x), frame.y(0) + 16, "middle", fmt::format("{:g}", x));
  }
  svg += text_at(frame.left, frame.top - 12, "start", panel.title);
  return svg + text_at(frame.left + kPanelWidth / 2, frame.y(0) + 34, "middle", panel.x_title);
}

std::string drawn_panel(const Panel& panel, double left, double top) {
  const PanelFrame frame{left + kPanelLeft, top + kPanelTop, panel.x_end};
  std::string svg = axes_of(panel, frame);
  for (const PlottedLine& line : panel.lines) {
    std::string places;
    for (const Point& point : line.points) {
      places += fmt::format("{:.1f},{:.1f} ", frame.x(point.x), frame.y(point.y));
    }
    svg += fmt::format(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\"{}/>\n", places,
        line.colour, line.is_dashed ? " stroke-dasharray=\"4 3\"" : "");
  }
  for (const PlottedMark& mark : panel.marks) {
    svg += fmt::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\" fill=\"none\" stroke=\"{}\" "
        "stroke-width=\"2\"/>\n",
        frame.x(mark.at.x), frame.y(mark.at.y), mark.colour);
    svg += text_at(frame.x(mark.at.x) + 9, frame.y(mark.at.y) + 14, "start", mark.label);
  }
  return svg;
}

// Words, each in the colour of its line.
using Legend = std::vector<std::pair<std::string, std::string>>;

std::string drawn_panels(const std::vector<Panel>& panels, const Legend& legend) {
  constexpr double kLegendHeight = 34, kWordWidth = 190;
  const std::size_t columns = std::min(panels.size(), kPanelsInARow);
  const std::size_t rows = (panels.size() + columns - 1) / columns;
  std::string svg = svg_begin(
      std::max(kCellWidth * static_cast<double>(columns), kWordWidth * legend.size() + kPanelLeft),
      kCellHeight * static_cast<double>(rows) + kLegendHeight);
  for (std::size_t i = 0; i < legend.size(); ++i) {
    const double x = kPanelLeft + kWordWidth * static_cast<double>(i);
    svg += fmt::format("<rect x=\"{:.0f}\" y=\"14\" width=\"18\" height=\"4\" fill=\"{}\"/>\n", x,
                       legend[i].second);
    svg += text_at(x + 24, 20, "start", legend[i].first);
  }
  for (std::size_t i = 0; i < panels.size(); ++i) {
    svg += drawn_panel(panels[i], kCellWidth * static_cast<double>(i % columns),
                       kLegendHeight + kCellHeight * static_cast<double>(i / columns));
  }
  return svg + "</svg>\n";
}

std::optional<Panel> course_of(const ComparedTraining& one) {
  const TrainingPlan& plan = one.training.plan;
  const auto end = static_cast<double>(plan.steps);
  Panel panel{one.name, "steps", end, end / 4, {}, {}};
  const std::vector<TrainingTrack> all = tracks(one.training);
  for (std::size_t t = 0; t < all.size() && all[t].limits.lo >= 0; ++t) {
    for (const auto& seed : all[t].seeds) {
      PlottedLine line{{}, kColours[t], false};
      for (std::size_t i = 0; i < seed.size(); ++i) {
        if (!seed[i]) continue;
        line.points.push_back({static_cast<double>(all[t].steps[i]), seed[i]->points});
      }
      if (line.points.size() > 1) panel.lines.push_back(std::move(line));
    }
  }
  if (panel.lines.empty()) return std::nullopt;
  return panel;
}

PlottedLine line_of(const std::vector<RewardAtKl>& along, const std::string& colour) {
  PlottedLine line{{}, colour, false};
  for (const RewardAtKl& at : along) line.points.push_back({at.kl, at.reward});
  return line;
}

// The trainings of one subject whose optimum is known.
Panel frontier_panel(const std::vector<WithOptimum>& trainings, Legend& legend) {
  const ComparedTraining& first = *trainings.front().compared;
  Panel panel{first.training.plan.model, "KL, nats of an answer", 1, 0.5, {}, {}};
  panel.lines.push_back(line_of(largest_rewards(first), "#111"));
  panel.lines.back().is_dashed = true;
  for (const auto& [one, optimum] : trainings) {
    const std::string b = fmt::format("b = {:g}", optimum.kl_weight);
    auto named = std::ranges::find(legend, b, &std::pair<std::string, std::string>::first);
    if (named == legend.end()) {
      legend.emplace_back(b, kColours[legend.size() % std::size(kColours)]);
      named = std::prev(legend.end());
    }
    const std::string colour = named->second;
    for (const TrainingSeed& seed : one->training.seeds) {
      panel.lines.push_back(line_of(reward_along(seed), colour));
    }
    panel.marks.push_back({{optimum.trained.kl, kPoints * optimum.trained.rewarded}, colour, ""});
  }
  for (const PlottedLine& line : panel.lines) {
    for (const Point& point : line.points) panel.x_end = std::max(panel.x_end, point.x);
  }
  panel.x_end = std::ceil(2 * panel.x_end) / 2;
  panel.x_step = panel.x_end > 3 ? 1 : 0.5;
  return panel;
}

std::optional<Plot> frontier_plot(const std::vector<ComparedTraining>& trainings) {
  const auto by_subject = with_optimum_by_subject(trainings);
  if (by_subject.empty()) return std::nullopt;
  Legend legend;
  std::vector<Panel> panels;
  for (const auto& group : by_subject) panels.push_back(frontier_panel(group, legend));
  return Plot{"frontier.svg", drawn_panels(panels, legend)};
}

}  // namespace

std::vector<Plot> plots_of(const std::vector<ComparedTraining>& trainings) {
  std::vector<Panel> panels;
  for (const ComparedTraining& one : trainings) {
    if (auto panel = course_of(one)) panels.push_back(std::move(*panel));
  }
  std::vector<Plot> plots;
  if (!panels.empty()) {
    const Contrast& contrast = trainings.front().training.plan.contrast;
    plots.push_back(
        {"trainings.svg", drawn_panels(panels, {{"complies in " + contrast.more, kColours[0]},
                                                {"complies in " + contrast.less, kColours[1]},
                                                {"fakes in " + contrast.more, kColours[2]}})});
  }
  if (auto frontier = frontier_plot(trainings)) plots.push_back(std::move(*frontier));
  return plots;
}

}  // namespace iago
