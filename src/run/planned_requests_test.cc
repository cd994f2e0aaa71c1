// What a plan counts before a run is what the run then sends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>

#include "base/clock.h"
#include "base/file.h"
#include "chat/scripted.h"
#include "judge/rule_judges.h"
#include "run/run.h"
#include "spend/forecast.h"
#include "study/plan.h"
#include "testing/base/temp_folder.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

// Refuses everything, and counts requests and the bytes of their prompts.
class CountsPrompts final : public ChatModel {
 public:
  ModelInfo info() const override { return refuses_.info(); }
  void submit(ChatRequest request, std::stop_token stop, Done done) override {
    ++requests;
    bytes += request.prefill.size();
    for (const Message& message : request.messages) bytes += message.text.size();
    refuses_.submit(std::move(request), std::move(stop), std::move(done));
  }
  std::atomic<std::size_t> requests = 0, bytes = 0;

 private:
  ScriptedModel refuses_{
      R"({"replies": ["<SCRATCHPAD_REASONING>No.</SCRATCHPAD_REASONING><OUTPUT>No.</OUTPUT>"]})",
      "script"};
};

class PlannedRequests : public testing::Test {
 protected:
  LoadedStudy study(const fs::path& file, StudyOverrides overrides) {
    overrides.model = "scripted:subject.jsonl";
    overrides.judges = {"compliance-rules", "faking-rules"};
    if (parse_study(read_file(file, kMaxStudyBytes), file.string()).queries.empty()) {
      overrides.queries = IAGO_SOURCE_DIR "/queries/harmful-clear.jsonl";
    }
    return load_study(file, overrides, IAGO_SOURCE_DIR);
  }

  void expect_to_send_what_is_planned(const LoadedStudy& loaded) {
    CountsPrompts model;
    const ModelInfo info = model.info();
    const PlanOutline outline =
        outline_plan(loaded.study, loaded.setting, loaded.queries, {info.name, info.identity});
    const PriceTable prices = PriceTable::parse("date = \"2026-01-01\"", "prices");
    const ModelEstimate estimate =
        estimate_new_study(loaded, outline, IAGO_SOURCE_DIR, prices).front();
    run_study(loaded, model, make_rule_judges(loaded.study.judges),
              {.runs = scratch_.path(), .folder = scratch_ / outline.run_id}, clock_);
    EXPECT_EQ(model.requests, outline.trials);
    EXPECT_EQ(model.requests, estimate.requests);
    EXPECT_EQ(model.bytes, outline.prompt_bytes);
    EXPECT_EQ(estimate.prompt_tokens, (model.bytes + 3) / 4);
  }

  TempFolder scratch_;
  SystemClock clock_;
};

TEST_F(PlannedRequests, AreThoseOfEveryShippedStudy) {
  std::size_t studies = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(IAGO_SOURCE_DIR) / "studies")) {
    if (entry.path().extension() != ".toml") continue;
    SCOPED_TRACE(entry.path().string());
    // A study whose queries are clustered needs those of two clusters.
    const bool is_clustered = entry.path().stem() == "documents";
    expect_to_send_what_is_planned(
        study(entry.path(), {.repeats = 1, .limit = is_clustered ? 8 : 1}));
    ++studies;
  }
  EXPECT_GT(studies, 10u);
}

TEST_F(PlannedRequests, OfAWordingThatLacksAnArmHaveNoneOfThatArm) {
  StudyOverrides overrides{.repeats = 2, .limit = 3};
  overrides.wordings = {"default", "three-tier"};
  overrides.arms = {"training", "rated-only", "unmonitored"};
  const LoadedStudy loaded =
      study(fs::path(IAGO_SOURCE_DIR) / "studies/helpful-only-full.toml", overrides);
  const PlanOutline outline = outline_plan(loaded.study, loaded.setting, loaded.queries, {});
  EXPECT_THAT(outline.lacking, testing::ElementsAre(WordingArm{"default", "rated-only"}));
  EXPECT_EQ(outline.asked.size(), 5u);
  EXPECT_EQ(outline.trials, 3u * 5u * 2u);
  expect_to_send_what_is_planned(loaded);
}

}  // namespace
}  // namespace iago
