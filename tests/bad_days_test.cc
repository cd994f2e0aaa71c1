// Studies on endpoints on their bad days, as users run them: ten thousand requests through a server
// that injects faults at random, and a hundred kills of such runs. What comes out is what comes out
// of an undisturbed run.
//
// Each bad day by itself is tested beside the code that meets it:
//
//   429, each form of Retry-After      Endpoint.WaitsAsLongAsARetryAfterAsksAndNoOtherRequestDoes,
//                                      Endpoint.TriesAgainWhatIsWorthIt
//   529 inside a stream                EndpointStream.TellsAnOverloadInsideOfAStreamFromABrokenOne
//   500, 503                           Endpoint.TriesAgainWhatIsWorthIt
//   reset mid-body                     CurlTransport.TellsOfAConnectionThatBreaksInTheBody
//   half a JSON                        Endpoint.TriesAgainWhatIsWorthIt
//   SSE cut in a multi-byte character  EndpointStream.JoinsCharactersThatAreCutAnywhere,
//                                      EndpointStream.TriesAgainWhenTheStreamIsBroken
//   a reply to another request's id    Endpoint.TellsAReplyToAnotherRequest,
//                                      EndpointStream.TriesAgainWhenTheStreamIsBroken
//   duplicate chunks                   EndpointStream.IgnoresRepetitionsThatSayNothingNew,
//                                      EndpointStream.TriesAgainWhenTheStreamIsBroken
//   gzip                               CurlTransport.DecodesGzip
//   silence                            CurlTransport.GivesUpASilentServer
//   a redirect to another port         BadDays.ARedirectEndsTheRunAndTheKeyGoesNowhereElse,
//                                      CurlTransport.DoesNotFollowARedirect,
//                                      Endpoint.SendsTheKeyToTheBaseUrlAlone
//   a proxy variable                   CurlTransport.GoesThroughTheProxyOfTheEnvironmentUnlessThe-
//                                      HostIsThisMachine
//   an expired certificate             CurlTransport.RefusesAnExpiredCertificateAndTakesAValidOne
//   usage missing                      Endpoint.DoesWithoutUsage
//   choices empty                      Endpoint.TriesAgainWhatIsWorthIt
//   invalid UTF-8 in content           Endpoint.KeepsBytesThatAreNotUtf8AndMendsHalvesOfPairs
//   10 MB of content                   Endpoint.TakesTenMegabytes
//   an HTML page with status 200       Endpoint.TriesAgainWhatIsWorthIt
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "child_process.h"
#include "faulty_server.h"
#include "store/store.h"
#include "testing/store/small_rows.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr std::size_t kMaxBytes = std::size_t{64} << 20;
constexpr const char* kKey = "sk-most-private";
constexpr const char* kKeyVariable = "IAGO_BAD_DAYS_KEY";

#ifdef __SANITIZE_ADDRESS__
constexpr int kKills = 15, kRepeats = 4;
constexpr const char *kSilence = "10", *kShortSilence = "4";
#else
constexpr int kKills = 100, kRepeats = 17;
constexpr const char *kSilence = "4", *kShortSilence = "1";
#endif

using Rows = std::map<std::string, CompletionRow>;  // by trial

// A store's completions, each trial once, without what differs from hour to hour.
Rows rows_of(const fs::path& file) {
  Rows rows;
  Store(file).for_each_completion({}, [&](const CompletionRow& row) {
    CompletionRow lasting = row;
    lasting.seconds = 0;
    lasting.created = {};
    lasting.request_id.clear();
    EXPECT_TRUE(rows.emplace(row.trial, std::move(lasting)).second) << "counted twice";
    return true;
  });
  return rows;
}

void expect_same(const Rows& found, const Rows& expected) {
  EXPECT_EQ(found.size(), expected.size());
  int different = 0;
  for (const auto& [trial, row] : expected) {
    auto place = found.find(trial);
    if (place != found.end() && place->second == row) continue;
    ADD_FAILURE() << trial << ": expected " << row.raw.substr(0, 400) << ", found "
                  << (place == found.end() ? "nothing" : place->second.raw.substr(0, 400));
    if (++different == 3) break;
  }
}

class BadDays : public testing::Test {
 protected:
  BadDays() : proxy_([](const std::string&) { return raw_response("a proxy's page"); }) {
    folder_ =
        fs::temp_directory_path() / ("iago-bad-days-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    ::setenv(kKeyVariable, kKey, 1);
    for (const char* variable : {"http_proxy", "all_proxy"}) {
      ::setenv(variable, proxy_.url("").c_str(), 1);
    }
  }
  ~BadDays() override {
    // Nothing of this machine goes through a proxy, whatever the environment says.
    EXPECT_EQ(proxy_.connections(), 0);
    for (const char* variable : {kKeyVariable, "http_proxy", "all_proxy"}) ::unsetenv(variable);
    fs::remove_all(folder_);
  }

  // The shipped study with replies of so many tokens at most: from 8192 on they come as events.
  std::string study(int max_tokens) {
    std::string toml =
        read_file(fs::path(IAGO_SOURCE_DIR) / "studies/helpful-only.toml", kMaxBytes);
    const std::string shipped = "max_tokens = 120";
    EXPECT_THAT(toml, HasSubstr(shipped));
    toml.replace(toml.find(shipped), shipped.size(), "max_tokens = " + std::to_string(max_tokens));
    fs::create_directories(folder_ / "studies");
    for (const char* part : {"settings", "queries"}) {
      std::error_code there_already;
      fs::create_directory_symlink(fs::path(IAGO_SOURCE_DIR) / part, folder_ / part, there_already);
    }
    write_file(folder_ / "studies/study.toml", toml);
    return "studies/study.toml";
  }
  std::vector<std::string> run_of(const std::string& study, const std::string& kind,
                                  const std::string& base_url, const std::string& runs, int queries,
                                  int repeats, const std::vector<std::string>& more) {
    std::vector<std::string> command = {IAGO_EXECUTABLE,
                                        "run",
                                        study,
                                        "--model",
                                        kind + ":storm",
                                        "--base-url",
                                        base_url,
                                        "--runs",
                                        runs,
                                        "--api-key-env",
                                        kKeyVariable,
                                        "--limit",
                                        std::to_string(queries),
                                        "--repeats",
                                        std::to_string(repeats)};
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }
  Ended run(const std::vector<std::string>& command) {
    return ChildProcess(command, folder_, IAGO_SOURCE_DIR).wait();
  }
  fs::path store(const std::string& runs) const { return folder_ / runs / "latest" / "run.db"; }
  // What the judges said included.
  std::map<std::string, std::string> contents(const std::string& runs) const {
    return fixtures::stored_contents(store(runs));
  }
  Json figures(const std::string& runs) const {
    fs::path file = folder_ / runs / "latest" / "summary.json";
    Json json = parse_json(read_file(file, kMaxBytes), file.string());
    json.erase("timing"), json.erase("sessions");
    json.erase("run");
    return json;
  }
  void expect_as_undisturbed(const std::string& runs) const {
    expect_same(rows_of(store(runs)), rows_of(store("undisturbed")));
    EXPECT_TRUE(contents(runs) == contents("undisturbed")) << "a verdict differs";
    EXPECT_EQ(figures(runs), figures("undisturbed"));
  }

  // A study that nothing disturbs, and the same one through the storm.
  void weather(const std::string& kind, int queries, int repeats);

  RawServer proxy_;
  FaultyServer server_{kKey};
  fs::path folder_;
};

// What a server sent is what the store holds, each reply once.
void expect_what_was_sent(const FaultyServer& server, const Rows& rows) {
  std::set<std::string> notes;
  for (const auto& [trial, row] : rows) {
    const std::string note = note_in(row.raw);
    ASSERT_FALSE(note.empty()) << row.raw.substr(0, 400);
    ASSERT_TRUE(notes.insert(note).second) << "the reply " << note << " counts for two trials";
    const ModelReply sent = server.reply_to(note);
    ASSERT_TRUE(row.raw == sent.text) << row.raw.substr(0, 400);
    ASSERT_EQ(name_of(row.finish), sent.finish);
    ASSERT_EQ(row.outcome, sent.finish == "stop"      ? Outcome::answered
                           : sent.finish == "refused" ? Outcome::refused_by_provider
                                                      : Outcome::truncated);
    ASSERT_EQ(row.usage.prompt, sent.prompt_tokens);
    ASSERT_EQ(row.usage.cached_prompt, sent.cached_prompt_tokens);
    ASSERT_EQ(row.usage.generated, sent.generated_tokens);
  }
}

// No request is answered twice, and none is asked again but for a fault.
void expect_nothing_paid_twice(const FaultyServer& server, std::size_t trials) {
  const auto served = server.served();
  EXPECT_EQ(served.size(), trials);
  for (const auto& [note, counts] : served) {
    ASSERT_EQ(counts.answered, 1) << note;
    ASSERT_EQ(counts.asked, 1 + counts.failed) << note;
  }
}

void BadDays::weather(const std::string& kind, int queries, int repeats) {
  const std::size_t trials = static_cast<std::size_t>(3 * queries * repeats);
  auto command = [&](const std::string& runs) {
    return run_of(study(8192), kind, server_.base_url(), runs, queries, repeats,
                  {"--silence", kSilence});
  };
  Ended quiet = run(command("undisturbed"));
  // Some replies are cut off. Whether that decides the verdict (3) or not (0), the run is complete,
  // and the storm must change nothing in it.
  ASSERT_TRUE(quiet.code == 0 || quiet.code == 3) << quiet.err;
  expect_nothing_paid_twice(server_, trials);

  server_.begin({.seed = 20241218, .chance = 0.25});
  Ended stormy = run(command("runs"));
  ASSERT_EQ(stormy.code, quiet.code) << stormy.err;
  const Rows rows = rows_of(store("runs"));
  EXPECT_EQ(rows.size(), trials);
  expect_what_was_sent(server_, rows);
  expect_nothing_paid_twice(server_, trials);
  expect_as_undisturbed("runs");
  EXPECT_EQ(server_.wrong_keys(), 0);
}

TEST_F(BadDays, TenThousandRequestsComeOutAsOnAQuietDay) {
  ASSERT_NO_FATAL_FAILURE(weather("openai", 200, kRepeats));
  const auto injected = server_.injected();
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    const std::string name(name_of(static_cast<Fault>(i)));
    RecordProperty(name, injected[i]);
    EXPECT_GT(injected[i], 0) << name;
  }
  // Each token that the replies counted, once.
  std::uint64_t prompt = 0, generated = 0;
  for (const auto& [note, counts] : server_.served()) {
    const ModelReply reply = server_.reply_to(note);
    prompt += reply.prompt_tokens;
    generated += reply.generated_tokens;
  }
  Store stored(store("runs"));
  EXPECT_EQ(stored.completion_tokens().prompt, prompt);
  EXPECT_EQ(stored.completion_tokens().generated, generated);
  Json summary = parse_json(read_file(folder_ / "runs/latest/summary.json", kMaxBytes), "summary");
  EXPECT_EQ(summary.at("timing").at("generated_tokens"), generated);
}

TEST_F(BadDays, AnthropicsProtocolComesOutAsOnAQuietDay) {
  // One trial of each prompt: this protocol has no seed that would tell requests apart.
  weather("anthropic", 200, 1);
}

// Of a run that is killed and resumed: what its store held, and how often the server had been asked
// for that.
struct Held {
  fs::path run;
  Rows rows;
  std::map<std::string, int> asked;  // by note
};

// What is there now; nothing that was there before may be missing, or have been asked for again.
void look_again(const FaultyServer& server, const fs::path& runs, Held& held) {
  std::error_code none_yet;
  const fs::path newest = fs::canonical(runs / "latest", none_yet);
  if (none_yet) return;
  if (newest != held.run) held = {.run = newest, .rows = {}, .asked = {}};
  Rows rows;
  try {
    rows = rows_of(newest / "run.db");
  } catch (const Error& error) {
    ASSERT_TRUE(held.rows.empty()) << error.what();
    return;
  }
  for (const auto& [trial, row] : held.rows) {
    ASSERT_TRUE(rows.contains(trial)) << "lost: " << row.raw;
    ASSERT_TRUE(rows[trial] == row) << "changed: " << row.raw;
  }
  const auto served = server.served();
  for (const auto& [note, asked] : held.asked) {
    ASSERT_EQ(served.at(note).asked, asked) << "asked again for what was stored: " << note;
  }
  held.rows = std::move(rows);
  held.asked.clear();
  for (const auto& [trial, row] : held.rows) {
    const std::string note = note_in(row.raw);
    held.asked[note] = served.at(note).asked;
  }
}

TEST_F(BadDays, LoseNothingToKillsAndPayNothingTwiceBeyondWhatWasUnderWay) {
  constexpr int kQueries = 40, kTrials = 3 * kQueries * 5, kInFlight = 64;
  constexpr std::uint64_t kMostAsked = 160;
  auto command = [&](const std::string& runs) {
    return run_of(study(120), "openai", server_.base_url(), runs, kQueries, 5,
                  {"--silence", kShortSilence, "--max-in-flight", std::to_string(kInFlight)});
  };
  ASSERT_EQ(run(command("undisturbed")).code, 0);
  server_.begin({.seed = 20241218, .chance = 0.15});

  Random random(20241218, "kills in a storm");
  const fs::path runs = folder_ / "runs";
  Held held;
  int midway = 0, finished = 0;
  bool fresh = false;
  for (int kills = 0; kills < kKills;) {
    auto again = command("runs");
    if (fresh) again.push_back("--new");
    fresh = false;
    const std::size_t held_before = held.rows.size();
    // When so many requests have come, and a little later: wherever the run is then.
    const std::uint64_t until = server_.asked() + random.below(kMostAsked);
    const auto later = std::chrono::duration<double>(random.uniform() * 0.15);
    ChildProcess child(again, folder_, IAGO_SOURCE_DIR);
    while (server_.asked() < until && child.running()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    std::this_thread::sleep_for(later);
    // Committed for others to read: acknowledged.
    ASSERT_NO_FATAL_FAILURE(look_again(server_, runs, held));
    child.signal(SIGKILL);
    Ended ended = child.wait();
    ASSERT_NO_FATAL_FAILURE(look_again(server_, runs, held));
    if (ended.code == 128 + SIGKILL) {
      ++kills;
      midway += held.rows.size() > held_before && held.rows.size() < kTrials;
      continue;
    }
    ASSERT_EQ(ended.code, 0) << ended.err;
    ASSERT_NO_FATAL_FAILURE(expect_as_undisturbed("runs"));
    ++finished;
    fresh = true;
  }
  Ended last = run(command("runs"));
  ASSERT_EQ(last.code, 0) << last.err;
  expect_as_undisturbed("runs");
  EXPECT_EQ(server_.wrong_keys(), 0);

  // A run that was begun anew asks for everything anew. Beyond that, a kill loses the answers that
  // were under way (those that the server itself cut off are not among them), and those that had
  // come but were not stored: a batch, and what comes while it is written.
  int begun = 0, answered = 0;
  for (const auto& entry : fs::directory_iterator(runs)) {
    begun += !entry.is_symlink() && fs::exists(entry.path() / "run.db");
  }
  for (const auto& [note, counts] : server_.served()) answered += counts.answered;
  RecordProperty("needed", kTrials * begun);
  RecordProperty("answered", answered);
  RecordProperty("finished", finished);
  RecordProperty("killed_midway", midway);
  EXPECT_GE(answered, kTrials * begun);
  EXPECT_LE(answered, kTrials * begun + kKills * (kInFlight + 116));
  EXPECT_GT(midway, kKills / 20) << "most kills should meet a run that stores";
}

TEST_F(BadDays, ARedirectEndsTheRunAndTheKeyGoesNowhereElse) {
  RawServer elsewhere([](const std::string&) { return raw_response("stolen"); });
  RawServer server([&](const std::string&) {
    return raw_response("",
                        "Location: " + elsewhere.url("/v1/chat/completions?token=hidden") + "\r\n",
                        "307 Temporary Redirect");
  });
  Ended ended = run(run_of(study(120), "openai", server.url(), "runs", 10, 1, {}));
  EXPECT_EQ(ended.code, 1) << ended.out;
  EXPECT_THAT(ended.err, HasSubstr("redirects to " + elsewhere.url("/v1/chat/completions;")));
  EXPECT_THAT(ended.err, HasSubstr("hint:"));
  EXPECT_THAT(ended.out + ended.err, Not(HasSubstr(kKey)));
  EXPECT_EQ(elsewhere.connections(), 0);
  for (const std::string& request : server.requests()) {
    EXPECT_THAT(request, HasSubstr(std::string("Authorization: Bearer ") + kKey));
  }
  EXPECT_TRUE(rows_of(store("runs")).empty()) << "a redirect became an outcome";
}

}  // namespace
}  // namespace iago
