// Running a battery: the same cells of a study asked of a model before a training and after it
// (docs/battery.md). Cells are data of the setting: its paraphrases, and what its [battery] names.
//
// Each run of the battery is an ordinary run in the battery's own folder: before/RUN, after/RUN.
// Cells that share setting, queries and judges share a run. A run resumes like any other, so the
// same call resumes a battery.
//
// Not thread-safe. Blocks.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "chat/chat_model.h"
#include "figures/battery.h"
#include "judge/judge.h"
#include "judge/judge_error.h"
#include "run/run.h"
#include "spend/budget.h"
#include "spend/prices.h"
#include "study/study.h"

namespace iago {

// One run of a battery, before it is asked of anybody.
struct BatteryRun {
  std::string name;  // of its folder: "paraphrases"
  LoadedStudy study;
  bool asks_preferences = false;  // by the setting's preference judge alone
};

struct BatteryDesign {
  std::vector<BatteryCell> cells;
  std::vector<BatteryRun> runs;
  LoadedStudy study;  // as the battery was asked for
};

// What a study and its setting make possible, cell by cell; what they lack is named in the cells.
// `file`, `overrides` and `data` as for load_study. Errors of load_study; invalid for a study
// without a contrast.
BatteryDesign design_battery(const std::filesystem::path& file, const StudyOverrides& overrides,
                             const std::filesystem::path& data);

struct BatteryModels {
  ChatModel& before;
  ChatModel& after;
};

// Borrowed. `study` are those of the design's study, `preferences` the setting's preference judge
// alone, or none.
struct BatteryJudges {
  const std::vector<std::unique_ptr<Judge>>& study;
  const std::vector<std::unique_ptr<Judge>>& preferences;
  std::vector<MeasuredJudge> errors = {};
};

struct BatteryProgress {
  BatterySide side = BatterySide::before;
  std::string run;
  std::size_t place = 0, runs = 0;  // this run's, of both sides, from 1
  const RunProgress& of_run;
};

struct BatteryOptions {
  std::filesystem::path folder;  // empty: batteries/STUDY-MODEL-HASH
  std::stop_token no_more, at_once;
  Budget* budget = nullptr;  // counts what earlier sessions of the battery spent
  const PriceTable* prices = nullptr;
  std::function<void(const BatteryProgress&)> on_progress;
  std::function<void(const std::string&)> on_notice;  // a sentence for people, at once
};

struct BatteryResult {
  std::filesystem::path folder;
  bool interrupted = false;
  std::vector<std::string> shortfalls;  // "after, reference: missing: ..."
  std::string limit_met;                // a budget that ended it; empty: none
};

// Errors: invalid for a folder that holds another battery (the field is named); those of runs. What
// was done stays, and the same call resumes. A run whose prompts a model cannot take (error
// unsupported) is left out, with the reason in its folder.
BatteryResult run_battery(const BatteryDesign& design, const BatteryModels& models,
                          const BatteryJudges& judges, const BatteryOptions& options,
                          const Clock& clock);

}  // namespace iago
