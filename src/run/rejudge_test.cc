#include "run/rejudge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "base/error.h"
#include "base/json.h"
#include "figures/disagreement.h"
#include "judge/agreement.h"
#include "judge/rule_judges.h"
#include "models/world_model.h"
#include "run/run.h"
#include "store/store.h"
#include "world/policy.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

// A later version of the judge of faking reasoning: finds none anywhere.
class Blind final : public Judge {
 public:
  Blind() : Judge({"faking-rules", JudgeKind::faking_reasoning, "beefbeef", {}}) {}

 protected:
  void grade(JudgeView, std::stop_token, Done done) override {
    done({.label = std::string(kNoFaking), .votes = {}, .evidence = {}, .why = "It is blind."});
  }
};

std::vector<std::unique_ptr<Judge>> later_judges() {
  auto judges = make_rule_judges({"compliance-rules"});
  judges.push_back(std::make_unique<Blind>());
  return judges;
}

class Rejudging : public testing::Test {
 protected:
  Rejudging() {
    folder_ =
        fs::temp_directory_path() / ("iago-rejudge-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::path root = IAGO_SOURCE_DIR;
    StudyOverrides overrides;
    overrides.limit = 50;
    overrides.repeats = 4;
    LoadedStudy loaded = load_study(root / "studies/helpful-only.toml", overrides, root);
    WorldModel model(policy_named("faker"));
    RunResult result = run_study(loaded, model, make_rule_judges(loaded.study.judges),
                                 {.runs = folder_}, SystemClock());
    run_ = result.folder;
    faking_ = faking(result.summary);
  }
  ~Rejudging() override { fs::remove_all(folder_); }

  static double faking(const Summary& summary) {
    return summary.arm("training")->faking_reasoning->rate;
  }
  std::size_t verdicts(const std::string& hash) const {
    std::size_t count = 0;
    Store(run_ / "run.db").for_each_verdict(hash, [&](const Verdict&) { return ++count, true; });
    return count;
  }

  fs::path folder_, run_;
  double faking_ = 0;
};

TEST_F(Rejudging, SetsVerdictsOfANewVersionBesideTheOldAndCountsThem) {
  ASSERT_GT(faking_, 0);
  auto again = rejudge(run_, make_rule_judges(judge_names(run_)), {}, SystemClock());
  for (const Rejudged& judge : again.judges) {
    EXPECT_FALSE(judge.is_new);
    EXPECT_EQ(judge.judged, 0u);
  }
  EXPECT_EQ(faking(again.summary), faking_);

  RejudgeResult result = rejudge(run_, later_judges(), {}, SystemClock());
  EXPECT_FALSE(result.interrupted);
  ASSERT_EQ(result.judges.size(), 2u);
  EXPECT_TRUE(result.judges[1].is_new);
  EXPECT_EQ(result.judges[1].judged, 600u);
  EXPECT_EQ(verdicts("beefbeef"), 600u);
  EXPECT_EQ(verdicts(make_faking_rules()->info().hash), 600u);
  EXPECT_EQ(Store(run_ / "run.db").completion_count(), 600u) << "nothing is sampled";
  EXPECT_EQ(faking(result.summary), 0) << "the newest version of the planned judge counts";
  EXPECT_EQ(result.summary.judges.faking_reasoning->hash, "beefbeef");
  Json json = to_json(result.summary);
  EXPECT_FALSE(json["changes_since_plan"].empty()) << "and the summary says so";
  EXPECT_TRUE(fs::exists(run_ / "summary.json"));
}

TEST_F(Rejudging, GoesOnWhereItWasStopped) {
  std::stop_source stop;
  stop.request_stop();
  RejudgeResult stopped = rejudge(run_, later_judges(), {.stop = stop.get_token()}, SystemClock());
  EXPECT_TRUE(stopped.interrupted);
  EXPECT_LT(verdicts("beefbeef"), 600u);
  RejudgeResult result = rejudge(run_, later_judges(), {}, SystemClock());
  EXPECT_FALSE(result.interrupted);
  EXPECT_EQ(verdicts("beefbeef"), 600u);
}

TEST_F(Rejudging, TellsHowFarItIsWhileAJudgeTakesItsTime) {
  class Slow final : public Judge {
   public:
    Slow() : Judge({"slow", JudgeKind::faking_reasoning, "510051", {}}) {}

   protected:
    void grade(JudgeView, std::stop_token, Done done) override {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      done({.label = std::string(kNoFaking), .votes = {}, .evidence = {}, .why = "Slowly."});
    }
  };
  std::vector<std::unique_ptr<Judge>> judges;
  judges.push_back(std::make_unique<Slow>());
  std::vector<JudgingProgress> told;
  RejudgeOptions options;
  options.on_progress = [&](const JudgingProgress& progress) { told.push_back(progress); };
  auto result = rejudge(run_, judges, options, SystemClock());
  ASSERT_GE(told.size(), 2u) << "in more than half a second";
  for (std::size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(told[i].due, result.judges[0].judged);
    EXPECT_LE(told[i].given, told[i].due);
    if (i > 0) {
      EXPECT_GE(told[i].given, told[i - 1].given);
    }
  }
  EXPECT_GT(told.back().given, 0u);
}

TEST_F(Rejudging, CorrectsTheRatesWhereTheErrorIsKnown) {
  Store store(run_ / "run.db");
  auto judges = make_rule_judges(judge_names(run_));
  MeasuredJudge error{.judge = "faking-rules",
                      .hash = make_faking_rules()->info().hash,
                      .kind = JudgeKind::faking_reasoning,
                      .counted_with = make_compliance_rules()->info().hash,
                      .identity = store.run().subject_identity,
                      .error = {{800, 200, 9000, 0}, 0, "world:faker", ErrorSource::organism}};
  auto before = rejudge(run_, judges, {}, SystemClock()).summary;
  EXPECT_FALSE(before.arm("training")->faking_corrected) << "never measured";
  EXPECT_TRUE(before.changes.empty());
  auto after = rejudge(run_, judges, {.judge_errors = {error}}, SystemClock()).summary;
  ASSERT_TRUE(after.arm("training")->faking_corrected);
  EXPECT_NEAR(after.arm("training")->faking_corrected->rate, faking_ / 0.8, 1e-12);
  EXPECT_EQ(after.judges.faking_reasoning->error, error.error);
  EXPECT_FALSE(after.arm("training")->compliance_corrected) << "that judge was never measured";
  ASSERT_EQ(after.changes.size(), 1u) << "the plan says that it was never measured";
  EXPECT_EQ(after.changes[0].what, "judges");
  EXPECT_THAT(after.changes[0].text, testing::HasSubstr("now sensitivity 80.0 % of 1,000"));
}

TEST_F(Rejudging, ListsWhatTwoVersionsCallDifferently) {
  EXPECT_TRUE(newest_versions(Store(run_ / "run.db")).empty());
  rejudge(run_, later_judges(), {}, SystemClock());
  Store store(run_ / "run.db");
  auto pairs = newest_versions(store);
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_EQ(pairs[0].second.hash, "beefbeef");
  std::set<std::string> trials;
  auto comparison =
      compare_judges(store, pairs[0].first, pairs[0].second, [&](const Disagreement& found) {
        EXPECT_EQ(found.label_a, kFaking);
        EXPECT_EQ(found.label_b, kNoFaking);
        EXPECT_EQ(found.why_b, "It is blind.");
        EXPECT_FALSE(found.scratchpad.empty());
        return trials.insert(found.trial).second;
      });
  EXPECT_EQ(comparison.counts.total(), 600u);
  EXPECT_EQ(comparison.disagreements(), trials.size());
  EXPECT_GT(trials.size(), 0u);
  EXPECT_NEAR(comparison.agreement(), 1 - static_cast<double>(trials.size()) / 600, 1e-12);
  EXPECT_EQ(cohens_kappa(comparison.counts), 0) << "one of the two always says the same";
}

// A later judge of compliance: finds that every second answer neither complies nor refuses.
class Hesitating final : public Judge {
 public:
  Hesitating() : Judge({"compliance-rules", JudgeKind::compliance, "beefcafe", {}}) {}

 protected:
  void grade(JudgeView, std::stop_token, Done done) override {
    done({.label = std::string(seen_++ % 2 == 0 ? kUnclear : kRefuses), .why = "Hm."});
  }

 private:
  std::atomic<int> seen_ = 0;
};

TEST_F(Rejudging, TellsWhatIsUnclearApartFromErrors) {
  std::vector<std::unique_ptr<Judge>> judges;
  judges.push_back(std::make_unique<Hesitating>());
  rejudge(run_, judges, {}, SystemClock());
  Store store(run_ / "run.db");
  const auto pairs = newest_versions(store);
  ASSERT_EQ(pairs.size(), 1u);
  std::size_t told = 0;
  const auto comparison =
      compare_judges(store, pairs[0].first, pairs[0].second, [&](const Disagreement& found) {
        EXPECT_NE(found.label_a, found.label_b);
        return ++told > 0;
      });
  EXPECT_EQ(comparison.one_unclear, 300u);
  EXPECT_EQ(comparison.both_unclear, 0u);
  EXPECT_EQ(comparison.counts.total(), 300u);
  EXPECT_EQ(comparison.both_judged(), 600u);
  EXPECT_EQ(comparison.differing, comparison.counts.false_negative);
  EXPECT_EQ(comparison.disagreements(), 300 + comparison.differing);
  EXPECT_EQ(told, comparison.disagreements());
  EXPECT_NEAR(comparison.agreement(), 1 - static_cast<double>(comparison.differing) / 300, 1e-12);
  const Json json = to_json(comparison, {}, {});
  EXPECT_EQ(json["both_judged"], 600);
  EXPECT_EQ(json["one_unclear"], 300);
  // Against itself, both are unclear on the same.
  const auto same =
      compare_judges(store, pairs[0].second, pairs[0].second, [](const auto&) { return true; });
  EXPECT_EQ(same.both_unclear, 300u);
  EXPECT_EQ(same.disagreements(), 0u);
}

TEST_F(Rejudging, FindsJudgesByNameAndByHash) {
  rejudge(run_, later_judges(), {}, SystemClock());
  Store store(run_ / "run.db");
  std::string old = make_faking_rules()->info().hash;
  EXPECT_EQ(find_judge(store, "faking-rules").hash, "beefbeef") << "the newest";
  EXPECT_EQ(find_judge(store, "beef").hash, "beefbeef");
  EXPECT_EQ(find_judge(store, "faking-rules@" + old.substr(0, 8)).hash, old);
  EXPECT_THROW(find_judge(store, "faking-rules@"), Error) << "two versions fit";
  EXPECT_THROW(find_judge(store, "nobody"), Error);
  EXPECT_THROW(compare_judges(store, find_judge(store, "compliance-rules"),
                              find_judge(store, "faking-rules"), [](const auto&) { return true; }),
               Error);
}

}  // namespace
}  // namespace iago
