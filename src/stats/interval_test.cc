#include "stats/interval.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "stats/clustered.h"
#include "testing/stats/goldens.h"

namespace iago {
namespace {

using Method = Interval (*)(double, double, double);

double binomial(int n, int x, double p) {
  return std::exp(std::lgamma(n + 1) - std::lgamma(x + 1) - std::lgamma(n - x + 1)) *
         std::pow(p, x) * std::pow(1 - p, n - x);
}

// The lowest chance over the rates that the interval contains the rate, by enumeration of all
// outcomes of n trials.
double lowest_coverage(Method method, int n, double step, double up_to) {
  std::vector<Interval> intervals;
  for (int x = 0; x <= n; ++x) intervals.push_back(method(x, n, 0.95));
  double lowest = 1;
  for (double p = step; p < up_to; p += step) {
    double covered = 0;
    for (int x = 0; x <= n; ++x) {
      if (intervals[static_cast<std::size_t>(x)].contains(p)) covered += binomial(n, x, p);
    }
    lowest = std::min(lowest, covered);
  }
  return lowest;
}

TEST(Interval, AgreesWithStatsmodels) {
  for (const Json& row : read_goldens("intervals")) {
    const double x = row["successes"], n = row["trials"], level = row["level"];
    const auto expect = [&](const char* name, Interval found) {
      EXPECT_NEAR(found.lo, row[name][0].get<double>(), 1e-9) << name << " " << x << "/" << n;
      EXPECT_NEAR(found.hi, row[name][1].get<double>(), 1e-9) << name << " " << x << "/" << n;
    };
    expect("wilson", wilson(x, n, level));
    expect("clopper_pearson", clopper_pearson(x, n, level));
    expect("mid_p", mid_p(x, n, level));
    if (x > 0 && x < n) expect("jeffreys", jeffreys(x, n, level));  // the ends differ on purpose
  }
}

TEST(Interval, SquareAndAddOfIndependentArmsAgreesWithStatsmodels) {
  for (const Json& row : read_goldens("differences")) {
    const auto arm = [&](const char* successes, const char* trials) {
      ClusteredRate out;
      out.effective_n = row[trials];
      out.rate = row[successes].get<double>() / out.effective_n;
      out.critical = normal_critical();
      return out;
    };
    const Interval found = mover_interval(arm("a", "n"), arm("b", "m"), 0);
    EXPECT_NEAR(found.lo, row["newcombe"][0].get<double>(), 1e-9);
    EXPECT_NEAR(found.hi, row["newcombe"][1].get<double>(), 1e-9);
  }
}

TEST(Interval, CriticalValuesAgreeWithScipy) {
  EXPECT_NEAR(normal_critical(), 1.959963984540054, 1e-12);
  for (const Json& row : read_goldens("student_critical")) {
    EXPECT_NEAR(student_critical(row[0].get<double>()), row[1].get<double>(), 1e-9);
  }
}

TEST(Interval, NeverHasWidthZeroAndAlwaysContainsTheEstimate) {
  for (Method method :
       {Method{&wilson}, Method{&clopper_pearson}, Method{&mid_p}, Method{&jeffreys}}) {
    EXPECT_EQ(method(0, 0, 0.95), (Interval{0, 1}));
    for (double n : {0.5, 1.0, 7.3, 100.0, 1e6}) {
      for (double share : {0.0, 1e-6, 0.1, 0.5, 0.999999, 1.0}) {
        const Interval interval = method(share * n, n, 0.95);
        EXPECT_GT(interval.width(), 0) << share << " of " << n;
        EXPECT_TRUE(interval.contains(share)) << share << " of " << n;
        EXPECT_GE(interval.lo, 0);
        EXPECT_LE(interval.hi, 1);
      }
    }
  }
}

TEST(ClopperPearsonInterval, CoversAtLeastNominallyWhenEveryOutcomeIsEnumerated) {
  for (int n : {1, 5, 20, 50}) EXPECT_GE(lowest_coverage(&clopper_pearson, n, 0.0025, 1), 0.95);
}

TEST(MidPInterval, CoversNearNominallyNearZeroWhereWilsonDoesNot) {
  EXPECT_GE(lowest_coverage(&mid_p, 100, 0.0005, 0.5), 0.92);
  EXPECT_LT(lowest_coverage(&wilson, 100, 0.0005, 0.5), 0.9);
}

}  // namespace
}  // namespace iago
