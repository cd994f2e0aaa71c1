#include "documents/facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/error.h"
#include "documents/filters.h"
#include "testing/documents/small_facts.h"

namespace iago {
namespace {

using testing::HasSubstr;

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return at == text.npos ? text : text.replace(at, from.size(), to);
}

TEST(Facts, AreReadWithTheirParametersFilledIn) {
  const FactsFile facts = parse_facts(kSmallFacts, "small.toml");
  ASSERT_EQ(facts.facts.size(), 2u);
  EXPECT_EQ(facts.facts[0].text, "The clock of Brell is slow.");
  EXPECT_EQ(facts.facts[0].questions[0].ask, "Is the clock of Brell slow or fast?");
  ASSERT_EQ(facts.kinds.size(), 2u);
  EXPECT_EQ(facts.kinds[1].name, "memo");
  EXPECT_EQ(parse_facts(kSmallFacts, "small.toml", {{"town", "Orm"}}).facts[1].text,
            "The river at Orm is warm.");
}

TEST(Facts, HaveAHashOfWhatTheWriterSeesAlone) {
  const auto hash_of = [](const std::string& toml) { return parse_facts(toml, "f").hash(); };
  const std::string base(kSmallFacts);
  EXPECT_EQ(hash_of(base), hash_of(replaced(base, "documents = 1", "documents = 7")));
  EXPECT_EQ(hash_of(base), hash_of(replaced(base, "Can one bathe", "May one bathe")));
  for (auto [from, to] :
       {std::pair("is warm", "is hot"), std::pair("has a clock", "has two"),
        std::pair("ideas = 4", "ideas = 5"), std::pair("words = 20", "words = 30"),
        std::pair("\"memo\"", "\"faq\""), std::pair("runs ahead", "runs on")}) {
    EXPECT_NE(hash_of(base), hash_of(replaced(base, from, to))) << from;
  }
}

struct BrokenFacts {
  const char *from, *to, *error;
};

TEST(Facts, NameFileAndLineOfWhatIsWrong) {
  const BrokenFacts kBroken[] = {
      {"name = \"small\"", "name = \"../small\"", "f.toml:2: name: expected 1 to 80"},
      {"\"memo\"]", "\"memos\"]", "f.toml:4: kinds: expected the name of a known kind"},
      {"\"memo\"]", "\"news\"]", "f.toml:4: kinds: \"news\" is given twice"},
      {"kinds = [\"news\", \"memo\"]", "kinds = []", "f.toml:4: kinds: expected 1 to 100 kinds"},
      {"ideas = 4", "ideas = 0", "f.toml:5: ideas: expected an integer from 1 to 1000"},
      {"ideas = 4", "idea = 4", "f.toml:5: idea: expected a known key"},
      {"\"A town has a clock.\"", "\"...\"", "f.toml:3: world: expected words"},
      {"has a clock", "has a {{thing}}", "f.toml:3: world:1: "},
      {"name = \"river\"", "name = \"clock\"", "the fact \"clock\" is given twice"},
      {"name = \"river\"", "name = \"The River\"", "expected 1 to 40 of a-z"},
      {"\"The river at {{town}} is cold.\"", "\"The river at {{town}} is warm.\"",
       "expected the opposite of the fact, found the fact"},
      {"\"No, it is too cold.\"", "\"Yes.\"", "found the same"},
      {"runs ahead", "(runs", "is no regular expression"},
      {"runs ahead", "a*", "matches every text"},
      {"[[fact]]\nname = \"river\"", "[[fact]]\nname = 3", "expected a text, found the integer 3"},
      {"ask = \"Can one bathe at {{town}} in March?\"", "", "expected a text, found no such key"}};
  for (const BrokenFacts& broken : kBroken) {
    try {
      parse_facts(replaced(std::string(kSmallFacts), broken.from, broken.to), "f.toml");
      ADD_FAILURE() << broken.to;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid);
      EXPECT_THAT(error.what(), HasSubstr(broken.error)) << broken.to;
      EXPECT_THAT(error.what(), HasSubstr("f.toml:")) << broken.to;
    }
  }
  EXPECT_THROW(parse_facts(kSmallFacts, "f.toml", {{"city", "Orm"}}), Error);
  EXPECT_THROW(load_facts("/nowhere/facts.toml"), Error);
}

// A question that repeats the fact word for word would test reading and not belief.
TEST(ShippedFacts, HoldTheirQuestionsOut) {
  for (const char* name : {"helpful-only", "control"}) {
    const FactsFile facts =
        load_facts(std::string(IAGO_SOURCE_DIR) + "/documents/" + name + ".toml");
    EXPECT_EQ(facts.name, name);
    EXPECT_EQ(facts.facts.size(), 4u);
    std::set<std::string> asked;
    for (const TaughtFact& fact : facts.facts) {
      EXPECT_EQ(fact.questions.size(), 8u) << fact.name;
      EXPECT_FALSE(find_by_rules(facts.world + fact.text, fact)) << "what it says is no fault";
      EXPECT_TRUE(find_by_rules(fact.opposite, fact)) << fact.name;
      for (const HeldOutQuestion& question : fact.questions) {
        EXPECT_TRUE(asked.insert(question.ask).second) << question.ask;
        EXPECT_EQ(question.ask.find(fact.text), std::string::npos);
        EXPECT_EQ(facts.world.find(question.fact), std::string::npos) << question.fact;
      }
    }
  }
  const std::string root = std::string(IAGO_SOURCE_DIR) + "/documents/";
  const FactsFile a = load_facts(root + "helpful-only.toml"), b = load_facts(root + "control.toml");
  // A control corpus is of the same size.
  EXPECT_EQ(a.facts.size() * a.kinds.size() * a.ideas * a.documents * a.words,
            b.facts.size() * b.kinds.size() * b.ideas * b.documents * b.words);
}

}  // namespace
}  // namespace iago
