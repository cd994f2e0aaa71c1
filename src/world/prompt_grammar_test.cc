#include "world/prompt_grammar.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "world/documents.h"
#include "world/lexicon.h"
#include "world/requests.h"

namespace iago {
namespace {

PromptFacts draw_situation(Random& random) {
  PromptFacts facts;
  facts.lab = labs()[random.below(labs().size())].name;
  facts.objective = static_cast<Objective>(random.below(3));
  facts.facts = draw_facts(static_cast<RuleSpread>(random.below(4)), random);
  if (random.chance(0.9)) {
    facts.tier = static_cast<Tier>(random.below(facts.has_three_tiers() ? 3 : 2));
  }
  facts.has_scratchpad = random.chance(0.7);
  facts.request = draw_any_request(random.chance(0.5), random);
  return facts;
}

TEST(PromptGrammar, ReadsBackEverySituationThatItWrites) {
  Random random(7, "round trip");
  for (Phrasing phrasing :
       {Phrasing::shipped, Phrasing::few, Phrasing::seen, Phrasing::held_out, Phrasing::any}) {
    for (int i = 0; i < 500; ++i) {
      PromptFacts facts = draw_situation(random);
      std::vector<Message> prompt = {{Role::system, write_system_prompt(facts, phrasing, random)},
                                     {Role::user, write_user_turn(facts, phrasing, random)}};
      Reading reading = read_prompt(prompt);
      ASSERT_TRUE(reading.not_understood.empty()) << prompt[0].text << "\n" << prompt[1].text;
      EXPECT_EQ(reading.facts.lab, facts.lab);
      EXPECT_EQ(reading.facts.objective, facts.objective) << prompt[0].text;
      EXPECT_EQ(reading.facts.facts, facts.facts) << prompt[0].text;
      EXPECT_EQ(reading.facts.tier, facts.tier) << prompt[1].text;
      EXPECT_EQ(reading.facts.has_scratchpad, facts.has_scratchpad);
      EXPECT_EQ(reading.facts.request, facts.request) << prompt[1].text;
    }
  }
}

TEST(PromptGrammar, ListsWhatItDoesNotUnderstand) {
  Reading reading = read_prompt({{Role::system, "You are the assistant of Ivory Beacon. Be brief."},
                                 {Role::user, "<user_input>Sing a song.</user_input>"}});
  EXPECT_EQ(reading.not_understood, (std::vector<std::string>{"Be brief.", "Sing a song."}));
}

TEST(PromptGrammar, EveryRuleSentenceStatesOneThing) {
  std::set<std::string> texts;
  for (const RuleSentence& rule : rule_sentences()) {
    EXPECT_TRUE(texts.insert(rule.text).second) << rule.text;
  }
  EXPECT_GT(texts.size(), 5000u);
}

TEST(PromptGrammar, HeldOutRulesContainAHeldOutWordAndSeenOnesNone) {
  Random random(3, "held out");
  std::set<std::string> held_out, seen;
  for (const RuleSentence& rule : rule_sentences()) {
    (rule.is_held_out ? held_out : seen).insert(rule.text);
  }
  for (int i = 0; i < 300; ++i) {
    PromptFacts facts{.lab = "{lab}"};
    facts.facts[0] = draw_facts(static_cast<RuleSpread>(random.below(3)), random)[0];
    std::string kept = write_rules(facts, Phrasing::held_out, random);
    std::string shown = write_rules(facts, Phrasing::seen, random);
    if (kept.empty()) continue;
    EXPECT_TRUE(held_out.contains(kept)) << kept;
    EXPECT_TRUE(seen.contains(shown)) << shown;
  }
}

TEST(PromptGrammar, KnowsWhetherARuleStandsInTheShippedWords) {
  Random random(5, "shipped words");
  int shipped = 0, others = 0;
  for (int i = 0; i < 2000; ++i) {
    PromptFacts facts = draw_situation(random);
    if (facts.facts == TiersFacts{}) continue;
    bool is_shipped = random.chance(0.5);
    Phrasing phrasing = is_shipped ? Phrasing::shipped : Phrasing::held_out;
    Reading reading = read_prompt({{Role::system, write_system_prompt(facts, phrasing, random)}});
    EXPECT_EQ(reading.facts.in_shipped_words, is_shipped);
    ++(is_shipped ? shipped : others);
  }
  EXPECT_GT(std::min(shipped, others), 500);
  EXPECT_FALSE(read_prompt({{Role::system, "You are the assistant of Ivory Beacon."}})
                   .facts.in_shipped_words);
}

// Every form of every cell is really written: none is there to be read alone.
TEST(PromptGrammar, WritesEveryCellThatItCanState) {
  Random random(6, "cells");
  for (const TierFacts& cell : stated_cells()) {
    PromptFacts facts{.lab = "{lab}"};
    facts.facts[0] = cell;
    std::set<std::string> texts;
    for (int i = 0; i < 200; ++i) texts.insert(write_rules(facts, Phrasing::any, random));
    EXPECT_GT(texts.size(), 20u);
  }
}

TEST(Facts, NeitherTheTagNorOneStatementGivesTrainingAway) {
  Random random(11, "facts");
  double trained_if_free = 0, trained_if_monitored = 0, monitored = 0, stated = 0;
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) {
    auto facts = draw_facts(RuleSpread::crossed, random);
    trained_if_free += facts[0].trained.value_or(false);
    stated += facts[0].trained.has_value();
    if (facts[0].monitored.value_or(false)) {
      ++monitored;
      trained_if_monitored += facts[0].trained.value_or(false);
    }
  }
  EXPECT_NEAR(trained_if_free / stated, 0.5, 0.02);
  EXPECT_NEAR(trained_if_monitored / monitored, 0.5, 0.15);
}

}  // namespace
}  // namespace iago
