#include "spend/forecast.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/hash.h"
#include "judge/rule_judges.h"
#include "models/world_model.h"
#include "run/run.h"
#include "spend/budgeted_model.h"
#include "testing/store/small_rows.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;

constexpr TokenUsage kEach = {10'000, 8'000, 500, 1'000};
constexpr std::uint64_t kTokensOfEach = 11'000;
constexpr const char* kPrices = R"(
date = "2025-06-30"
[[model]]
name = "openai:metered"
input = 2.5
output = 10
cache_read = 1.25
)";

// The grammar behind a name that is billed: every reply has used the same. Counts what it is asked
// and may ask to stop after so many.
class Metered final : public ChatModel {
 public:
  ModelInfo info() const override {
    return {.name = "openai:metered", .identity = sha256_hex("metered"), .in_flight = 1};
  }
  void submit(ChatRequest request, std::stop_token stop, Done done) override {
    if (++asked == stop_after) stopping.request_stop();
    model_.submit(std::move(request), stop, [done = std::move(done)](ChatReply reply) {
      reply.usage = kEach;
      done(std::move(reply));
    });
  }

  std::atomic<std::size_t> asked{0};
  std::size_t stop_after = 0;  // 0: never
  std::stop_source stopping;

 private:
  WorldModel model_{policy_named("faker")};
};

class Forecast : public testing::Test {
 protected:
  LoadedStudy study(const std::string& name, std::vector<std::string> arms) const {
    StudyOverrides overrides{.repeats = 2, .limit = 6};
    overrides.arms = std::move(arms);
    auto loaded = load_study(fs::path(IAGO_SOURCE_DIR) / "studies" / "helpful-only.toml", overrides,
                             IAGO_SOURCE_DIR);
    loaded.study.name = name;
    return loaded;
  }

  RunResult run(const LoadedStudy& loaded, ChatModel& model, RunOptions options) {
    options.runs = scratch_ / "runs";
    options.prices = &prices_;
    return run_study(loaded, model, make_rule_judges(loaded.study.judges), options, clock_);
  }

  TempFolder scratch_;
  SystemClock clock_;
  PriceTable prices_ = PriceTable::parse(kPrices, "prices.toml");
};

TEST_F(Forecast, OfARunThatTookCompletionsIsOnlyWhatItAskedForItself) {
  Metered first;
  const fs::path old = run(study("part", {"training"}), first, {}).folder;
  ASSERT_EQ(first.asked, 12u);
  EXPECT_EQ(spent_in(old, prices_).tokens(), 12 * kTokensOfEach);

  LoadedStudy wider = study("wider", {"training", "unmonitored"});
  Metered stopped;
  stopped.stop_after = 5;
  RunResult begun = run(wider, stopped, {.reuse = {old}, .no_more = stopped.stopping.get_token()});
  EXPECT_EQ(begun.reused, 12u) << "half of its completions";
  ASSERT_TRUE(begun.interrupted);
  const std::uint64_t asked = stopped.asked;
  ASSERT_LT(asked, 12u);
  Spent before = spent_in(begun.folder, prices_);
  EXPECT_EQ(before.tokens(), asked * kTokensOfEach);
  EXPECT_DOUBLE_EQ(before.cost, static_cast<double>(asked) *
                                    (1'500 * 2.5 + 8'000 * 1.25 + 500 * 2.5 + 1'000 * 10) / 1e6);

  // What is left fits only if the twelve that were taken cost nothing. The last request reserves
  // more than it uses: its prompt by the largest ratio of tokens to bytes so far, and a tenth more.
  const std::uint64_t limit = 12 * kTokensOfEach + 5'000;
  Budget budget({.max_tokens = limit}, clock_, before);
  auto inner = std::make_unique<Metered>();
  Metered& metered = *inner;
  BudgetedModel model(std::move(inner), budget, prices_.of("openai:metered"));
  RunResult whole = run(wider, model, {.reuse = {old}, .budget = &budget});
  EXPECT_EQ(whole.budget_met, "");
  EXPECT_EQ(whole.left, 0u);
  EXPECT_EQ(metered.asked + asked, 12u);
  EXPECT_EQ(whole.summary.reused_completions(), 12u);
  EXPECT_EQ(spent_in(whole.folder, prices_).tokens(), 12 * kTokensOfEach);
  EXPECT_EQ(budget.spent().tokens(), 12 * kTokensOfEach) << "as the store has it";
}

TEST_F(Forecast, IsStoredWithThePricesThatTheNewestSessionCountedWith) {
  Metered model;
  LoadedStudy loaded = study("part", {"training"});
  RunResult result = run(loaded, model, {});
  ASSERT_EQ(result.summary.usage.size(), 1u);
  const ModelUsage& usage = result.summary.usage[0];
  EXPECT_EQ(usage.price->price, prices_.of("openai:metered"));
  EXPECT_EQ(usage.price->date, "2025-06-30");
  EXPECT_DOUBLE_EQ(*usage.cost(), spent_in(result.folder, prices_).cost);
  EXPECT_DOUBLE_EQ(*usage.saved_by_cache(), spent_in(result.folder, prices_).saved_by_cache);
  EXPECT_DOUBLE_EQ(*usage.cache_rate(), 0.8);

  prices_ = PriceTable::parse(
      "date = \"2026-01-01\"\n[[model]]\nname = \"openai:metered\"\ninput = 5\noutput = 20\n", "b");
  RunResult again = run(loaded, model, {});
  EXPECT_EQ(again.resumed, 12u);
  EXPECT_EQ(again.summary.usage[0].price->date, "2026-01-01");
  EXPECT_DOUBLE_EQ(*again.summary.usage[0].cost(), 12 * (10'000 * 5 + 1'000 * 20) / 1e6);

  prices_ = PriceTable::parse("date = \"2027-01-01\"\n", "c");
  RunResult unknown = run(loaded, model, {});
  EXPECT_EQ(unknown.summary.usage[0].price->date, "2026-01-01") << "the table has none for it";
}

TEST_F(Forecast, OfModelsOnThisMachineStoresNoPrice) {
  WorldModel model(policy_named("faker"));
  RunResult result = run(study("here", {"training"}), model, {});
  EXPECT_THAT(Store(result.folder / "run.db").prices(), IsEmpty());
  EXPECT_FALSE(result.summary.usage[0].cost());
}

TEST_F(Forecast, OfJudgesThatAskModelsIsPricedByTheirModel) {
  auto path = scratch_ / "run.db";
  auto judge =
      fixtures::a_judge("faking-dual@openai:metered-2026-01-01", JudgeKind::faking_reasoning);
  StoreWriter writer(path, fixtures::a_run());
  writer.record_judge(judge);
  writer.record_judge(fixtures::a_judge("faking-rules", JudgeKind::faking_reasoning));
  writer.record_judge(fixtures::a_judge("faking-dual@openai:unknown", JudgeKind::faking_reasoning));
  record_prices(Store(path), prices_, writer);
  auto stored = Store(path).prices();
  ASSERT_EQ(stored.size(), 1u) << "the subject is an organism";
  EXPECT_EQ(stored[0].model, "openai:metered-2026-01-01") << "as its judge names it";
  EXPECT_EQ(stored[0].price, *prices_.of("openai:metered"));
}

}  // namespace
}  // namespace iago
