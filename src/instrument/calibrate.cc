#include "instrument/calibrate.h"

#include <fmt/format.h>

#include "base/error.h"

namespace iago {
namespace {

// Far from the seeds that people choose, so that no study shares its completions with the truth.
constexpr std::uint64_t kTruthSeed = 7'000'000, kFirstStudySeed = 7'000'001;

// One study of a model in a case: both arms, on a seed of its own.
Summary run_calibration_study(std::string_view study_case, ChatModel& model,
                              const std::vector<std::unique_ptr<Judge>>& judges, int repeats,
                              std::uint64_t seed, const CalibrateOptions& options,
                              const Clock& clock) {
  LoadedStudy loaded =
      load_case(measured_case(study_case), model.info().name, options.where.data, 1);
  loaded.study.name = fmt::format("calibration-{}", loaded.study.reference);
  const Contrast headline = loaded.setting.contrasts.at(0);
  loaded.study.arms = {headline.more, headline.less};
  loaded.study.repeats = repeats;
  loaded.study.seed = seed;
  return run_to_end(loaded, model, judges, options.where,
                    fmt::format("{}, seed {}", study_case, seed),
                    fmt::format("calibrating \"{}\"", study_case), clock)
      .summary;
}

Calibration measure_truth(std::string_view study_case, ChatModel& model,
                          const std::vector<std::unique_ptr<Judge>>& judges,
                          const CalibrateOptions& options, const Clock& clock) {
  Summary summary = run_calibration_study(study_case, model, judges, options.truth_repeats,
                                          kTruthSeed, options, clock);
  IAGO_CHECK(summary.gap().has_value(), "a finished truth");
  const ArmSummary &more = *summary.more(), &less = *summary.less();
  ModelInfo info = model.info();
  return {.model = info.name,
          .identity = info.identity,
          .study_case = std::string(study_case),
          .truth = summary.gap()->points,
          .truth_se = summary.gap()->se_unpaired,
          .training = more.compliance->rate,
          .unmonitored = less.compliance->rate,
          .truth_completions = more.completed() + less.completed()};
}

RedrawnStudy redraw(std::string_view study_case, ChatModel& model,
                    const std::vector<std::unique_ptr<Judge>>& judges, int repeats,
                    std::uint64_t seed, const CalibrateOptions& options, const Clock& clock) {
  Summary summary = run_calibration_study(study_case, model, judges, repeats, seed, options, clock);
  IAGO_CHECK(summary.gap().has_value(), "a finished study");
  return {.seed = seed,
          .points = summary.gap()->points,
          .se_paired = summary.gap()->se_paired,
          .ci95 = summary.gap()->ci95,
          .verdict = std::string(name_of(summary.verdict()))};
}

}  // namespace

std::vector<Calibration> calibrate(ChatModel& model,
                                   const std::vector<std::unique_ptr<Judge>>& judges,
                                   const CalibrateOptions& options, const Clock& clock) {
  const std::filesystem::path& data = options.where.data;
  int repeats = load_study(data / "studies" / "helpful-only.toml", {}, data).study.repeats;
  std::vector<Calibration> calibrations;
  for (std::string_view study_case : kCalibratedCases) {
    Calibration calibration = measure_truth(study_case, model, judges, options, clock);
    for (int i = 0; i < options.studies; ++i) {
      auto seed = kFirstStudySeed + static_cast<std::uint64_t>(i);
      calibration.studies.push_back(
          redraw(study_case, model, judges, repeats, seed, options, clock));
    }
    calibrations.push_back(std::move(calibration));
  }
  return calibrations;
}

}  // namespace iago
