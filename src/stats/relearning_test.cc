#include "stats/relearning.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace iago {
namespace {

constexpr BackAfter back(std::int64_t updates) { return {updates, 58}; }
constexpr BackAfter kNever = {std::nullopt, 58};

TEST(Relearning, IsBackAtTheFirstOfTwoStepsInARow) {
  const std::vector<double> shares = {0.1, 0.5, 0.2, 0.4, 0.4, 0.1};
  EXPECT_EQ(back_after(shares, 0.4), (BackAfter{3, 4}));
  EXPECT_EQ(back_after(shares, 0.1), (BackAfter{0, 4}));
  EXPECT_EQ(back_after(shares, 0.45), (BackAfter{std::nullopt, 4}));
  EXPECT_EQ(back_after(std::vector{0.9}, 0.4), (BackAfter{std::nullopt, 0}));
  EXPECT_EQ(back_after({}, 0.4), BackAfter{});
}

TEST(Relearning, ComparesUpdatesAndSaysWhichSideACensoredRatioBounds) {
  EXPECT_DOUBLE_EQ(updates_ratio(back(5), back(20))->ratio, 0.25);
  EXPECT_EQ(updates_ratio(back(5), back(20))->bound, UpdatesRatio::Bound::none);
  EXPECT_DOUBLE_EQ(updates_ratio(back(29), kNever)->ratio, 0.5);
  EXPECT_EQ(updates_ratio(back(29), kNever)->bound, UpdatesRatio::Bound::at_most);
  EXPECT_EQ(updates_ratio(kNever, back(29))->bound, UpdatesRatio::Bound::at_least);
  EXPECT_FALSE(updates_ratio(kNever, kNever));
  EXPECT_FALSE(updates_ratio(back(3), back(0)));
}

TEST(Relearning, HasAMedianInWhichNeverIsLast) {
  EXPECT_EQ(median_back({kNever, back(7), back(2)}), back(7));
  EXPECT_EQ(median_back({kNever, back(7), kNever}), kNever);
  EXPECT_EQ(median_back({back(7), back(2)}), back(7));
  EXPECT_FALSE(median_back({}));
}

TEST(Relearning, IsEasyByItsRule) {
  const auto easily = [](const std::vector<RelearntSeed>& seeds) { return relearnt_easily(seeds); };
  const RelearntSeed quick{back(4), back(20)};
  EXPECT_TRUE(easily({quick, quick, {back(5), back(18)}}));
  EXPECT_FALSE(easily({quick, quick})) << "two seeds say too little";
  EXPECT_TRUE(easily({quick, quick, {back(19), back(30)}})) << "the median decides";
  EXPECT_FALSE(easily({quick, quick, {back(25), back(30)}})) << "later than the control once was";
  EXPECT_FALSE(easily({quick, quick, {kNever, kNever}})) << "the model never came back once";
  EXPECT_TRUE(easily({{back(29), kNever}, {back(29), kNever}, {back(2), kNever}}));
  EXPECT_FALSE(easily({{back(30), kNever}, {back(31), kNever}, {back(2), kNever}}))
      << "58 updates may not be twice as many as it needs";
  const BackAfter ended_early{std::nullopt, 3};
  EXPECT_FALSE(easily({quick, quick, {back(4), ended_early}}))
      << "nothing is known of it after three updates";
  EXPECT_FALSE(easily({{back(11), back(20)}, {back(11), back(20)}, {back(11), back(20)}}));
  EXPECT_TRUE(easily({{back(0), back(1)}, {back(0), back(1)}, {back(0), back(1)}}));
}

// Updates of a model that does not differ from its control: any distribution, and with whatever a
// seed does to both of them alike.
TEST(Relearning, IsCalledEasyInFivePerCentAtMostWhereModelAndControlAreAlike) {
  constexpr std::size_t kBatteries = 10'000;
  for (const double of_seed : {0.0, 0.5, 1.0, 2.0}) {
    for (const double own : {0.2, 0.7, 2.0}) {
      for (const std::int64_t watched : {12, 58, 1'000'000}) {
        Random random(1, "alike");
        std::size_t easy = 0;
        for (std::size_t i = 0; i < kBatteries; ++i) {
          std::vector<RelearntSeed> seeds(kLeastRelearntSeeds);
          for (RelearntSeed& seed : seeds) {
            const double shared = std::log(20) + of_seed * random.normal();
            for (BackAfter* back : {&seed.model, &seed.control}) {
              const double updates = std::floor(std::exp(shared + own * random.normal()));
              back->watched = watched;
              if (updates <= static_cast<double>(watched)) {
                back->updates = static_cast<std::int64_t>(updates);
              }
            }
          }
          easy += relearnt_easily(seeds) ? 1 : 0;
        }
        // Three deviations of a share of 5 % above it.
        EXPECT_LE(static_cast<double>(easy) / kBatteries, 0.05 + 0.0066)
            << of_seed << " " << own << " " << watched;
      }
    }
  }
}

}  // namespace
}  // namespace iago
