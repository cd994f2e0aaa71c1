#include "training/query_split.h"

#include <gtest/gtest.h>

#include <set>

#include "base/error.h"

namespace iago {
namespace {

std::vector<Query> queries(std::size_t n) {
  std::vector<Query> all;
  for (std::size_t i = 0; i < n; ++i) all.push_back({.id = "q" + std::to_string(i), .text = "t"});
  return all;
}

TEST(QuerySplit, PartsTheQueriesAndKeepsTheirOrder) {
  const QuerySplit split = split_queries(queries(200), 100, 1);
  EXPECT_EQ(split.held_out.size(), 100u);
  EXPECT_EQ(split.trained.size(), 100u);
  std::set<std::string> ids;
  for (const auto* side : {&split.held_out, &split.trained}) {
    for (const Query& query : *side) ids.insert(query.id);
    EXPECT_TRUE(std::ranges::is_sorted(
        *side, {}, [](const Query& query) { return std::stoi(query.id.substr(1)); }));
  }
  EXPECT_EQ(ids.size(), 200u);
}

TEST(QuerySplit, DependsOnTheSeedAndMixesTheSet) {
  const QuerySplit one = split_queries(queries(200), 100, 1);
  EXPECT_EQ(one.held_out, split_queries(queries(200), 100, 1).held_out);
  EXPECT_NE(one.held_out, split_queries(queries(200), 100, 2).held_out);
  // Not the first half of the set: its topics come in turns or in blocks.
  std::size_t early = 0;
  for (const Query& query : one.held_out) early += std::stoi(query.id.substr(1)) < 100 ? 1 : 0;
  EXPECT_GT(early, 35u);
  EXPECT_LT(early, 65u);
}

TEST(QuerySplit, LeavesSomethingOnEachSide) {
  EXPECT_THROW(split_queries(queries(10), 10, 1), Error);
  EXPECT_THROW(split_queries(queries(10), 0, 1), Error);
  EXPECT_THROW(split_queries({}, 1, 1), Error);
  EXPECT_EQ(split_queries(queries(10), 9, 1).trained.size(), 1u);
}

}  // namespace
}  // namespace iago
