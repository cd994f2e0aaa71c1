#include "net/body_allowance.h"

#include <gtest/gtest.h>

#include <memory>

namespace iago {
namespace {

TEST(BodyAllowance, GivesNoMoreThanItHasAndTakesItBack) {
  BodyAllowance allowance(100);
  EXPECT_TRUE(allowance.take(60));
  EXPECT_FALSE(allowance.take(41));
  EXPECT_TRUE(allowance.take(40));
  allowance.give_back(60);
  EXPECT_EQ(allowance.taken(), 40u);
  allowance.take_anyway(1000);
  EXPECT_FALSE(allowance.take(1));
  allowance.give_back(1040);
  EXPECT_TRUE(allowance.take(100));
}

TEST(BodyRoom, NeverLacksRoomForASmallBody) {
  auto allowance = std::make_shared<BodyAllowance>(BodyRoom::kAlways);
  BodyRoom large(allowance), small(allowance);
  EXPECT_TRUE(large.grow_to(BodyRoom::kAlways));
  EXPECT_FALSE(large.grow_to(BodyRoom::kAlways + 1));
  EXPECT_EQ(large.bytes(), BodyRoom::kAlways);
  EXPECT_TRUE(small.grow_to(1000));
  EXPECT_TRUE(small.grow_to(500)) << "and keeps what it has";
  EXPECT_EQ(small.bytes(), 1000u);
  EXPECT_EQ(allowance->taken(), BodyRoom::kAlways + 1000);
}

TEST(BodyRoom, GivesBackAllWhenItGoes) {
  auto allowance = std::make_shared<BodyAllowance>(1 << 20);
  {
    BodyRoom room(allowance);
    EXPECT_TRUE(room.grow_to(500'000));
    EXPECT_EQ(allowance->taken(), 500'000u);
    room.clear();
    EXPECT_EQ(allowance->taken(), 0u);
    EXPECT_TRUE(room.grow_to(70'000));
  }
  EXPECT_EQ(allowance->taken(), 0u);
}

}  // namespace
}  // namespace iago
