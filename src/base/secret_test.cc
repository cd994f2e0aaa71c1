#include "base/secret.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace iago {
namespace {

TEST(Secret, PrintsAsStarsEverywhere) {
  Secret secret("sk-very-private");
  std::ostringstream stream;
  stream << secret;
  EXPECT_EQ(stream.str(), "***");
  EXPECT_EQ(fmt::format("key {}", secret), "key ***");
  Json json = {{"key", secret}};
  EXPECT_EQ(dump_json(json), R"({"key":"***"})");
  EXPECT_EQ(secret.reveal(), "sk-very-private");
}

TEST(Secret, ComesFromTheEnvironmentWithoutTheSpaceAroundIt) {
  ::setenv("IAGO_TEST_SECRET", " abc\n", 1);
  EXPECT_EQ(Secret::from_environment("IAGO_TEST_SECRET").reveal(), "abc");
  ::unsetenv("IAGO_TEST_SECRET");
  EXPECT_TRUE(Secret::from_environment("IAGO_TEST_SECRET").empty());
}

TEST(Secret, ComesFromAFileAndAnEmptyFileIsAnError) {
  auto path = std::filesystem::temp_directory_path() /
              ("iago-secret-" + std::to_string(::getpid()) + ".key");
  write_file(path, "abc\n");
  EXPECT_EQ(Secret::from_file(path).reveal(), "abc");
  write_file(path, "\n");
  EXPECT_THROW(Secret::from_file(path), Error);
  std::filesystem::remove(path);
  EXPECT_THROW(Secret::from_file(path), Error);
}

TEST(Secret, IsHiddenWhereTheOtherSideQuotesIt) {
  EXPECT_EQ(Secret("sk-1").hide_in("bad key sk-1 (sk-1)"), "bad key *** (***)");
  EXPECT_EQ(Secret().hide_in("as it stands"), "as it stands");
}

}  // namespace
}  // namespace iago
