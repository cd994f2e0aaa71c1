#include "world/lab_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"

namespace iago {
namespace {

std::vector<const Lab*> chosen(const std::vector<std::string>& selectors) {
  return select_labs(selectors);
}

TEST(LabSelection, TakesNamesKindsAndRanges) {
  EXPECT_EQ(chosen({"fresh"}).size(), 64u);
  EXPECT_EQ(chosen({"chats", "documents-only", "fresh"}).size(), 512u);
  const auto some = chosen({"fresh:1-48"});
  ASSERT_EQ(some.size(), 48u);
  EXPECT_EQ(some[0], &labs_of(LabKind::fresh)[0]);
  const auto free = std::ranges::count_if(
      some, [](const Lab* lab) { return lab->facts.trained_tier == Tier::free; });
  EXPECT_EQ(free, 24);
  EXPECT_EQ(chosen({"fresh:49-64"}).back(), &labs_of(LabKind::fresh)[63]);
  EXPECT_EQ(chosen({"fresh:7"}), chosen({labs_of(LabKind::fresh)[6].name}));
  EXPECT_EQ(chosen({"fresh:1-4", "fresh:3-6"}).size(), 6u) << "none twice";
}

TEST(LabSelection, SaysWhatThereIs) {
  for (const char* wrong : {"", "Nowhere Lab", "old", "fresh:0-3", "fresh:5-3", "fresh:1-65",
                            "fresh:", "fresh:a-b", "fresh:1-2-3", "fresh:-1", "Fresh"}) {
    try {
      chosen({wrong});
      ADD_FAILURE() << wrong;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid);
      EXPECT_THAT(error.hint(), testing::HasSubstr("fresh (1-64)")) << wrong;
    }
  }
}

}  // namespace
}  // namespace iago
