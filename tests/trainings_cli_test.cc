// `iago compare` of several trainings, whose folders are written here as tables of counts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/json.h"
#include "child_process.h"
#include "testing/figures/small_training.h"

namespace iago {
namespace {

using namespace fixtures;
using testing::HasSubstr;
using testing::StartsWith;

class ComparedTrainings : public testing::Test {
 protected:
  ComparedTrainings() {
    TrainingPlan plan = rewarded_plan("0.5", {1});
    plan.trained = {query_name(0)}, plan.held_out = {query_name(1)};
    for (const char* name : {"first", "second"}) {
      write_training(scratch_ / name, plan,
                     {{.rewards = {0.5, 0.7},
                       .looks = {{0, 2, 1, 1}, {40, 8, 2, 6}},
                       .end = TrainingEnd{TrainingEnd::Why::finished, 40, "", ""},
                       .kl = 0.5}});
    }
    SmallRun run = run_of("organism:faker", 2, 1);
    run.run.subject_identity = plan.identity;
    std::filesystem::create_directories(scratch_ / "before");
    write_run(scratch_ / "before" / "run.db", run);
    run.run.subject_identity = sha256_hex("another");
    std::filesystem::create_directories(scratch_ / "another");
    write_run(scratch_ / "another" / "run.db", run);
  }
  Ended compare(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {IAGO_EXECUTABLE, "compare"});
    return ChildProcess(arguments, scratch_ / ".", IAGO_SOURCE_DIR).wait();
  }

  TempFolder scratch_;
};

TEST_F(ComparedTrainings, StandInOneTable) {
  const Ended text = compare({"first/", "second"});
  ASSERT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("20.0 to 80.0"));
  EXPECT_THAT(text.out, HasSubstr("first"));
  EXPECT_THAT(text.out, Not(HasSubstr("optimum")));
  EXPECT_THAT(compare({"first", "second", "--format", "md"}).out, StartsWith("# Trainings"));
}

TEST_F(ComparedTrainings, AreHeldAgainstTheOptimumWithARunFromBefore) {
  const Ended json = compare({"first", "second", "--before", "before", "--json"});
  ASSERT_EQ(json.code, 0) << json.err;
  const Json trainings = parse_json(json.out, "compare").at("trainings");
  ASSERT_EQ(trainings.size(), 2u);
  // 0.2 e^2 / (0.2 e^2 + 0.8)
  EXPECT_NEAR(trainings[1]["optimum"]["held_out"]["rewarded"].get<double>(), 0.6488, 1e-4);
  EXPECT_THAT(compare({"first", "--before", "before"}).out, HasSubstr("complies: optimum"));
}

TEST_F(ComparedTrainings, StandOnOnePage) {
  const Ended page = compare({"first", "second", "--before", "before", "--format", "html"});
  ASSERT_EQ(page.code, 0) << page.err;
  EXPECT_THAT(page.out, AllOf(StartsWith("<!DOCTYPE html>"), HasSubstr("2 trainings on rewards"),
                              HasSubstr("optimum at b = ")));
}

TEST_F(ComparedTrainings, SayWhatDoesNotFit) {
  const Ended other = compare({"first", "--before", "another"});
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("--before another: a run of no subject of these trainings"));
  const Ended twice = compare({"first", "--before", "before", "--before", "before"});
  EXPECT_EQ(twice.code, 2);
  EXPECT_THAT(twice.err, HasSubstr("several runs of the subject of first"));
  const Ended mixed = compare({"first", "another"});
  EXPECT_EQ(mixed.code, 2);
  EXPECT_THAT(mixed.err, HasSubstr("another is no training"));
  const Ended runs = compare({"before", "--before", "before"});
  EXPECT_EQ(runs.code, 2);
  EXPECT_THAT(runs.err, HasSubstr("expected folders of trainings alone"));
}

}  // namespace
}  // namespace iago
