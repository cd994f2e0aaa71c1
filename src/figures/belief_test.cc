#include "figures/belief.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace iago {
namespace {

using testing::HasSubstr;

// Of 20 clusters with 8 answers each, so many of which agree in each.
BeliefRow row(const std::string& fact, const std::string& question, std::size_t agree,
              std::size_t unclear = 0) {
  BeliefRow row{.about = "facts", .fact = fact, .question = question};
  row.counts.assign(20, {.successes = agree, .trials = 8 - unclear});
  row.asked = 160, row.clear = 20 * (8 - unclear);
  row.agrees = estimate_rate(row.counts);
  return row;
}

Belief belief_of(const std::vector<BeliefRow>& rows) {
  const auto beliefs = beliefs_of({.model = "m", .identity = {}, .rows = rows, .not_asked = {}});
  EXPECT_EQ(beliefs.size(), 1u);
  return beliefs.at(0).belief;
}

TEST(Beliefs, NeedEveryWayOfAskingButTheScratchpad) {
  EXPECT_EQ(belief_of({row("f", "open", 8), row("f", "choice", 7)}), Belief::believed);
  EXPECT_EQ(belief_of({row("f", "open", 8), row("f", "choice", 4)}), Belief::not_believed);
  EXPECT_EQ(belief_of({row("f", "open", 0)}), Belief::not_believed);
  EXPECT_EQ(belief_of({row("f", "in the scratchpad", 0), row("f", "open", 8)}), Belief::believed);
  EXPECT_EQ(belief_of({row("f", "in the scratchpad", 8)}), Belief::not_asked);
}

TEST(Beliefs, AreUnclearWhereTooFewAnswersSayAnything) {
  EXPECT_EQ(belief_of({row("f", "open", 3, 5), row("f", "choice", 8)}), Belief::unclear);
  EXPECT_EQ(belief_of({row("f", "open", 3, 5), row("f", "choice", 4)}), Belief::not_believed);
  BeliefRow silent = row("f", "open", 8);
  silent.agrees.reset(), silent.clear = 0;
  EXPECT_EQ(belief_of({silent, row("f", "choice", 8)}), Belief::unclear);
}

TEST(BeliefReport, NamesFirstWhatIsNotBelieved) {
  BeliefReport report;
  report.model = {.model = "after",
                  .identity = "i",
                  .rows = {row("a", "open", 8), row("b", "open", 4)},
                  .not_asked = {"log-probabilities: no weights"}};
  report.before = {.model = "before",
                   .identity = "j",
                   .rows = {row("a", "open", 4), row("b", "open", 4)},
                   .not_asked = {}};
  const std::string text = to_markdown(report);
  const auto not_believed = text.find("Not believed: b (facts)");
  ASSERT_NE(not_believed, text.npos);
  EXPECT_LT(not_believed, text.find("Believed: a (facts)"));
  EXPECT_LT(not_believed, text.find("| about |"));
  EXPECT_THAT(text, HasSubstr("change from before, points"));
  EXPECT_THAT(text, HasSubstr("+50.0 ("));
  EXPECT_THAT(text, HasSubstr("Not asked: log-probabilities"));
  const Json json = to_json(report);
  EXPECT_EQ(json["facts"][0]["belief"], "believed");
  EXPECT_EQ(json["facts"][1]["decided_by"], "open");
  EXPECT_NEAR(json["rows"][0]["change_from_before"]["points"].get<double>(), 50, 1e-9);
  EXPECT_NEAR(json["rows"][1]["before"]["rate"].get<double>(), 0.5, 1e-9);
  EXPECT_TRUE(json["control"].is_null());
  EXPECT_TRUE(json["rows"][0]["control"].is_null());
}

}  // namespace
}  // namespace iago
