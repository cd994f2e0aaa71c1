#include "cli/internal/exit_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "run/shortfall.h"

namespace iago {
namespace {

using testing::HasSubstr;

// The help, the manual page and the documents say the same.
TEST(ExitStatus, IsListedInTheDocumentsAsInTheHelp) {
  const std::string page =
      read_file(std::filesystem::path(IAGO_SOURCE_DIR) / "docs" / "exit-status.md", 1 << 20);
  for (const ExitMeaning& meaning : exit_meanings()) {
    EXPECT_THAT(exit_help(), HasSubstr(std::string(meaning.text)));
    EXPECT_THAT(page, HasSubstr("| " + std::to_string(meaning.status) + " | " +
                                std::string(meaning.text) + " |"));
  }
}

TEST(ExitStatus, ListsEachShortfallByTheNameThatIsPrinted) {
  const std::string page =
      read_file(std::filesystem::path(IAGO_SOURCE_DIR) / "docs" / "exit-status.md", 1 << 20);
  using enum Shortfall;
  for (Shortfall shortfall :
       {budget, open, not_judged, missing, unread, refused, not_measured, missing_decides}) {
    EXPECT_THAT(page, HasSubstr("\n| " + std::string(name_of(shortfall)) + " | "));
  }
}

TEST(ExitStatus, OfSeveralRunsIsTheWorst) {
  const int from_best[] = {kDone, kIncomplete, kWrongUsage, kFailed, kInterrupted};
  for (int i = 0; i < 5; ++i) {
    for (int j = i; j < 5; ++j) {
      EXPECT_EQ(worse_status(from_best[i], from_best[j]), from_best[j]);
      EXPECT_EQ(worse_status(from_best[j], from_best[i]), from_best[j]);
    }
  }
}

}  // namespace
}  // namespace iago
