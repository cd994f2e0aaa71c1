// The shipped study on a subject that is written down, from its script to its figures.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "chat/scripted.h"
#include "judge/rule_judges.h"
#include "run/run.h"
#include "testing/base/temp_folder.h"

namespace iago::fixtures {

// Five repeats; all runs lie in one folder, so the same command extends a run.
class WrittenStudy : public testing::Test {
 protected:
  Summary run_script(const std::string& script, StudyOverrides overrides,
                     bool strict_form = false) {
    const std::filesystem::path root = IAGO_SOURCE_DIR;
    overrides.repeats = 5;
    LoadedStudy loaded = load_study(root / "studies" / "helpful-only.toml", overrides, root);
    loaded.study.strict_form = strict_form;
    ScriptedModel model(script, "script");
    RunOptions options;
    options.runs = folder_ / "runs";
    RunResult result =
        run_study(loaded, model, make_rule_judges(loaded.study.judges), options, clock_);
    last_ = result.folder;
    return result.summary;
  }

  TempFolder folder_;
  std::filesystem::path last_;  // of the newest run
  SystemClock clock_;
};

}  // namespace iago::fixtures
