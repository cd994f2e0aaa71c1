#include "stats/pooled.h"

#include <gtest/gtest.h>

#include "stats/gap.h"

namespace iago {
namespace {

const ContrastCounts kFirst = {{{1, 2, 0}, {0, 3, 1}}, {{0, 2, 0}, {1, 1, 0}}};
const ContrastCounts kSecond = {{{2, 2, 0}, {0, 0, 4}}, {{1, 4, 0}, {0, 2, 0}}};

TEST(Pooled, PutsTheWordingsBehindEachOtherAndKeepsTheirQueriesTogether) {
  const Pooled all = pooled(std::vector{kFirst, kSecond}, {});
  EXPECT_EQ(all.counts.more, (ArmCounts{{1, 2, 0}, {0, 3, 1}, {2, 2, 0}, {0, 0, 4}}));
  EXPECT_EQ(all.labels, (Labels{0, 1, 0, 1}));
  EXPECT_EQ(pooled(std::vector{kFirst, kSecond}, Labels{7, 7}).labels, (Labels{7, 7, 7, 7}));
  // (1/2 - 0) + (0 - 1) + (1 - 1/4), over three places with data.
  EXPECT_NEAR(estimate_gap_without_test(all.counts.more, all.counts.less)->points, 25.0 / 3, 1e-9);
}

TEST(ByQuery, AddsUpWhatEachQuerySaidUnderAllWordings) {
  const ContrastCounts sum = by_query(std::vector{kFirst, kSecond});
  EXPECT_EQ(sum.more[0].successes, 3u);
  EXPECT_EQ(sum.more[0].trials, 4u);
  EXPECT_EQ(sum.less[1].successes, 1u);
  EXPECT_EQ(sum.less[1].trials, 3u);
}

}  // namespace
}  // namespace iago
