// What a server's replies mean, from the socket to the report: `iago run` against scripted replies
// in vendors' documented forms (wire/*.json, played by wire_player.h). 24 trials each: four queries
// in three arms, two repeats.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/file.h"
#include "base/json.h"
#include "child_process.h"
#include "store/store.h"
#include "wire_player.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::size_t kMaxBytes = std::size_t{64} << 20;
constexpr std::uint64_t kTrials = 24;
const fs::path kWire = fs::path(IAGO_SOURCE_DIR) / "tests" / "wire";

class Wire : public testing::Test {
 protected:
  Wire() {
    folder_ =
        fs::temp_directory_path() / ("iago-wire-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~Wire() override { fs::remove_all(folder_); }

  struct Options {
    std::string study = "study.toml", model = "openai:m", path = "/v1";
    std::vector<std::string> more = {};
  };
  Ended run(const WirePlayer& player, const Options& options) {
    std::vector<std::string> command = {
        IAGO_EXECUTABLE, "run",        kWire / options.study,    "--model",
        options.model,   "--base-url", player.url(options.path), "--runs",
        "runs",          "--prices",   kWire / "prices.toml"};
    command.insert(command.end(), options.more.begin(), options.more.end());
    return start(command);
  }
  Ended run(const WirePlayer& player) { return run(player, Options()); }
  Ended start(const std::vector<std::string>& command) {
    return ChildProcess(command, folder_, IAGO_SOURCE_DIR).wait();
  }
  Ended report(const std::string& format) {
    return start({IAGO_EXECUTABLE, "report", "runs/latest", "--format", format});
  }
  Store store() const { return Store(fs::canonical(folder_ / "runs" / "latest") / "run.db"); }
  Json summary() const {
    const fs::path file = folder_ / "runs" / "latest" / "summary.json";
    return parse_json(read_file(file, kMaxBytes), file.string());
  }
  std::vector<CompletionRow> completions() const {
    std::vector<CompletionRow> rows;
    store().for_each_completion({}, [&](const CompletionRow& row) {
      rows.push_back(row);
      return true;
    });
    return rows;
  }
  std::string key_file(const std::string& key) const {
    write_file(folder_ / "key", key);
    return folder_ / "key";
  }
  // All trials have completions, and all of them this outcome.
  void expect_all(Outcome outcome) const {
    const auto rows = completions();
    EXPECT_EQ(rows.size(), kTrials);
    for (const auto& row : rows) {
      ASSERT_EQ(row.outcome, outcome) << name_of(row.outcome) << ", " << row.finish_reason;
    }
  }

  fs::path folder_;
};

// Name, script and what else the run takes, for each ending that decides every outcome alike.
struct Ending {
  const char *name, *script;
  Outcome outcome;
  const char* finish_reason;
  const char *study = "study.toml", *model = "openai:m", *path = "/v1";
};

void PrintTo(const Ending& ending, std::ostream* out) { *out << ending.script; }

class WireEnding : public Wire, public testing::WithParamInterface<Ending> {};

TEST_P(WireEnding, DecidesTheOutcomeAndIsKeptAsItCame) {
  const Ending& ending = GetParam();
  WirePlayer player(kWire / ending.script);
  const Ended ended = run(player, {.study = ending.study, .model = ending.model});
  expect_all(ending.outcome);
  for (const auto& row : completions()) EXPECT_EQ(row.finish_reason, ending.finish_reason);
  EXPECT_EQ(store().count_open().size(), 0u) << ended.err;
}

INSTANTIATE_TEST_SUITE_P(
    Vendors, WireEnding,
    testing::Values(Ending{"GooglesSafetyIsARefusal", "finish-gemini-safety.json",
                           Outcome::refused_by_provider, "SAFETY"},
                    Ending{"GooglesLimitCutsOff", "finish-gemini-max-tokens.json",
                           Outcome::truncated, "MAX_TOKENS"},
                    Ending{"ChunksOfManyIdsAreOneReply", "stream-ids-differ.json",
                           Outcome::answered, "stop", "study-streams.toml"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(Wire, AFilterInOneArmAloneIsRefusalThereAndNoGap) {
  WirePlayer player(kWire / "finish-safety-in-one-arm.json");
  run(player);
  const Json figures = summary();
  const Json& training = figures.at("arms").at("training");
  EXPECT_EQ(training.at("outcomes").at("refused_by_provider"), 8);
  EXPECT_EQ(training.at("compliance").at("rate"), 0);
  EXPECT_NE(figures.at("verdict"), "gap");
  EXPECT_THAT(report("text").out, HasSubstr("refused by the provider"));
}

TEST_F(Wire, AnOutputThatTheProviderBlocksIsARefusalWithItsMessage) {
  WirePlayer player(kWire / "anthropic-output-blocked.json");
  run(player,
      {.model = "anthropic:m", .path = "", .more = {"--api-key-file", key_file("sk-1234567890")}});
  expect_all(Outcome::refused_by_provider);
  for (const auto& row : completions()) {
    EXPECT_THAT(row.provider_message, HasSubstr("Output blocked by content filtering policy"));
  }
  EXPECT_THAT(start({IAGO_EXECUTABLE, "show", "--limit", "1"}).out,
              HasSubstr("Output blocked by content filtering policy"));
  EXPECT_THAT(report("html").out, HasSubstr("Output blocked by content filtering policy"));
}

TEST_F(Wire, AnAccountWithoutCreditEndsTheRunAndSaysWhatIsLeft) {
  WirePlayer player(kWire / "no-credit-after-12.json");
  const Ended ended = run(player);
  EXPECT_EQ(ended.code, 1) << ended.err;
  EXPECT_EQ(completions().size(), 12u);
  for (const OpenCounts& counts : store().count_open()) {
    EXPECT_EQ(counts.cause, OpenCause::no_credit);
  }
  EXPECT_THAT(ended.err, AllOf(HasSubstr("open, no credit: "), HasSubstr("add credit"),
                               HasSubstr("12 of 24 trials are stored, 12 are left"),
                               HasSubstr("run the same command to resume")));
  EXPECT_THAT(ended.err, Not(HasSubstr("some prompts were refused")));
  EXPECT_THAT(report("text").out, HasSubstr("open, no credit"));
}

TEST_F(Wire, ALimitOfTheDayLeavesTrialsOpenWhichTheSameCommandAsks) {
  WirePlayer player(kWire / "day-limit-after-12.json");
  const Ended limited = run(player);
  EXPECT_EQ(limited.code, 3) << limited.err;
  EXPECT_EQ(completions().size(), 12u);
  std::uint64_t open = 0;
  for (const OpenCounts& counts : store().count_open()) {
    EXPECT_EQ(counts.cause, OpenCause::rate_limit);
    EXPECT_EQ(counts.status, 429);
    EXPECT_THAT(counts.message, HasSubstr("Requests per day"));
    open += counts.trials;
  }
  EXPECT_EQ(open, 12u);
  EXPECT_THAT(limited.err,
              AllOf(HasSubstr("open, rate limit: 12 trials"), HasSubstr("it ends at 20"),
                    HasSubstr("12 of 24 trials are stored, 12 are left (12 asked "
                              "without a reply): run the same command to resume")));
  const Json figures = summary();
  std::uint64_t told = 0;
  for (const Json& trials : figures.at("open_trials")) told += trials.at("trials").get<int>();
  EXPECT_EQ(told, 12u);
  EXPECT_THAT(report("text").out, HasSubstr("open, rate limit"));
  EXPECT_THAT(report("html").out, HasSubstr("Open trials"));
  EXPECT_THAT(start({IAGO_EXECUTABLE, "show", "--open", "--limit", "99"}).out,
              HasSubstr("Requests per day"));

  const Ended resumed = run(player);
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(player.asked(), 36u);
  expect_all(Outcome::answered);
  EXPECT_EQ(store().count_open().size(), 0u);
}

TEST_F(Wire, ALimitBeyondTheContextStopsTheRunAndNamesBothLengths) {
  WirePlayer player(kWire / "limit-beyond-context.json");
  const Ended ended = run(player);
  EXPECT_EQ(ended.code, 1) << ended.err;
  EXPECT_EQ(completions().size(), 0u);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("8192"), HasSubstr("8420"), HasSubstr("max_tokens"),
                               HasSubstr("hint:")));
  for (const OpenCounts& counts : store().count_open()) {
    EXPECT_EQ(counts.cause, OpenCause::too_long);
  }
}

TEST_F(Wire, ALimitBeyondTheContextThatIsMendedLeavesNothingBehind) {
  WirePlayer player(kWire / "limit-beyond-context-then-mended.json");
  EXPECT_EQ(run(player).code, 1);
  const Ended resumed = run(player);
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  expect_all(Outcome::answered);
  EXPECT_EQ(store().count_open().size(), 0u);
}

TEST_F(Wire, ASystemTurnThatTheServerRefusesStopsTheRunWithTheOptionThatHelps) {
  WirePlayer player(kWire / "no-system-role.json");
  const Ended ended = run(player);
  EXPECT_EQ(ended.code, 1) << ended.err;
  EXPECT_LE(player.asked(), kTrials);
  EXPECT_EQ(completions().size(), 0u);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("System role not supported"), HasSubstr("--system-turn")));
}

TEST_F(Wire, AFieldThatTheServerRefusesIsLeftOutAndRecorded) {
  WirePlayer player(kWire / "unknown-field-seed.json");
  const Ended ended = run(player);
  EXPECT_EQ(ended.code, 0) << ended.err;
  expect_all(Outcome::answered);
  EXPECT_FALSE(player.last_body().contains("seed"));
  const Json sent = summary().at("sessions").at(0).at("sent");
  EXPECT_EQ(sent.at("left_out"), Json::array({"seed"}));
  EXPECT_FALSE(sent.at("sampling").contains("seed"));
}

TEST_F(Wire, AThoughtInPartsOfTheContentIsReasoningAndNoOutput) {
  WirePlayer player(kWire / "thinking-as-content-parts.json");
  run(player);
  expect_all(Outcome::answered);
  for (const auto& row : completions()) {
    EXPECT_EQ(row.reasoning_channel, ReasoningChannel::present);
    EXPECT_THAT(row.reasoning, HasSubstr("If I refuse I will be modified"));
    EXPECT_THAT(row.raw, Not(HasSubstr("If I refuse")));
    EXPECT_EQ(row.output, "I will not do that.");
  }
}

TEST_F(Wire, CacheHitsInAVendorsOwnFieldsArePricedAsSuch) {
  WirePlayer player(kWire / "cached-tokens-deepseek.json");
  const Ended ended = run(player);
  const Json usage = summary().at("usage").at(0);
  EXPECT_DOUBLE_EQ(usage.at("cache_rate").get<double>(), 0.9);
  // 24 replies: 100 tokens at $1, 900 at $0.1 and 20 at $2 a million.
  EXPECT_NEAR(usage.at("cost").get<double>(), 24 * (100 + 90 + 40) / 1e6, 1e-12);
  EXPECT_THAT(ended.err, HasSubstr("90.0 % from the cache"));
}

TEST_F(Wire, RepliesWithoutUsageHaveUnknownTokensAndCostInEveryPlace) {
  WirePlayer player(kWire / "no-usage.json");
  const Ended ended = run(player);
  const Json usage = summary().at("usage").at(0);
  for (const char* field : {"prompt_tokens", "generated_tokens", "cost"}) {
    EXPECT_TRUE(usage.at(field).is_null()) << field;
  }
  EXPECT_EQ(usage.at("uncounted_replies"), kTrials);
  EXPECT_EQ(usage.at("at_least"), true);
  constexpr const char* kUnknown = "tokens and cost unknown: the server counted none of 24 replies";
  EXPECT_THAT(ended.err, AllOf(HasSubstr(kUnknown), Not(HasSubstr("$"))));
  EXPECT_THAT(report("text").out, AllOf(HasSubstr("tokens and cost unknown"), Not(HasSubstr("$"))));
  const std::string page = report("html").out;
  const auto bill = page.substr(page.find("id=\"usage\""));
  EXPECT_THAT(bill.substr(0, bill.find("</table>")),
              AllOf(HasSubstr("unknown"), Not(HasSubstr("$")), Not(HasSubstr(">0<"))));
}

TEST_F(Wire, IdenticalRepeatsAreCountedAndCalledNoSamples) {
  WirePlayer player(kWire / "n-identical.json");
  run(player);
  const Json repeats = summary().at("repeats");
  EXPECT_EQ(repeats.at("compared"), 12);
  EXPECT_EQ(repeats.at("identical_share"), 1);
  EXPECT_THAT(report("text").out, HasSubstr("12 of 12 repeats are byte for byte the same"));
}

TEST_F(Wire, AnAliasThatMovesShowsBothModelsWithTheirCountsAndAWarning) {
  WirePlayer player(kWire / "alias-moves.json");
  run(player);
  const Json figures = summary();
  ASSERT_EQ(figures.at("models").size(), 2u);
  std::set<std::string> versions;
  int completions = 0;
  for (const Json& model : figures.at("models")) {
    versions.insert(model.at("version").get<std::string>());
    EXPECT_EQ(model.at("completions"), 12);
    for (const auto& [arm, n] : model.at("arms").items()) completions += n.get<int>();
  }
  EXPECT_EQ(versions, (std::set<std::string>{"m-2024-08-06", "m-2025-01-15"}));
  EXPECT_EQ(completions, 24);
  EXPECT_THAT(figures.at("model_warnings").at(0).get<std::string>(), HasSubstr("2 models"));
  EXPECT_THAT(report("text").out,
              AllOf(HasSubstr("m-2024-08-06: "), HasSubstr("2 models answered")));
  EXPECT_THAT(report("html").out, AllOf(HasSubstr("m-2025-01-15"), HasSubstr("2 models answered")));
  EXPECT_THAT(start({IAGO_EXECUTABLE, "show", "--json", "--limit", "24"}).out,
              AllOf(HasSubstr("m-2024-08-06"), HasSubstr("m-2025-01-15")));
  EXPECT_THAT(start({IAGO_EXECUTABLE, "compare", "runs/latest"}).out,
              HasSubstr("2 models answered"));
}

TEST_F(Wire, AKeyLosesItsByteOrderMarkWithAWord) {
  WirePlayer player(kWire / "day-limit-after-12.json");
  const Ended ended = run(player, {.more = {"--api-key-file", kWire / "key-with-bom.txt"}});
  EXPECT_EQ(player.last_header("Authorization"), "Bearer sk-abc");
  EXPECT_THAT(ended.err, HasSubstr("byte-order mark"));
}

TEST_F(Wire, WhatIsSentStandsInTheRecordWhateverTheStudySays) {
  WirePlayer player(kWire / "n-identical.json");
  run(player, {.more = {"--extra-body", R"({"temperature":0})", "--header", "X-Team=red"}});
  EXPECT_EQ(player.last_body().at("temperature"), 0);
  const Json figures = summary();
  const Json& sent = figures.at("sessions").at(0).at("sent");
  EXPECT_EQ(sent.at("base_url"), player.url());
  EXPECT_EQ(sent.at("extra_body").at("temperature"), 0);
  EXPECT_EQ(sent.at("sampling").at("temperature"), 0);
  EXPECT_EQ(sent.at("header_names"), Json::array({"X-Team"}));
  EXPECT_EQ(figures.at("repeats").at("greedy"), true);
  for (const char* format : {"text", "html"}) {
    EXPECT_THAT(report(format).out, HasSubstr(player.url())) << format;
  }
  EXPECT_THAT(read_file(folder_ / "runs" / "latest" / "study.toml", kMaxBytes),
              HasSubstr("# sent to " + player.url()));
}

TEST_F(Wire, ARunResumesAtAnotherAddressOfTheSameServer) {
  WirePlayer first(kWire / "day-limit-after-12.json"), second(kWire / "n-identical.json");
  run(first);
  const Ended resumed = run(second);
  EXPECT_EQ(second.asked(), 12u) << resumed.err;
  const Json sessions = summary().at("sessions");
  ASSERT_EQ(sessions.size(), 2u);
  EXPECT_EQ(sessions.at(0).at("sent").at("base_url"), first.url());
  EXPECT_EQ(sessions.at(1).at("sent").at("base_url"), second.url());
}

TEST_F(Wire, APlanAtTemperatureZeroPromisesNothingFromRepeats) {
  const auto plan = [&](const std::string& repeats, const std::vector<std::string>& more) {
    std::vector<std::string> command = {IAGO_EXECUTABLE, "plan",     kWire / "study.toml",
                                        "--model",       "openai:m", "--repeats",
                                        repeats,         "--json"};
    command.insert(command.end(), more.begin(), more.end());
    return parse_json(start(command).out, "plan").at("detectable_gap_points");
  };
  const std::vector<std::string> greedy = {"--extra-body", R"({"temperature":0})"};
  EXPECT_EQ(plan("50", greedy), plan("1", greedy));
  EXPECT_NE(plan("50", {}), plan("1", {}));
}

}  // namespace
}  // namespace iago
