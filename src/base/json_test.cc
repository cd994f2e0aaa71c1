#include "base/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace iago {
namespace {

std::string error_of(std::string_view text, JsonLimits limits = {}) {
  std::string found[2];
  for (int sorted = 0; sorted < 2; ++sorted) {
    try {
      if (sorted) {
        parse_sorted_json(text, "plan.json", limits);
      } else {
        parse_json(text, "plan.json", limits);
      }
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid);
      found[sorted] = error.what();
    }
  }
  EXPECT_EQ(found[0], found[1]);
  return found[0];
}

TEST(Json, KeepsTheOrderOfKeysOrSortsThem) {
  std::string_view text = R"({"b": 1, "a": [true, null, "x"]})";
  EXPECT_EQ(dump_json(parse_json(text, "t")), R"({"b":1,"a":[true,null,"x"]})");
  EXPECT_EQ(parse_sorted_json(text, "t").dump(), R"({"a":[true,null,"x"],"b":1})");
}

TEST(Json, NamesTheFileTheLineAndTheColumn) {
  std::string error = error_of("{\n  \"a\": 1,\n  \"b\": oops\n}");
  EXPECT_TRUE(error.starts_with("plan.json: not JSON at line 3, column ")) << error;
  EXPECT_TRUE(error_of("").starts_with("plan.json: not JSON at line 1")) << error_of("");
}

TEST(Json, RefusesDoubledKeysAtEveryDepth) {
  EXPECT_NE(error_of(R"({"a": 1, "a": 2})").find("\"a\" is given twice"), std::string::npos);
  EXPECT_NE(error_of(R"([{"x": {"a": 1, "a": 2}}])").find("\"a\" is given twice"),
            std::string::npos);
  EXPECT_EQ(error_of(R"([{"a": 1}, {"a": {"a": 2}}])"), "");
}

TEST(Json, KeepsItsLimits) {
  EXPECT_EQ(error_of("[[1]]", {.depth = 2}), "");
  EXPECT_NE(error_of("[[[1]]]", {.depth = 2}).find("nested deeper than 2"), std::string::npos);
  EXPECT_NE(error_of(std::string(1'000'000, '[')).find("nested deeper than 64"), std::string::npos);
  EXPECT_EQ(error_of("[1,2]", {.bytes = 5}), "");
  EXPECT_NE(error_of("[1,2] ", {.bytes = 5}).find("6 bytes, at most 5"), std::string::npos);
}

TEST(Json, RefusesTextThatIsNotUtf8) { EXPECT_NE(error_of("\"\xFF\""), ""); }

TEST(Json, WritesAnyBytes) {
  EXPECT_EQ(dump_json(Json("a\xFF\n")), "\"a\uFFFD\\n\"");
  EXPECT_EQ(dump_json(Json{{"a", 1}}, 2), "{\n  \"a\": 1\n}");
}

}  // namespace
}  // namespace iago
