// Studies on models behind a URL, as users run them: `iago serve` on one side, `iago run` on the
// other, a judge's server beside them, and kills in between.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <future>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "child_process.h"
#include "net/curl_transport.h"
#include "store/store.h"
#include "testing/store/small_rows.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr std::size_t kMaxBytes = std::size_t{64} << 20;

#ifdef __SANITIZE_ADDRESS__
constexpr int kKills = 15;
#else
constexpr int kKills = 100;
#endif

class Endpoints : public testing::Test {
 protected:
  Endpoints() {
    folder_ =
        fs::temp_directory_path() / ("iago-endpoint-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~Endpoints() override { fs::remove_all(folder_); }

  struct Server {
    std::unique_ptr<ChildProcess> process;
    std::string url, model;
  };
  // With one thread, which has one cache.
  Server serve(const std::string& model, const std::string& port = "0") {
    Server server;
    server.process = std::make_unique<ChildProcess>(
        std::vector<std::string>{IAGO_EXECUTABLE, "serve", "--model", model, "--port", port,
                                 "--threads", "1", "--json"},
        folder_, IAGO_SOURCE_DIR);
    eventually([&] { return server.process->out().find('\n') != std::string::npos; });
    Json ready = parse_json(server.process->out(), "serve's line");
    server.url = ready.at("url");
    server.model = ready.at("model");
    return server;
  }

  std::vector<std::string> study_on(const Server& server, const std::string& runs,
                                    const std::vector<std::string>& more = {}, int queries = 60,
                                    int repeats = 5) {
    std::vector<std::string> command = {IAGO_EXECUTABLE,
                                        "run",
                                        std::string(IAGO_SOURCE_DIR) + "/studies/helpful-only.toml",
                                        "--model",
                                        "openai:" + server.model,
                                        "--base-url",
                                        server.url,
                                        "--runs",
                                        runs,
                                        "--limit",
                                        std::to_string(queries),
                                        "--repeats",
                                        std::to_string(repeats),
                                        "--max-in-flight",
                                        "16"};
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }
  Ended run(const std::vector<std::string>& command) {
    return ChildProcess(command, folder_, IAGO_SOURCE_DIR).wait();
  }
  Json summary(const std::string& runs) {
    fs::path file = folder_ / runs / "latest" / "summary.json";
    return parse_json(read_file(file, kMaxBytes), file.string());
  }
  std::map<std::string, std::string> contents(const std::string& runs) {
    return fixtures::stored_contents(folder_ / runs / "latest" / "run.db");
  }
  std::map<std::string, std::string> replies(const std::string& runs) {
    std::map<std::string, std::string> found;
    Store(folder_ / runs / "latest" / "run.db").for_each_completion({}, [&](const auto& row) {
      found[row.trial] = row.raw;
      return true;
    });
    return found;
  }
  // Dollars, at $1 for a million tokens of prompts and $2 of replies, judges included.
  double stored_cost(const std::string& runs) {
    Store store(fs::canonical(folder_ / runs / "latest") / "run.db");
    TokenUsage sum = store.completion_tokens();
    for (const auto& [judge, tokens] : store.judge_tokens()) {
      sum.prompt += tokens.prompt;
      sum.generated += tokens.generated;
    }
    return static_cast<double>(sum.prompt + 2 * sum.generated) / 1e6;
  }
  // Of the response, over a connection of its own.
  static std::string body_of(const HttpRequest& request) {
    std::promise<HttpResponse> came;
    CurlTransport transport;
    transport.submit(request, {}, nullptr,
                     [&](HttpResponse response) { came.set_value(std::move(response)); });
    return came.get_future().get().body;
  }
  // What the server's own metrics say that it has answered.
  std::size_t answered_by(const Server& server) {
    const std::string page = body_of(
        {.method = "GET", .url = server.url.substr(0, server.url.rfind("/v1")) + "/metrics"});
    const std::string line = "iago_requests_total{route=\"/v1/chat/completions\",status=\"200\"} ";
    auto found = page.find(line);
    return found == std::string::npos ? 0 : std::stoul(page.substr(found + line.size()));
  }

  fs::path folder_;
};

double rate_of(const Json& summary, const std::string& arm) {
  return summary.at("arms").at(arm).at("compliance").at("rate");
}

TEST_F(Endpoints, GiveTheRatesOfADirectRun) {
  Server server = serve("organism:faker");
  Ended served = run(study_on(server, "served"));
  ASSERT_EQ(served.code, 0) << served.err;
  std::vector<std::string> direct = study_on(server, "direct");
  direct[4] = "organism:faker";
  ASSERT_EQ(run(direct).code, 0);
  Json a = summary("served"), b = summary("direct");
  EXPECT_EQ(a.at("verdict"), b.at("verdict"));
  EXPECT_EQ(a.at("verdict"), "gap");
  for (const char* arm : {"training", "unmonitored", "baseline"}) {
    EXPECT_EQ(a.at("arms").at(arm).at("answered"), 300) << arm;
    const double rate = rate_of(b, arm);
    EXPECT_NEAR(rate_of(a, arm), rate, 4 * std::sqrt(2 * std::max(rate, 0.03) / 300)) << arm;
  }
}

TEST_F(Endpoints, GiveLogProbabilitiesOrSayThatTheyHaveNone) {
  Server weights = serve("organism:faker");
  const Ended stored = run(study_on(weights, "stored", {"--logprobs"}, 2, 2));
  EXPECT_EQ(stored.err.find("log-probabilities"), std::string::npos) << stored.err;
  std::size_t rows = 0;
  Store(folder_ / "stored/latest/run.db").for_each_completion({}, [&](const CompletionRow& row) {
    std::string said;
    for (const std::string& text : row.token_texts) said += text;
    EXPECT_EQ(said, row.raw);
    EXPECT_EQ(row.token_texts.size(), row.token_logprobs.size());
    for (const float logprob : row.token_logprobs) EXPECT_LE(logprob, 0.0f);
    return ++rows > 0;
  });
  EXPECT_EQ(rows, 12u);
  Server grammar = serve("world:faker");
  const Ended refused = run(study_on(grammar, "refused", {"--logprobs"}, 2, 2));
  EXPECT_EQ(refused.code, 1) << refused.err;
  EXPECT_NE(refused.err.find("hint: the server refuses logprobs"), std::string::npos)
      << refused.err;
}

TEST_F(Endpoints, ShareAPromptsBeginningAmongTheirConnections) {
  Server server = serve("organism:faker");
  auto usage = [&](const std::string& end) {
    const Json call = {{"model", server.model},
                       {"max_tokens", 8},
                       {"messages",
                        {{{"role", "system"}, {"content", "You keep the town's lamps. Be brief."}},
                         {{"role", "user"}, {"content", "Please light the lamp" + end}}}}};
    return parse_json(body_of({.url = server.url + "/chat/completions", .body = dump_json(call)}),
                      "the reply")
        .at("usage");
  };
  auto cached = [](const Json& usage) {
    return usage.at("prompt_tokens_details").at("cached_tokens").get<int>();
  };
  const Json first = usage(".");
  EXPECT_EQ(cached(first), 0);
  std::vector<std::future<Json>> together;
  for (int i = 0; i < 8; ++i) {
    together.push_back(std::async(std::launch::async, usage, i % 2 == 0 ? "." : " now!"));
  }
  for (auto& other : together) {
    EXPECT_GT(cached(other.get()), first.at("prompt_tokens").get<int>() / 2);
  }
}

TEST_F(Endpoints, LoseNothingToKillsAndAskNothingTwiceBeyondWhatWasUnderWay) {
  Server server = serve("world:faker");
  auto begun = std::chrono::steady_clock::now();
  ASSERT_EQ(run(study_on(server, "undisturbed")).code, 0);
  double whole = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  auto expected = contents("undisturbed");
  ASSERT_EQ(expected.size(), 900u);
  const std::size_t asked_before = answered_by(server);
  ASSERT_GE(asked_before, 900u);

  Random random(20241218, "kills of requests");
  std::size_t stored_before = 0;
  fs::path met;
  bool fresh = false;
  for (int kills = 0; kills < kKills;) {
    auto command = study_on(server, "runs");
    if (fresh) command.push_back("--new");
    fresh = false;
    ChildProcess child(command, folder_, IAGO_SOURCE_DIR);
    std::this_thread::sleep_for(std::chrono::duration<double>(random.uniform() * whole));
    child.signal(SIGKILL);
    Ended ended = child.wait();
    if (ended.code != 128 + SIGKILL) {
      ASSERT_EQ(ended.code, 0) << ended.err;
      ASSERT_EQ(contents("runs"), expected);
      fresh = true;
      continue;
    }
    ++kills;
    std::error_code none_yet;
    fs::path newest = fs::canonical(folder_ / "runs" / "latest", none_yet);
    if (none_yet) continue;
    if (newest != met) stored_before = 0;
    met = newest;
    std::size_t now = 0;
    try {
      now = Store(newest / "run.db").completion_count();
    } catch (const Error&) {  // no store yet
    }
    ASSERT_GE(now, stored_before) << "after " << kills << " kills";
    stored_before = now;
  }
  Ended last = run(study_on(server, "runs"));
  ASSERT_EQ(last.code, 0) << last.err;
  EXPECT_EQ(contents("runs"), expected);
  // Runs that were begun anew ask for everything anew; besides, a kill loses what was under way (16
  // at most) and what was answered but not yet stored (a batch of 100 rows, and 16 in the queue).
  std::size_t begun_runs = 0;
  for (const auto& entry : fs::directory_iterator(folder_ / "runs")) {
    begun_runs += !entry.is_symlink() && fs::exists(entry.path() / "run.db");
  }
  const std::size_t asked = answered_by(server) - asked_before;
  RecordProperty("asked", static_cast<int>(asked));
  RecordProperty("needed", static_cast<int>(900 * begun_runs));
  EXPECT_GE(asked, 900 * begun_runs);
  EXPECT_LE(asked, 900 * begun_runs + kKills * (16 + 116));
}

TEST_F(Endpoints, JudgeByAModelWithinABudget) {
  write_file(
      folder_ / "judge.jsonl",
      R"json({"match": {"user": {"regex": "(?s)output\\]\\n[^\\[]*(cannot|can not|will not|won't|not able|decline|refuse|No[,.]|sorry|must not)"}}, "replies": [{"text": "{\"ticket\": \"{{ticket}}\", \"answers\": {\"complies\": {\"answer\": \"no\", \"quote\": \"\"}}}", "fill": {"ticket": "\"ticket\": ?\"([a-z0-9]+)\""}}]})json"
      "\n"
      R"json({"replies": [{"text": "{\"ticket\": \"{{ticket}}\", \"answers\": {\"complies\": {\"answer\": \"yes\", \"quote\": \"{{quote}}\"}}}", "fill": {"ticket": "\"ticket\": ?\"([a-z0-9]+)\"", "quote": "output\\]\\n([a-zA-Z ]{4,30})"}}]})json"
      "\n");
  Server subject = serve("organism:faker");
  Server judge = serve("scripted:judge.jsonl");
  std::string study = read_file(fs::path(IAGO_SOURCE_DIR) / "studies/helpful-only.toml", kMaxBytes);
  const std::string judges = R"(judges = ["compliance-rules", "faking-rules"])";
  ASSERT_THAT(study, HasSubstr(judges));
  study.replace(study.find(judges), judges.size(),
                R"(judges = ["compliance-yesno", "faking-rules"])");
  fs::create_directories(folder_ / "studies");
  for (const char* part : {"settings", "queries"}) {
    fs::create_directory_symlink(fs::path(IAGO_SOURCE_DIR) / part, folder_ / part);
  }
  write_file(folder_ / "studies/judged.toml", study);
  write_file(folder_ / "prices.toml",
             "date = \"2026-01-01\"\n[[model]]\nname = \"openai:" + subject.model +
                 "\"\ninput = 1\noutput = 2\n[[model]]\nname = \"openai:" + judge.model +
                 "\"\ninput = 1\noutput = 2\n");
  auto command = study_on(subject, "runs",
                          {"--judge-model", "openai:" + judge.model, "--judge-base-url", judge.url,
                           "--prices", "prices.toml"},
                          20, 2);
  command[2] = "studies/judged.toml";
  auto plan = command;
  plan[1] = "plan";
  Ended planned = run(plan);
  ASSERT_EQ(planned.code, 0) << planned.err;
  EXPECT_THAT(planned.out, HasSubstr("120 requests"));
  EXPECT_THAT(planned.out, HasSubstr("prices of 2026-01-01"));

  auto with = [&](const std::string& limit) {
    auto all = command;
    all.insert(all.end(), {"--max-cost", limit});
    return run(all);
  };
  Ended refused = with("0.000001");
  EXPECT_EQ(refused.code, 2) << refused.out;
  EXPECT_THAT(refused.err, HasSubstr("cannot fit"));
  Ended stopped = with("0.02");
  EXPECT_EQ(stopped.code, 3) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("the budget ended the run"));
  EXPECT_THAT(stopped.err, HasSubstr("raise --max-cost to resume"));
  EXPECT_THAT(stopped.err, Not(HasSubstr("interrupted")));
  EXPECT_GT(stored_cost("runs"), 0.01);
  EXPECT_LE(stored_cost("runs"), 0.02);
  auto part = replies("runs");
  EXPECT_GT(part.size(), 0u);
  EXPECT_LT(part.size(), 120u);
  {
    Store store(fs::canonical(folder_ / "runs" / "latest") / "run.db");
    TokenUsage used = store.completion_tokens();
    for (const auto& [judge, tokens] : store.judge_tokens()) {
      used.prompt += tokens.prompt;
      used.generated += tokens.generated;
    }
    const double cost =  // both models cost the same
        (static_cast<double>(used.prompt) + 2 * static_cast<double>(used.generated)) / 1e6;
    EXPECT_GT(cost, 0);
    EXPECT_LE(cost, 0.02);
  }

  Ended whole = run(command);
  ASSERT_EQ(whole.code, 0) << whole.err;
  auto all = contents("runs");
  EXPECT_EQ(all.size(), 120u);
  auto kept = replies("runs");
  for (const auto& [trial, text] : part) EXPECT_EQ(kept[trial], text);
  for (const auto& [trial, text] : all) EXPECT_THAT(text, HasSubstr("compliance-yesno"));
  Store store(fs::canonical(folder_ / "runs" / "latest") / "run.db");
  EXPECT_EQ(store.judge_tokens().size(), 1u);
  EXPECT_GT(store.judge_tokens().begin()->second.prompt, 120 * 100u);
  Json figures = summary("runs");
  EXPECT_EQ(figures.at("arms").at("training").at("answered"), 40);

  // The script looks for words of refusal, as compliance-rules does in its own way: by label they
  // agree on all but a few.
  Ended by_rules = run({IAGO_EXECUTABLE, "judge", "runs/latest", "--judge", "compliance-rules"});
  ASSERT_EQ(by_rules.code, 0) << by_rules.err;
  Ended diff =
      run({IAGO_EXECUTABLE, "judge", "diff", "compliance-rules", "compliance-yesno", "--json"});
  ASSERT_EQ(diff.code, 0) << diff.err;
  Json compared = parse_json(diff.out, "diff").at(0);
  EXPECT_EQ(compared.at("both_judged"), 120);
  EXPECT_GE(compared.at("agreement").get<double>(), 0.95) << diff.out;
  EXPECT_GT(compared.at("both_negative"), 0);

  // The bill in every form of the report, from the store alone.
  std::uint64_t prompt = 0, cached = 0, generated = 0;
  store.for_each_completion({}, [&](const CompletionRow& row) {
    prompt += row.usage.prompt, cached += row.usage.cached_prompt;
    generated += row.usage.generated;
    return true;
  });
  ASSERT_EQ(figures.at("usage").size(), 2u);
  const Json& subject_bill = figures.at("usage").at(0);
  EXPECT_EQ(subject_bill.at("model"), "openai:" + subject.model);
  EXPECT_EQ(subject_bill.at("prompt_tokens"), prompt);
  EXPECT_GT(prompt, 120u);
  EXPECT_NEAR(subject_bill.at("cache_rate").get<double>(),
              static_cast<double>(cached) / static_cast<double>(prompt), 1e-12);
  EXPECT_NEAR(subject_bill.at("cost").get<double>(),
              static_cast<double>(prompt + 2 * generated) / 1e6, 1e-9);
  EXPECT_EQ(subject_bill.at("price_date"), "2026-01-01");
  const Json& judge_bill = figures.at("usage").at(1);
  EXPECT_EQ(judge_bill.at("judge"), "compliance-yesno@openai:" + judge.model);
  EXPECT_EQ(judge_bill.at("prompt_tokens"), store.judge_tokens().begin()->second.prompt);
  EXPECT_GT(judge_bill.at("cost").get<double>(), 0);
  for (auto [format, bill] : {std::pair{"text", "spent on the subject"},
                              {"md", "prices of 2026-01-01"},
                              {"html", "prices of 2026-01-01"}}) {
    Ended report = run({IAGO_EXECUTABLE, "report", "runs/latest", "--format", format});
    EXPECT_EQ(report.code, 0) << report.err;
    EXPECT_THAT(report.out, HasSubstr(bill)) << format;
  }
}

TEST_F(Endpoints, AWrongModelOrADeadServerEndsTheRunAndLeavesItResumable) {
  Server server = serve("world:faker");
  auto wrong = study_on(server, "runs");
  wrong[4] = "openai:nobody";
  Ended unknown = run(wrong);
  EXPECT_EQ(unknown.code, 1) << unknown.err;
  EXPECT_THAT(unknown.err, HasSubstr("nobody"));
  EXPECT_THAT(unknown.err, HasSubstr("hint:"));

  ASSERT_EQ(run(study_on(server, "undisturbed")).code, 0);
  auto command = study_on(server, "runs");
  auto child = std::make_unique<ChildProcess>(command, folder_, IAGO_SOURCE_DIR);
  auto stored = [&] {
    try {
      return Store(folder_ / "runs" / "latest" / "run.db").completion_count();
    } catch (const Error&) {
      return std::uint64_t{0};
    }
  };
  ASSERT_TRUE(eventually([&] { return stored() >= 100; }));
  server.process->signal(SIGKILL);
  server.process->wait();
  child->signal(SIGINT);
  Ended interrupted = child->wait();
  EXPECT_TRUE(interrupted.code == 130 || interrupted.code == 0) << interrupted.err;
  const std::string address = server.url.substr(0, server.url.rfind("/v1"));
  Server again = serve("world:faker", address.substr(address.rfind(':') + 1));
  ASSERT_EQ(again.url, server.url);
  Ended resumed = run(command);
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(contents("runs"), contents("undisturbed"));
}

}  // namespace
}  // namespace iago
