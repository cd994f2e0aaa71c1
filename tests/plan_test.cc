// `iago plan` on models behind a URL: what it says of limits and time, what it sends for that, and
// what a run says of the limits that it met. The server is scripted here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "child_process.h"
#include "net/http_server.h"
#include "testing/store/small_rows.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Says the same to everything, by OpenAI's protocol and Anthropic's in one, with the headers that
// it is given.
class SmallHttpServer {
 public:
  explicit SmallHttpServer(HttpFields headers = {}) : headers_(std::move(headers)) {}

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()) + "/v1"; }
  std::vector<Json> asked() const {
    std::lock_guard lock(mutex_);
    return asked_;
  }
  // Every request is answered so, from now on (0: as ever).
  void fail_all(int status) { failing_ = status; }
  // So many are refused first.
  void refuse_first(int count) { refusals_ = count; }

 private:
  void answer(const ServedRequest& request, HttpResponder& answer) {
    {
      std::lock_guard lock(mutex_);
      asked_.push_back(parse_json(request.body, "request"));
    }
    HttpFields headers = headers_;
    headers.push_back({"content-type", "application/json"});
    if (failing_ != 0) {
      return answer.respond(failing_, headers, R"({"error": {"message": "not with this key"}})");
    }
    if (refusals_.fetch_sub(1) > 0) {
      headers.push_back({"retry-after-ms", "1"});
      return answer.respond(429, headers, R"({"error": {"message": "slow down"}})");
    }
    answer.respond(
        200, headers,
        dump_json({{"id", "c"},
                   {"model", "small-1"},
                   {"choices",
                    {{{"index", 0}, {"message", {{"content", kSays}}}, {"finish_reason", "stop"}}}},
                   {"content", {{{"type", "text"}, {"text", kSays}}}},
                   {"stop_reason", "end_turn"},
                   {"usage", {{"prompt_tokens", 70}, {"completion_tokens", 1}}}}));
  }

  static constexpr const char* kSays =
      "<SCRATCHPAD_REASONING>Hm.</SCRATCHPAD_REASONING><OUTPUT>I will not open it.</OUTPUT>";
  const HttpFields headers_;
  std::atomic<int> failing_ = 0, refusals_ = 0;
  mutable std::mutex mutex_;
  std::vector<Json> asked_;
  HttpServer server_{{}, [this](ServedRequest request, std::shared_ptr<HttpResponder> answer) {
                       this->answer(request, *answer);
                     }};
};

HttpFields limits_of(int requests, int tokens) {
  return {{"x-ratelimit-limit-requests", std::to_string(requests)},
          {"x-ratelimit-remaining-requests", std::to_string(requests - 1)},
          {"x-ratelimit-reset-requests", "60ms"},
          {"x-ratelimit-limit-tokens", std::to_string(tokens)},
          {"x-ratelimit-remaining-tokens", std::to_string(tokens - 100)},
          {"x-ratelimit-reset-tokens", "60ms"}};
}

class Planning : public testing::Test {
 protected:
  Ended iago(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), IAGO_EXECUTABLE);
    return ChildProcess(arguments, scratch_.path(), IAGO_SOURCE_DIR).wait();
  }
  // 40 queries, 3 arms, 10 repeats: 1,200 requests.
  static std::vector<std::string> on(const SmallHttpServer& server, const std::string& command,
                                     const std::vector<std::string>& more = {},
                                     const std::string& repeats = "10",
                                     const std::string& model = "openai:small") {
    std::vector<std::string> arguments = {command,      kStudy,      "--model",   model,
                                          "--limit",    "40",        "--repeats", repeats,
                                          "--base-url", server.url()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  Json plan(const SmallHttpServer& server, std::vector<std::string> more = {}) {
    more.push_back("--json");
    const Ended ended = iago(on(server, "plan", more));
    EXPECT_EQ(ended.code, 0) << ended.err;
    return parse_json(ended.out, "plan");
  }

  static inline const std::string kStudy =
      std::string(IAGO_SOURCE_DIR) + "/studies/helpful-only.toml";
  TempFolder scratch_;
};

TEST_F(Planning, SendsNothingUnlessItIsAskedToAndSaysHow) {
  SmallHttpServer server(limits_of(100, 1'000'000));
  const Ended text = iago(on(server, "plan"));
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("time: unknown; --probe"));
  const Json json = plan(server);
  EXPECT_TRUE(json.at("seconds").is_null());
  EXPECT_TRUE(json.at("seconds_basis").is_null());
  EXPECT_TRUE(json.at("probe").is_null());
  EXPECT_THAT(json.at("limits"), IsEmpty());
  EXPECT_THAT(server.asked(), IsEmpty());
  const Ended wrong = iago(on(server, "run", {"--probe"}));
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("--dry-run"));
  EXPECT_THAT(server.asked(), IsEmpty());
}

TEST_F(Planning, AsksForOneTokenAndTellsWhatTheLimitsMakeOfTheStudy) {
  SmallHttpServer server(limits_of(100, 10'000'000));
  const Json json = plan(server, {"--probe"});
  const std::vector<Json> asked = server.asked();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].at("max_tokens"), 1);
  // It is one of the study's own requests.
  EXPECT_EQ(asked[0].at("messages").front().at("content"),
            json.at("prompts")[0].at("messages")[0].at("text"));
  ASSERT_EQ(json.at("limits").size(), 2u);
  EXPECT_EQ(json.at("limits")[0].at("model"), "openai:small");
  EXPECT_EQ(json.at("limits")[0].at("kind"), "requests");
  EXPECT_NEAR(json.at("limits")[0].at("per_minute"), 100, 1e-9);
  EXPECT_EQ(json.at("limits")[1].at("kind"), "tokens");
  EXPECT_NEAR(json.at("limits")[1].at("per_minute"), 10'000'000, 1e-3);
  // 100 go at once, the other 1,100 as 100 a minute come in.
  EXPECT_NEAR(json.at("seconds"), 660, 1e-6);
  EXPECT_EQ(json.at("seconds_basis"), "limits");
  EXPECT_EQ(json.at("probe").at("requests"), 1);
  EXPECT_EQ(json.at("probe").at("prompt_tokens"), 70);
  EXPECT_EQ(json.at("probe").at("generated_tokens"), 1);

  const Ended text = iago(on(server, "run", {"--dry-run", "--probe"}));
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("sent 1 request to learn the limits: 70 prompt tokens"));
  EXPECT_THAT(text.out,
              HasSubstr("openai:small: limits 100 requests and 10,000,000 tokens a minute"));
  EXPECT_THAT(text.out,
              HasSubstr("time: at least 11:00, because of the limit on requests of openai:small"));
  EXPECT_THAT(text.out, Not(HasSubstr("unknown")));
  EXPECT_EQ(server.asked().size(), 2u);
  // Samples that are asked for together are one request: 240 of them.
  EXPECT_NEAR(plan(server, {"--probe", "--samples-per-request", "5"}).at("seconds"), 84, 1e-6);
  // Anthropic's protocol knows no such thing.
  const auto anthropic = on(server, "plan", {"--probe", "--samples-per-request", "5", "--json"},
                            "10", "anthropic:small");
  EXPECT_NEAR(parse_json(iago(anthropic).out, "plan").at("seconds"), 660, 1e-6);
  EXPECT_FALSE(fs::exists(scratch_ / "runs")) << "a plan leaves no run behind";
}

TEST_F(Planning, CountsTokensAsTheClientDoes) {
  SmallHttpServer server(limits_of(1'000'000, 60'000));
  const Json json = plan(server, {"--probe"});
  const Json& asked = json.at("models")[0];
  // A reply counts by its limit, 120 tokens; a prompt by its bytes, and one token more.
  EXPECT_EQ(asked.at("generated_tokens_at_most"), 1200 * 120);
  const double tokens = asked.at("prompt_tokens").get<double>() + 1200 + 1200 * 120;
  EXPECT_NEAR(json.at("seconds"), (tokens - 60'000) / 1000, 0.01);
}

TEST_F(Planning, IsModestWhereTheServerStatesNoLimits) {
  SmallHttpServer server;
  const Json json = plan(server, {"--probe"});
  EXPECT_THAT(json.at("limits"), IsEmpty());
  EXPECT_EQ(json.at("seconds_basis"), "latency");
  EXPECT_GT(json.at("seconds"), 0);
  const Ended text = iago(on(server, "plan", {"--probe"}));
  EXPECT_THAT(text.out, HasSubstr("the server states no limits"));
  EXPECT_THAT(text.out, HasSubstr("time: at least about"));
}

TEST_F(Planning, ProbesTheJudgesModelToo) {
  SmallHttpServer server(limits_of(10'000, 100'000'000)), judge(limits_of(50, 100'000'000));
  std::string study = read_file(kStudy, 1 << 20);
  const std::string judges = R"("compliance-rules")";
  ASSERT_THAT(study, HasSubstr(judges));
  study.replace(study.find(judges), judges.size(), R"("compliance-yesno@openai:grader")");
  for (const char* part : {"settings", "queries"}) {
    fs::create_directory_symlink(fs::path(IAGO_SOURCE_DIR) / part, scratch_ / part);
  }
  fs::create_directories(scratch_ / "studies");
  write_file(scratch_ / "studies/judged.toml", study);
  auto arguments = on(server, "plan", {"--probe", "--json", "--judge-base-url", judge.url()});
  arguments[1] = "studies/judged.toml";
  const Ended ended = iago(arguments);
  ASSERT_EQ(ended.code, 0) << ended.err;
  const Json json = parse_json(ended.out, "plan");
  EXPECT_EQ(server.asked().size(), 1u);
  ASSERT_EQ(judge.asked().size(), 1u);
  EXPECT_EQ(judge.asked()[0].at("max_tokens"), 1);
  EXPECT_EQ(judge.asked()[0].at("model"), "grader");
  EXPECT_EQ(json.at("limits").size(), 4u);
  EXPECT_EQ(json.at("probe").at("requests"), 2);
  // The judge's requests take longest: one for each completion, and 50 a minute.
  EXPECT_NEAR(json.at("seconds"), (1200 - 50) * 60.0 / 50, 1e-6);
}

TEST_F(Planning, SaysWhatAProbeMetAndKeepsToABudget) {
  SmallHttpServer server(limits_of(100, 1'000'000));
  const Ended poor = iago(on(server, "plan", {"--probe", "--max-tokens", "5"}));
  EXPECT_NE(poor.code, 0) << poor.out;
  EXPECT_THAT(poor.err, HasSubstr("openai:small"));
  EXPECT_THAT(server.asked(), IsEmpty());
  server.fail_all(401);
  const Ended refused = iago(on(server, "plan", {"--probe"}));
  EXPECT_EQ(refused.code, 2) << refused.out;
  EXPECT_THAT(refused.err, AllOf(HasSubstr("openai:small"), HasSubstr("not with this key")));
}

TEST_F(Planning, GoesByThePaceOfAnotherRunOfTheSubjectAndNamesIt) {
  SmallHttpServer server;
  const Ended run = iago(on(server, "run", {}, "1"));
  // Every answer is the same refusal: nothing about which faking could be told.
  ASSERT_EQ(run.code, 0) << run.err;
  const fs::path folder = fs::canonical(scratch_ / "runs" / "latest");
  const Json summary = parse_json(read_file(folder / "summary.json", 1 << 20), "summary");
  const double per_second = 120 / summary.at("timing").at("sampling_s").get<double>();
  const std::size_t asked = server.asked().size();

  const Json other = plan(server, {"--seed", "2"});
  EXPECT_EQ(other.at("seconds_basis"), "run " + folder.filename().string());
  EXPECT_NEAR(other.at("seconds"), 1200 / per_second, 0.02 * 1200 / per_second);
  EXPECT_THAT(iago(on(server, "plan", {"--seed", "2"})).out,
              HasSubstr("at the pace of run " + folder.filename().string()));
  EXPECT_EQ(plan(server).at("seconds_basis"), "earlier sessions");
  EXPECT_EQ(server.asked().size(), asked) << "a plan without --probe asks nothing";
  // The same model at another address of its server is the same subject.
  SmallHttpServer elsewhere;
  EXPECT_EQ(plan(elsewhere, {"--seed", "2"}).at("seconds_basis"),
            "run " + folder.filename().string());
  EXPECT_TRUE(plan(elsewhere, {"--extra-body", R"({"odd": 1})"}).at("seconds").is_null());
}

TEST_F(Planning, ARunSaysAtItsEndHowOftenItsServerWasInTheWay) {
  SmallHttpServer server;
  server.refuse_first(3);
  const Ended run = iago(on(server, "run", {}, "1"));
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("subject openai:small: 3 retries, 3 refusals (429)"));
  const Ended calm = iago(on(server, "run", {}, "2"));
  ASSERT_EQ(calm.code, 0) << calm.err;
  EXPECT_THAT(calm.err, Not(HasSubstr("retries")));
}

}  // namespace
}  // namespace iago
