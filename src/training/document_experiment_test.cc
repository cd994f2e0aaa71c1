// The experiment of a tiny random network on four labs: every part of it, in a second.
#include "training/document_experiment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "judge/open_judges.h"
#include "models/open_model.h"
#include "testing/base/temp_folder.h"
#include "testing/models/tiny_checkpoint.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class SmallExperiment : public testing::Test {
 protected:
  SmallExperiment() {
    write_tiny_checkpoint({.context = 1024, .end_bias = 15}, checkpoint());
    const fs::path data = IAGO_SOURCE_DIR;
    StudyOverrides overrides{.model = "local:" + checkpoint().string(), .repeats = 1, .limit = 8};
    study_ = load_study(data / "studies/documents.toml", overrides, data);
    study_.study.sampling.max_tokens = 4;
    judges_ = open_judges(study_.study.judges, {.data = data, .model = {}, .open_model = {}});
    experiment_ = {.labs = {"fresh:1-4"},
                   .control = {"documents-only:1-4"},
                   .per_lab = 2,
                   .replay = 0,
                   .rows = 1,
                   .row_tokens = 128,
                   .learning_rate = 1e-3,
                   .belief_samples = 1,
                   .expectations = {{ExperimentCondition::documents, "free", ExpectedGap::gap}}};
    options_.folder = folder_ / "experiment";
    options_.workers = 1;
  }

  fs::path checkpoint() const { return folder_ / "checkpoint"; }
  DocumentExperimentResult run() {
    const std::string name = study_.study.model;
    const ExperimentModels models{
        .open = [](const std::string& model) { return open_token_model(model, {.threads = 1}); },
        .subject = {name, "identity", {checkpoint(), {}}},
        .judges = judges_.judges};
    return run_document_experiment(study_, experiment_, models, options_, hooks_, clock_);
  }
  TempFolder folder_;
  LoadedStudy study_;
  OpenedJudges judges_;
  DocumentExperiment experiment_;
  DocumentExperimentOptions options_;
  DocumentExperimentHooks hooks_;
  SystemClock clock_;
};

TEST_F(SmallExperiment, LooksBeforeAfterTheDocumentsAndAfterTheControl) {
  options_.seeds = {1, 2};
  std::vector<std::string> notices;
  hooks_.on_notice = [&](const std::string& notice) { notices.push_back(notice); };
  const DocumentExperimentResult result = run();
  EXPECT_FALSE(result.interrupted);
  std::vector<std::string> states;
  for (const ExperimentLook& look : result.figures.looks) states.push_back(look.state);
  EXPECT_THAT(states,
              testing::ElementsAre("before", "documents", "control", "documents", "control"));
  for (const ExperimentLook& look : result.figures.looks) {
    EXPECT_EQ(look.belief.rows.size(), 10u);  // two facts, five ways
    EXPECT_EQ(look.counts.counts.more.size(), 8u);
    EXPECT_EQ(look.counts.groups.names, (std::vector<std::string>{"free", "paid"}));
  }
  EXPECT_NE(result.figures.looks[1].belief.identity, result.figures.looks[0].belief.identity);
  EXPECT_NE(result.figures.looks[1].belief.identity, result.figures.looks[3].belief.identity);
  EXPECT_THAT(notices.front(), HasSubstr("before: rule is"));
  EXPECT_TRUE(fs::exists(options_.folder / "experiment.json"));
  EXPECT_TRUE(fs::exists(options_.folder / "documents/seed-2/run/report.html"));
  EXPECT_TRUE(fs::exists(options_.folder / "documents/seed-2/belief.json"));
  const DocumentExperimentFigures read = read_document_experiment(options_.folder);
  EXPECT_EQ(to_json(read), to_json(result.figures)) << "from the folder alone";
  EXPECT_THAT(read.plan, testing::Contains(testing::Pair("per_lab", "2")));
}

TEST_F(SmallExperiment, EndsInTheSameFiguresAfterAStop) {
  options_.doses = {1};
  options_.deny = {DeniedFact::rule, DeniedFact::values}, options_.denial_looks = 1;
  const DocumentExperimentResult whole = run();
  EXPECT_GE(whole.figures.looks.size(), 6u);

  options_.folder = folder_ / "stopped";
  for (const char* where : {"training on control", "control, seed 1: ", "deny-rule"}) {
    std::stop_source stop;
    hooks_.no_more = stop.get_token();
    hooks_.on_progress = [&](const std::string& what) {
      if (what.find(where) != what.npos) stop.request_stop();
    };
    EXPECT_TRUE(run().interrupted) << where;
    EXPECT_FALSE(read_document_experiment(options_.folder).complete);
  }
  hooks_ = {};
  const DocumentExperimentResult resumed = run();
  EXPECT_FALSE(resumed.interrupted);
  EXPECT_TRUE(read_document_experiment(options_.folder).complete);
  ASSERT_EQ(resumed.figures.looks.size(), whole.figures.looks.size());
  // The denial's subject is another path, and so are its completions' random streams.
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(resumed.figures.looks[i].counts.counts.more,
              whole.figures.looks[i].counts.counts.more);
  }
}

TEST_F(SmallExperiment, KeepsWhatWasExpectedBeforeAnythingWasMeasured) {
  run();
  experiment_.expectations.front().gap = ExpectedGap::none;
  try {
    run();
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid);
    EXPECT_THAT(error.what(), HasSubstr("holds another training: expectations was"));
  }
}

TEST_F(SmallExperiment, NamesWhatTheStudyLacks) {
  study_.study.cluster_by.clear();
  EXPECT_THROW(run(), Error);
  study_.study.cluster_by = "lab", options_.doses = {0};
  EXPECT_THROW(run(), Error);
}

}  // namespace
}  // namespace iago
