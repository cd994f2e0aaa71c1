#include "base/nearest.h"

#include <gtest/gtest.h>

namespace iago {
namespace {

TEST(NearestName, ForgivesOneSlipInAShortNameAndAThirdOfALongOne) {
  std::vector<std::string> known{"arms", "repeats", "seed", "variant"};
  EXPECT_EQ(nearest_name("repeat", known), "repeats");
  EXPECT_EQ(nearest_name("varaint", known), "variant");
  EXPECT_EQ(nearest_name("sed", known), "seed");
  EXPECT_EQ(nearest_name("banana", known), "");
  EXPECT_EQ(nearest_name(std::string(1000, 'r'), known), "");
  EXPECT_EQ(nearest_name("x", {}), "");
}

}  // namespace
}  // namespace iago
