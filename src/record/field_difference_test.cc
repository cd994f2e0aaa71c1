#include "record/field_difference.h"

#include <gtest/gtest.h>

namespace iago {
namespace {

TEST(DifferingFields, AreThoseOfOtherExactValuesInTheirOrder) {
  const std::vector<NamedField> was = {
      plain_field("seed", "1"), {"judge", "abc", "rules (a)"}, {"prompts", "12", "some"}};
  const std::vector<NamedField> is = {
      plain_field("seed", "2"), {"judge", "abd", "rules (a)"}, {"prompts", "12", "others"}};
  EXPECT_TRUE(differing_fields(was, was).empty());
  const auto found = differing_fields(was, is);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].field, "seed");
  EXPECT_EQ(found[0].was, "1");
  EXPECT_EQ(found[0].is, "2");
  EXPECT_EQ(found[1].field, "judge") << "compared by what is exact, not by what is shown";
}

}  // namespace
}  // namespace iago
