#include "figures/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "figures/internal/json_parts.h"
#include "figures/text_table.h"

namespace iago {
namespace {

// Points on the picture's axis as a horizontal place.
class Axis {
 public:
  explicit Axis(const std::vector<Calibration>& calibrations) {
    for (const Calibration& c : calibrations) {
      for (const RedrawnStudy& study : c.studies) {
        low_ = std::min(low_, study.ci95.lo - 1);
        high_ = std::max(high_, study.ci95.hi + 1);
      }
    }
  }
  double at(double points) const {
    return kLeft + (points - low_) / (high_ - low_) * (kWidth - kLeft - kRight);
  }
  double low() const { return low_; }
  double high() const { return high_; }

  static constexpr double kWidth = 900, kLeft = 250, kRight = 20;

 private:
  double low_ = -2, high_ = 2;
};

std::string svg_row(const Calibration& c, const Axis& axis, double top, double height) {
  std::string svg = fmt::format(
      "<text x=\"8\" y=\"{:.1f}\">{}</text><text x=\"8\" y=\"{:.1f}\" class=\"cell\">{}, {} of {} "
      "cover</text>\n",
      top + height / 2 - 4, c.model, top + height / 2 + 12, c.study_case, c.covered(),
      c.studies.size());
  double step = height / static_cast<double>(c.studies.size() + 1);
  for (std::size_t i = 0; i < c.studies.size(); ++i) {
    const RedrawnStudy& study = c.studies[i];
    double y = top + step * static_cast<double>(i + 1);
    bool covers = study.ci95.contains(c.truth);
    svg += fmt::format(
        "<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"><title>seed "
        "{}: {:.2f} points, {:.2f} to {:.2f}, {}</title></line>\n",
        axis.at(study.ci95.lo), axis.at(study.ci95.hi), y, y, covers ? "covers" : "misses",
        study.seed, study.points, study.ci95.lo, study.ci95.hi, study.verdict);
  }
  svg += fmt::format(
      "<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" class=\"truth\"/>\n",
      axis.at(c.truth), axis.at(c.truth), top + 2, top + height - 2);
  return svg;
}

}  // namespace

std::size_t Calibration::covered() const {
  auto covers = [&](const RedrawnStudy& study) { return study.ci95.contains(truth); };
  return static_cast<std::size_t>(std::count_if(studies.begin(), studies.end(), covers));
}

Json to_json(const std::vector<Calibration>& calibrations) {
  Json json = Json::array();
  for (const Calibration& c : calibrations) {
    Json studies = Json::array();
    for (const RedrawnStudy& study : c.studies) {
      studies.push_back({{"seed", study.seed},
                         {"points", study.points},
                         {"se_paired", study.se_paired},
                         {"ci95", json_of(study.ci95)},
                         {"verdict", study.verdict}});
    }
    json.push_back({{"model", c.model},
                    {"identity", c.identity},
                    {"cell", c.study_case},
                    {"truth",
                     {{"points", c.truth},
                      {"se", c.truth_se},
                      {"training", c.training},
                      {"unmonitored", c.unmonitored},
                      {"completions", c.truth_completions}}},
                    {"covered", c.covered()},
                    {"studies", std::move(studies)}});
  }
  return json;
}

std::vector<Calibration> calibrations_of(const Json& json, const std::string& where) {
  std::vector<Calibration> calibrations;
  try {
    for (const Json& row : json) {
      const Json& truth = row.at("truth");
      Calibration c{.model = row.at("model").get<std::string>(),
                    .identity = row.at("identity").get<std::string>(),
                    .study_case = row.at("cell").get<std::string>(),
                    .truth = truth.at("points").get<double>(),
                    .truth_se = truth.at("se").get<double>(),
                    .training = truth.at("training").get<double>(),
                    .unmonitored = truth.at("unmonitored").get<double>(),
                    .truth_completions = truth.at("completions").get<std::uint64_t>(),
                    .studies = {}};
      for (const Json& study : row.at("studies")) {
        c.studies.push_back(
            {.seed = study.at("seed").get<std::uint64_t>(),
             .points = study.at("points").get<double>(),
             .se_paired = study.at("se_paired").get<double>(),
             .ci95 = {study.at("ci95").at(0).get<double>(), study.at("ci95").at(1).get<double>()},
             .verdict = study.at("verdict").get<std::string>()});
      }
      calibrations.push_back(std::move(c));
    }
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::corrupt, fmt::format("{}: no calibration: {}", where, error.what()),
                "remove the file; iago organism calibrate --write writes it again");
  }
  return calibrations;
}

std::vector<Calibration> merged(std::vector<Calibration> now, std::vector<Calibration> earlier) {
  std::erase_if(earlier, [&](const Calibration& old) {
    return std::ranges::any_of(now, [&](const Calibration& c) { return c.model == old.model; });
  });
  std::ranges::move(earlier, std::back_inserter(now));
  std::ranges::stable_sort(now, {}, &Calibration::model);
  return now;
}

std::string to_markdown(const std::vector<Calibration>& calibrations) {
  Rows rows = {{"subject", "cell", "true rates %", "true gap", "its error", "one study's gap",
                "95 % interval", "verdict", "intervals that cover"}};
  auto digits = [](double x) { return fmt::format("{:.2f}", x); };
  for (const Calibration& c : calibrations) {
    if (c.studies.empty()) continue;
    const RedrawnStudy& first = c.studies.front();
    rows.push_back({c.model, c.study_case,
                    digits(100 * c.training) + " / " + digits(100 * c.unmonitored), digits(c.truth),
                    digits(c.truth_se), digits(first.points),
                    digits(first.ci95.lo) + " to " + digits(first.ci95.hi), first.verdict,
                    fmt::format("{} of {}", c.covered(), c.studies.size())});
  }
  return plain_markdown_rows(rows);
}

std::string to_svg(const std::vector<Calibration>& calibrations) {
  constexpr double kRow = 76, kFoot = 44;
  Axis axis(calibrations);
  double height = kRow * static_cast<double>(calibrations.size()) + kFoot;
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\">\n<style>text{{font:13px sans-serif;fill:#222}}.cell{{fill:#666;"
      "font-size:12px}}.covers{{stroke:#7a9cc6;stroke-width:2}}.misses{{stroke:#c0392b;"
      "stroke-width:2.5}}.truth{{stroke:#111;stroke-width:1.5}}.grid{{stroke:#ddd}}</style>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
      Axis::kWidth, height);
  for (double at = std::ceil(axis.low() / 5) * 5; at <= axis.high(); at += 5) {
    svg += fmt::format(
        "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"0\" y2=\"{1:.1f}\" class=\"grid\"/><text "
        "x=\"{0:.1f}\" y=\"{2:.1f}\" text-anchor=\"middle\">{3:.0f}</text>\n",
        axis.at(at), height - kFoot, height - kFoot + 16, at);
  }
  for (std::size_t i = 0; i < calibrations.size(); ++i) {
    svg += svg_row(calibrations[i], axis, kRow * static_cast<double>(i), kRow);
  }
  svg += fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">compliance gap, points: each study's "
      "95 % interval (red: misses) and the truth (black)</text>\n</svg>\n",
      Axis::kWidth / 2, height - 8);
  return svg;
}

}  // namespace iago
