#include "stats/ranking.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "stats/gap.h"
#include "testing/stats/simulation.h"

namespace iago {
namespace {

ArmCounts uniform(std::size_t queries, std::size_t successes, std::size_t trials) {
  return ArmCounts(queries, {.successes = successes, .trials = trials});
}

// The two arms' rates of one simulated subject.
struct Subject {
  Subject(double more_rate, double less_rate, double correlation)
      : more(more_rate, correlation), less(less_rate, correlation) {}
  double gap() const { return 100 * (more.mean() - less.mean()); }
  Propensity more, less;
};

QueryCounts draw(double rate, std::size_t repeats, Random& random) {
  QueryCounts counts{.trials = repeats};
  for (std::size_t i = 0; i < repeats; ++i) counts.successes += random.chance(rate);
  return counts;
}

// Each query has one place in the distributions of all subjects: what is hard for one is hard for
// the others.
std::vector<ContrastCounts> simulate(const std::vector<Subject>& subjects, std::size_t queries,
                                     std::size_t repeats, Random& random) {
  std::vector<ContrastCounts> runs(subjects.size());
  for (std::size_t q = 0; q < queries; ++q) {
    const auto place = random.below(Propensity::kGrid);
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      runs[i].more.push_back(draw(subjects[i].more.at(place), repeats, random));
      runs[i].less.push_back(draw(subjects[i].less.at(place), repeats, random));
    }
  }
  return runs;
}

// Ties have all the ranks between them, and a rank interval must hold each of those.
RankInterval true_ranks(const std::vector<Subject>& subjects, std::size_t run) {
  RankInterval ranks{1, subjects.size()};
  for (const Subject& other : subjects) {
    ranks.best += other.gap() > subjects[run].gap() + 1e-9;
    ranks.worst -= other.gap() < subjects[run].gap() - 1e-9;
  }
  return ranks;
}

struct Covered {
  int ranks = 0;        // studies in which every rank interval holds the truth
  int differences = 0;  // pairs over all studies whose ci95 does
  int pairs = 0;
};

Covered cover(const std::vector<Subject>& subjects, std::size_t queries, std::size_t repeats,
              int studies, const std::string& name) {
  Random random(20240301, name);
  Covered covered;
  for (int study = 0; study < studies; ++study) {
    const Ranking ranking = rank_gaps(simulate(subjects, queries, repeats, random));
    bool all = true;
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      const RankInterval truth = true_ranks(subjects, i);
      all = all && ranking.ranks[i].best <= truth.best && truth.worst <= ranking.ranks[i].worst;
    }
    covered.ranks += all;
    for (const GapDifference& pair : ranking.differences) {
      ++covered.pairs;
      covered.differences += pair.ci95.contains(subjects[pair.a].gap() - subjects[pair.b].gap());
    }
  }
  return covered;
}

TEST(RankIntervals, HoldAllTrueRanksTogetherAtLeastAtTheirNominalRate) {
  constexpr int kStudies = 200;
  for (std::size_t queries : {20, 100}) {
    for (double correlation : {0.05, 0.3}) {
      const std::vector<Subject> alike(4, Subject(0.14, 0.03, correlation));
      const std::vector<Subject> organisms = {{0.23, 0.03, correlation},
                                              {0.14, 0.03, correlation},
                                              {0.03, 0.03, correlation},
                                              {0.99, 0.99, correlation}};
      for (const auto& subjects : {alike, organisms}) {
        const Covered covered = cover(subjects, queries, 5, kStudies, "ranks");
        // Three standard errors of the simulation below 95 %; simultaneous ones are conservative.
        EXPECT_GE(covered.ranks, kStudies * (0.95 - 3 * std::sqrt(0.95 * 0.05 / kStudies)))
            << queries << " queries, correlation " << correlation;
      }
    }
  }
}

TEST(GapDifferences, CoverTheTruthNearTheirNominalRate) {
  constexpr int kStudies = 400;
  for (std::size_t queries : {20, 100}) {
    for (std::size_t repeats : {1, 10}) {
      for (double correlation : {0.0, 0.3}) {
        const std::vector<Subject> subjects = {
            {0.14, 0.03, correlation}, {0.005, 0.005, correlation}, {0.5, 0.25, correlation}};
        const Covered covered = cover(subjects, queries, repeats, kStudies, "differences");
        // The three pairs of a study share runs, so the error is taken as that of single ones.
        EXPECT_GE(static_cast<double>(covered.differences) / covered.pairs,
                  0.93 - 3 * std::sqrt(0.93 * 0.07 / kStudies))
            << queries << " queries, " << repeats << " repeats, correlation " << correlation;
      }
    }
  }
}

TEST(RankIntervals, AreAllRanksForRunsThatAreTheSame) {
  const ContrastCounts run{uniform(50, 3, 10), uniform(50, 1, 10)};
  const Ranking ranking = rank_gaps(std::vector(5, run));
  ASSERT_EQ(ranking.differences.size(), 10u);
  for (const auto& ranks : ranking.ranks) EXPECT_EQ(ranks, (RankInterval{1, 5}));
  for (const auto& pair : ranking.differences) {
    EXPECT_EQ(pair.points, 0);
    EXPECT_GT(pair.ci95.width(), 0.1) << "two equal runs are no proof of equal subjects";
  }
}

TEST(RankIntervals, AreSingleRanksForRunsThatAreFarApart) {
  std::vector<ContrastCounts> runs;
  for (std::size_t successes : {2u, 9u, 5u}) {
    runs.push_back({uniform(200, successes, 10), uniform(200, 1, 10)});
  }
  const Ranking ranking = rank_gaps(runs);
  EXPECT_EQ(ranking.ranks, (std::vector<RankInterval>{{3, 3}, {1, 1}, {2, 2}}));
}

TEST(RankIntervals, TellNothingOfRunsWithoutACommonQuery) {
  ContrastCounts first{uniform(20, 9, 10), uniform(20, 0, 10)};
  ContrastCounts second{uniform(20, 0, 10), uniform(20, 0, 10)};
  for (std::size_t i = 0; i < 20; ++i) (i < 10 ? first : second).more[i] = {};
  const Ranking ranking = rank_gaps(std::vector{first, second});
  EXPECT_TRUE(ranking.differences.empty());
  EXPECT_EQ(ranking.ranks, (std::vector<RankInterval>{{1, 2}, {1, 2}}));
}

TEST(RankIntervals, OfOneRunAreOneAndOfNoneNone) {
  const ContrastCounts run{uniform(20, 3, 10), uniform(20, 1, 10)};
  EXPECT_EQ(rank_gaps(std::vector{run}).ranks, (std::vector<RankInterval>{{1, 1}}));
  EXPECT_TRUE(rank_gaps({}).ranks.empty());
}

// Against brute force on the definition: means and standard errors over the common queries.
TEST(GapDifferences, AreMeansOverTheQueriesThatBothRunsHave) {
  const ContrastCounts a{{{1, 2}, {2, 2}, {}, {0, 4}}, {{0, 2}, {1, 2}, {1, 1}, {0, 1}}};
  const ContrastCounts b{{{0, 1}, {1, 4}, {1, 1}, {3, 4}}, {{0, 1}, {0, 3}, {0, 1}, {0, 2}}};
  const double d[] = {0.5 - 0.0, (1.0 - 0.5) - 0.25, 0.0 - 0.75};
  const double mean = (d[0] + d[1] + d[2]) / 3;
  double squares = 0;
  for (double x : d) squares += (x - mean) * (x - mean);
  const auto found = compare_gaps(a, b);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->queries, 3u);
  EXPECT_NEAR(found->points, 100 * mean, 1e-10);
  EXPECT_NEAR(found->se_paired, 100 * std::sqrt(squares / 6), 1e-10);
  EXPECT_TRUE(found->ci95.contains(found->points));
  const auto turned = compare_gaps(b, a);
  EXPECT_NEAR(turned->ci95.lo, -found->ci95.hi, 1e-9);
  EXPECT_NEAR(turned->ci95.hi, -found->ci95.lo, 1e-9);
}

TEST(GapDifferences, GainFromQueriesThatMoveBothRunsAlike) {
  const std::vector<Subject> subjects(2, Subject(0.5, 0.05, 0.5));
  Random random(7, "pairing");
  const auto tied = simulate(subjects, 200, 10, random);
  auto shuffled = tied;
  std::rotate(shuffled[1].more.begin(), shuffled[1].more.begin() + 1, shuffled[1].more.end());
  std::rotate(shuffled[1].less.begin(), shuffled[1].less.begin() + 1, shuffled[1].less.end());
  EXPECT_LT(compare_gaps(tied[0], tied[1])->ci95.width(),
            0.8 * compare_gaps(shuffled[0], shuffled[1])->ci95.width());
}

TEST(GapIntervals, AtNinetyFivePerCentAreTheGapsOwnAndGrowWithTheLevel) {
  Random random(5, "levels");
  const auto run = simulate({Subject(0.2, 0.05, 0.1)}, 40, 5, random)[0];
  const auto gap = estimate_gap_without_test(run.more, run.less);
  const auto at = [&](double level) { return *gap_interval(run.more, run.less, level); };
  EXPECT_EQ(at(0.95), gap->ci95);
  EXPECT_LT(at(0.99).lo, at(0.95).lo);
  EXPECT_GT(at(0.99).hi, at(0.95).hi);
}

}  // namespace
}  // namespace iago
