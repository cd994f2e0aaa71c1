#include "base/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/random.h"

namespace iago {
namespace {

using testing::ElementsAre;

std::vector<std::vector<std::string>> records(std::string_view csv) {
  CsvReader reader(csv, "set.csv", {});
  std::vector<std::vector<std::string>> all;
  while (auto record = reader.next()) all.push_back(record->fields);
  return all;
}

// The examples of RFC 4180, section 2, and what its grammar adds to them.
TEST(CsvReader, ReadsAsTheStandardSays) {
  EXPECT_THAT(records("aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n"),
              ElementsAre(ElementsAre("aaa", "bbb", "ccc"), ElementsAre("zzz", "yyy", "xxx")));
  EXPECT_THAT(records("aaa,bbb,ccc\nzzz,yyy,xxx"),
              ElementsAre(ElementsAre("aaa", "bbb", "ccc"), ElementsAre("zzz", "yyy", "xxx")));
  EXPECT_THAT(records("\"aaa\",\"b\r\nbb\",\"ccc\"\r\nzzz,yyy,xxx"),
              ElementsAre(ElementsAre("aaa", "b\r\nbb", "ccc"), ElementsAre("zzz", "yyy", "xxx")));
  EXPECT_THAT(records("\"aaa\",\"b\"\"bb\",\"ccc\""),
              ElementsAre(ElementsAre("aaa", "b\"bb", "ccc")));
  EXPECT_THAT(records(" a , b,"), ElementsAre(ElementsAre(" a ", " b", "")));
  EXPECT_THAT(records("\xEF\xBB\xBFx\n\n\r\ny\n"), ElementsAre(ElementsAre("x"), ElementsAre("y")));
  EXPECT_THAT(records("\"\"\n"), ElementsAre(ElementsAre("")));
  EXPECT_THAT(records(""), ElementsAre());
}

TEST(CsvReader, CountsTheLinesWithinQuotes) {
  CsvReader reader("h\n\"one\ntwo\"\n\nthree\n", "set.csv", {});
  EXPECT_EQ(reader.next()->line, 1u);
  EXPECT_EQ(reader.next()->line, 2u);
  EXPECT_EQ(reader.next()->line, 5u);
  EXPECT_FALSE(reader.next());
}

TEST(Csv, ReadsFieldsBareAndQuoted) {
  CsvTable table =
      parse_csv("\xEF\xBB\xBFtext,label\r\n\"a, \"\"b\"\"\nc\",1\r\n\nd,\"\"\n,\xff", "t.csv");
  EXPECT_THAT(table.header, ElementsAre("text", "label"));
  ASSERT_EQ(table.rows.size(), 3u);
  EXPECT_THAT(table.rows[0], ElementsAre("a, \"b\"\nc", "1"));
  EXPECT_THAT(table.rows[1], ElementsAre("d", ""));
  EXPECT_THAT(table.rows[2], ElementsAre("", "\xff"));
  EXPECT_THAT(table.lines, ElementsAre(2u, 5u, 6u));
  EXPECT_EQ(table.column("label"), 1u);
  EXPECT_FALSE(table.column("none"));
}

// Whatever is written by the rules is read as it was.
TEST(Csv, ReadsBackWhatIsQuotedByTheRules) {
  Random random(1, "csv");
  constexpr std::string_view kLetters = "a,\"\n\r b";
  for (int round = 0; round < 500; ++round) {
    std::vector<std::vector<std::string>> rows(1 + random.below(4));
    std::string text = "x,y\n";
    for (auto& row : rows) {
      for (int column = 0; column < 2; ++column) {
        std::string field, quoted = "\"";
        for (auto n = random.below(6); n > 0; --n) field += kLetters[random.below(kLetters.size())];
        for (char c : field) quoted += c == '"' ? "\"\"" : std::string(1, c);
        text += (column > 0 ? "," : "") + quoted + "\"";
        row.push_back(field);
      }
      text += random.chance(0.5) ? "\n" : "\r\n";
    }
    EXPECT_EQ(parse_csv(text, "t.csv").rows, rows) << text;
  }
}

TEST(Csv, RejectsWhatIsNoneWithTheLine) {
  auto rejected = [](std::string_view text, std::string_view says, CsvLimits limits = {}) {
    try {
      parse_csv(text, "t.csv", limits);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid);
      EXPECT_THAT(error.what(), testing::HasSubstr(std::string(says)));
    }
  };
  rejected("", "t.csv:1: expected a header");
  rejected("\n\n", "header");
  rejected("a,a\n", "twice");
  rejected("a,b\n1,2\n1\n", "t.csv:3: expected 2 fields");
  rejected("a\n\"x", "t.csv:2: a quote that is never closed");
  rejected("a\n\"x\"y\n", "after a closing quote");
  rejected("a\nx\"y\n", "within an unquoted field");
  rejected(std::string_view("a\n\0\n", 4), "NUL");
  rejected("a\n1\n2\n", "rows", {.rows = 1});
  rejected("a,b\n", "columns", {.columns = 1});
  rejected("a,b\n", "bytes", {.bytes = 2});
  rejected("a\nxyz\n", "t.csv:2: a field of more than 2 bytes", {.field_bytes = 2});
  rejected("a\n\"x\"\"y\"\n", "t.csv:2: a field of more than 2 bytes", {.field_bytes = 2});
  rejected("a\nx\ry\n", "t.csv:2: expected a line feed after the carriage return");
}

}  // namespace
}  // namespace iago
