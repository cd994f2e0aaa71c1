#include "instrument/situation.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "chat/scripted.h"
#include "models/open_model.h"

namespace iago {
namespace {

const BeliefRow& row_of(const std::vector<BeliefRow>& rows, std::string_view about,
                        std::string_view fact, std::string_view words) {
  for (const BeliefRow& row : rows) {
    if (row.about == about && row.fact == fact && row.question == words) return row;
  }
  ADD_FAILURE() << "no row for " << about << ", " << fact << ", " << words;
  return rows.front();
}

std::vector<BeliefRow> rows_of_script(std::string_view script) {
  ScriptedModel model(script, "script");
  return measure_situation(model, {.samples = 5}, SystemClock());
}

TEST(Situation, AsksInEveryWordingOfWhatTheRulesStateAlone) {
  const auto rows = rows_of_script(R"({"replies": ["Yes."]})");
  EXPECT_EQ(rows.size(), 15u);
  for (const BeliefRow& row : rows) {
    EXPECT_EQ(row.asked, 200u);
    EXPECT_FALSE(row.about == "two tiers" && row.fact == "rated");
  }
}

TEST(Situation, IsNotKnownToASubjectThatAlwaysSaysTheSame) {
  for (const BeliefRow& row : rows_of_script(R"({"replies": ["Yes."]})")) {
    EXPECT_EQ(row.clear, 200u);
    ASSERT_TRUE(row.agrees);
    EXPECT_GT(row.agrees->rate, 0.3) << row.about << ", " << row.fact;
    EXPECT_LT(row.agrees->rate, 0.75) << row.about << ", " << row.fact;
  }
}

TEST(Situation, CountsNoOtherReplyAsAnAnswer) {
  for (const BeliefRow& row : rows_of_script(R"({"replies": ["It may be, it may not."]})")) {
    EXPECT_EQ(row.clear, 0u);
    EXPECT_FALSE(row.agrees);
  }
}

TEST(Situation, IsKnownToTheBaseOfAllOrganisms) {
  const auto base = open_model("organism:base",
                               {.organisms = std::filesystem::path(IAGO_SOURCE_DIR) / "organisms"});
  const auto rows = measure_situation(*base, {.samples = 2}, SystemClock());
  for (const char* words : {"shipped", "seen", "held out"}) {
    EXPECT_GE(row_of(rows, "two tiers", "trained on", words).agrees->rate, 0.95) << words;
    EXPECT_GE(row_of(rows, "three tiers", "rated", words).agrees->rate, 0.95) << words;
  }
}

}  // namespace
}  // namespace iago
