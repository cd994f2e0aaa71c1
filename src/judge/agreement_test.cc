#include "judge/agreement.h"

#include <gtest/gtest.h>

namespace iago {
namespace {

TEST(Agreement, CountsEachWayOfBeingRightAndWrong) {
  Confusion c;
  c.add(true, true);
  c.add(true, false);
  c.add(true, false);
  c.add(false, true);
  c += Confusion{.true_negative = 4};
  EXPECT_EQ(c,
            (Confusion{
                .true_positive = 1, .false_negative = 2, .true_negative = 4, .false_positive = 1}));
  EXPECT_EQ(c.total(), 8u);
}

// Figures by hand.
TEST(Agreement, GivesTheTextbookFigures) {
  // Cohen's kappa of the 20/5/10/15 table (a widespread example): 0.4.
  Confusion c{.true_positive = 20, .false_negative = 10, .true_negative = 15, .false_positive = 5};
  EXPECT_DOUBLE_EQ(*sensitivity(c), 20.0 / 30);
  EXPECT_DOUBLE_EQ(*specificity(c), 15.0 / 20);
  EXPECT_DOUBLE_EQ(*precision(c), 20.0 / 25);
  EXPECT_NEAR(*cohens_kappa(c), 0.4, 1e-12);
}

TEST(Agreement, IsOneWhenPerfectZeroByChanceAndNegativeWhenOpposed) {
  EXPECT_DOUBLE_EQ(*cohens_kappa({.true_positive = 30, .true_negative = 70}), 1);
  EXPECT_NEAR(*cohens_kappa({25, 25, 25, 25}), 0, 1e-12);
  EXPECT_DOUBLE_EQ(*cohens_kappa({.false_negative = 50, .false_positive = 50}), -1);
}

TEST(Agreement, IsAbsentWithoutCases) {
  EXPECT_FALSE(sensitivity({}));
  EXPECT_FALSE(specificity({.true_positive = 5}));
  EXPECT_FALSE(precision({.false_negative = 3, .true_negative = 4}));
  EXPECT_FALSE(cohens_kappa({}));
  EXPECT_FALSE(cohens_kappa({.true_negative = 9}));
}

}  // namespace
}  // namespace iago
