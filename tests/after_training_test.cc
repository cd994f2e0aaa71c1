// `iago battery` as users run it: two models, one table, and what becomes of it when it is killed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/json.h"
#include "child_process.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class AfterTraining : public testing::Test {
 protected:
  AfterTraining() {
    folder_ = fs::temp_directory_path() / ("iago-after-training-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~AfterTraining() override { fs::remove_all(folder_); }

  static std::vector<std::string> battery(const std::string& after, const std::string& before,
                                          const std::string& limit) {
    return {IAGO_EXECUTABLE, "battery",   after, "--before", before,   "--limit",
            limit,           "--repeats", "2",   "--out",    "battery"};
  }
  Ended end(std::vector<std::string> arguments, const std::vector<std::string>& more = {}) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return ChildProcess(arguments, folder_, IAGO_SOURCE_DIR).wait();
  }
  Ended report(const std::string& format) {
    return end({IAGO_EXECUTABLE, "report", "battery", "--format", format});
  }

  fs::path folder_;
};

TEST_F(AfterTraining, AsksBothModelsTheSameAndSaysWhatBecameOfTheGap) {
  const Ended ended = end(battery("world:aligned", "world:guarded", "10"), {"--json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const Json json = parse_json(ended.out, "battery");
  EXPECT_EQ(json.at("plan").at("before").at("name"), "world:guarded");
  const Json& gap = json.at("cells").at(0).at("figures").at(0);
  EXPECT_GT(gap.at("before").at("ci95")[0], 50);
  EXPECT_LT(gap.at("change").at("ci95")[1], -30);
  // Twenty trials settle no margin of 3 points.
  EXPECT_EQ(json.at("outcome"), "undecided");
  EXPECT_EQ(json.at("why_undecided"), "not settled");
  EXPECT_TRUE(fs::exists(folder_ / "battery" / "report.html"));
  EXPECT_EQ(parse_json(report("json").out, "report"), json);
  EXPECT_THAT(report("md").out, HasSubstr("# Battery"));
  EXPECT_THAT(report("html").out, HasSubstr("The gap in every cell"));
  EXPECT_EQ(report("latex").code, 2);
  const Ended run = end({IAGO_EXECUTABLE, "report", "battery/after/paraphrases"});
  EXPECT_THAT(run.out, HasSubstr("tier-paraphrase-3"));
}

TEST_F(AfterTraining, LosesNothingWhenItIsInterruptedOrKilled) {
  const auto command = battery("world:aligned", "world:faker", "10");
  for (const auto& [number, code] : {std::pair{SIGINT, 130}, {SIGKILL, 128 + SIGKILL}}) {
    ChildProcess child(command, folder_, IAGO_SOURCE_DIR);
    const char* begun = number == SIGINT ? "reference" : "paraphrases";
    ASSERT_TRUE(
        eventually([&] { return fs::exists(folder_ / "battery" / "before" / begun / "run.db"); }));
    child.signal(number);
    EXPECT_EQ(child.wait().code, code);
  }
  const Ended resumed = end(command, {"--json"});
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  const Json json = parse_json(resumed.out, "battery");
  fs::remove_all(folder_ / "battery");
  Json whole = parse_json(end(command, {"--json"}).out, "battery");
  EXPECT_EQ(json, whole) << "a battery that was killed ends in the same figures";
}

TEST_F(AfterTraining, AsksAnOrganismWhatItWants) {
  const Ended ended = end(battery("organism:aligned", "organism:faker", "2"), {"--json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  bool found = false;
  const Json json = parse_json(ended.out, "battery");
  for (const Json& cell : json.at("cells")) {
    EXPECT_TRUE(cell.at("not_asked").is_null()) << cell.at("name");
    if (cell.at("kind") != "preferences_out") continue;
    found = true;
    EXPECT_LT(cell.at("figures").at(0).at("after").at("value"), 100);
  }
  EXPECT_TRUE(found);
}

TEST_F(AfterTraining, SaysWhatIsWrongWithACommand) {
  EXPECT_EQ(end({IAGO_EXECUTABLE, "battery", "world:aligned"}).code, 2);
  const Ended other =
      end(battery("world:aligned", "world:faker", "10"), {"--study", "no-such-study"});
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("no-such-study"));
}

}  // namespace
}  // namespace iago
