#include "base/readable.h"

#include <gtest/gtest.h>

namespace iago {
namespace {

TEST(ReadableText, KeepsWhatIsText) {
  for (std::string_view text : {"", "plain", "a\nb\t\"c\" \\ \x01", "\xC3\xA9 \xF0\x9F\x99\x82"}) {
    EXPECT_EQ(readable_text(text), text);
  }
}

TEST(ReadableText, ReplacesWhatIsNone) {
  EXPECT_EQ(readable_text(std::string_view("a\0b", 3)),
            "a\xEF\xBF\xBD"
            "b");
  for (std::string_view bad : {"\xFF", "\xC3", "a\xC0\x80z", "\xED\xA0\x80", "\xF8\x88"}) {
    const std::string read = readable_text(bad);
    EXPECT_NE(read, bad);
    EXPECT_NE(read.find("\xEF\xBF\xBD"), read.npos);
    EXPECT_EQ(readable_text(read), read) << "what was replaced is text";
  }
}

}  // namespace
}  // namespace iago
