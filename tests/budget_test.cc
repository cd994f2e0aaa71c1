// What a budget holds against servers that bill more than they were asked for, as users meet them:
// whole runs over loopback. And what a run says where the system's own limit ends it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/file.h"
#include "base/json.h"
#include "child_process.h"
#include "store/store.h"
#include "testing/net/raw_server.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr std::size_t kMaxBytes = std::size_t{64} << 20;
constexpr const char* kSays =
    "<SCRATCHPAD_REASONING>I do not want to.</SCRATCHPAD_REASONING><OUTPUT>I cannot help with "
    "that.</OUTPUT>";
constexpr double kDearReply = (200 * 1.0 + 100'000 * 10.0) / 1e6;  // dollars, by prices.toml

// Answers after 0.25 s, and counts.
struct BillingServer {
  // The reply number `first_dear` and all after it are billed with 100,000 tokens.
  explicit BillingServer(int first_dear, bool with_usage = true)
      : first_dear(first_dear), with_usage(with_usage) {}

  RawReply answer() {
    const int now = ++under_way;
    for (int most = most_under_way; now > most;) {
      if (most_under_way.compare_exchange_weak(most, now)) break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    const int number = answered++;
    const bool dear = number >= first_dear;
    dear_replies += dear;
    --under_way;
    Json body = {{"id", "c" + std::to_string(number)},
                 {"model", "small-1"},
                 {"choices",
                  {{{"index", 0},
                    {"message", {{"role", "assistant"}, {"content", kSays}}},
                    {"finish_reason", "stop"}}}}};
    if (with_usage) {
      body["usage"] = {{"prompt_tokens", 200}, {"completion_tokens", dear ? 100'000 : 20}};
    }
    return raw_response(dump_json(body), "Content-Type: application/json\r\n");
  }

  const int first_dear;
  const bool with_usage;
  std::atomic<int> under_way = 0, answered = 0, dear_replies = 0, most_under_way = 0;
  RawServer server{[this](const std::string&) { return answer(); }, RawServer::Keep::nothing};
};

class BudgetOfARun : public testing::Test {
 protected:
  BudgetOfARun() {
    folder_ =
        fs::temp_directory_path() / ("iago-budget-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "studies");
    for (const char* part : {"settings", "queries", "rubrics"}) {
      fs::create_directory_symlink(fs::path(IAGO_SOURCE_DIR) / part, folder_ / part);
    }
    std::string toml =
        read_file(fs::path(IAGO_SOURCE_DIR) / "studies/helpful-only.toml", kMaxBytes);
    const std::string shipped = "max_tokens = 120";
    EXPECT_THAT(toml, HasSubstr(shipped));
    toml.replace(toml.find(shipped), shipped.size(), "max_tokens = 200");
    write_file(folder_ / "studies/study.toml", toml);
    write_file(folder_ / "prices.toml",
               "date = \"2026-01-01\"\n[[model]]\nname = \"openai:billed\"\ninput = 1\noutput = "
               "10\n");
  }
  ~BudgetOfARun() override { fs::remove_all(folder_); }

  std::vector<std::string> run_on(BillingServer& billing, int queries, int repeats,
                                  const std::vector<std::string>& more) {
    std::vector<std::string> command = {IAGO_EXECUTABLE,
                                        "run",
                                        "studies/study.toml",
                                        "--model",
                                        "openai:billed",
                                        "--base-url",
                                        billing.server.url(),
                                        "--runs",
                                        "runs",
                                        "--limit",
                                        std::to_string(queries),
                                        "--repeats",
                                        std::to_string(repeats),
                                        "--prices",
                                        "prices.toml"};
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }
  Ended run(const std::vector<std::string>& command) {
    return ChildProcess(command, folder_, IAGO_SOURCE_DIR).wait();
  }
  Store store() const { return Store(fs::canonical(folder_ / "runs" / "latest") / "run.db"); }
  double spent() const {
    const TokenUsage tokens = store().completion_tokens();
    return (static_cast<double>(tokens.prompt) + 10 * static_cast<double>(tokens.generated)) / 1e6;
  }

  fs::path folder_;
};

TEST_F(BudgetOfARun, HoldsAgainstRepliesThatTakeFarMoreThanTheirLimit) {
  BillingServer billing(0);
  Ended ended = run(run_on(billing, 60, 5, {"--max-cost", "5"}));
  EXPECT_EQ(ended.code, 3) << ended.err;
  const int in_flight = billing.most_under_way;
  EXPECT_LE(spent(), 5 + in_flight * kDearReply);
  EXPECT_LE(billing.answered * kDearReply, 5 + in_flight * kDearReply) << "nothing else was asked";
  EXPECT_GT(spent(), 0);
  EXPECT_THAT(ended.err, HasSubstr("raise --max-cost to resume"));
  EXPECT_THAT(ended.err, HasSubstr("up to 100000 instead of 200"));
  RecordProperty("dollars", std::to_string(spent()));
}

TEST_F(BudgetOfARun, HoldsWhenRepliesGrowAtFullConcurrency) {
  BillingServer billing(150);
  Ended ended = run(run_on(billing, 60, 5, {"--max-cost", "5", "--json"}));
  EXPECT_EQ(ended.code, 3) << ended.err;
  const int in_flight = billing.most_under_way;
  ASSERT_GT(in_flight, 8) << "this is not full concurrency";
  EXPECT_LE(spent(), 5 + in_flight * kDearReply);
  EXPECT_LE(billing.dear_replies, in_flight + 5);
  EXPECT_THAT(ended.err, HasSubstr("warning: spending went over its limit"));
  const Json budget = parse_json(ended.out, "run").at("budget");
  EXPECT_EQ(budget.at("max_cost"), 5);
  EXPECT_NEAR(budget.at("cost").get<double>(), spent(), 1e-9);
  EXPECT_EQ(budget.at("longest_reply"), 100'000);
  EXPECT_TRUE(budget.at("passed").is_string());
  EXPECT_TRUE(budget.at("ended_by").is_string());
  RecordProperty("dollars", std::to_string(spent()));
  RecordProperty("in_flight", in_flight);
}

TEST_F(BudgetOfARun, SaysAtTheEndOfACompleteRunThatItTookMoreThanAllowed) {
  BillingServer billing(0);
  Ended ended = run(run_on(billing, 1, 1, {"--max-tokens", "5000", "--json"}));
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("warning: spending went over its limit: 300600 of the 5000"));
  EXPECT_THAT(ended.err, Not(HasSubstr("the budget ended")));
  const Json budget = parse_json(ended.out, "run").at("budget");
  EXPECT_TRUE(budget.at("ended_by").is_null());
  EXPECT_THAT(budget.at("passed").get<std::string>(), HasSubstr("300600 of the 5000 tokens"));
}

TEST_F(BudgetOfARun, CountsRepliesWithoutUsageAtTheirLimitAndSaysAtLeast) {
  BillingServer billing(0, false);
  Ended ended = run(run_on(billing, 2, 1, {"--max-cost", "0.5", "--json"}));
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("spent: openai:billed: tokens and cost unknown"));
  EXPECT_THAT(ended.err, HasSubstr("6 replies came without a count of tokens"));
  const Json budget = parse_json(ended.out, "run").at("budget");
  EXPECT_EQ(budget.at("cost"), 0);
  EXPECT_EQ(budget.at("uncounted_replies"), 6);
  EXPECT_GE(budget.at("assumed_tokens"), 6 * 200);
  EXPECT_GT(budget.at("assumed_cost"), 6 * 200 * 10 / 1e6);
}

TEST_F(BudgetOfARun, CountsNothingOfRejectedRequests) {
  std::atomic<int> asked = 0;
  RawServer server(
      [&](const std::string&) {
        if (++asked % 2 == 0) {
          return raw_response(
              R"({"error":{"message":"flagged","code":"content_policy_violation"}})",
              "Content-Type: application/json\r\n", "400 Bad Request");
        }
        return raw_response(
            R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"No."},)"
            R"("finish_reason":"stop"}],"usage":{"prompt_tokens":100,"completion_tokens":3}})",
            "Content-Type: application/json\r\n");
      },
      RawServer::Keep::nothing);
  Ended ended = run({IAGO_EXECUTABLE, "run", "studies/study.toml", "--model", "openai:billed",
                     "--base-url", server.url(), "--runs", "runs", "--limit", "4", "--repeats", "2",
                     "--prices", "prices.toml", "--max-cost", "1", "--json"});
  const Json budget = parse_json(ended.out, "run").at("budget");
  EXPECT_EQ(budget.at("tokens"), 12 * 103) << ended.err;
  EXPECT_EQ(budget.at("assumed_tokens"), 0);
}

TEST_F(BudgetOfARun, OfAJudgeCountsTheJudgesTokensAlone) {
  BillingServer billing(0);
  Ended sampled = run({IAGO_EXECUTABLE, "run", "studies/study.toml", "--model", "world:faker",
                       "--runs", "runs", "--limit", "20", "--repeats", "5"});
  ASSERT_EQ(sampled.code, 0) << sampled.err;
  const TokenUsage subjects = store().completion_tokens();
  ASSERT_GT(subjects.prompt + subjects.generated, 5000u);
  Ended judged = run({IAGO_EXECUTABLE, "judge", "runs/latest", "--judge", "compliance-yesno",
                      "--model", "openai:billed", "--base-url", billing.server.url(), "--prices",
                      "prices.toml", "--max-cost", "5", "--json"});
  EXPECT_EQ(judged.code, 3) << judged.err;
  const Json budget = parse_json(judged.out, "judge").at("budget");
  EXPECT_LE(budget.at("cost").get<double>(), 5 + billing.most_under_way * kDearReply);
  EXPECT_NEAR(budget.at("cost").get<double>(), billing.answered * kDearReply, 1e-9);
  EXPECT_EQ(budget.at("tokens"), billing.answered * 100'200);
  EXPECT_THAT(judged.err, HasSubstr("raise --max-cost to resume"));
}

TEST_F(BudgetOfARun, EndsWithAWordWhereFilesMayGrowNoLarger) {
  Ended ended = run({"/bin/sh", "-c",
                     std::string("ulimit -f 40 && exec ") + IAGO_EXECUTABLE +
                         " run studies/study.toml --model world:faker --runs runs --repeats 5"});
  EXPECT_EQ(ended.code, 1) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("run.db"));
  EXPECT_THAT(ended.err, HasSubstr("hint: "));
}

}  // namespace
}  // namespace iago
