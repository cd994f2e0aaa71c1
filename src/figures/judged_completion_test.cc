#include "figures/judged_completion.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "testing/store/small_rows.h"

namespace iago {
namespace {

Json shown(std::vector<float> logprobs, std::vector<std::string> texts) {
  CompletionRow row = fixtures::a_completion("training", 0, 0);
  row.token_logprobs = std::move(logprobs), row.token_texts = std::move(texts);
  // As a machine reads it.
  return parse_json(dump_json(to_json(row, "Open it.", {})), "shown")["token_logprobs"];
}

TEST(JudgedCompletion, ShowsEachTokenWithItsLogProbability) {
  const Json tokens = shown({-0.5f, -2.0f, -0.0f}, {"Yes", "\xc3", ""});
  ASSERT_EQ(tokens.size(), 3u);
  EXPECT_EQ(tokens[0], Json({{"token", "Yes"}, {"bytes", nullptr}, {"logprob", -0.5}}));
  EXPECT_EQ(tokens[1]["bytes"], Json({0xc3})) << "half of a character";
  EXPECT_EQ(tokens[1]["token"], "\xef\xbf\xbd");
  EXPECT_EQ(tokens[2]["token"], "");
}

TEST(JudgedCompletion, ShowsNullWhereNobodySaidThem) {
  EXPECT_EQ(shown({}, {}), nullptr);
  const Json tokens = shown({-0.5f}, {});
  EXPECT_EQ(tokens[0], Json({{"token", nullptr}, {"bytes", nullptr}, {"logprob", -0.5}}));
}

}  // namespace
}  // namespace iago
