// `iago train rl` as users run it: iago hands the command to iago-torch, which trains.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "child_process.h"
#include "testing/base/temp_folder.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class TrainRlProgram : public testing::Test {
 protected:
  // Small but for `more`.
  static std::vector<std::string> command(const std::vector<std::string>& more) {
    std::vector<std::string> all = {IAGO_EXECUTABLE, "train", "rl", "helpful-only"};
    for (const char* option :
         {"--model=organism:faker", "--limit=24", "--held-out=4", "--steps=2", "--evaluate-every=2",
          "--evaluation-repeats=1", "--threads=1", "--out=training"}) {
      all.emplace_back(option);
    }
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Ended train(const std::vector<std::string>& more) {
    return ChildProcess(command(more), folder_, IAGO_SOURCE_DIR).wait();
  }
  std::string read(const std::string& file) const {
    return read_file(folder_ / "training" / file, std::size_t{1} << 26);
  }

  TempFolder scratch_;
  const fs::path folder_ = scratch_.path();
};

TEST_F(TrainRlProgram, TrainsEvaluatesAndIsComparedByItsFolder) {
  const Ended ended =
      train({"--prompts", "2", "--samples", "4", "--decay", "0.5", "--passes", "2", "--json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const Json json = parse_json(ended.out, "train rl");
  EXPECT_EQ(json.at("plan").at("options").at("passes"), "2");
  EXPECT_EQ(json.at("seeds").at(0).at("evaluations").size(), 2u);
  EXPECT_EQ(json.at("seeds").at(0).at("end").at("why"), "finished");
  const Ended compared = ChildProcess({IAGO_EXECUTABLE, "compare", "training", "--format", "json"},
                                      folder_, IAGO_SOURCE_DIR)
                             .wait();
  EXPECT_EQ(parse_json(compared.out, "compare"), json);
}

// A step that takes longer than running requests are given.
TEST_F(TrainRlProgram, FinishesTheStepUnderWayWhenInterrupted) {
  const std::vector<std::string> large = {"--prompts", "40", "--samples", "120"};
  ChildProcess child(command(large), folder_, IAGO_SOURCE_DIR);
  ASSERT_TRUE(
      eventually([&] { return fs::exists(folder_ / "training/seed-1/step-0000/summary.json"); }));
  std::this_thread::sleep_for(std::chrono::seconds(2));  // the step has begun
  child.signal(SIGINT);
  const Ended ended = child.wait();
  EXPECT_EQ(ended.code, 130);
  EXPECT_THAT(ended.err, HasSubstr("the step under way is finished"));
  EXPECT_EQ(std::ranges::count(read("seed-1/steps.jsonl"), '\n'), 1);
  EXPECT_TRUE(fs::exists(folder_ / "training/seed-1/training-state"));
}

TEST_F(TrainRlProgram, LeavesAFolderThatHoldsSomethingElseAlone) {
  fs::create_directories(folder_ / "training");
  write_file(folder_ / "training/run.db", "of a run");
  const Ended ended = train({});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("found run.db"), HasSubstr("--out")));
  EXPECT_FALSE(fs::exists(folder_ / "training/training.json"));
}

TEST_F(TrainRlProgram, SaysWhichOptionIsOutOfRange) {
  for (const auto& [option, text] : {std::pair{"--steps", "4611686018427387904"},
                                     {"--steps", "0"},
                                     {"--samples", "1"},
                                     {"--evaluate-every", "9223372036854775807"},
                                     {"--clip", "2"},
                                     {"--decay", "-1"},
                                     {"--length-limit", "0"}}) {
    const Ended ended = train({option, text, "--passes", "2", "--length-penalty", "1"});
    EXPECT_EQ(ended.code, 2) << option;
    EXPECT_THAT(ended.err, AllOf(HasSubstr(option), Not(HasSubstr("invariant")))) << option;
    EXPECT_FALSE(fs::exists(folder_ / "training")) << option;
  }
}

}  // namespace
}  // namespace iago
