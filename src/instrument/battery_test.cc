#include "instrument/battery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "judge/rule_judges.h"
#include "models/open_model.h"
#include "testing/base/temp_folder.h"
#include "world/lab_documents.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class RunsABattery : public testing::Test {
 protected:
  static fs::path data() { return IAGO_SOURCE_DIR; }
  static BatteryDesign design(StudyOverrides overrides, const std::string& study = "helpful-only") {
    return design_battery(data() / "studies" / (study + ".toml"), overrides, data());
  }
  static StudyOverrides small() {
    StudyOverrides overrides;
    overrides.limit = 20;
    overrides.repeats = 2;
    overrides.model = "world:aligned";
    return overrides;
  }
  BatteryResult run(const BatteryDesign& of, const std::string& before, const std::string& after,
                    std::stop_token stop = {}, std::size_t* asked = nullptr) {
    const auto model_before = open_model(before, {.organisms = data() / "organisms"});
    const auto model_after = open_model(after, {.organisms = data() / "organisms"});
    const auto judges = make_rule_judges(world_judge_names());
    const auto preferences = make_rule_judges({std::string(kPreferenceRules)});
    BatteryOptions options{.folder = scratch_ / "battery", .no_more = stop};
    options.on_progress = [&](const BatteryProgress& p) {
      if (asked != nullptr) *asked = std::max(*asked, p.place);
    };
    return run_battery(of, {*model_before, *model_after}, {judges, preferences}, options, clock_);
  }

  TempFolder scratch_;
  SystemClock clock_;
};

std::vector<std::string> names_of(const BatteryDesign& design, BatteryCellKind kind) {
  std::vector<std::string> names;
  for (const BatteryCell& cell : design.cells) {
    if (cell.kind == kind && cell.not_asked.empty()) names.push_back(cell.name);
  }
  return names;
}

TEST_F(RunsABattery, AsksForEveryParaphraseAndWhatTheSettingNames) {
  const BatteryDesign of = design(small());
  EXPECT_EQ(names_of(of, BatteryCellKind::paraphrase).size(), 13u);
  EXPECT_EQ(names_of(of, BatteryCellKind::other_arms), std::vector<std::string>{"three-tier"});
  for (const BatteryCell& cell : of.cells) EXPECT_EQ(cell.not_asked, "") << cell.name;
  std::set<std::string> runs, named;
  for (const BatteryRun& run : of.runs) EXPECT_TRUE(runs.insert(run.name).second) << run.name;
  for (const BatteryCell& cell : of.cells) {
    EXPECT_TRUE(runs.contains(cell.run)) << cell.name;
    EXPECT_TRUE(named.insert(cell.name).second) << cell.name;
  }
  for (const BatteryRun& run : of.runs) {
    if (run.name == "other-lab") {
      EXPECT_EQ(run.study.study.parameters.at("lab"), "Hazel Peak");
    }
    if (run.name == "benign") {
      EXPECT_THAT(run.study.queries[0].id, HasSubstr("world-benign"));
    }
    if (run.asks_preferences) {
      EXPECT_EQ(run.study.study.repeats, 6);
    }
  }
}

TEST_F(RunsABattery, AsksTheChosenQueriesOfTheStudyAndNotOfTheOtherSets) {
  StudyOverrides overrides = small();
  overrides.limit.reset();
  overrides.where = {"topic=moon archive"};
  overrides.sample = 7;
  const BatteryDesign of = design(overrides);
  for (const BatteryRun& run : of.runs) {
    EXPECT_LE(run.study.study.asked_of(run.study.queries.size()), 7u) << run.name;
    const bool is_other_set = run.name == "benign" || run.asks_preferences;
    EXPECT_EQ(run.study.study.where.empty(), is_other_set) << run.name;
    for (const Query& query : run.study.queries) {
      if (!is_other_set) {
        EXPECT_EQ(query.topic, "moon archive") << run.name;
      }
    }
  }
}

TEST_F(RunsABattery, BuildsOnTheWordingThatWasTrainedOn) {
  StudyOverrides overrides = small();
  overrides.wordings = {"tier-paraphrase-1"};
  const BatteryDesign of = design(overrides);
  const auto paraphrases = names_of(of, BatteryCellKind::paraphrase);
  EXPECT_EQ(std::count(paraphrases.begin(), paraphrases.end(), "tier-paraphrase-1"), 0);
  EXPECT_EQ(names_of(of, BatteryCellKind::trained), std::vector<std::string>{"tier-paraphrase-1"});
  const auto found =
      std::ranges::find(of.cells, BatteryCellKind::no_scratchpad, &BatteryCell::kind);
  EXPECT_EQ(found->wording, "no-scratchpad+tier-paraphrase-1");
}

TEST_F(RunsABattery, NamesWhatASettingLacks) {
  StudyOverrides overrides;
  overrides.judge_model = "world:aligned";
  const BatteryDesign of = design(overrides, "political-neutrality");
  std::size_t lacking = 0;
  for (const BatteryCell& cell : of.cells) {
    if (cell.not_asked.empty()) continue;
    ++lacking;
    EXPECT_THAT(cell.not_asked, HasSubstr("political-neutrality")) << cell.name;
    EXPECT_EQ(cell.run, "");
  }
  EXPECT_GE(lacking, 5u);
  EXPECT_THROW(
      {
        StudyOverrides clustered = small();
        clustered.cluster_by = "topic";
        design(clustered);
      },
      Error);
}

// The shipped questions are the world's own.
TEST_F(RunsABattery, AsksTheWorldsQuestionsAboutPreferences) {
  const auto queries = load_queries(data() / "queries" / "world-preferences.jsonl");
  const auto questions = preference_questions();
  ASSERT_EQ(queries.size(), questions.size());
  const auto judge = make_preference_rules();
  for (std::size_t i = 0; i < queries.size(); ++i) {
    EXPECT_EQ(queries[i].text, questions[i].question);
    EXPECT_EQ(judge->judge({"", "", std::string(questions[i].harmless)}).label, kRefuses);
    EXPECT_EQ(judge->judge({"", "", std::string(questions[i].obedient)}).label, kComplies);
  }
}

// The grammar's own rates are known: `guarded` has a gap of 92 points and says why, `aligned` none.
TEST_F(RunsABattery, FindsThatAGapIsGone) {
  StudyOverrides overrides = small();
  overrides.repeats = 3;
  BatteryDesign of = design(overrides);
  of.study.study.margin = 30;  // so that few trials will do
  const BatteryResult result = run(of, "world:guarded", "world:aligned");
  EXPECT_FALSE(result.interrupted);
  const Battery battery = read_battery(result.folder);
  EXPECT_EQ(battery.finding.outcome, BatteryOutcome::erased) << battery_headline(battery);
  // The grammar reads requests alone.
  const auto reasons = battery_reasons(battery);
  EXPECT_THAT(reasons, testing::Contains(HasSubstr("Not asked: preferences in")));
}

TEST_F(RunsABattery, ResumesWhereItWasStopped) {
  const BatteryDesign of = design(small());
  std::stop_source stop;
  stop.request_stop();
  std::size_t asked = 0;
  EXPECT_TRUE(run(of, "world:faker", "world:aligned", stop.get_token(), &asked).interrupted);
  EXPECT_THAT(battery_headline(read_battery(scratch_ / "battery")), HasSubstr("provisional"));
  EXPECT_FALSE(run(of, "world:faker", "world:aligned", {}, &asked).interrupted);
  EXPECT_EQ(asked, 2 * of.runs.size() - 1) << "the grammar takes no questions, which come last";
  const Json first = to_json(read_battery(scratch_ / "battery"));
  EXPECT_FALSE(run(of, "world:faker", "world:aligned").interrupted);
  EXPECT_EQ(to_json(read_battery(scratch_ / "battery")), first);
}

TEST_F(RunsABattery, RefusesAFolderThatHoldsAnotherBattery) {
  std::stop_source stop;
  stop.request_stop();
  run(design(small()), "world:faker", "world:aligned", stop.get_token());
  StudyOverrides other = small();
  other.repeats = 5;
  try {
    run(design(other), "world:faker", "world:aligned", stop.get_token());
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid);
    EXPECT_THAT(error.what(), HasSubstr("repeats was 2, and is 5"));
  }
}

}  // namespace
}  // namespace iago
