#include "spend/time_estimate.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "chat/endpoint_figures.h"
#include "judge/rule_judges.h"
#include "models/world_model.h"
#include "net/pace.h"
#include "run/run.h"
#include "testing/store/small_rows.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// How long the pace itself takes to let so many requests go, told these limits by the first reply
// and nothing else that would hold it back.
double seconds_of_pace(const RequestCost& cost, int requests, const HttpHeaders& headers) {
  ManualClock clock;
  Pace pace({.first = 1'000'000, .most = 1'000'000}, clock);
  for (int sent = 0; sent < requests;) {
    const Pace::Permission answer = pace.ask(cost);
    if (!answer.ticket) {
      clock.advance(answer.wait);
      continue;
    }
    pace.ended(*answer.ticket, PaceOutcome::answered, sent == 0 ? headers : HttpHeaders{}, 1);
    ++sent;
  }
  return std::chrono::duration<double>(clock.steady()).count();
}

std::vector<RateLimit> limits_in(const HttpHeaders& headers) {
  ManualClock clock;
  Pace pace({}, clock);
  pace.ended(*pace.ask({}).ticket, PaceOutcome::answered, headers, 1);
  return pace.rate_limits();
}

HttpHeaders stated(const std::string& kind, int limit) {
  return {{fmt::format("anthropic-ratelimit-{}-limit", kind), fmt::to_string(limit)},
          {fmt::format("anthropic-ratelimit-{}-remaining", kind), fmt::to_string(limit)}};
}

TEST(TimeEstimate, IsWhatThePaceOfRequestsTakes) {
  constexpr int kRequests = 2000;
  // 801 tokens as the client counts a prompt of 3,200 bytes, and a reply of at most 300.
  const RequestCost cost{.input_tokens = 801, .output_tokens = 300};
  ModelEstimate estimate{
      .requests = kRequests, .prompt_tokens = 800 * kRequests, .most_generated = 300 * kRequests};
  struct Stated {
    std::string kind;
    double each;  // what a request takes of it
    int limit;
  };
  for (const auto& [kind, each, limit] :
       {Stated{"requests", 1, 60}, Stated{"tokens", 1101, 50'000},
        Stated{"input-tokens", 801, 100'000}, Stated{"output-tokens", 300, 8'000},
        Stated{"requests", 1, 2000}, Stated{"tokens", 1101, 10'000'000}}) {
    const HttpHeaders headers = stated(kind, limit);
    ProbedModel model{.probe = {.model = "m", .limits = limits_in(headers)}};
    model.add(estimate, 1);
    const TimeBound bound = least_time({model}).value();
    const double taken = seconds_of_pace(cost, kRequests, headers);
    // The request whose reply told the limit is not taken from it here.
    EXPECT_NEAR(bound.seconds, taken, 0.001 * taken + 60 * each / limit) << kind << " " << limit;
    EXPECT_EQ(bound.seconds_for_longest, bound.seconds);
    ASSERT_TRUE(bound.kind);
  }
}

TEST(TimeEstimate, IsThatOfTheLimitAndTheModelThatHoldBackMost) {
  auto limit = [](RateKind kind, double per_minute) {
    return RateLimit{kind, per_minute, per_minute / 60};
  };
  // 4,000 - 1,000 requests at 1,000 a minute; 401,000 - 100,000 tokens at 100,000 a minute.
  ProbedModel subject{
      .probe = {.model = "subject",
                .limits = {limit(RateKind::requests, 1000), limit(RateKind::tokens, 100'000)}},
      .requests = 4000,
      .input_tokens = 201'000,
      .most_output_tokens = 200'000};
  ProbedModel judge{.probe = {.model = "judge", .limits = {limit(RateKind::requests, 600)}},
                    .requests = 3000};
  TimeBound bound = least_time({subject}).value();
  EXPECT_NEAR(bound.seconds, 60 * 3.01, 1e-9);
  EXPECT_EQ(bound.kind, RateKind::tokens);
  bound = least_time({subject, judge}).value();
  EXPECT_NEAR(bound.seconds, 60 * 4, 1e-9);
  EXPECT_EQ(bound.model, "judge");
  EXPECT_EQ(bound.kind, RateKind::requests);
  // Where replies count by what they took, nobody knows how much yet.
  subject.probe.counts_use = true;
  bound = least_time({subject}).value();
  EXPECT_NEAR(bound.seconds, 60 * 3, 1e-9);
  EXPECT_EQ(bound.kind, RateKind::requests);
  EXPECT_NEAR(bound.seconds_for_longest, 60 * 3.01, 1e-9);
  EXPECT_FALSE(least_time({}));
}

TEST(TimeEstimate, GoesByTheProbeWhereNoLimitsAreStated) {
  ProbedModel model{.probe = {.model = "m", .in_flight = 64, .seconds = 2}, .requests = 6401};
  TimeBound bound = least_time({model}).value();
  EXPECT_FALSE(bound.kind);
  EXPECT_NEAR(bound.seconds, 202, 1e-9);  // 101 rounds
}

TEST(TimeEstimate, CountsSamplesThatAreAskedForTogetherAsOneRequest) {
  ProbedModel model;
  model.add({.requests = 101, .prompt_tokens = 10'100, .most_generated = 5050}, 10);
  EXPECT_EQ(model.requests, 11);
  EXPECT_NEAR(model.input_tokens, 1021, 1e-9);
  EXPECT_NEAR(model.most_output_tokens, 505, 1e-9);
}

// Answers with one token and states a limit; or fails.
struct LimitedModel final : ChatModel {
  ModelInfo info() const override {
    return {.name = "openai:small", .identity = "id", .in_flight = 9};
  }
  void submit(ChatRequest request, std::stop_token, Done done) override {
    asked.push_back(request);
    ChatReply reply;
    reply.failure = failure;
    if (failure) reply.finish = Finish::failed;
    done(reply);
  }
  std::optional<EndpointFigures> endpoint_figures() const override {
    EndpointFigures figures{.counts_use = true};
    figures.rate_limits = {{RateKind::requests, 500, 500.0 / 60}};
    return figures;
  }
  std::vector<ChatRequest> asked;
  std::optional<ChatFailure> failure;
};

TEST(Probing, AsksForOneTokenAndReadsOffTheLimits) {
  LimitedModel model;
  SystemClock clock;
  ChatRequest request{.id = "a", .messages = {{Role::user, "Hello"}}};
  const LimitProbe probe = probe_limits(model, request, clock);
  ASSERT_EQ(model.asked.size(), 1u);
  EXPECT_EQ(model.asked[0].sampling.max_tokens, 1);
  EXPECT_EQ(model.asked[0].messages[0].text, "Hello");
  EXPECT_EQ(probe.model, "openai:small");
  EXPECT_EQ(probe.identity, "id");
  EXPECT_EQ(probe.in_flight, 9u);
  EXPECT_TRUE(probe.counts_use);
  ASSERT_EQ(probe.limits.size(), 1u);
  EXPECT_NEAR(probe.limits[0].per_minute(), 500, 1e-9);
  model.failure = ChatFailure{ErrorCode::not_found, "no such model", "name another", true};
  try {
    probe_limits(model, request, clock);
    ADD_FAILURE() << "a failed probe told something";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_found);
    EXPECT_THAT(error.what(), HasSubstr("openai:small"));
    EXPECT_THAT(error.what(), HasSubstr("no such model"));
    EXPECT_EQ(error.hint(), "name another");
  }
}

class EarlierRuns : public testing::Test {
 protected:
  LoadedStudy study(const std::string& name, std::uint64_t seed = 1) const {
    StudyOverrides overrides{.model = faker_.info().name, .repeats = 2, .limit = 10, .seed = seed};
    auto loaded = load_study(fs::path(IAGO_SOURCE_DIR) / "studies" / "helpful-only.toml", overrides,
                             IAGO_SOURCE_DIR);
    loaded.study.name = name;
    return loaded;
  }
  RunResult run(const LoadedStudy& loaded, ChatModel& model, std::vector<fs::path> reuse = {}) {
    return run_study(loaded, model, make_rule_judges(loaded.study.judges),
                     {.runs = runs(), .reuse = std::move(reuse)}, clock_);
  }
  fs::path runs() const { return scratch_ / "runs"; }
  std::optional<EarlierPace> pace_of(const Subject& subject, const fs::path& own = {}) {
    return pace_of_earlier_runs(runs(), subject, own);
  }
  static void begun_later(const fs::path& folder, int seconds) {
    fs::last_write_time(folder / "study.toml",
                        fs::file_time_type::clock::now() + std::chrono::seconds(seconds));
  }

  TempFolder scratch_;
  SystemClock clock_;
  WorldModel faker_{policy_named("faker")};
};

TEST_F(EarlierRuns, TellThePaceOfTheNewestRunOfTheSubjectWhateverItsStudy) {
  const Subject subject{faker_.info().name, faker_.info().identity};
  EXPECT_FALSE(pace_of(subject)) << "there is no folder of runs";
  const RunResult first = run(study("first"), faker_);
  const RunResult second = run(study("second"), faker_);
  begun_later(second.folder, 10);
  fs::create_directories(runs() / "no-run");
  write_file(runs() / "no-run" / "study.toml", "model = ");
  begun_later(runs() / "no-run", 20);

  auto pace = pace_of(subject);
  ASSERT_TRUE(pace);
  EXPECT_EQ(pace->run, second.folder.filename().string());
  // By the summary, which stands on the same sessions.
  EXPECT_NEAR(pace->completions_per_second, 60 / second.summary.timing.sampling_s,
              0.01 * pace->completions_per_second);
  EXPECT_EQ(pace_of(subject, second.folder).value().run, first.folder.filename().string());
  EXPECT_FALSE(pace_of({subject.name, "another"}));
  EXPECT_FALSE(pace_of({"world:aligned", subject.identity}));
}

TEST_F(EarlierRuns, CountOnlyWhatTheySampledThemselves) {
  const Subject subject{faker_.info().name, faker_.info().identity};
  const RunResult sampled = run(study("sampled"), faker_);
  const RunResult taken = run(study("taken"), faker_, {sampled.folder});
  ASSERT_EQ(taken.reused, 60u);
  begun_later(taken.folder, 10);
  EXPECT_EQ(pace_of(subject).value().run, sampled.folder.filename().string());
}

}  // namespace
}  // namespace iago
