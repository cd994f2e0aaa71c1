#include "stats/random_draw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace iago {
namespace {

double log_choose(double n, double k) {
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
}

// The sum of the hypergeometric probabilities of both tails, term by term.
double by_terms(int k, int drawn, int positives, int all) {
  double at_most = 0, at_least = 0;
  for (int i = std::max(0, drawn + positives - all); i <= std::min(drawn, positives); ++i) {
    const double p = std::exp(log_choose(positives, i) + log_choose(all - positives, drawn - i) -
                              log_choose(all, drawn));
    if (i <= k) at_most += p;
    if (i >= k) at_least += p;
  }
  return std::min(1.0, 2 * std::min(at_most, at_least));
}

TEST(ChanceOfDraw, IsTheHypergeometricTailsSummedTermByTerm) {
  for (int all : {1, 7, 30, 400}) {
    for (int positives : {0, all / 10, all / 2, all}) {
      for (int drawn : {0, 1, all / 3, all}) {
        for (int k = std::max(0, drawn + positives - all); k <= std::min(drawn, positives); ++k) {
          EXPECT_NEAR(chance_of_draw(k, drawn, positives, all), by_terms(k, drawn, positives, all),
                      1e-9)
              << k << " of " << drawn << ", " << positives << " of " << all;
        }
      }
    }
  }
}

TEST(ChanceOfDraw, IsNextToNothingForASampleThatWasChosenByItsMark) {
  EXPECT_LT(chance_of_draw(30, 60, 40, 2'000), 1e-20);
  EXPECT_LT(chance_of_draw(0, 300, 300, 2'000), 1e-6);
  EXPECT_GT(chance_of_draw(1, 60, 40, 2'000), 0.5);
  EXPECT_EQ(chance_of_draw(40, 2'000, 40, 2'000), 1) << "all of them";
  EXPECT_LT(chance_of_draw(500, 1'000, 20'000, 1'000'000), 1e-100) << "a large run";
}

}  // namespace
}  // namespace iago
