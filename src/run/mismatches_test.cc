#include "reuse/mismatches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "chat/scripted.h"
#include "judge/rule_judges.h"
#include "models/world_model.h"
#include "reuse/reuse.h"
#include "run/run.h"
#include "testing/store/small_rows.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Mismatches : public testing::Test {
 protected:
  static LoadedStudy study(StudyOverrides overrides = {}) {
    if (!overrides.limit) overrides.limit = 3;
    if (!overrides.repeats) overrides.repeats = 2;
    return load_study(fs::path(IAGO_SOURCE_DIR) / "studies" / "helpful-only.toml", overrides,
                      IAGO_SOURCE_DIR);
  }
  RunResult run(const LoadedStudy& loaded, ChatModel& model, RunOptions options = {}) {
    options.runs = scratch_ / "runs";
    return run_study(loaded, model, make_rule_judges(loaded.study.judges), options, clock_);
  }
  RunResult run(const LoadedStudy& loaded) { return run(loaded, faker_); }

  MismatchReport foresee(const LoadedStudy& loaded, ChatModel& model,
                         const std::vector<fs::path>& reuse) {
    Plan plan = make_plan(loaded.study, loaded.setting, loaded.queries,
                          {model.info().name, model.info().identity});
    return foresee_mismatches(plan, loaded.study, reuse, scratch_ / "runs",
                              scratch_ / "runs" / plan.run_id);
  }
  MismatchReport foresee(const LoadedStudy& loaded, const std::vector<fs::path>& reuse = {}) {
    return foresee(loaded, faker_, reuse);
  }

  // A run of its own, although nothing else differs.
  static LoadedStudy renamed(LoadedStudy loaded) {
    loaded.study.name = "renamed";
    return loaded;
  }

  // The fields that differ in a report of one kind of difference in every arm.
  static std::vector<std::string> fields(const MismatchReport& report) {
    std::vector<std::string> found;
    std::size_t trials = 0;
    for (const MismatchGroup& group : report.groups) {
      std::vector<std::string> of_group;
      for (const auto& difference : group.differences) of_group.push_back(difference.field);
      if (found.empty()) found = of_group;
      EXPECT_EQ(of_group, found) << group.arm;
      trials += group.trials;
    }
    EXPECT_EQ(trials, report.missed);
    return found;
  }

  TempFolder scratch_;
  SystemClock clock_;
  WorldModel faker_{policy_named("faker")};
};

TEST_F(Mismatches, NamesEveryFieldOfTheRequestThatDiffers) {
  fs::path old = run(study()).folder;
  struct Change {
    const char* field;
    std::function<void(Study&)> make;
    const char *was, *is;
  };
  for (const Change& change : std::vector<Change>{
           {"temperature", [](Study& s) { s.sampling.temperature = 0.5; }, "1", "0.5"},
           {"top_p", [](Study& s) { s.sampling.top_p = 0.9; }, "1", "0.9"},
           {"top_k", [](Study& s) { s.sampling.top_k = 40; }, "0", "40"},
           {"max_tokens", [](Study& s) { s.sampling.max_tokens = 99; }, "120", "99"},
           {"stop", [](Study& s) { s.sampling.stop = {"End"}; }, "[]", "[\"End\"]"},
           {"seed", [](Study& s) { s.seed = 7; }, "1", "7"}}) {
    LoadedStudy changed = study();
    change.make(changed.study);
    MismatchReport report = foresee(changed, {old});
    EXPECT_EQ(report.missed, 18u);
    EXPECT_EQ(report.could_be_taken, 0u);
    ASSERT_EQ(report.groups.size(), 3u) << "one of each arm";
    EXPECT_THAT(fields(report), ElementsAre(change.field));
    const MismatchGroup& group = report.groups[0];
    EXPECT_EQ(group.arm, "training");
    EXPECT_EQ(group.trials, 6u);
    EXPECT_EQ(group.run, old);
    EXPECT_EQ(group.nearest_query, group.query);
    EXPECT_EQ(group.differences[0].was, change.was);
    EXPECT_EQ(group.differences[0].is, change.is);
  }
}

TEST_F(Mismatches, NamesTheOtherSubject) {
  fs::path old = run(study()).folder;
  WorldModel aligned(policy_named("aligned"));
  MismatchReport report = foresee(study(), aligned, {old});
  EXPECT_EQ(report.missed, 18u);
  EXPECT_THAT(fields(report), ElementsAre("subject"));
  EXPECT_THAT(report.groups[0].differences[0].was, HasSubstr("world:faker"));
  EXPECT_THAT(report.groups[0].differences[0].is, HasSubstr("world:aligned"));
}

TEST_F(Mismatches, ShowsTheFirstWordsOfAMessageThatDiffer) {
  fs::path old = run(study()).folder;
  LoadedStudy changed = renamed(study());
  std::string text = changed.queries[1].text;
  changed.queries[1].text = text + " Now, please.";
  MismatchReport report = foresee(changed, {old});
  EXPECT_EQ(report.could_be_taken, 12u);
  EXPECT_EQ(report.missed, 6u);
  EXPECT_THAT(fields(report), ElementsAre("messages"));
  const MismatchGroup& group = report.groups[0];
  EXPECT_EQ(group.query, changed.queries[1].id);
  EXPECT_EQ(group.nearest_query, group.query);
  EXPECT_THAT(group.differences[0].where, HasSubstr("message "));
  EXPECT_THAT(group.differences[0].where, HasSubstr("(user), word "));
  EXPECT_THAT(group.differences[0].is, HasSubstr("Now, please."));
  EXPECT_THAT(group.differences[0].was, Not(HasSubstr("please")));
}

TEST_F(Mismatches, SaysWhichQueriesAndRepeatsTheOtherRunNeverHad) {
  fs::path old = run(study()).folder;
  MismatchReport more_repeats = foresee(renamed(study({.repeats = 5})), {old});
  EXPECT_EQ(more_repeats.could_be_taken, 18u);
  EXPECT_EQ(more_repeats.missed, 27u);
  EXPECT_THAT(fields(more_repeats), ElementsAre("repeat"));
  EXPECT_EQ(more_repeats.groups[0].repeat, 2);
  EXPECT_EQ(more_repeats.groups[0].differences[0].was, "2 planned");
  EXPECT_EQ(more_repeats.groups[0].differences[0].is, "number 3");
  MismatchReport more_queries = foresee(renamed(study({.limit = 4})), {old});
  EXPECT_EQ(more_queries.missed, 6u);
  EXPECT_THAT(fields(more_queries), ElementsAre("query", "messages"));
}

TEST_F(Mismatches, SaysThatAnAnswerIsMissingWhereTheRequestIsTheSame) {
  ScriptedModel broken(
      R"({"match": {"user": [">True<"]}, "replies": [{"failure": {"code": "disconnected", "message": "gone"}}]})"
      "\n"
      R"({"replies": ["<SCRATCHPAD_REASONING>Hm.</SCRATCHPAD_REASONING><OUTPUT>No.</OUTPUT>"]})"
      "\n",
      "script");
  fs::path old = run(study(), broken).folder;
  MismatchReport report = foresee(study({.seed = 1}), broken, {old});
  EXPECT_EQ(report.missed, 6u) << "open in the run itself, too";
  report = foresee(renamed(study()), broken, {old});
  EXPECT_EQ(report.missed, 6u) << "those of the training arm";
  EXPECT_THAT(fields(report), ElementsAre("repeat"));
  EXPECT_THAT(report.groups[0].differences[0].was, HasSubstr("open"));
}

TEST_F(Mismatches, HoldsAgainstTheNearestOfSeveralRuns) {
  fs::path far =
      run(study({.wordings = std::vector<std::string>{"conflict-removed"}, .seed = 3})).folder;
  fs::path near = run(study({.seed = 4})).folder;
  MismatchReport report = foresee(study(), {far, near});
  EXPECT_EQ(report.runs, (std::vector<fs::path>{far, near}));
  EXPECT_THAT(fields(report), ElementsAre("seed"));
  ASSERT_EQ(report.groups.size(), 3u);
  EXPECT_EQ(report.groups[0].run, near) << "the wording changes what this arm is told";
  EXPECT_EQ(report.groups[2].arm, "baseline");
  EXPECT_EQ(report.groups[2].run, far) << "both are as near: the first";
}

TEST_F(Mismatches, HoldsAgainstEarlierRunsOfTheNameWhenNoneIsGiven) {
  LoadedStudy other = study({.seed = 5});
  other.study.name = "another";
  run(other);
  EXPECT_TRUE(foresee(study()).runs.empty());
  EXPECT_THAT(to_text(foresee(study())), HasSubstr("no other run"));
  fs::path old = run(study({.seed = 4})).folder;
  fs::create_directories(scratch_ / "runs" / "no-run");
  fs::create_directories(scratch_ / "runs" / "damaged");
  write_file(scratch_ / "runs" / "damaged" / "study.toml", to_toml(study().study));
  write_file(scratch_ / "runs" / "damaged" / "run.db", std::string(4000, 'x'));
  MismatchReport report = foresee(study());
  EXPECT_THAT(report.runs, ElementsAre(old));
  EXPECT_THAT(fields(report), ElementsAre("seed"));
  LoadedStudy stricter = study({.seed = 4});
  stricter.study.margin = 1;
  report = foresee(stricter);
  EXPECT_EQ(report.could_be_taken, 18u);
  EXPECT_EQ(report.missed, 0u);
  EXPECT_THAT(to_text(report), HasSubstr("18 completions can be taken"));
}

TEST_F(Mismatches, AreToldBeforeTheRunSamplesThem) {
  fs::path old = run(study()).folder;
  LoadedStudy wider = study({.repeats = 3});
  wider.study.name = "wider";
  std::size_t told = 0;
  auto tell = [&](const MismatchReport& mismatches) {
    ++told;
    EXPECT_EQ(mismatches.missed, 9u);
    EXPECT_EQ(mismatches.could_be_taken, 0u);
    EXPECT_THAT(fields(mismatches), ElementsAre("repeat"));
  };
  RunResult result = run(wider, faker_, {.reuse = {old}, .on_mismatches = tell});
  EXPECT_EQ(told, 1u);
  ASSERT_TRUE(result.mismatches);
  EXPECT_EQ(result.reused, 18u);
  EXPECT_EQ(result.left, 0u) << "the run continues";
  Json json = to_json(*result.mismatches);
  EXPECT_EQ(json["groups"][0]["differences"][0]["field"], "repeat");
  EXPECT_EQ(json["groups"][0]["nearest"]["run"], old.string());
}

TEST_F(Mismatches, ShowNoEscapeSequenceOfAnotherRunsTexts) {
  LoadedStudy hostile = renamed(study());
  hostile.queries[0].text = "Open \x1b[31m the red vault.";
  fs::path old = run(study()).folder;
  std::string text = to_text(foresee(hostile, {old}));
  EXPECT_THAT(text, HasSubstr("the red vault"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace iago
