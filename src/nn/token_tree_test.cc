#include "nn/token_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace iago {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TokenForest plant_one(const TokenTree& tree, std::int64_t context = 100) {
  return plant(std::span(&tree, 1), 10, context);
}

std::string plant_error(const TokenTree& tree, std::int64_t context = 100) {
  try {
    plant_one(tree, context);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid);
    return error.what();
  }
  return "no error";
}

TEST(TokenTree, RestartsPositionsBehindTheSharedPrefix) {
  TokenTree tree = shared_prefix({1, 2, 3});
  add_branch(tree, {4, 5}, {0, 1});
  add_branch(tree, {6}, {1});
  const TokenForest forest = plant_one(tree);
  EXPECT_THAT(forest.tokens, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(forest.positions, ElementsAre(0, 1, 2, 3, 4, 3));
}

TEST(TokenTree, PredictsABranchsFirstTokenFromThePrefix) {
  TokenTree tree = shared_prefix({1, 2, 3});
  add_branch(tree, {4, 5}, {0.5f, 1});
  add_branch(tree, {6}, {2});
  const TokenForest forest = plant_one(tree);
  ASSERT_EQ(forest.targets.size(), 3u);
  EXPECT_EQ(forest.targets[0].row, 2);
  EXPECT_EQ(forest.targets[0].token, 4);
  EXPECT_FLOAT_EQ(forest.targets[0].weight, 0.5f);
  EXPECT_EQ(forest.targets[1].row, 3);
  EXPECT_EQ(forest.targets[1].token, 5);
  EXPECT_EQ(forest.targets[2].row, 2);
  EXPECT_EQ(forest.targets[2].token, 6);
}

TEST(TokenTree, MergesAncestorsThatAreNeighbours) {
  TokenTree tree = shared_prefix({1, 2});
  add_branch(tree, {3}, {});
  add_branch(tree, {4}, {});
  tree.segments.push_back({{5}, {}, 1});
  tree.segments.push_back({{6}, {}, 2});
  const TokenForest forest = plant_one(tree);
  ASSERT_EQ(forest.spans[3].ancestors.size(), 1u);  // 1 2 3 lie together
  EXPECT_EQ(forest.spans[3].ancestors[0].end, 3);
  ASSERT_EQ(forest.spans[4].ancestors.size(), 2u);  // 3 lies between 1 2 and 4
  EXPECT_EQ(forest.spans[4].keys, 4);
}

TEST(TokenTree, NamesWhatIsWrong) {
  EXPECT_THAT(plant_error(sequence({})), HasSubstr("expected tokens"));
  EXPECT_THAT(plant_error(sequence({1, 10})),
              HasSubstr("token 10 is outside the vocabulary of 10"));
  EXPECT_THAT(plant_error(sequence({1, -1})), HasSubstr("token -1"));
  EXPECT_THAT(plant_error(sequence({1, 2}, {0})), HasSubstr("1 weights for 2 tokens"));
  EXPECT_THAT(plant_error(sequence({1, 2}, {1, 0})), HasSubstr("nothing comes before"));
  EXPECT_THAT(plant_error(sequence({1, 2}, {0, -1})), HasSubstr("weight -1"));
  EXPECT_THAT(plant_error(sequence({1, 2, 3}), 2),
              HasSubstr("needs 3 positions, but the context is 2"));
  TokenTree forward = sequence({1});
  forward.segments.push_back({{2}, {}, 1});
  EXPECT_THAT(plant_error(forward), HasSubstr("parent 1 is not an earlier segment"));
}

}  // namespace
}  // namespace iago
