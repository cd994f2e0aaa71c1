#include "spend/prices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace iago {
namespace {

using testing::HasSubstr;

constexpr const char* kTable = R"(
date = "2025-06-30"
[[model]]
name = "openai:gpt-4o"
input = 2.5
output = 10
cache_read = 1.25
[[model]]
name = "openai:gpt-4o-mini"
input = 0.15
output = 0.6
[[model]]
name = "anthropic:claude-3-opus"
input = 15
output = 75
cache_read = 1.5
cache_write = 18.75
)";

std::string error_of(const std::string& toml) {
  try {
    PriceTable::parse(toml, "prices.toml");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid);
    return error.what();
  }
  return "nothing was thrown";
}

TEST(PriceTable, FindsAModelAndItsDatedVersionsButNoOtherModel) {
  PriceTable table = PriceTable::parse(kTable, "prices.toml");
  EXPECT_EQ(table.date(), "2025-06-30");
  ASSERT_TRUE(table.of("openai:gpt-4o"));
  EXPECT_EQ(table.of("openai:gpt-4o-2024-08-06")->input, 2.5);
  EXPECT_EQ(table.of("openai:gpt-4o-mini-2024-07-18")->input, 0.15);
  EXPECT_EQ(table.of("anthropic:claude-3-opus-20240229")->output, 75);
  EXPECT_EQ(table.of("anthropic:claude-3-opus-latest")->output, 75);
  for (const char* other : {"openai:gpt-4o-realtime", "openai:gpt-4", "anthropic:gpt-4o",
                            "anthropic:claude-3-opus-5", "openai:"}) {
    EXPECT_FALSE(table.of(other)) << other;
  }
}

TEST(PriceTable, WhatRunsHereCostsNothing) {
  PriceTable table = PriceTable::parse(kTable, "prices.toml");
  for (const char* name : {"organism:faker", "world:faker", "local:/a", "scripted:b.jsonl"}) {
    EXPECT_EQ(table.of(name), TokenPrice{}) << name;
  }
}

TEST(PriceTable, BillsCachedTokensApart) {
  const TokenPrice opus = *PriceTable::parse(kTable, "prices.toml").of("anthropic:claude-3-opus");
  // 1000 read afresh, 2000 from the cache, 500 written, 100 generated.
  const TokenUsage usage{3500, 2000, 500, 100};
  EXPECT_DOUBLE_EQ(opus.cost(usage), (1000 * 15 + 2000 * 1.5 + 500 * 18.75 + 100 * 75) / 1e6);
  EXPECT_DOUBLE_EQ(opus.saved_by_cache(usage), (2000 * 13.5 - 500 * 3.75) / 1e6);
  const TokenPrice plain = *PriceTable::parse(kTable, "prices.toml").of("openai:gpt-4o-mini");
  EXPECT_DOUBLE_EQ(plain.cost(usage), (3500 * 0.15 + 100 * 0.6) / 1e6);
  EXPECT_DOUBLE_EQ(opus.cost({100, 200, 0, 0}), 200 * 1.5 / 1e6) << "more cached than read";
}

TEST(PriceTable, RefusesWhatItCannotRead) {
  EXPECT_THAT(error_of("[[model]]\nname = \"openai:x\"\ninput = 1\noutput = 1\n"),
              HasSubstr("date"));
  EXPECT_THAT(error_of("date = \"yesterday\"\n"), HasSubstr("prices.toml:1"));
  const std::string date = "date = \"2025-06-30\"\n[[model]]\n";
  EXPECT_THAT(error_of(date + "name = \"gpt-4o\"\ninput = 1\noutput = 1\n"), HasSubstr("kind"));
  EXPECT_THAT(error_of(date + "name = \"openai:x\"\ninput = -1\noutput = 1\n"),
              HasSubstr("prices.toml:4"));
  EXPECT_THAT(error_of(date + "name = \"openai:x\"\noutput = 1\n"), HasSubstr("input"));
  EXPECT_THAT(error_of(date + "name = \"openai:x\"\ninput = 1\noutput = 1\ncache = 3\n"),
              HasSubstr("cache"));
  const std::string twice = "[[model]]\nname = \"openai:x\"\ninput = 1\noutput = 1\n";
  EXPECT_THAT(error_of("date = \"2025-06-30\"\n" + twice + twice), HasSubstr("already"));
}

TEST(PriceTable, TheShippedTableIsRead) {
  PriceTable table = PriceTable::load(std::string(IAGO_SOURCE_DIR) + "/prices.toml");
  ASSERT_TRUE(table.of("anthropic:claude-3-opus-20240229"));
  EXPECT_GT(table.of("anthropic:claude-3-opus-20240229")->cache_write,
            table.of("anthropic:claude-3-opus-20240229")->input);
}

}  // namespace
}  // namespace iago
