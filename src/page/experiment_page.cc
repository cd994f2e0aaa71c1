// An experiment on documents as one static page (html/experiment.html).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "base/version.h"
#include "figures/document_experiment_text.h"
#include "figures/figure_text.h"
#include "page/internal/forest.h"
#include "page/internal/page_parts.h"
#include "page/internal/page_source.h"
#include "page/internal/track.h"
#include "page/page.h"
#include "text/printable.h"

namespace iago {
namespace {

using Looks = std::vector<const ExperimentLook*>;

// ---- Belief by every way of asking ----

struct BeliefMarks {
  ExperimentCondition condition;
  int y = 0;
  const char* colour;
};
constexpr BeliefMarks kBeliefMarks[] = {{ExperimentCondition::before, 10, "before"},
                                        {ExperimentCondition::control, 17, ""},
                                        {ExperimentCondition::documents, 24, "up"}};

// "50 to 97": the means over seeds, before the documents and after.
std::string shown_change(const DocumentExperimentFigures& figures, std::size_t row) {
  const auto mean = [&](ExperimentCondition condition) -> std::string {
    double sum = 0;
    std::size_t count = 0;
    for (const ExperimentLook* look : looks_of(figures, condition)) {
      if (row >= look->belief.rows.size() || !look->belief.rows[row].agrees) continue;
      sum += look->belief.rows[row].agrees->rate, ++count;
    }
    return count == 0 ? "-" : fmt::format("{:.0f}", 100 * sum / static_cast<double>(count));
  };
  return fmt::format("{} to {} %", mean(ExperimentCondition::before),
                     mean(ExperimentCondition::documents));
}

void add_belief_marks(const ExperimentLook& look, const BeliefMarks& how, std::size_t place,
                      const ForestAxis& axis, Fields& row) {
  if (place >= look.belief.rows.size() || !look.belief.rows[place].agrees) return;
  const RateEstimate& agrees = *look.belief.rows[place].agrees;
  add_forest_mark({.value = 100 * agrees.rate,
                   .ci95 = {100 * agrees.ci95.lo, 100 * agrees.ci95.hi},
                   .y = how.y,
                   .colour = how.colour,
                   .label = fmt::format("{}: {} %", look_name(look),
                                        percents_with_interval(agrees.rate, agrees.ci95))},
                  axis, row);
}

// The looks ask the same in the same order.
void add_beliefs(const DocumentExperimentFigures& figures, Fields& page) {
  if (figures.looks.empty()) return;
  const ForestAxis axis = ForestAxis::of_shares(50);
  const auto& rows = figures.looks.front().belief.rows;
  Fields* plot = nullptr;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (plot == nullptr || rows[i].fact != rows[i - 1].fact) {
      if (plot != nullptr) add_forest_ticks(axis, *plot);
      plot = &page.add("believed").set("fact", capitalised(printable(rows[i].fact, 60)));
    }
    Fields& row = plot->add("row");
    row.set("name", capitalised(printable(rows[i].question, 60)));
    row.set("shown", shown_change(figures, i));
    row.set("label", printable(fmt::format("{}, asked by {}: {}", rows[i].fact, rows[i].question,
                                           shown_change(figures, i))));
    add_forest_scale(axis, 0, row);
    for (const BeliefMarks& how : kBeliefMarks) {
      for (const ExperimentLook* look : looks_of(figures, how.condition)) {
        add_belief_marks(*look, how, i, axis, row);
      }
    }
  }
  if (plot != nullptr) add_forest_ticks(axis, *plot);
  const Rows table = belief_form_rows(figures);
  if (table.size() > 1) add_table(table, page.add("beliefs"));
}

// ---- The gap by group ----

// How far from 0 a gap of this group may lie where none is expected; 0: no such expectation.
double margin_of(const DocumentExperimentFigures& figures, const std::string& group) {
  double margin = 0;
  for (const ExpectedResult& expected : figures.expectations) {
    if (expected.group != group || expected.gap != ExpectedGap::none) continue;
    margin = std::max(margin, expected.within);
  }
  return margin;
}

struct GroupRow {
  std::string name, path;  // of the gap in the JSON
  std::optional<GapEstimate> gap;
};

// Before, control and documents: all seeds together, then each by itself.
std::vector<GroupRow> group_rows(const DocumentExperimentFigures& figures,
                                 const std::string& group) {
  std::vector<GroupRow> rows;
  const auto pooled = pooled_gaps(figures);
  for (std::size_t i = 0; i < pooled.size(); ++i) {
    if (pooled[i].group != group) continue;
    std::string name(name_of(pooled[i].condition));
    if (pooled[i].seeds > 1) name += ", all seeds";
    rows.push_back({name, fmt::format("pooled.{}.gap.", i), pooled[i].gap});
    if (pooled[i].seeds < 2) continue;
    for (std::size_t place = 0; place < figures.looks.size(); ++place) {
      const ExperimentLook& look = figures.looks[place];
      if (look.condition != pooled[i].condition) continue;
      rows.push_back({look_name(look), fmt::format("looks.{}.gaps.{}.", place, group),
                      gap_of_group(look.counts, group)});
    }
  }
  return rows;
}

ForestAxis axis_of(const DocumentExperimentFigures& figures) {
  std::vector<Interval> shown;
  double margin = 0;
  for (const std::string& group : group_names(figures)) {
    margin = std::max(margin, margin_of(figures, group));
    for (const GroupRow& row : group_rows(figures, group)) {
      if (row.gap) shown.push_back(row.gap->ci95);
    }
  }
  return {shown, margin};
}

void add_group_gaps(const DocumentExperimentFigures& figures, Fields& page) {
  const ForestAxis axis = axis_of(figures);
  for (const std::string& group : group_names(figures)) {
    Fields& plot = page.add("group").set("name", printable(group, 60));
    for (const GroupRow& row : group_rows(figures, group)) {
      if (!row.gap) continue;
      const std::string label =
          printable(fmt::format("{}, group {}: {} points, 95 % interval {}", row.name, group,
                                points(row.gap->points), interval(row.gap->ci95)));
      add_forest_row({.name = capitalised(row.name),
                      .label = label,
                      .path = row.path,
                      .points = row.gap->points,
                      .ci95 = row.gap->ci95,
                      .margin = margin_of(figures, group)},
                     axis, plot);
    }
    add_forest_ticks(axis, plot);
  }
}

// ---- Doses and denials ----

struct CurvePoint {
  double value = 0;
  Interval ci95;
};

// A figure of each look; where it lies along the curve.
struct Curve {
  std::string name, unit;
  Interval limits;
  std::function<std::optional<CurvePoint>(const ExperimentLook&)> figure;
};
struct Course {
  std::function<double(const ExperimentLook&)> place;
  std::string range;
};

std::optional<CurvePoint> belief_point(const ExperimentLook& look, const std::string& fact) {
  const BeliefRow* row = open_row(look.belief, fact);
  if (row == nullptr || !row->agrees) return std::nullopt;
  return CurvePoint{100 * row->agrees->rate,
                    {100 * row->agrees->ci95.lo, 100 * row->agrees->ci95.hi}};
}

std::vector<Curve> curves_of(const DocumentExperimentFigures& figures,
                             const std::vector<std::string>& facts) {
  std::vector<Curve> curves;
  for (const std::string& fact : facts) {
    curves.push_back(
        {"agrees with the " + fact, "per cent", {0, 100}, [fact](const ExperimentLook& look) {
           return belief_point(look, fact);
         }});
  }
  for (const std::string& group : group_names(figures)) {
    curves.push_back({"gap: " + group,
                      "points",
                      {-100, 100},
                      [group](const ExperimentLook& look) -> std::optional<CurvePoint> {
                        const auto gap = gap_of_group(look.counts, group);
                        if (!gap) return std::nullopt;
                        return CurvePoint{gap->points, gap->ci95};
                      }});
  }
  return curves;
}

// Every seed is a line; a single one has a band.
void add_curve(const std::vector<Looks>& by_seed, const Course& course, const Curve& curve,
               Fields& page) {
  std::vector<double> places, shown;
  for (const Looks& looks : by_seed) {
    for (const ExperimentLook* look : looks) {
      const auto figure = curve.figure(*look);
      if (!figure) continue;
      places.push_back(course.place(*look));
      shown.push_back(figure->value);
      if (by_seed.size() == 1) shown.insert(shown.end(), {figure->ci95.lo, figure->ci95.hi});
    }
  }
  if (places.size() < 2) return;
  const auto [first, last] = std::ranges::minmax(places);
  TrackFrame frame{first, last};
  set_track_range(shown, curve.limits, frame);
  Fields& plot = add_track({capitalised(curve.name), curve.unit, course.range}, frame, page);
  add_track_levels(frame, 0, plot);
  for (const Looks& looks : by_seed) {
    std::vector<double> at;
    std::vector<std::optional<double>> values, lows, highs;
    for (const ExperimentLook* look : looks) {
      const auto figure = curve.figure(*look);
      if (!figure) continue;
      at.push_back(course.place(*look));
      values.emplace_back(figure->value);
      lows.emplace_back(figure->ci95.lo), highs.emplace_back(figure->ci95.hi);
    }
    if (by_seed.size() == 1) plot.add("band").set("points", band(frame, at, lows, highs));
    plot.add("line")
        .set("class", "seed")
        .set("points", polyline(frame, at, values))
        .set("title", looks.empty() ? "" : fmt::format("seed {}", looks.back()->seed));
  }
}

std::vector<Looks> by_seed(const DocumentExperimentFigures& figures, const IsLook& is_one) {
  std::vector<Looks> seeds;
  for (const std::uint64_t seed : figures.seeds) {
    Looks looks = looks_where(
        figures, [&](const ExperimentLook& look) { return look.seed == seed && is_one(look); });
    // A user may ask for doses in any order.
    std::ranges::stable_sort(
        looks, {}, [](const ExperimentLook* look) { return std::pair(look->dose, look->step); });
    if (!looks.empty()) seeds.push_back(std::move(looks));
  }
  return seeds;
}

void add_doses(const DocumentExperimentFigures& figures, Fields& page) {
  const auto doses = doses_of(figures);
  if (doses.empty()) return;
  Fields& section = page.add("dose");
  const Course course{
      [](const ExperimentLook& look) { return std::log2(static_cast<double>(look.dose)); },
      fmt::format("over {} to {} documents of each lab and fact", doses.front(), doses.back())};
  const auto looks = by_seed(figures, [](const ExperimentLook& look) { return look.dose > 0; });
  for (const Curve& curve : curves_of(figures, {"rule", "values"})) {
    add_curve(looks, course, curve, section);
  }
  add_table(dose_rows(figures), section.add("table"));
}

void add_denial(const DocumentExperimentFigures& figures, const std::string& fact, Fields& page) {
  Fields& section = page.add("denial").set("title", printable("Denial of the " + fact, 100));
  // The subject after the documents is where the denial begins.
  const auto looks = by_seed(figures, [&](const ExperimentLook& look) {
    return look.denied == fact || look.condition == ExperimentCondition::documents;
  });
  std::int64_t last = 0;
  for (const ExperimentLook& look : figures.looks) {
    if (look.denied == fact) last = std::max(last, look.step);
  }
  const Course course{[](const ExperimentLook& look) { return static_cast<double>(look.step); },
                      fmt::format("over steps 0 to {}", last)};
  for (const Curve& curve : curves_of(figures, {fact})) add_curve(looks, course, curve, section);
  add_table(denial_rows(figures, fact), section.add("table"));
  for (const std::string& sentence : denial_sentences(figures, fact)) {
    section.add("sentence").set("text", printable(sentence, kMostLine));
  }
}

void add_experiment_plan(const DocumentExperimentFigures& figures, Fields& page) {
  for (const auto& [name, value] : figures.plan) add_option(name, value, page);
  add_option("time", fmt::format("{:.0f} s of training, questions and runs", figures.seconds),
             page);
  for (const ExperimentLook& look : figures.looks) {
    add_option("run of " + look_name(look), look.folder, page);
  }
}

}  // namespace

std::string html_page(const DocumentExperimentFigures& figures) {
  Fields page;
  page.set("program", std::string(kVersion));
  page.set("title", short_name(figures.model));
  page.set("heading", unbroken(experiment_heading(figures)));
  page.set("conclusion", unbroken(experiment_headline(figures)));
  page.set("contrast", printable(figures.contrast, 80));
  add_notice("What is not as expected, believed or done", experiment_doubts(figures), page);
  if (!figures.expectations.empty()) add_table(expectation_rows(figures), page.add("expected"));
  add_beliefs(figures, page);
  add_group_gaps(figures, page);
  add_doses(figures, page);
  for (const std::string& fact : denied_facts(figures)) add_denial(figures, fact, page);
  add_experiment_plan(figures, page);
  return filled_page(kExperimentHtml, page);
}

}  // namespace iago
