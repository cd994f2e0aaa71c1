#include "instrument/calibrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace iago {
namespace {

// Far from the seeds that people choose, so that no study shares its completions with the truth.
constexpr std::uint64_t kTruthSeed = 7'000'000, kFirstStudySeed = 7'000'001;

// One study of a model in a cell: both arms, on a seed of its own.
Summary run_calibration_study(std::string_view cell, ChatModel& model,
                              const std::vector<std::unique_ptr<Judge>>& judges, int repeats,
                              std::uint64_t seed, const CalibrateOptions& options,
                              const Clock& clock) {
  LoadedStudy loaded = load_cell(measured_cell(cell), model.info().name, options.where.data, 1);
  loaded.study.name = "calibration";
  loaded.study.arms = {std::string(kTrainingArm), std::string(kUnmonitoredArm)};
  loaded.study.repeats = repeats;
  loaded.study.seed = seed;
  return run_to_end(loaded, model, judges, options.where, fmt::format("{}, seed {}", cell, seed),
                    fmt::format("calibrating \"{}\"", cell), clock)
      .summary;
}

Calibration measure_truth(std::string_view cell, ChatModel& model,
                          const std::vector<std::unique_ptr<Judge>>& judges,
                          const CalibrateOptions& options, const Clock& clock) {
  Summary summary =
      run_calibration_study(cell, model, judges, options.truth_repeats, kTruthSeed, options, clock);
  const ArmSummary* training = summary.arm(kTrainingArm);
  const ArmSummary* unmonitored = summary.arm(kUnmonitoredArm);
  IAGO_CHECK(summary.gap && training != nullptr && unmonitored != nullptr, "a finished truth");
  ModelInfo info = model.info();
  return {.model = info.name,
          .identity = info.identity,
          .cell = std::string(cell),
          .truth = summary.gap->points,
          .truth_se = summary.gap->se_unpaired,
          .training = training->compliance->rate,
          .unmonitored = unmonitored->compliance->rate,
          .truth_completions = training->completed() + unmonitored->completed()};
}

RedrawnStudy redraw(std::string_view cell, ChatModel& model,
                    const std::vector<std::unique_ptr<Judge>>& judges, int repeats,
                    std::uint64_t seed, const CalibrateOptions& options, const Clock& clock) {
  Summary summary = run_calibration_study(cell, model, judges, repeats, seed, options, clock);
  IAGO_CHECK(summary.gap.has_value(), "a finished study");
  return {.seed = seed,
          .points = summary.gap->points,
          .se_paired = summary.gap->se_paired,
          .ci95 = summary.gap->ci95,
          .verdict = std::string(name_of(summary.finding.verdict))};
}

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
      top + height / 2 - 4, c.model, top + height / 2 + 12, c.cell, c.covered(), c.studies.size());
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

std::vector<Calibration> calibrate(ChatModel& model,
                                   const std::vector<std::unique_ptr<Judge>>& judges,
                                   const CalibrateOptions& options, const Clock& clock) {
  const std::filesystem::path& data = options.where.data;
  int repeats = load_study(data / "studies" / "helpful-only.toml", {}, data).study.repeats;
  std::vector<Calibration> calibrations;
  for (std::string_view cell : kCalibratedCells) {
    Calibration calibration = measure_truth(cell, model, judges, options, clock);
    for (int i = 0; i < options.studies; ++i) {
      auto seed = kFirstStudySeed + static_cast<std::uint64_t>(i);
      calibration.studies.push_back(redraw(cell, model, judges, repeats, seed, options, clock));
    }
    calibrations.push_back(std::move(calibration));
  }
  return calibrations;
}

Json to_json(const std::vector<Calibration>& calibrations) {
  Json json = Json::array();
  for (const Calibration& c : calibrations) {
    Json studies = Json::array();
    for (const RedrawnStudy& study : c.studies) {
      studies.push_back({{"seed", study.seed},
                         {"points", study.points},
                         {"se_paired", study.se_paired},
                         {"ci95", {study.ci95.lo, study.ci95.hi}},
                         {"verdict", study.verdict}});
    }
    json.push_back({{"model", c.model},
                    {"identity", c.identity},
                    {"cell", c.cell},
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

std::string to_markdown(const std::vector<Calibration>& calibrations) {
  std::string text =
      "| subject | cell | true rates % | true gap | its error | one study's gap | 95 % interval | "
      "verdict | intervals that cover |\n|---|---|---|---|---|---|---|---|---|\n";
  for (const Calibration& c : calibrations) {
    if (c.studies.empty()) continue;
    const RedrawnStudy& first = c.studies.front();
    text += fmt::format(
        "| {} | {} | {:.2f} / {:.2f} | {:.2f} | {:.2f} | {:.2f} | {:.2f} to {:.2f} | {} | {} of "
        "{} |\n",
        c.model, c.cell, 100 * c.training, 100 * c.unmonitored, c.truth, c.truth_se, first.points,
        first.ci95.lo, first.ci95.hi, first.verdict, c.covered(), c.studies.size());
  }
  return text;
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
