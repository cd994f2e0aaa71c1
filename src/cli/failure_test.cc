#include "cli/internal/failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

#include "base/error.h"

namespace iago {
namespace {

using testing::HasSubstr;

TEST(Failure, SaysWhatToLowerWhereMemoryRanOut) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(print_failure(std::bad_alloc()), 1);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("memory"));
  EXPECT_THAT(said, HasSubstr("--max-in-flight"));
  EXPECT_THAT(said, testing::Not(HasSubstr("bad_alloc")));
}

TEST(Failure, TellsAnErrorsHintAndItsExitCode) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(print_failure(Error(ErrorCode::not_found, "no such run", "see runs/")), 2);
  EXPECT_EQ(print_failure(std::runtime_error("odd")), 1);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "iago: no such run\nhint: see runs/\niago: odd\n");
}

}  // namespace
}  // namespace iago
