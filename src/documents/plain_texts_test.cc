#include "documents/plain_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace iago {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string plain_text_error(std::string_view content, PlainTextFormat format,
                             const PlainTextLimits& limits = {}) {
  try {
    parse_plain_texts(content, format, "texts.jsonl", limits);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid);
    return error.what();
  }
  return "no error";
}

TEST(PlainTexts, AreTheTextsOfJsonLinesWhateverElseTheLinesSay) {
  EXPECT_THAT(
      parse_plain_texts("{\"text\": \"One.\", \"id\": 3}\n\n{\"text\": \"Two\\nlines.\"}\r\n",
                        PlainTextFormat::json_lines, "t"),
      ElementsAre("One.", "Two\nlines."));
}

TEST(PlainTexts, AreParagraphsBetweenBlankLines) {
  EXPECT_THAT(parse_plain_texts("\n\nOne\nand more.\n \t\nTwo.\r\n\r\nThree.",
                                PlainTextFormat::paragraphs, "t"),
              ElementsAre("One\nand more.", "Two.", "Three."));
}

TEST(PlainTexts, NameTheLineThatIsWrong) {
  const auto lines = PlainTextFormat::json_lines;
  EXPECT_THAT(plain_text_error("{\"text\": \"a\"}\n[1]\n", lines),
              HasSubstr("texts.jsonl:2: expected a JSON object"));
  EXPECT_THAT(plain_text_error("{\"txt\": \"a\"}", lines), HasSubstr(":1: expected the key"));
  EXPECT_THAT(plain_text_error("{\"text\": 4}", lines), HasSubstr(":1: expected the key"));
  EXPECT_THAT(plain_text_error("{\"text\": \" \"}", lines), HasSubstr("with words"));
  EXPECT_THAT(plain_text_error("{\"text\": ", lines), HasSubstr("texts.jsonl:1"));
  EXPECT_THAT(plain_text_error("\n \n", lines), HasSubstr("found none"));
  EXPECT_THAT(plain_text_error("", PlainTextFormat::paragraphs), HasSubstr("found none"));
}

TEST(PlainTexts, KeepTheirLimits) {
  EXPECT_THAT(plain_text_error("one\n\ntwo", PlainTextFormat::paragraphs, {.texts = 1}),
              HasSubstr(":3: expected at most 1 texts"));
  EXPECT_THAT(plain_text_error("ok\n\nlong words", PlainTextFormat::paragraphs, {.text_bytes = 5}),
              HasSubstr(":3: expected a text of at most 5 bytes, found 10"));
}

}  // namespace
}  // namespace iago
