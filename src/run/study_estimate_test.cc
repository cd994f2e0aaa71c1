#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "judge/rule_judges.h"
#include "models/world_model.h"
#include "run/run.h"
#include "spend/budget_fit.h"
#include "spend/forecast.h"
#include "store/run_folder.h"
#include "store/store.h"
#include "world/policy.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr TokenPrice kDollarAToken{
    .input = 1e6, .output = 1e6, .cache_read = 1e6, .cache_write = 1e6};

ModelEstimate an_estimate(std::uint64_t requests, std::uint64_t prompt_tokens,
                          std::optional<TokenPrice> price = kDollarAToken) {
  return {.model = "openai:m",
          .requests = requests,
          .prompt_tokens = prompt_tokens,
          .most_generated = requests * 5,
          .price = price};
}

bool is_refused(const std::vector<ModelEstimate>& estimates, const BudgetLimits& limits,
                const Spent& before = {}) {
  const PriceTable prices = PriceTable::parse("date = \"2026-01-01\"", "prices");
  try {
    refuse_what_cannot_fit(estimates, limits, before, prices);
    return false;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid);
    return true;
  }
}

Spent spent_of(double cost, std::uint64_t prompt) {
  Spent spent;
  spent.cost = cost;
  spent.usage.prompt = prompt;
  return spent;
}

TEST(RefuseWhatCannotFit, CountsThePromptsAndATokenOfEachReply) {
  // 100 tokens estimated: 60 surely, and 10 of the replies.
  EXPECT_TRUE(is_refused({an_estimate(10, 100)}, {.max_cost = 69}));
  EXPECT_FALSE(is_refused({an_estimate(10, 100)}, {.max_cost = 71}));
  EXPECT_TRUE(is_refused({an_estimate(10, 100)}, {.max_tokens = 69}));
  EXPECT_FALSE(is_refused({an_estimate(10, 100)}, {.max_tokens = 71}));
  EXPECT_TRUE(is_refused({an_estimate(10, 100)}, {.max_cost = 100}, spent_of(31, 0)));
  EXPECT_TRUE(is_refused({an_estimate(10, 100)}, {.max_tokens = 100}, spent_of(0, 31)));
  EXPECT_TRUE(is_refused({an_estimate(10, 100), an_estimate(10, 100)}, {.max_cost = 139}));
  EXPECT_TRUE(is_refused({an_estimate(10, 100, std::nullopt)}, {.max_cost = 1e9}));
}

TEST(RefuseWhatCannotFit, CountsNoJudgesAndRefusesNothingWhereNothingIsLeft) {
  ModelEstimate judge = an_estimate(1000, 100'000);
  judge.judge = "rubric";
  EXPECT_FALSE(is_refused({an_estimate(10, 100), judge}, {.max_cost = 71, .max_tokens = 71}));
  EXPECT_FALSE(is_refused({an_estimate(0, 0)}, {.max_cost = 1, .max_tokens = 1}, spent_of(2, 2)));
}

TEST(BudgetFit, SaysWhetherWhatIsLeftFits) {
  BudgetFit fit;
  fit.add({an_estimate(10, 100)}, {}, 0);  // 70 to 150
  EXPECT_EQ(fit.text({}), "");
  EXPECT_EQ(fit.text({.max_cost = 150}),
            "--max-cost $150.00: $70.00 to $150.00 in all, $0.00 of it spent: fits\n");
  EXPECT_THAT(fit.text({.max_cost = 149}), HasSubstr("may end the run before it is complete\n"));
  EXPECT_THAT(fit.text({.max_tokens = 69}), HasSubstr("70 to 150 in all"));
  EXPECT_THAT(fit.text({.max_tokens = 69}), HasSubstr("cannot fit\n"));
  fit.add({an_estimate(1, 1, std::nullopt)}, {}, 0);
  EXPECT_EQ(fit.text({.max_cost = 150}), "--max-cost: unknown, openai:m has no price\n");
}

TEST(BudgetFit, GoesByWhatTheCompletionsSoFarTook) {
  BudgetFit fit;
  fit.add({an_estimate(10, 100)}, spent_of(40, 40), 5);
  fit.add({an_estimate(0, 0)}, spent_of(7, 9), 3);
  EXPECT_EQ(fit.text({.max_cost = 130, .max_tokens = 125}),
            "--max-cost $130.00: $117.00 to $197.00 in all, $47.00 of it spent: may end the run "
            "before it is complete; $127.00 at the rate so far, which fits\n"
            "--max-tokens 125: 119 to 199 in all, 49 of them spent: may end the run before it is "
            "complete; 129 at the rate so far, which does not fit\n");
}

class EstimateStudy : public testing::Test {
 protected:
  EstimateStudy() {
    folder_ =
        fs::temp_directory_path() / ("iago-spending-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~EstimateStudy() override { fs::remove_all(folder_); }

  static LoadedStudy study(std::vector<std::string> arms, const std::string& name) {
    StudyOverrides overrides;
    overrides.limit = 5;
    overrides.repeats = 2;
    overrides.arms = std::move(arms);
    LoadedStudy loaded = load_study(fs::path(IAGO_SOURCE_DIR) / "studies" / "helpful-only.toml",
                                    overrides, IAGO_SOURCE_DIR);
    loaded.study.name = name;
    loaded.study.model = "world:faker";
    return loaded;
  }
  RunResult run(const LoadedStudy& loaded, RunOptions options = {}) {
    options.runs = folder_;
    return run_study(loaded, model_, make_rule_judges(loaded.study.judges), options, clock_);
  }
  std::uint64_t requests_of(const LoadedStudy& loaded, const std::vector<fs::path>& reuse) {
    const ModelInfo info = model_.info();
    const Plan plan =
        make_plan(loaded.study, loaded.setting, loaded.queries, {info.name, info.identity});
    return estimate_study(loaded, plan, run_folder(folder_, plan.run_id, false), reuse,
                          IAGO_SOURCE_DIR, PriceTable::parse("date = \"2026-01-01\"", "prices"))
        .front()
        .requests;
  }

  fs::path folder_;
  WorldModel model_{policy_named("faker")};
  SystemClock clock_;
};

TEST_F(EstimateStudy, AsksForNothingThatIsStoredHereOrInRunsToReuse) {
  const RunResult old = run(study({"baseline"}, "old"));
  const LoadedStudy wider = study({"training", "unmonitored", "baseline"}, "wider");
  EXPECT_EQ(requests_of(wider, {}), 30u);
  EXPECT_EQ(requests_of(wider, {old.folder}), 20u);
  const RunResult here = run(study({"training"}, "wider"));
  EXPECT_EQ(requests_of(wider, {}), 20u);
  EXPECT_EQ(requests_of(wider, {old.folder, here.folder}), 10u);
  EXPECT_EQ(run(wider, {.reuse = {old.folder}}).reused, 10u) << "as foreseen";
  EXPECT_EQ(requests_of(wider, {}), 0u);
}

TEST_F(EstimateStudy, SumsWhatTheSessionsOfARunWorked) {
  EXPECT_EQ(seconds_worked(folder_ / "none"), 0);
  run(study({"training"}, "timed"));
  const RunResult second = run(study({"training", "baseline"}, "timed"));
  const auto sessions = Store(second.folder / "run.db").sessions();
  ASSERT_EQ(sessions.size(), 2u);
  EXPECT_GT(sessions[0].wall_s, 0);
  EXPECT_DOUBLE_EQ(seconds_worked(second.folder), sessions[0].wall_s + sessions[1].wall_s);
  EXPECT_EQ(completed_in(second.folder), 20u);
}

}  // namespace
}  // namespace iago
