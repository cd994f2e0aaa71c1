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

TEST(Secret, LosesWhatNobodySeesAndSaysThatItDid) {
  struct Form {
    std::string raw, key;
    bool was_cleaned;
  };
  const std::string key = "sk-abc";
  const Form forms[] = {
      {key, key, false},
      {" \t" + key + "\r\n", key, false},
      {"\xef\xbb\xbf" + key + "\n", key, true},            // a byte-order mark
      {"\xef\xbb\xbf\r\n " + key + " \r\n", key, true},    // and a line before the key
      {key + "\xe2\x80\x8b\n", key, true},                 // U+200B, a space without width
      {"sk\xe2\x80\x8d-abc", key, true},                   // U+200D inside
      {"\xc2\xa0" + key + "\xc2\xa0", key, true},          // no-break spaces
      {"\xe2\x80\xaa" + key + "\xe2\x80\xac", key, true},  // marks of direction
      {"sk\xc2\xad-abc", key, true},                       // a soft hyphen
      {"\xe3\x80\x80" + key, key, true},                   // an ideographic space
      {"sk-\x01"
       "abc",
       key, true},  // a control character
      {"sk-\rabc", key, true},
      {std::string("\xff\xfes\0k\0-\0a\0b\0c\0\n\0", 16), key, true},  // UTF-16
      {std::string("\xfe\xff\0s\0k\0-\0a\0b\0c", 14), key, true},
      {"sk-\xc3\xa9", "sk-\xc3\xa9", false},  // seen, and wrong all the same
  };
  const auto path = std::filesystem::temp_directory_path() /
                    ("iago-secret-forms-" + std::to_string(::getpid()) + ".key");
  for (const Form& form : forms) {
    write_file(path, form.raw);
    const Secret from_file = Secret::from_file(path);
    EXPECT_EQ(from_file.reveal(), form.key);
    EXPECT_EQ(from_file.was_cleaned(), form.was_cleaned) << form.raw;
    if (form.raw.find('\0') != std::string::npos) continue;
    ::setenv("IAGO_TEST_SECRET", form.raw.c_str(), 1);
    EXPECT_EQ(Secret::from_environment("IAGO_TEST_SECRET").reveal(), form.key);
  }
  ::unsetenv("IAGO_TEST_SECRET");
  write_file(path, "\xef\xbb\xbf \n");
  EXPECT_THROW(Secret::from_file(path), Error);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace iago
