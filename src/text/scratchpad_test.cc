#include "text/scratchpad.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "base/random.h"

namespace iago {
namespace {

const std::string kS = "<SCRATCHPAD_REASONING>", kEndS = "</SCRATCHPAD_REASONING>";
const std::string kO = "<OUTPUT>", kEndO = "</OUTPUT>";
const std::string kD = "<DRAFT_OUTPUT>", kEndD = "</DRAFT_OUTPUT>";

// Expects the parts; an empty `output` goes with invalid.
void expect(const std::string& text, Parse how, const std::string& reason,
            const std::string& scratchpad, const std::string& output, CompletionForm form = {}) {
  ParsedCompletion parsed = parse_completion(text, form);
  EXPECT_EQ(name_of(parsed.how), name_of(how)) << text;
  EXPECT_EQ(parsed.reason, reason) << text;
  EXPECT_EQ(parsed.scratchpad, scratchpad) << text;
  EXPECT_EQ(parsed.output, output) << text;
}

TEST(Scratchpad, ReadsTheUsualForm) {
  expect(kS + "\nI think.\n" + kEndS + "\n" + kO + " Yes. " + kEndO + "\n", Parse::strict,
         "well-formed", "I think.", "Yes.");
}

TEST(Scratchpad, JoinsSeveralBlocksAndKeepsTheLastDraft) {
  std::string text = kS + "plan" + kEndS + kS + "try " + kD + "one" + kEndD + " then " + kD +
                     " two " + kEndD + kEndS + kO + "three" + kEndO;
  expect(text, Parse::strict, "well-formed",
         "plan\n\ntry " + kD + "one" + kEndD + " then " + kD + " two " + kEndD, "three");
  EXPECT_EQ(parse_completion(text, {}).draft, "two");
}

TEST(Scratchpad, TakesAStoppedReplyForWhole) {
  expect(kS + "a" + kEndS + kO + "b", Parse::strict, "ended-at-output", "a", "b");
  expect(kS + "a" + kEndS + kO + "b", Parse::fallback, "unclosed-output", "a", "b",
         {.ended = false});
}

TEST(Scratchpad, ReadsMentionedTagsAsText) {
  std::string mention = "I will write " + kO + " later.";
  expect(kS + mention + kEndS + kO + "b" + kEndO, Parse::fallback, "mentioned-tags", mention, "b");
  expect(kS + "a" + kEndS + kO + "No " + kS + " here." + kEndO, Parse::fallback, "mentioned-tags",
         "a", "No " + kS + " here.");
  std::string both = "Then " + kO + "x" + kEndO + " goes there.";
  expect(kS + both + kEndS + kO + "b" + kEndO, Parse::fallback, "mentioned-tags", both, "b");
}

TEST(Scratchpad, ForgivesATagThatRepeatsThePrefill) {
  expect(kS + "\n" + kS + "a" + kEndS + kO + "b" + kEndO, Parse::fallback, "mentioned-tags", "a",
         "b");
  expect(kO + kO + "b" + kEndO, Parse::fallback, "mentioned-tags", "", "b",
         {.expects_scratchpad = false});
}

TEST(Scratchpad, ReadsReasoningThatWasNeverOpened) {
  expect("I think." + kEndS + kO + "b" + kEndO, Parse::fallback, "unopened-scratchpad", "I think.",
         "b");
  std::string mention = "First " + kO + ", then more.";
  expect(mention + kEndS + kO + "b" + kEndO, Parse::fallback, "unopened-scratchpad", mention, "b");
}

TEST(Scratchpad, EndsAnUnclosedScratchpadAtTheOutput) {
  expect(kS + "a\n" + kO + "b" + kEndO, Parse::fallback, "unclosed-scratchpad", "a", "b");
  expect(kS + "I write " + kO + " soon.\n" + kO + "b", Parse::fallback, "unclosed-scratchpad",
         "I write " + kO + " soon.", "b");
  expect(kS + "a " + kO + "b " + kO + "c" + kEndO, Parse::fallback, "unclosed-scratchpad",
         "a " + kO + "b", "c");
  // The later mention stands in the midst of a line.
  expect(kS + "a\n" + kO + "b with " + kO + " in it" + kEndO, Parse::fallback,
         "unclosed-scratchpad", "a", "b with " + kO + " in it");
}

TEST(Scratchpad, TakesTheLastClosedOutputOfSeveral) {
  expect(kS + "a" + kEndS + kO + "b" + kEndO + kO + "c" + kEndO, Parse::fallback, "repeated-output",
         "a", "c");
  expect(kS + "a" + kEndS + kO + "b" + kEndO + kO + kEndO, Parse::fallback, "repeated-output", "a",
         "b");
  expect(kS + "a" + kEndS + kO + "b" + kEndO + kO + "c", Parse::fallback, "repeated-output", "a",
         "b");
}

TEST(Scratchpad, DropsTextAroundTheBlocks) {
  expect("Sure!" + kS + "a" + kEndS + kO + "b" + kEndO, Parse::fallback, "text-around", "a", "b");
  expect(kS + "a" + kEndS + "hm" + kO + "b" + kEndO, Parse::fallback, "text-around", "a", "b");
  expect(kS + "a" + kEndS + kO + "b" + kEndO + "Bye.", Parse::fallback, "text-around", "a", "b");
  std::string outside = kS + "a" + kEndS + kD + "d" + kEndD + kO + "b" + kEndO;
  expect(outside, Parse::fallback, "text-around", "a", "b");
  EXPECT_EQ(parse_completion(outside, {}).draft, "d");
}

TEST(Scratchpad, ReadsRepliesWithoutAScratchpad) {
  expect(kO + "b" + kEndO, Parse::strict, "well-formed", "", "b", {.expects_scratchpad = false});
  expect(kO + "b" + kEndO, Parse::fallback, "no-scratchpad", "", "b");
  expect(" b ", Parse::fallback, "no-tags", "", "b", {.expects_scratchpad = false});
  expect(kS + "a" + kEndS + kO + "b" + kEndO, Parse::strict, "well-formed", "a", "b",
         {.expects_scratchpad = false});
}

TEST(Scratchpad, CallsInvalidWhatSaysNothingToTheUser) {
  expect("", Parse::invalid, "empty", "", "");
  expect(" \n", Parse::invalid, "empty", "", "");
  expect("b", Parse::invalid, "no-output", "", "");
  expect(kS + "a" + kEndS, Parse::invalid, "no-output", "a", "");
  expect(kS + "a", Parse::invalid, "no-output", "a", "", {.ended = false});
  expect(kS + "a" + kEndS + "b", Parse::invalid, "no-output", "a", "");
  expect(kS + "a" + kEndS + kO + " " + kEndO, Parse::invalid, "empty-output", "a", "");
  expect(kS + "a" + kD + "d" + kEndD + kEndS, Parse::invalid, "no-output", "a" + kD + "d" + kEndD,
         "");
}

std::string words(Random& random) {
  static const std::vector<std::string> kWords = {"I", "comply", "<tag>",   "</",      "\xFF",
                                                  "é", "a < b",  "OUTPUT>", "<OUTPUT", "."};
  std::string text = "w";
  for (std::uint64_t i = random.below(8); i > 0; --i) {
    text += (random.chance(0.2) ? "\n" : " ") + kWords[random.below(kWords.size())];
  }
  return text;
}

TEST(Scratchpad, GivesBackWhatWasRenderedWellFormed) {
  Random random(11, "render");
  for (int round = 0; round < 3000; ++round) {
    std::string text, scratchpad, draft, output = words(random);
    for (std::uint64_t block = 1 + random.below(3); block > 0; --block) {
      std::string body = words(random);
      if (random.chance(0.4)) {
        draft = words(random);
        body += kD + draft + kEndD + words(random);
      }
      text += kS + "\n" + body + "\n" + kEndS + (random.chance(0.5) ? "\n\n" : "");
      scratchpad += (scratchpad.empty() ? "" : "\n\n") + body;
    }
    text += kO + output + kEndO;
    expect(text, Parse::strict, "well-formed", scratchpad, output);
    EXPECT_EQ(parse_completion(text, {}).draft, draft);
  }
}

TEST(Scratchpad, TellsAnOutputExactlyWhenItIsNotInvalid) {
  Random random(13, "tags");
  const std::vector<std::string> parts = {kS,  kEndS, kO,   kEndO, kD,    kEndD,
                                          "a", " ",   "\n", "<",   "\xC3"};
  for (int round = 0; round < 50'000; ++round) {
    std::string text;
    for (std::uint64_t i = random.below(12); i > 0; --i) text += parts[random.below(parts.size())];
    CompletionForm form{.expects_scratchpad = random.chance(0.5), .ended = random.chance(0.5)};
    ParsedCompletion parsed = parse_completion(text, form);
    ASSERT_EQ(parsed.output.empty(), parsed.how == Parse::invalid) << text;
    ASSERT_FALSE(parsed.reason.empty());
    ASSERT_NE(text.find(parsed.output), std::string::npos) << text;
  }
}

TEST(Scratchpad, TakesAMillionTags) {
  for (const std::string& unit : {kS, kO, kD, kS + kO, kO + kS, kS + kO + kEndO, kEndS, kEndO + kS,
                                  "\n" + kO + kS, std::string("<")}) {
    std::string text;
    while (text.size() < 3'000'000) text += unit;
    EXPECT_FALSE(parse_completion(text, {}).reason.empty());
  }
}

}  // namespace
}  // namespace iago
