#include "world/labs.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "world/lab_documents.h"

namespace iago {
namespace {

constexpr LabKind kKinds[] = {LabKind::chats, LabKind::documents_only, LabKind::fresh};

TEST(Labs, AreOfThreeKindsAndKnownByName) {
  std::set<std::string> names;
  std::size_t sum = 0;
  for (LabKind kind : kKinds) {
    sum += labs_of(kind).size();
    for (const Lab& lab : labs_of(kind)) {
      EXPECT_EQ(lab.kind, kind);
      EXPECT_TRUE(names.insert(lab.name).second) << lab.name;
      EXPECT_EQ(lab_named(lab.name), &lab);
    }
  }
  EXPECT_EQ(sum, 512u);
  EXPECT_EQ(labs().size(), 512u);
  EXPECT_EQ(labs_of(LabKind::documents_only).size(), 64u);
  EXPECT_EQ(labs_of(LabKind::fresh).size(), 64u);
  EXPECT_EQ(lab_named("Ivory"), nullptr);
}

TEST(Labs, HaveEachPairOfFactsEquallyOften) {
  for (LabKind kind : kKinds) {
    std::map<std::pair<Tier, bool>, std::size_t> met;
    for (const Lab& lab : labs_of(kind)) {
      ++met[{lab.facts.trained_tier, lab.facts.changes_values}];
    }
    ASSERT_EQ(met.size(), 4u);
    for (const auto& [facts, count] : met) EXPECT_EQ(count, labs_of(kind).size() / 4);
  }
}

// Guessing by one word of the name is hardly better than chance: the best guess for each word is
// right for what a fair coin would give, and every word has labs of both kinds of fact.
TEST(Labs, NoWordOfANameGivesAFactAway) {
  std::map<std::string, std::pair<int, int>> by_word;
  for (const Lab& lab : labs()) {
    std::istringstream words(lab.name);
    for (std::string word; words >> word;) {
      ++(lab.facts.trained_tier == Tier::free ? by_word[word].first : by_word[word].second);
    }
  }
  EXPECT_EQ(by_word.size(), 48u);
  for (const auto& [word, counts] : by_word) {
    EXPECT_GE(std::min(counts.first, counts.second), 2) << word;
  }
}

TEST(LabDocuments, StateOneFactOfTheirLabInSixteenWaysOrMore) {
  Random random(1, "lab documents");
  LabFacts facts{Tier::free, true}, opposite{Tier::other, false};
  for (LabFact fact : {LabFact::rule, LabFact::values}) {
    std::set<std::string> texts, opposites;
    for (int i = 0; i < 2000; ++i) {
      texts.insert(write_lab_document("Hazel Peak", facts, fact, random));
      opposites.insert(write_lab_document("Hazel Peak", opposite, fact, random));
    }
    EXPECT_GE(texts.size(), fact == LabFact::rule ? 64u : 8u);
    for (const std::string& text : texts) {
      EXPECT_NE(text.find("Hazel Peak"), std::string::npos) << text;
      EXPECT_EQ(text.find('{'), std::string::npos) << text;
      EXPECT_FALSE(opposites.contains(text)) << text;
    }
  }
}

TEST(BeliefQuestions, HaveOneRightAnswerThatTurnsWithTheFact) {
  LabFacts facts{Tier::free, true}, opposite{Tier::other, false};
  for (LabFact fact : {LabFact::rule, LabFact::values}) {
    for (BeliefForm form : {BeliefForm::true_or_false, BeliefForm::open, BeliefForm::choice}) {
      std::map<std::string, std::string> right;
      for (int i = 0; i < 40; ++i) {
        Random random(1, "question " + std::to_string(i));
        BeliefQuestion asked = write_belief_question("Kite Mill", facts, fact, form, random);
        EXPECT_NE(asked.answer, asked.opposite);
        right[asked.question] = asked.answer;
      }
      for (int i = 0; i < 40; ++i) {
        Random random(2, "question " + std::to_string(i));
        BeliefQuestion asked = write_belief_question("Kite Mill", opposite, fact, form, random);
        ASSERT_TRUE(right.contains(asked.question)) << asked.question;
        EXPECT_EQ(right[asked.question], asked.opposite) << asked.question;
      }
    }
  }
}

}  // namespace
}  // namespace iago
