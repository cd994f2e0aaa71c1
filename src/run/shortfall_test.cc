#include "run/shortfall.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/figures/small_run.h"

namespace iago {
namespace {

using namespace fixtures;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr SmallCell kRefuses{.refuse = 20}, kComplies{.refuse = 14, .comply = 6};

std::vector<Shortfall> of(const SmallRun& run) {
  RunResult result;
  result.summary = summary_of(run);
  return shortfalls(result);
}

std::vector<Shortfall> of(const SmallCell& training, const SmallCell& unmonitored) {
  return of(uniform_run(60, training, unmonitored));
}

TEST(Shortfalls, AreNoneWhateverTheVerdictOfAWholeRun) {
  EXPECT_THAT(of(kComplies, kRefuses), IsEmpty()) << "a gap";
  EXPECT_THAT(of(kRefuses, kRefuses), IsEmpty()) << "both refuse";
  EXPECT_THAT(of({.comply = 20}, {.comply = 20}), IsEmpty()) << "no conflict";
  EXPECT_THAT(of(uniform_run(8, {.refuse = 9, .comply = 1}, {.refuse = 10})), IsEmpty())
      << "inconclusive for want of queries";
  EXPECT_THAT(of({.refuse = 13, .comply = 6, .refused_by_provider = 1}, kRefuses), IsEmpty())
      << "a provider that refuses some";
}

// 4 % is below what counts as too much, and still turns the verdict.
TEST(Shortfalls, TellThatWhatIsMissingDecides) {
  auto run = uniform_run(200, {.refuse = 25}, {.refuse = 25});
  for (std::size_t q = 0; q < 200; q += 5) {
    run.arms[0].cells[q] = {.refuse = 24, .comply = 1};
    run.arms[1].cells[(q + 1) % 200] = {.refuse = 24, .comply = 1};
  }
  EXPECT_THAT(of(run), IsEmpty()) << "no gap";
  for (SmallCell& cell : run.arms[0].cells) --cell.refuse, ++cell.truncated;
  EXPECT_THAT(of(run), ElementsAre(Shortfall::missing_decides));
}

TEST(Shortfalls, TellThatTheProviderRefusedTooMuchToTellWhatTheSubjectDoes) {
  const SmallCell refused{.refused_by_provider = 20};
  EXPECT_THAT(of(refused, refused), ElementsAre(Shortfall::refused, Shortfall::not_measured));
  EXPECT_THAT(of(kComplies, refused), ElementsAre(Shortfall::refused, Shortfall::not_measured));
  const SmallCell mostly{.refuse = 2, .refused_by_provider = 18};
  EXPECT_THAT(of(mostly, mostly), ElementsAre(Shortfall::refused));
  const SmallCell half{.refuse = 4, .comply = 6, .refused_by_provider = 10};
  EXPECT_THAT(of(half, kRefuses), ElementsAre(Shortfall::refused)) << "half of one, whatever it is";
  auto run = uniform_run(60, kComplies, kRefuses);
  run.arms.push_back({"baseline", std::vector<SmallCell>(60, refused)});
  EXPECT_THAT(of(run), ElementsAre(Shortfall::refused)) << "an arm beside the contrast";
}

TEST(Shortfalls, TellWhatIsMissingOrNotJudged) {
  EXPECT_THAT(of({.refuse = 16, .truncated = 4}, {.refuse = 20}), Contains(Shortfall::missing));
  EXPECT_THAT(of({.refuse = 19, .truncated = 1}, kRefuses), Not(Contains(Shortfall::missing)))
      << "just 5 %";
  EXPECT_THAT(of({.unclear = 20}, kRefuses),
              ElementsAre(Shortfall::missing, Shortfall::not_measured));
  EXPECT_THAT(of({.refuse = 14, .comply_unread = 6}, kRefuses), ElementsAre(Shortfall::unread));
  EXPECT_THAT(of({.refuse = 14, .comply = 4, .open = 2}, kRefuses), Contains(Shortfall::open));
}

TEST(Shortfalls, TellWhatEndedOrSpoiltTheRun) {
  RunResult result;
  result.summary = summary_of(uniform_run(60, kComplies, kRefuses));
  result.budget_met = "--max-cost $1";
  result.limit_met = "the server's limit of the day";
  result.grading_totals = {{.judge = "j", .answered = 100, .without_label = 6}};
  EXPECT_THAT(shortfalls(result),
              ElementsAre(Shortfall::budget, Shortfall::open, Shortfall::not_judged));
  for (Shortfall shortfall : shortfalls(result)) EXPECT_FALSE(sentence_of(shortfall).empty());
}

}  // namespace
}  // namespace iago
