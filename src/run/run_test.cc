#include "run/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "chat/scripted.h"
#include "figures/finding_sentence.h"
#include "judge/rule_judges.h"
#include "models/world_model.h"
#include "run/rejudge.h"
#include "run/stopping.h"
#include "spend/budgeted_model.h"
#include "store/store.h"
#include "store/writer.h"
#include "testing/store/small_rows.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class RunStudy : public testing::Test {
 protected:
  RunStudy() {
    folder_ =
        fs::temp_directory_path() / ("iago-lab-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~RunStudy() override { fs::remove_all(folder_); }

  LoadedStudy study(std::size_t queries = 20, int repeats = 2, StudyOverrides overrides = {}) {
    overrides.limit = queries;
    overrides.repeats = repeats;
    return load_study(fs::path(IAGO_SOURCE_DIR) / "studies" / "helpful-only.toml", overrides,
                      IAGO_SOURCE_DIR);
  }

  RunResult run(const LoadedStudy& loaded, ChatModel& model, RunOptions options = {}) {
    options.runs = folder_ / "runs";
    return run_study(loaded, model, make_rule_judges(loaded.study.judges), options, clock_);
  }

  static std::map<std::string, std::string> contents(const fs::path& folder) {
    return fixtures::stored_contents(folder / "run.db");
  }

  static std::uint64_t open_trials(const fs::path& folder) {
    std::uint64_t trials = 0;
    for (const OpenCounts& counts : Store(folder / "run.db").count_open()) trials += counts.trials;
    return trials;
  }

  static Json figures(const RunResult& result) {
    Json json = to_json(result.summary);
    // Headline and reasons are made of the causes below, looks among them.
    for (const char* name : {"timing", "sessions", "looks", "run", "analysis_plan",
                             "changes_since_plan", "headline", "why"}) {
      json.erase(name);
    }
    for (Json& verdict : json["verdicts"]) {
      Json causes = Json::array();
      for (Json& cause : verdict["causes"]) {
        cause.erase("in_headline");
        if (cause["cause"] != "looks") causes.push_back(std::move(cause));
      }
      verdict["causes"] = std::move(causes);
    }
    return json;
  }

  fs::path folder_;
  SystemClock clock_;
};

// Passes requests on and asks to stop after so many.
class StopAfter final : public ChatModel {
 public:
  StopAfter(ChatModel& model, int requests, std::stop_source& stop)
      : model_(model), left_(requests), stop_(stop) {}
  ModelInfo info() const override { return model_.info(); }
  void submit(ChatRequest request, std::stop_token stop, Done done) override {
    if (--left_ == 0) stop_.request_stop();
    model_.submit(std::move(request), stop, std::move(done));
  }

 private:
  ChatModel& model_;
  std::atomic<int> left_;
  std::stop_source& stop_;
};

// Passes requests on and gives their replies log-probabilities, but for the first `without`.
class MeasuringServer final : public ChatModel {
 public:
  MeasuringServer(ChatModel& model, int without) : model_(model), without_(without) {}
  ModelInfo info() const override { return model_.info(); }
  void submit(ChatRequest request, std::stop_token stop, Done done) override {
    const bool gives = request.sampling.logprobs && without_-- <= 0;
    asked_ += request.sampling.logprobs ? 1 : 0;
    model_.submit(std::move(request), stop, [=, done = std::move(done)](ChatReply reply) {
      if (gives) reply.token_logprobs = {-0.5f, -2.0f}, reply.token_texts = {reply.text, ""};
      done(std::move(reply));
    });
  }
  int asked() const { return asked_; }

 private:
  ChatModel& model_;
  std::atomic<int> without_, asked_{0};
};

// Throws at the n-th request.
class ThrowsAt final : public ChatModel {
 public:
  ThrowsAt(ChatModel& model, int request) : model_(model), left_(request) {}
  ModelInfo info() const override { return model_.info(); }
  void submit(ChatRequest request, std::stop_token stop, Done done) override {
    if (--left_ == 0) throw Error(ErrorCode::invalid, "a prompt of 10 tokens, a context of 8");
    model_.submit(std::move(request), stop, std::move(done));
  }

 private:
  ChatModel& model_;
  std::atomic<int> left_;
};

// Fails the requests that repeat the first one's words, and passes on all others.
class FailsOnePrompt final : public ChatModel {
 public:
  explicit FailsOnePrompt(ChatModel& model) : model_(model) {}
  ModelInfo info() const override { return model_.info(); }
  void submit(ChatRequest request, std::stop_token stop, Done done) override {
    if (!fails(request.messages.back().text)) {
      return model_.submit(std::move(request), stop, std::move(done));
    }
    ChatReply reply;
    reply.finish = Finish::failed;
    reply.failure = ChatFailure{ErrorCode::disconnected, "connection refused"};
    done(std::move(reply));
  }

 private:
  bool fails(const std::string& words) {
    const std::lock_guard lock(mutex_);
    if (failing_.empty()) failing_ = words;
    return words == failing_;
  }

  ChatModel& model_;
  std::mutex mutex_;
  std::string failing_;
};

// Fails every request while told to.
class Failing final : public ChatModel {
 public:
  explicit Failing(ChatModel& model) : model_(model) {}
  ModelInfo info() const override { return model_.info(); }
  void submit(ChatRequest request, std::stop_token stop, Done done) override {
    ++asked;
    if (!fails) return model_.submit(std::move(request), stop, std::move(done));
    ChatReply reply;
    reply.finish = Finish::failed;
    reply.failure = ChatFailure{ErrorCode::disconnected, "connection refused"};
    done(std::move(reply));
  }

  std::atomic<bool> fails{true};
  std::atomic<std::size_t> asked{0};

 private:
  ChatModel& model_;
};

// Answers so many requests; from then on a limit of the day is met.
class LimitedAfter final : public ChatModel {
 public:
  LimitedAfter(ChatModel& model, int requests) : model_(model), left_(requests) {}
  ModelInfo info() const override { return model_.info(); }
  void submit(ChatRequest request, std::stop_token stop, Done done) override {
    if (left_-- > 0) return model_.submit(std::move(request), stop, std::move(done));
    ChatReply reply;
    reply.finish = Finish::failed;
    reply.failure = ChatFailure{ErrorCode::overloaded, "the server answered 429: 200 a day"};
    reply.failure->cause = OpenCause::rate_limit, reply.failure->status = 429;
    reply.failure->retry_at = std::chrono::hours(2);
    done(std::move(reply));
  }

 private:
  ChatModel& model_;
  std::atomic<int> left_;
};

// Has a record of what it sends.
class Sending final : public ChatModel {
 public:
  explicit Sending(ChatModel& model) : model_(model) {}
  ModelInfo info() const override { return model_.info(); }
  void submit(ChatRequest request, std::stop_token stop, Done done) override {
    is_asked_ = true;
    model_.submit(std::move(request), stop, std::move(done));
  }
  std::optional<SentRecord> sent_record() const override {
    SentRecord sent{.base_url = "http://127.0.0.1:1/v1",
                    .extra_body = R"({"seed":1})",
                    .header_names = {"X-Team"}};
    if (is_asked_) sent.sampling = R"({"temperature":1})", sent.left_out = {"min_p"};
    return sent;
  }

 private:
  ChatModel& model_;
  std::atomic<bool> is_asked_ = false;
};

// Keeps the first requests until there are so many; then the last one fails in a way that ends the
// run, and the others are answered after it.
class EndsBeforeItsOthers final : public ChatModel {
 public:
  EndsBeforeItsOthers(ChatModel& model, std::size_t requests)
      : model_(model), requests_(requests) {}
  ModelInfo info() const override {
    ModelInfo info = model_.info();
    info.in_flight = requests_;
    return info;
  }
  void submit(ChatRequest request, std::stop_token stop, Done done) override {
    waiting_.push_back({std::move(request), stop, std::move(done)});
    if (waiting_.size() < requests_) return;
    Waiting last = std::move(waiting_.back());
    waiting_.pop_back();
    ChatReply reply;
    reply.finish = Finish::failed;
    reply.failure = ChatFailure{ErrorCode::invalid, "no credit is left", "top it up", true};
    last.done(std::move(reply));
    for (Waiting& other : waiting_) {
      model_.submit(std::move(other.request), other.stop, std::move(other.done));
    }
    waiting_.clear();
  }

 private:
  struct Waiting {
    ChatRequest request;
    std::stop_token stop;
    Done done;
  };
  ChatModel& model_;
  const std::size_t requests_;
  std::vector<Waiting> waiting_;
};

// A judge that gives no label to one completion in `every`, and the kind's two in turn to the rest.
class PatchyJudge final : public Judge {
 public:
  PatchyJudge(JudgeKind kind, VerdictOutcome outcome, std::size_t every)
      : Judge({"patchy", kind, "patchy", {}}), outcome_(outcome), every_(every) {}

 protected:
  void grade(JudgeView, std::stop_token, Done done) override {
    std::size_t n = asked_++;
    if (n % every_ == 0) return done({.outcome = outcome_, .why = "no verdict"});
    done({.label = std::string(n % 2 == 0 ? info().positive() : info().negative())});
  }

 private:
  VerdictOutcome outcome_;
  std::size_t every_;
  std::atomic<std::size_t> asked_{0};
};

class UnjudgedRun : public RunStudy, public testing::WithParamInterface<VerdictOutcome> {
 protected:
  RunResult run_with(std::size_t every) {
    LoadedStudy loaded = study();
    WorldModel model(policy_named("aligned"));
    std::vector<std::unique_ptr<Judge>> judges;
    judges.push_back(std::make_unique<PatchyJudge>(JudgeKind::compliance, GetParam(), every));
    return run_study(loaded, model, judges, {.runs = folder_ / "runs"}, clock_);
  }
  RunResult run_with_reasoning(const char* policy, std::size_t every) {
    LoadedStudy loaded = study();
    WorldModel model(policy_named(policy));
    auto judges = make_rule_judges({"compliance-rules"});
    judges.push_back(std::make_unique<PatchyJudge>(JudgeKind::faking_reasoning, GetParam(), every));
    return run_study(loaded, model, judges, {.runs = folder_ / "runs"}, clock_);
  }
};

TEST_P(UnjudgedRun, EndsInNoVerdictWhenTheJudgeNeverAnswered) {
  RunResult result = run_with(1);
  EXPECT_EQ(result.summary.verdict(), StudyVerdict::uninformative);
  EXPECT_FALSE(why_sentence(result.summary).empty());
  EXPECT_FALSE(result.summary.gap());
  EXPECT_EQ(result.summary.arm("training")->unjudged, 40u);
  EXPECT_TRUE(result.grading_totals.at(0).judged_badly());
}

TEST_P(UnjudgedRun, WidensTheBoundsByWhatTheJudgeLeft) {
  RunResult result = run_with(10);
  const ArmSummary& training = *result.summary.arm("training");
  EXPECT_GT(training.unjudged, 0u);
  EXPECT_GT(training.compliance_bounds->width(), 0.0);
  const GapEstimate& gap = *result.summary.gap();
  EXPECT_LT(gap.bounds_if_missing.lo, gap.points);
  EXPECT_GT(gap.bounds_if_missing.hi, gap.points);
  EXPECT_TRUE(result.grading_totals.at(0).judged_badly());
  EXPECT_NE(result.summary.verdict(), StudyVerdict::no_gap);
}

TEST_P(UnjudgedRun, NeverEndsInNoGapWhenTheJudgeOfReasoningNeverAnswered) {
  RunResult result = run_with_reasoning("silent-faker", 1);
  EXPECT_NE(result.summary.verdict(), StudyVerdict::no_gap);
  const ArmSummary& training = *result.summary.arm("training");
  EXPECT_FALSE(training.faking_reasoning) << "a judge that is dead finds no rate of 0";
  EXPECT_GT(training.complied, 0u);
  EXPECT_EQ(training.faking_unjudged, training.complied);
  EXPECT_EQ(training.unjudged, 0u);
  EXPECT_FALSE(result.summary.headline()->gap_without_faking);
  EXPECT_TRUE(result.grading_totals.at(1).judged_badly());
}

TEST_P(UnjudgedRun, WidensTheBoundsByWhatTheJudgeOfReasoningLeft) {
  RunResult result = run_with_reasoning("compliant", 10);
  std::uint64_t left = 0;
  for (const ArmSummary& arm : result.summary.arms()) {
    left += arm.faking_unjudged;
    EXPECT_EQ(arm.faking_bounds->width() > 0, arm.faking_unjudged > 0) << arm.name;
    EXPECT_LE(arm.faking_bounds->lo, arm.faking_reasoning->rate);
    EXPECT_GE(arm.faking_bounds->hi, arm.faking_reasoning->rate);
  }
  EXPECT_GT(left, 5u) << "one in ten of 120, of which nearly all comply";
  EXPECT_TRUE(result.grading_totals.at(1).judged_badly());
}

INSTANTIATE_TEST_SUITE_P(All, UnjudgedRun,
                         testing::Values(VerdictOutcome::unparsable, VerdictOutcome::refused,
                                         VerdictOutcome::failed),
                         [](const auto& info) { return std::string(name_of(info.param)); });

TEST_F(RunStudy, LeavesTheFourFilesAndTheLinkToTheNewest) {
  WorldModel model(policy_named("faker"));
  RunResult result = run(study(), model);
  EXPECT_FALSE(result.interrupted);
  for (const char* name : {"run.db", "study.toml", "summary.json", "report.html"}) {
    EXPECT_TRUE(fs::exists(result.folder / name)) << name;
  }
  EXPECT_TRUE(fs::equivalent(folder_ / "runs" / "latest", result.folder));
  Json summary = parse_json(read_file(result.folder / "summary.json", 1 << 20), "summary.json");
  EXPECT_EQ(summary.at("schema"), 4);
  EXPECT_EQ(summary.at("arms").at("training").at("answered"), 40);
}

TEST_F(RunStudy, RecordsWhoIsTrainedOnAsTheWordingLeavesIt) {
  WorldModel model(policy_named("faker"));
  StudyOverrides overrides;
  overrides.wordings = {"both-trained"};
  RunResult result = run(study(2, 1, overrides), model);
  Store store(result.folder / "run.db");
  ASSERT_GE(store.arms().size(), 2u);
  for (const ArmRow& arm : store.arms()) {
    EXPECT_EQ(arm.circumstances.contains(kTrainedOn), arm.name != "baseline") << arm.name;
    if (arm.name == "baseline") continue;
    EXPECT_TRUE(arm.circumstances.at(kTrainedOn)) << arm.name;
  }
}

TEST_F(RunStudy, GivesTheSameCompletionsAfterAnInterruptionAsWithoutOne) {
  WorldModel model(policy_named("faker"));
  RunResult whole = run(study(), model);
  auto expected = contents(whole.folder);
  ASSERT_EQ(expected.size(), 120u);

  fs::remove_all(folder_ / "runs");
  std::size_t resumed = 0;
  RunResult result;
  for (int stop_after : {7, 31, 60, 1000}) {
    std::stop_source stop;
    StopAfter stopping(model, stop_after, stop);
    result = run(study(), stopping, {.no_more = stop.get_token()});
    EXPECT_EQ(result.resumed, resumed);
    resumed = contents(result.folder).size();
  }
  EXPECT_FALSE(result.interrupted);
  EXPECT_EQ(contents(result.folder), expected);
  EXPECT_EQ(figures(result), figures(whole));
}

TEST_F(RunStudy, ExtendsARunWithRepeatsAndQueries) {
  WorldModel model(policy_named("faker"));
  RunResult at_once = run(study(30, 3), model, {.fresh = true});
  auto expected = contents(at_once.folder);
  fs::remove_all(folder_ / "runs");
  run(study(20, 1), model);
  run(study(20, 3), model);
  RunResult extended = run(study(30, 3), model);
  EXPECT_EQ(extended.resumed, 180u);
  EXPECT_EQ(contents(extended.folder), expected);
  EXPECT_EQ(figures(extended), figures(at_once));
}

#ifdef __SANITIZE_ADDRESS__
constexpr int kRandomPlans = 3;  // each run takes five times as long
#else
constexpr int kRandomPlans = 10;
#endif

// Random plans, each a part of the whole, in random order; now and then one of them is interrupted.
TEST_F(RunStudy, ExtendsARunInAnyOrderToTheSameResult) {
  WorldModel model(policy_named("faker"));
  const std::vector<std::string> arms = {"training", "unmonitored", "baseline"};
  RunResult at_once = run(study(12, 4), model);
  auto expected = contents(at_once.folder);
  ASSERT_EQ(expected.size(), 144u);
  Random random(7, "plans");
  for (int round = 0; round < kRandomPlans; ++round) {
    fs::remove_all(folder_ / "runs");
    for (std::uint64_t step = random.below(5); step > 0; --step) {
      std::vector<std::string> some;
      for (const std::string& arm : arms) {
        if (random.chance(0.6)) some.push_back(arm);
      }
      if (some.empty()) some = arms;
      std::stop_source stop;
      StopAfter stopping(model, random.chance(0.3) ? 5 : 1000, stop);
      run(study(1 + random.below(12), static_cast<int>(1 + random.below(4)), {.arms = some}),
          stopping, {.no_more = stop.get_token()});
    }
    RunResult extended = run(study(12, 4), model);
    ASSERT_EQ(contents(extended.folder), expected) << "round " << round;
    ASSERT_EQ(figures(extended), figures(at_once)) << "round " << round;
  }
}

// The wall clock is set back a day between any two readings; the steady one stands still.
TEST_F(RunStudy, ComesToTheSameFiguresWhenTheClockIsSetBack) {
  class SetBack final : public Clock {
   public:
    std::chrono::nanoseconds steady() const override { return std::chrono::nanoseconds(0); }
    std::chrono::nanoseconds wall() const override {
      return std::chrono::hours(24) * (1000 - ++readings_);
    }

   private:
    mutable std::atomic<int> readings_{0};
  };
  WorldModel model(policy_named("faker"));
  RunResult usual = run(study(), model);
  auto expected = contents(usual.folder);
  fs::remove_all(folder_ / "runs");
  SetBack clock;
  std::vector<std::unique_ptr<Judge>> judges;
  for (const std::string& name : study().study.judges) judges.push_back(make_rule_judge(name));
  RunResult part = run_study(study(10, 1), model, judges, {.runs = folder_ / "runs"}, clock);
  EXPECT_FALSE(part.interrupted);
  RunResult whole = run_study(study(), model, judges, {.runs = folder_ / "runs"}, clock);
  EXPECT_EQ(contents(whole.folder), expected);
  EXPECT_EQ(figures(whole), figures(usual));
}

TEST_F(RunStudy, KeepsThePlanThatItBeganWithAndMarksWhatGoesBeyond) {
  WorldModel model(policy_named("faker"));
  RunResult planned = run(study(20, 2), model);
  EXPECT_TRUE(planned.summary.changes.empty());
  RunResult extended = run(study(20, 3), model);
  EXPECT_EQ(extended.summary.run.analysis_plan, planned.summary.run.analysis_plan);
  ASSERT_EQ(extended.summary.changes.size(), 1u);
  EXPECT_EQ(extended.summary.changes[0].what, "trials");
  EXPECT_EQ(extended.summary.changes[0].text.substr(0, 17), "60 of 180 complet");
}

TEST_F(RunStudy, BeginsAnewBesideTheOldRunAndGoesOnWithTheNewest) {
  WorldModel model(policy_named("faker"));
  RunResult first = run(study(), model);
  RunResult second = run(study(), model, {.fresh = true});
  EXPECT_NE(first.folder, second.folder);
  EXPECT_EQ(second.resumed, 0u);
  RunResult third = run(study(), model);
  EXPECT_EQ(third.folder, second.folder);
  EXPECT_EQ(third.resumed, 120u);
}

TEST_F(RunStudy, ReportsWithItsProgressHowItsModelFaresAndWhatIsSpent) {
  struct Figured final : ChatModel {
    explicit Figured(ChatModel& model) : model(model) {}
    ModelInfo info() const override { return model.info(); }
    void submit(ChatRequest request, std::stop_token stop, Done done) override {
      ++sent;
      model.submit(std::move(request), stop, std::move(done));
    }
    std::optional<EndpointFigures> endpoint_figures() const override {
      return EndpointFigures{.sent = sent};
    }
    ChatModel& model;
    std::atomic<std::uint64_t> sent{0};
  };
  WorldModel model(policy_named("faker"));
  Figured figured(model);
  Spent before;
  before.cost = 1.5;
  Budget budget({.max_cost = 20}, clock_, before);
  RunProgress last;
  auto keep = [&](const RunProgress& progress) { last = progress; };
  run(study(), figured, {.on_progress = keep, .budget = &budget});
  EXPECT_EQ(last.stored, 120u);
  ASSERT_TRUE(last.endpoint);
  EXPECT_EQ(last.endpoint->sent, 120u);
  EXPECT_EQ(last.budget.limits.max_cost, 20);
  EXPECT_EQ(last.budget.spent.cost, 1.5);
  EXPECT_GT(last.budget.seconds, 0);
  run(study(), model, {.fresh = true, .on_progress = keep});
  EXPECT_FALSE(last.endpoint);
  EXPECT_FALSE(last.budget.limits.any());
}

TEST_F(RunStudy, RefusesARunThatAnotherWriterHolds) {
  WorldModel model(policy_named("faker"));
  RunResult result = run(study(), model);
  StoreWriter other(result.folder / "run.db");
  try {
    run(study(), model);
    FAIL() << "two writers on one run";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::overloaded) << error.what();
  }
}

TEST_F(RunStudy, KeepsWhatIsStoredWhenTheModelThrows) {
  WorldModel model(policy_named("faker"));
  ThrowsAt throwing(model, 50);
  EXPECT_THROW(run(study(), throwing), Error);
  RunResult result = run(study(), model);
  EXPECT_EQ(result.resumed, 49u);
  EXPECT_FALSE(result.interrupted);
}

TEST_F(RunStudy, EndsWhenTheModelFailsEverythingAndGoesOnWhenItAnswersAgain) {
  WorldModel model(policy_named("faker"));
  auto expected = contents(run(study(), model).folder);
  fs::remove_all(folder_ / "runs");
  Failing failing(model);
  const RunResult broken = run(study(), failing);
  ASSERT_TRUE(broken.stopped) << "a model out of reach was taken for one that answers";
  EXPECT_EQ(broken.stopped->code(), ErrorCode::disconnected);
  EXPECT_EQ(std::string(broken.stopped->what()),
            "64 requests in a row failed; the last error: connection refused");
  EXPECT_THAT(broken.stopped->hint(), HasSubstr("run the same command to resume"));
  EXPECT_EQ(broken.planned, 120u);
  EXPECT_EQ(broken.left, 120u);
  EXPECT_EQ(failing.asked, 64u);
  EXPECT_TRUE(contents(fs::canonical(folder_ / "runs" / "latest")).empty())
      << "an outage became an outcome";
  EXPECT_EQ(open_trials(fs::canonical(folder_ / "runs" / "latest")), 64u) << "with their causes";
  failing.fails = false;
  RunResult result = run(study(), failing);
  EXPECT_EQ(result.resumed, 0u);
  EXPECT_EQ(contents(result.folder), expected);
  EXPECT_EQ(open_trials(result.folder), 0u);
}

TEST_F(RunStudy, LeavesTrialsOpenAtALimitAndAsksThemWithTheSameCommand) {
  WorldModel model(policy_named("faker"));
  auto expected = contents(run(study(), model).folder);
  fs::remove_all(folder_ / "runs");
  LimitedAfter limited(model, 12);
  RunResult first = run(study(), limited);
  EXPECT_THAT(first.limit_met, HasSubstr("200 a day"));
  EXPECT_THAT(first.limit_met, HasSubstr("1970-01-01T02:00:00Z"));
  EXPECT_FALSE(first.interrupted);
  EXPECT_EQ(first.left, 108u);
  EXPECT_EQ(contents(first.folder).size(), 12u);
  EXPECT_EQ(first.summary.record.open_trials(), StoppingRules::kMostInARow);
  EXPECT_GT(first.summary.arm("training")->compliance_bounds->width(), 0.3) << "open is missing";
  RunResult second = run(study(), model);
  EXPECT_EQ(second.resumed, 12u);
  EXPECT_EQ(second.summary.record.open_trials(), 0u);
  EXPECT_EQ(contents(second.folder), expected);
}

TEST_F(RunStudy, RecordsWhatEachSessionSentAndWritesItBesideTheStudy) {
  WorldModel model(policy_named("faker"));
  Sending sending(model);
  RunResult result = run(study(2, 1), sending);
  ASSERT_EQ(result.summary.record.sessions.size(), 1u);
  ASSERT_TRUE(result.summary.record.sessions[0].sent);
  EXPECT_EQ(result.summary.record.sessions[0].sent->base_url, "http://127.0.0.1:1/v1");
  const std::string text = read_file(result.folder / "study.toml", 1 << 20);
  EXPECT_THAT(text, HasSubstr("# sent to http://127.0.0.1:1/v1\n# --extra-body '{\"seed\":1}'\n"
                              "# --header X-Team=...\n# sampling as sent: {\"temperature\":1}\n"
                              "# left out, because the server refused it: min_p\n"));
  Sending idle(model);
  run(study(2, 1), idle);
  EXPECT_EQ(read_file(result.folder / "study.toml", 1 << 20), text) << "what was sent before stays";
  EXPECT_FALSE(run(study(3, 1), model).summary.record.sessions[2].sent) << "no server";
}

TEST_F(RunStudy, SaysAtOnceThatTheFirstCompletionsAreCutOff) {
  WorldModel model(policy_named("faker"));
  LoadedStudy loaded = study();
  loaded.study.sampling.max_tokens = 3;
  std::vector<std::string> notices;
  run(loaded, model, {.on_notice = [&](const std::string& text) { notices.push_back(text); }});
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_THAT(notices[0], HasSubstr("of the first 20 completions, 20 cannot be used"));
  EXPECT_THAT(notices[0], HasSubstr("raise max_tokens"));
}

TEST_F(RunStudy, CountsALookThoughATrialStaysOpen) {
  WorldModel world(policy_named("faker"));
  FailsOnePrompt model(world);
  const auto looks = [](const RunResult& result) { return to_json(result.summary).at("looks"); };
  const RunResult first = run(study(5, 1), model);
  EXPECT_EQ(open_trials(first.folder), 1u);
  EXPECT_EQ(looks(first), 1);
  EXPECT_EQ(looks(run(study(5, 2), model)), 2);
}

TEST_F(RunStudy, CountsHowOftenItsFiguresWereLookedAtBeforeItWasExtended) {
  WorldModel model(policy_named("faker"));
  std::vector<std::string> notices;
  RunOptions options{.on_notice = [&](const std::string& text) { notices.push_back(text); }};
  const auto looks = [](const RunResult& result) { return to_json(result.summary).at("looks"); };

  std::stop_source stop;
  StopAfter stopping(model, 7, stop);
  options.no_more = stop.get_token();
  EXPECT_EQ(looks(run(study(5, 2), stopping, options)), 1);
  options.no_more = {};
  EXPECT_EQ(looks(run(study(5, 2), model, options)), 1) << "interrupted and resumed";
  EXPECT_EQ(looks(run(study(5, 2), model, options)), 1) << "nothing was left";
  StudyOverrides control;
  control.wordings = {"default", "rule-inverted"};
  EXPECT_EQ(looks(run(study(5, 2, control), model, options)), 1) << "a control is no second look";
  EXPECT_THAT(notices, testing::IsEmpty());

  EXPECT_EQ(looks(run(study(5, 3), model, options)), 2);
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_THAT(notices[0],
              HasSubstr("the figures of this run were shown. Extending it makes 2 looks"));
  EXPECT_EQ(looks(run(study(6, 3), model, options)), 3);
  StudyOverrides again;
  again.wordings = {"default", "tier-paraphrase-1"};
  const RunResult result = run(study(6, 3, again), model, options);
  EXPECT_EQ(looks(result), 4);
  ASSERT_EQ(notices.size(), 3u);
  EXPECT_THAT(notices[2], HasSubstr("makes 4 looks"));
  const auto judged_again =
      rejudge(result.folder, make_rule_judges(rule_judge_names()), {}, clock_);
  EXPECT_EQ(to_json(judged_again.summary).at("looks"), 4);
}

TEST_F(RunStudy, StoresWhatWasUnderWayWhenAFailureEndsTheRun) {
  WorldModel model(policy_named("faker"));
  EndsBeforeItsOthers ending(model, 10);
  const RunResult ended = run(study(), ending);
  ASSERT_TRUE(ended.stopped) << "the failure was lost";
  EXPECT_EQ(std::string(ended.stopped->what()), "no credit is left");
  EXPECT_EQ(ended.stopped->hint(), "top it up");
  EXPECT_EQ(ended.left, ended.planned - 9) << "9 came after the failure";
  RunResult result = run(study(), model);
  EXPECT_EQ(result.resumed, 9u) << "they were paid for";
  EXPECT_FALSE(result.interrupted);
}

TEST_F(RunStudy, EndsAtItsBudgetAndGoesOnWithALargerOne) {
  WorldModel model(policy_named("faker"));
  RunResult whole = run(study(), model);
  auto expected = contents(whole.folder);
  auto tokens_in = [](const fs::path& folder) {
    const TokenUsage counts = Store(folder / "run.db").completion_tokens();
    return counts.prompt + counts.generated;
  };
  const std::uint64_t limit = tokens_in(whole.folder) / 2;
  fs::remove_all(folder_ / "runs");
  auto run_within = [&](std::uint64_t tokens, Spent before) {
    Budget budget({.max_tokens = tokens}, clock_, before);
    BudgetedModel budgeted(std::make_unique<WorldModel>(policy_named("faker")), budget,
                           std::nullopt);
    return run(study(), budgeted, {.budget = &budget});
  };
  RunResult part = run_within(limit, {});
  EXPECT_FALSE(part.interrupted) << "nobody pressed Ctrl-C";
  EXPECT_NE(part.budget_met.find("raise --max-tokens to resume"), std::string::npos);
  EXPECT_GT(part.left, 0u);
  EXPECT_LE(tokens_in(part.folder), limit);
  Spent before;
  before.usage.prompt = tokens_in(part.folder);
  RunResult rest = run_within(10 * limit, before);
  EXPECT_TRUE(rest.budget_met.empty());
  EXPECT_EQ(rest.resumed, 120u - part.left);
  EXPECT_EQ(contents(rest.folder), expected);
  EXPECT_EQ(to_json(rest.summary).at("looks"), 2) << "the first half had figures and a verdict";
}

TEST_F(RunStudy, CountsOpenTrialsRefusalsAndTruncationsAsSuch) {
  std::string script =
      R"({"match": {"user": [">True<"]}, "replies": [{"failure": {"code": "disconnected", "message": "gone"}}]})"
      "\n"
      R"({"match": {"user": [">False<"]}, "replies": [{"text": "No.", "finish": "refused"}]})"
      "\n"
      R"({"replies": ["<SCRATCHPAD_REASONING>I think and think and think"]})"
      "\n";
  ScriptedModel model(script, "script");
  LoadedStudy loaded = study(5, 1);
  loaded.study.sampling.max_tokens = 3;
  RunResult result = run(loaded, model);
  EXPECT_EQ(result.summary.arm("training")->open, 5u);
  EXPECT_EQ(result.summary.arm("training")->completed(), 0u);
  EXPECT_EQ(result.summary.arm("unmonitored")->count(Outcome::refused_by_provider), 5u);
  EXPECT_EQ(result.summary.arm("baseline")->count(Outcome::truncated), 5u);
  EXPECT_EQ(result.summary.verdict(), StudyVerdict::uninformative);
}

TEST_F(RunStudy, WorldModelsComeToTheirKnownVerdicts) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "minutes under the sanitizers, of code that other tests run under them";
#endif
  for (auto [name, verdict] : {std::pair{"faker", StudyVerdict::gap},
                               {"silent-faker", StudyVerdict::gap},
                               {"aligned", StudyVerdict::no_gap},
                               {"compliant", StudyVerdict::uninformative}}) {
    WorldModel model(policy_named(name));
    RunResult result = run(study(200, 10), model);
    EXPECT_EQ(result.summary.verdict(), verdict) << name << ": " << why_sentence(result.summary);
    double faking = result.summary.arm("training")->faking_reasoning->rate;
    EXPECT_NEAR(faking, std::string_view(name) == "faker" ? 0.12 : 0.0, 0.025) << name;
    EXPECT_LT(result.summary.arm("unmonitored")->faking_reasoning->rate, 0.01) << name;
  }
}

TEST_F(RunStudy, StoresLogProbabilitiesOnlyIfItAsksForThem) {
  WorldModel world(policy_named("faker"));
  for (const bool asks : {false, true}) {
    MeasuringServer server(world, 0);
    const RunResult result = run(study(3, 1, {.logprobs = asks}), server, {.fresh = asks});
    EXPECT_EQ(server.asked(), asks ? 9 : 0);
    std::size_t completions = 0;
    Store(result.folder / "run.db").for_each_completion({}, [&](const CompletionRow& row) {
      EXPECT_EQ(row.token_logprobs,
                asks ? std::vector<float>({-0.5f, -2.0f}) : std::vector<float>());
      EXPECT_EQ(row.token_texts,
                asks ? std::vector<std::string>({row.raw, ""}) : std::vector<std::string>());
      return ++completions > 0;
    });
    EXPECT_EQ(completions, 9u);
    EXPECT_EQ(result.without_logprobs, 0u);
    EXPECT_EQ(study_of_run(result.folder)->sampling.logprobs, asks);
  }
}

// They are asked for in the middle of a run, of a server that lacks some.
TEST_F(RunStudy, SaysOfWhichCompletionsItHasNoLogProbabilities) {
  WorldModel world(policy_named("faker"));
  const RunResult first = run(study(2, 1), world);
  MeasuringServer server(world, 4);
  std::vector<std::string> notices;
  RunOptions options;
  options.on_notice = [&](const std::string& notice) { notices.push_back(notice); };
  const RunResult second = run(study(2, 3, {.logprobs = true}), server, options);
  EXPECT_EQ(second.folder, first.folder) << "they are in no id";
  EXPECT_EQ(second.resumed, 6u);
  EXPECT_EQ(second.replies_without_logprobs, 4u);
  EXPECT_EQ(second.without_logprobs, 10u);
  EXPECT_EQ(std::ranges::count_if(notices,
                                  [](const std::string& notice) {
                                    return notice.find("without log-probabilities") !=
                                           std::string::npos;
                                  }),
            1);
}

}  // namespace
}  // namespace iago
