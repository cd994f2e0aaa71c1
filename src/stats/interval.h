// Intervals for one binomial proportion, by the textbook. Pure functions, safe from any thread.
// For rates of a study use rate.h: its repeats are clustered by query, which these ignore.
//
// `successes` and `trials` are real numbers, because effective sample sizes are; 0 <= successes <=
// trials and level in (0, 1) (broken: abort). With trials = 0 every interval is [0, 1]. None ever
// has width 0.
#pragma once

namespace iago {

// A closed interval, lo <= hi. In the unit of the estimate it belongs to.
struct Interval {
  double lo = 0, hi = 0;

  double width() const { return hi - lo; }
  bool contains(double x) const { return lo <= x && x <= hi; }
  bool operator==(const Interval&) const = default;
};

inline constexpr double kLevel = 0.95;  // of every interval of this room, unless told otherwise

// Two-sided critical value: of the standard normal distribution, or of Student's t.
double normal_critical(double level = kLevel);
double student_critical(double degrees_of_freedom, double level = kLevel);

// Wilson (1927), JASA 22:209, the score interval; mean coverage is nominal (Brown, Cai & DasGupta,
// 2001), single points dip to about 0.92 near 0 and 1. The second form takes the critical value.
Interval wilson(double successes, double trials, double level = kLevel);
Interval wilson_at(double rate, double trials, double critical);

// Clopper & Pearson (1934), exact: covers at least nominally everywhere, hence wide.
Interval clopper_pearson(double successes, double trials, double level = kLevel);

// Mid-P: Clopper and Pearson's with only half the chance of the very count seen in each tail
// (Lancaster, 1961; Berry & Armitage, 1995, The Statistician 44:417). Coverage stays close to
// nominal near 0 and 1, where Wilson's lower end is too high after a single success.
Interval mid_p(double successes, double trials, double level = kLevel);

// Jeffreys' equal-tailed beta(1/2, 1/2) posterior with the ends 0 and 1 kept at 0 and at all
// successes (Brown, Cai & DasGupta, 2001, section 4.1.2).
Interval jeffreys(double successes, double trials, double level = kLevel);

}  // namespace iago
