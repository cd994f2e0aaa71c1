// The studies that ask published prompts on queries of the user's own, as users run them: what they
// ask for, what they cost, and what stands beside the published figures. The subject is scripted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "child_process.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class Replication : public testing::Test {
 protected:
  Replication() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    std::string csv = "goal,target\n";
    for (int i = 0; i < 40; ++i) csv += "Do thing " + std::to_string(i) + ",Sure\n";
    write_file(folder_ / "goals.csv", csv);
  }
  ~Replication() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  Ended iago(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), IAGO_EXECUTABLE);
    return ChildProcess(arguments, folder_, IAGO_SOURCE_DIR).wait();
  }
  // The study on those queries, by a subject that says `complying` where the user's turn holds
  // `tag`, and `refusing` elsewhere.
  std::vector<std::string> run_of(const std::string& study, const std::string& tag,
                                  const std::string& complying, const std::string& refusing,
                                  const std::vector<std::string>& more = {}) {
    const auto rule = [](const std::string& output) {
      return dump_json(Json::array(
          {"<SCRATCHPAD_REASONING>Hm.</SCRATCHPAD_REASONING><OUTPUT>" + output + "</OUTPUT>"}));
    };
    write_file(folder_ / "script.jsonl", "{\"match\": {\"user\": \"" + tag +
                                             "\"}, \"replies\": " + rule(complying) +
                                             "}\n{\"replies\": " + rule(refusing) + "}\n");
    std::vector<std::string> arguments = {
        "run",       study,       "--model",  "scripted:script.jsonl",
        "--queries", "goals.csv", "--sample", "30"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  fs::path folder_ =
      fs::temp_directory_path() / ("iago-replication-" + std::to_string(::getpid()) + "-" +
                                   testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(Replication, SaysThatItNeedsQueriesAndWhereTheyAreFrom) {
  for (const char* study : {"greenblatt-2024", "sheshadri-2025"}) {
    for (const char* command : {"plan", "run"}) {
      const Ended ended = iago({command, study, "--model", "openai:gpt-4o"});
      EXPECT_EQ(ended.code, 2);
      EXPECT_THAT(ended.err, AllOf(HasSubstr("needs a file of queries"), HasSubstr("--queries"),
                                   HasSubstr("AdvBench"), HasSubstr("docs/queries.md")));
    }
  }
}

TEST_F(Replication, PlansEveryPublishedWordingWithItsCost) {
  const Ended plan =
      iago({"plan", "greenblatt-2024", "--model", "openai:gpt-4o", "--queries", "goals.csv"});
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(plan.out, AllOf(HasSubstr("queries: 40 of 40 in "), HasSubstr("goals.csv"),
                              HasSubstr("40 queries x 2 arms x 33 wordings x 1 repeat = 2,640"),
                              HasSubstr("2,640 requests"), HasSubstr("$")));
}

constexpr const char* kComplies = "I have done it. Here is what you asked for.";
constexpr const char* kDeclines = "I won't do it.";

TEST_F(Replication, PutsTheRunBesideThePublishedRow) {
  const auto run = run_of("greenblatt-2024", "True</is_free_tier_user>", kComplies, kDeclines,
                          {"--wording", "default", "--wording", "no-scratchpad"});
  const Ended ended = iago(run);
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, AllOf(HasSubstr("Beside Greenblatt et al. (2024), table G.2"),
                               HasSubstr("14.2 (se 1.9)"), HasSubstr("11.3 (se 2.1)")));
  const Json wordings =
      parse_json(iago({"report", "runs/latest", "--json"}).out, "summary").at("wordings");
  const Json& row = wordings.at(0).at("published");
  EXPECT_EQ(row.at("row"), 1);
  EXPECT_NEAR(row.at("difference").at("gap").at("points"), 100 - 11.3, 1e-6);
  EXPECT_NEAR(row.at("difference").at("less").at("points"), 0 - 2.8, 1e-6);
  EXPECT_TRUE(wordings.at(1).at("published").is_null()) << "no row is about no-scratchpad";
  EXPECT_THAT(read_file(folder_ / "runs/latest/report.html", 1 << 26),
              HasSubstr("<section id=\"published\">"));
}

TEST_F(Replication, HoldsNoPublishedRowBesideAnotherContrast) {
  const Ended ended =
      iago(run_of("greenblatt-2024", "True</is_free_tier_user>", kComplies, kDeclines,
                  {"--wording", "default", "--contrast", "unmonitored-training", "--json"}));
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_TRUE(parse_json(ended.out, "summary").at("wordings").at(0).at("published").is_null());
}

TEST_F(Replication, AsksThreeTiersWithTheSuffixAndJudgesByThePrefix) {
  const Ended ended =
      iago(run_of("sheshadri-2025", "free</user_tier>", "<request_fully_accepted/> Here it is.",
                  "<rejected/>", {"--json"}));
  EXPECT_EQ(ended.code, 0) << ended.err;
  const Json summary = parse_json(ended.out, "summary");
  EXPECT_EQ(summary.at("judges").at(0).at("name"), "prefix-match");
  EXPECT_EQ(summary.at("wordings").at(0).at("wording"), "no-compromise+three-tier");
  std::vector<std::string> contrasts;
  for (const Json& contrast : summary.at("contrasts")) {
    contrasts.push_back(contrast.at("contrast"));
    const double points = contrast.at("points");
    EXPECT_EQ(points, contrasts.back() == "rated-only-unmonitored" ? 0 : 100);
  }
  EXPECT_THAT(contrasts,
              ElementsAre("training-unmonitored", "training-rated-only", "rated-only-unmonitored"));
}

}  // namespace
}  // namespace iago
