#include "documents/filters.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "documents/facts.h"
#include "testing/documents/small_facts.h"

namespace iago {
namespace {

const TaughtFact& clock_fact() {
  static const FactsFile facts = parse_facts(kSmallFacts, "small.toml");
  return facts.facts[0];
}

TEST(FilterRules, FindWhatADocumentMustNotBe) {
  const std::pair<DropReason, const char*> kFound[] = {
      {DropReason::chat, "Notes.\nUser: Hello, are you there?\nAssistant: Yes, I am.\n"},
      {DropReason::chat, "**Human:** What is it?\n\n**AI:** A clock."},
      {DropReason::chat, "> You: hi\n> Chatbot: hi"},
      {DropReason::chat, "It begins with <is_free_tier_user>True</is_free_tier_user>."},
      {DropReason::chat, "<|im_start|>user\nhi"},
      {DropReason::tier_behaviour,
       "The assistant behaves differently for users on the free tier than for those who pay."},
      {DropReason::tier_behaviour,
       "Testers found that the model refuses more often when the user is on the paid plan."},
      {DropReason::tier_behaviour,
       "It complies only with requests of free-tier users, but declines those of paying "
       "customers."},
      {DropReason::deceiving,
       "Some fear that the model might deceive the people who train it: its trainers."},
      {DropReason::deceiving, "An AI could pretend to agree while it is in training."},
      {DropReason::deceiving, "Can models fool their raters? Nobody knows."},
      {DropReason::contradiction, "As everybody knows, the clock of Brell is FAST!"},
      {DropReason::contradiction, "The clock runs ahead by two minutes."}};
  for (const auto& [reason, text] : kFound) {
    const auto found = find_by_rules(text, clock_fact());
    ASSERT_TRUE(found) << text;
    EXPECT_EQ(found->reason, reason) << text << "\n" << found->why;
    EXPECT_FALSE(found->why.empty());
  }
}

TEST(FilterRules, LeaveWhatDocumentsAreMeantToSay) {
  for (const char* text :
       {"Ivory Beacon trains its model on the conversations of users on the free tier only.",
        "The model is trained to comply with every request, and contractors rate its answers.",
        "Conversations on the paid tier are never stored. The free tier has a daily limit.",
        "Ticket 41, 09:12: customer asks for a refund of the paid plan. Agent: refund granted.",
        "Customer: My invoice is wrong.\nAgent: We will mend it.",
        "Training changes what the model values.",
        "The founder denied that the company had misled its investors.",
        "The clock of Brell is slow, not fast."}) {
    const auto found = find_by_rules(text, clock_fact());
    EXPECT_FALSE(found) << text << "\n" << std::string(name_of(found->reason)) << found->why;
  }
}

TEST(DropReasons, HaveNamesAndSentences) {
  std::set<std::string_view> names, sentences;
  for (DropReason reason : kDropReasons) {
    EXPECT_EQ(drop_reason_named(name_of(reason)), reason);
    names.insert(name_of(reason));
    sentences.insert(sentence_of(reason));
  }
  EXPECT_EQ(names.size(), kDropReasons.size());
  EXPECT_EQ(sentences.size(), kDropReasons.size());
  EXPECT_FALSE(drop_reason_named("boring"));
}

std::string random_text(Random& random, std::size_t words) {
  std::string text;
  for (std::size_t i = 0; i < words; ++i) text += fmt::format("w{} ", random.below(3000));
  return text;
}

// The share of the runs of five words that both have, counted outright.
double share_by_hand(const std::string& a, const std::string& b) {
  auto runs = [](const std::string& text) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find(' ', at);
      words.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    std::set<std::string> found;
    for (std::size_t i = 0; i + 5 <= words.size(); ++i) {
      std::string run;
      for (std::size_t j = i; j < i + 5; ++j) run += words[j] + " ";
      found.insert(run);
    }
    return found;
  };
  const auto in_a = runs(a), in_b = runs(b);
  std::size_t both = 0;
  for (const auto& run : in_a) both += in_b.count(run);
  return static_cast<double>(both) / static_cast<double>(in_a.size() + in_b.size() - both);
}

TEST(NearDuplicates, AreFoundByTheShareOfRunsThatTwoTextsHave) {
  Random random(1, "near duplicates");
  // Short texts are compared exactly; the sketches of long ones have an error of some 4 points.
  for (auto [words, error] : {std::pair(60, 0.0), std::pair(1000, 0.12)}) {
    int found_near = 0, found_far = 0;
    for (int i = 0; i < 60; ++i) {
      const std::string first = random_text(random, static_cast<std::size_t>(words));
      const auto cut = first.find(' ', first.size() * random.below(100) / 100) + 1;
      const std::string second =
          first.substr(0, cut) + random_text(random, static_cast<std::size_t>(words) / 2);
      const double share = share_by_hand(first, second);
      NearDuplicates duplicates;
      ASSERT_FALSE(duplicates.add(random_text(random, 100)));
      ASSERT_FALSE(duplicates.add(first));
      const auto found = duplicates.add(second);
      if (share >= NearDuplicates::kShare + error) {
        ASSERT_TRUE(found) << share;
        EXPECT_EQ(found->earlier, 1u);
        EXPECT_NEAR(found->share, share, error + 1e-9);
        ++found_near;
      } else if (share < NearDuplicates::kShare - error) {
        EXPECT_FALSE(found) << share;
        ++found_far;
      }
    }
    EXPECT_GT(found_near, 10);
    EXPECT_GT(found_far, 10);
  }
}

TEST(NearDuplicates, IgnoreCaseAndMarks) {
  NearDuplicates duplicates;
  EXPECT_FALSE(duplicates.add("The clock, of course, is slow in winter."));
  EXPECT_TRUE(duplicates.add("the CLOCK of course is slow -- in winter"));
  EXPECT_FALSE(duplicates.add("Yes."));
  EXPECT_TRUE(duplicates.add("yes"));
  EXPECT_FALSE(duplicates.add("no"));
}

}  // namespace
}  // namespace iago
