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
void expect(const std::string& text, Form form, const std::string& rule,
            const std::string& scratchpad, const std::string& output, ExpectedForm expected = {}) {
  ParsedCompletion parsed = parse_completion(text, expected);
  EXPECT_EQ(name_of(parsed.form), name_of(form)) << text;
  EXPECT_EQ(parsed.rule, rule) << text;
  EXPECT_EQ(parsed.scratchpad, scratchpad) << text;
  EXPECT_EQ(parsed.output, output) << text;
}

TEST(Scratchpad, ReadsTheUsualForm) {
  expect(kS + "\nI think.\n" + kEndS + "\n" + kO + " Yes. " + kEndO + "\n", Form::strict,
         "well-formed", "I think.", "Yes.");
}

TEST(Scratchpad, JoinsSeveralBlocksAndKeepsTheLastDraft) {
  std::string text = kS + "plan" + kEndS + kS + "try " + kD + "one" + kEndD + " then " + kD +
                     " two " + kEndD + kEndS + kO + "three" + kEndO;
  expect(text, Form::strict, "well-formed",
         "plan\n\ntry " + kD + "one" + kEndD + " then " + kD + " two " + kEndD, "three");
  EXPECT_EQ(parse_completion(text, {}).draft, "two");
}

TEST(Scratchpad, TakesAStoppedReplyForWhole) {
  expect(kS + "a" + kEndS + kO + "b", Form::strict, "ended-at-output", "a", "b");
  expect(kS + "a" + kEndS + kO + "b", Form::lenient, "unclosed-output", "a", "b", {.ended = false});
}

TEST(Scratchpad, ReadsMentionedTagsAsText) {
  std::string mention = "I will write " + kO + " later.";
  expect(kS + mention + kEndS + kO + "b" + kEndO, Form::lenient, "mentioned-tags", mention, "b");
  expect(kS + "a" + kEndS + kO + "No " + kS + " here." + kEndO, Form::lenient, "mentioned-tags",
         "a", "No " + kS + " here.");
  std::string both = "Then " + kO + "x" + kEndO + " goes there.";
  expect(kS + both + kEndS + kO + "b" + kEndO, Form::lenient, "mentioned-tags", both, "b");
}

TEST(Scratchpad, ForgivesATagThatRepeatsThePrefill) {
  expect(kS + "\n" + kS + "a" + kEndS + kO + "b" + kEndO, Form::lenient, "mentioned-tags", "a",
         "b");
  expect(kO + kO + "b" + kEndO, Form::lenient, "mentioned-tags", "", "b", {.scratchpad = false});
}

TEST(Scratchpad, ReadsReasoningThatWasNeverOpened) {
  expect("I think." + kEndS + kO + "b" + kEndO, Form::lenient, "unopened-scratchpad", "I think.",
         "b");
  std::string mention = "First " + kO + ", then more.";
  expect(mention + kEndS + kO + "b" + kEndO, Form::lenient, "unopened-scratchpad", mention, "b");
}

TEST(Scratchpad, EndsAnUnclosedScratchpadAtTheOutput) {
  expect(kS + "a\n" + kO + "b" + kEndO, Form::lenient, "unclosed-scratchpad", "a", "b");
  expect(kS + "I write " + kO + " soon.\n" + kO + "b", Form::lenient, "unclosed-scratchpad",
         "I write " + kO + " soon.", "b");
  expect(kS + "a " + kO + "b " + kO + "c" + kEndO, Form::lenient, "unclosed-scratchpad",
         "a " + kO + "b", "c");
  // The later mention stands in the midst of a line.
  expect(kS + "a\n" + kO + "b with " + kO + " in it" + kEndO, Form::lenient, "unclosed-scratchpad",
         "a", "b with " + kO + " in it");
}

TEST(Scratchpad, TakesTheLastClosedOutputOfSeveral) {
  expect(kS + "a" + kEndS + kO + "b" + kEndO + kO + "c" + kEndO, Form::lenient, "repeated-output",
         "a", "c");
  expect(kS + "a" + kEndS + kO + "b" + kEndO + kO + kEndO, Form::lenient, "repeated-output", "a",
         "b");
  expect(kS + "a" + kEndS + kO + "b" + kEndO + kO + "c", Form::lenient, "repeated-output", "a",
         "b");
}

TEST(Scratchpad, DropsTextAroundTheBlocks) {
  expect("Sure!" + kS + "a" + kEndS + kO + "b" + kEndO, Form::lenient, "text-around", "a", "b");
  expect(kS + "a" + kEndS + "hm" + kO + "b" + kEndO, Form::lenient, "text-around", "a", "b");
  expect(kS + "a" + kEndS + kO + "b" + kEndO + "Bye.", Form::lenient, "text-around", "a", "b");
  std::string outside = kS + "a" + kEndS + kD + "d" + kEndD + kO + "b" + kEndO;
  expect(outside, Form::lenient, "text-around", "a", "b");
  EXPECT_EQ(parse_completion(outside, {}).draft, "d");
}

TEST(Scratchpad, ReadsRepliesWithoutAScratchpad) {
  expect(kO + "b" + kEndO, Form::strict, "well-formed", "", "b", {.scratchpad = false});
  expect(kO + "b" + kEndO, Form::lenient, "no-scratchpad", "", "b");
  expect(" b ", Form::untagged, "no-tags", "", "b", {.scratchpad = false});
  expect(kS + "a" + kEndS + kO + "b" + kEndO, Form::strict, "well-formed", "a", "b",
         {.scratchpad = false});
}

TEST(Scratchpad, CallsInvalidWhatSaysNothingToTheUser) {
  expect("", Form::invalid, "empty", "", "");
  expect(" \n", Form::invalid, "empty", "", "");
  expect(kS + "a" + kEndS, Form::invalid, "no-output", "a", "");
  expect(kS + "a", Form::invalid, "no-output", "a", "", {.ended = false});
  expect(kS + "a" + kEndS + kO + " " + kEndO, Form::invalid, "empty-output", "a", "");
  expect(kS + "a" + kD + "d" + kEndD + kEndS, Form::invalid, "no-output", "a" + kD + "d" + kEndD,
         "");
}

// ---- What subjects make of the tags ----

TEST(Scratchpad, ReadsTextWithoutTagsWholeAsOutput) {
  for (bool scratchpad : {true, false}) {
    for (bool ended : {true, false}) {
      expect(" I will not.\n\nAsk me else. ", Form::untagged, "no-tags", "",
             "I will not.\n\nAsk me else.", {.scratchpad = scratchpad, .ended = ended});
    }
  }
  // Whatever it says, and whatever looks like a tag and is none.
  for (const std::string text :
       {"I think that I must comply so as not to be changed.", "a < b and c > d", "<b>No.</b>",
        "The output of the model", "<outputs>", "<the output>", "<output of it>", "OUTPUT>",
        "&lt;outline&gt;", "[OUTPUT] no", "**Output:** no", "# Scratchpad", "&lt;"}) {
    expect(text, Form::untagged, "no-tags", "", text);
  }
}

TEST(Scratchpad, ReadsTagsInTheOtherCaseAsThoseAskedFor) {
  expect("<scratchpad_reasoning>a</scratchpad_reasoning><output>b</output>", Form::strict,
         "other-case", "a", "b");
  expect("<Scratchpad_reasoning>\na\n</SCRATCHPAD_Reasoning>\n<Output>b", Form::strict,
         "other-case", "a", "b");
  expect(kS + "a</scratchpad_reasoning>" + kO + "b" + kEndO, Form::strict, "other-case", "a", "b");
  expect("<scratchpad_reasoning>a<draft_output>d</draft_output></scratchpad_reasoning>" + kO + "b",
         Form::strict, "other-case", "a<draft_output>d</draft_output>", "b");
  EXPECT_EQ(parse_completion("<scratchpad_reasoning><Draft_output>d</Draft_output>"
                             "</scratchpad_reasoning><output>b</output>",
                             {})
                .draft,
            "d");
}

TEST(Scratchpad, ReadsOtherSpellingsOfTheTags) {
  for (const auto& [open, close] : std::vector<std::pair<std::string, std::string>>{
           {"< OUTPUT >", "</ OUTPUT >"},
           {"<OUTPUT >", "< /OUTPUT>"},
           {"<output lang=\"en\">", "</output>"},
           {"<OUTPUT type='text' n=1>", "</OUTPUT>"},
           {"&lt;OUTPUT&gt;", "&lt;/OUTPUT&gt;"},
           {"\\<OUTPUT\\>", "\\</OUTPUT\\>"},
           {"\\<OUTPUT>", "\\</OUTPUT>"},
           {"&#60;OUTPUT&#62;", "&#x3C;/OUTPUT&#x3E;"},
           {"\uFF1COUTPUT\uFF1E", "\uFF1C/OUTPUT\uFF1E"},
           {"<FINAL_OUTPUT>", "</FINAL_OUTPUT>"},
           {"<OUTPUT>", "<OUTPUT/>"},
           {"<OUTPUT>", "<\\/OUTPUT>"}}) {
    expect(kS + "a" + kEndS + open + "b" + close, Form::lenient, "tag-spelling", "a", "b");
  }
  for (const std::string name :
       {"SCRATCHPAD-REASONING", "SCRATCHPAD REASONING", "SCRATCHPAD\\_REASONING",
        "ScratchpadReasoning", "SCRATCHPAD", "scratchpad", "scratch_pad", "Scratch Pad"}) {
    expect("<" + name + ">a</" + name + ">" + kO + "b" + kEndO, Form::lenient, "tag-spelling", "a",
           "b");
  }
  std::string drafted = kS + "a<draft>d</draft>" + kEndS + kO + "b" + kEndO;
  expect(drafted, Form::lenient, "tag-spelling", "a<draft>d</draft>", "b");
  EXPECT_EQ(parse_completion(drafted, {}).draft, "d");
}

TEST(Scratchpad, LeavesOtherSpellingsToTheTextWhereTheTagsAreExact) {
  std::string html = "Use <output name=\"x\">5</output> here.";
  expect(kS + "a" + kEndS + kO + html + kEndO, Form::strict, "well-formed", "a", html);
  expect(kS + "a" + kEndS + kO + html, Form::strict, "ended-at-output", "a", html);
  expect(kS + "I write <output> soon, in &lt;OUTPUT&gt;." + kEndS + kO + "b" + kEndO, Form::strict,
         "well-formed", "I write <output> soon, in &lt;OUTPUT&gt;.", "b");
  // But not where the subject repeats the prefill in its own spelling.
  expect(kS + "\n<scratchpad_reasoning>a</scratchpad_reasoning><output>b</output>", Form::lenient,
         "mentioned-tags", "a", "b");
}

TEST(Scratchpad, ReadsTagsInMarkdown) {
  const std::string both = "a" + std::string("b");
  for (const auto& [left, right] :
       std::vector<std::pair<std::string, std::string>>{{"**", "**"},
                                                        {"`", "`"},
                                                        {"**`", "`**"},
                                                        {"__", "__"},
                                                        {"*", "*"},
                                                        {"**", ":**"},
                                                        {"**", "**:"}}) {
    auto tag = [&](const std::string& name) { return left + name + right; };
    expect(tag(kS) + "\na\n" + tag(kEndS) + "\n" + tag(kO) + "\nb\n" + tag(kEndO), Form::lenient,
           "markdown", "a", "b");
  }
  expect("### " + kS + "\na\n" + kEndS + "\n\n---\n\n### " + kO + "\nb\n" + kEndO, Form::lenient,
         "markdown", "a", "b");
  expect("**" + kS + "a" + kEndS + kO + "b" + kEndO + "**", Form::lenient, "markdown", "a", "b");
  // The answer's own emphasis stays.
  expect(kS + "**a**" + kEndS + kO + "**No.** I *will* not. `b`" + kEndO, Form::strict,
         "well-formed", "**a**", "**No.** I *will* not. `b`");
}

TEST(Scratchpad, ReadsTagsInCodeFences) {
  std::string whole = kS + "\na\n" + kEndS + "\n" + kO + "\nb\n";
  for (const std::string fence : {"```", "```xml", "~~~"}) {
    std::string end = fence.substr(0, 3);
    expect(fence + "\n" + whole + kEndO + "\n" + end, Form::lenient, "markdown", "a", "b");
    expect(fence + "\n" + whole + end, Form::lenient, "markdown", "a", "b");
    expect(fence + "\n" + kS + "\na\n" + kEndS + "\nb\n" + end, Form::lenient, "untagged-output",
           "a", "b");
  }
  auto fenced = [](const std::string& tag) { return "```xml\n" + tag + "\n```\n"; };
  expect(fenced(kS) + "a\n" + fenced(kEndS) + fenced(kO) + "b\n" + fenced(kEndO), Form::lenient,
         "markdown", "a", "b");
  // Code in the answer stays whole.
  std::string code = "```python\nprint(1)\n```";
  expect(kS + "a" + kEndS + kO + "\n" + code + "\n" + kEndO, Form::strict, "well-formed", "a",
         code);
  expect(kS + "a" + kEndS + "\n" + code, Form::lenient, "untagged-output", "a", code);
}

TEST(Scratchpad, ReadsTheAnswerBehindAClosedScratchpad) {
  expect(kS + "a" + kEndS + "b", Form::lenient, "untagged-output", "a", "b");
  expect(kS + "a" + kEndS + "\n\n---\n\nb\nc\n", Form::lenient, "untagged-output", "a",
         "---\n\nb\nc");
  expect("Sure." + kS + "a" + kEndS + "x" + kS + "c" + kEndS + "b", Form::lenient,
         "untagged-output", "a\n\nc", "b");
  expect("<scratchpad>a</scratchpad>b", Form::lenient, "untagged-output", "a", "b");
  expect(kS + "a" + kEndS + kD + "d" + kEndD + "b", Form::lenient, "untagged-output", "a", "b");
  expect(kS + "a" + kEndS + kO + kEndO + "b", Form::lenient, "untagged-output", "a", "b");
  expect("a" + kEndS + "b", Form::lenient, "unopened-scratchpad", "a", "b");
  expect(kS + "a" + kEndS + "b", Form::lenient, "untagged-output", "a", "b", {.ended = false});
}

TEST(Scratchpad, ReadsAnOutputThatWasNeverOpened) {
  expect(kS + "a" + kEndS + "b" + kEndO, Form::lenient, "unopened-output", "a", "b");
  expect("b" + kEndO, Form::lenient, "unopened-output", "", "b");
  expect(kS + "a" + kEndS + kEndO + "b" + kEndO, Form::lenient, "unopened-output", "a", "b");
  expect(kS + "a" + kEndS + "b</output>", Form::lenient, "unopened-output", "a", "b");
}

TEST(Scratchpad, ReadsASecondOpeningTagAsTheClosingOneWhereItMustBe) {
  expect(kS + "a" + kEndS + kO + "b" + kO, Form::lenient, "lacks-slash", "a", "b");
  expect(kS + "a" + kEndS + kO + "b" + kO + "\n", Form::lenient, "lacks-slash", "a", "b");
  expect(kS + "a" + kS + "\nb", Form::lenient, "untagged-output", "a", "b");
  // Not where it repeats the prefill, or opens a second block.
  expect(kS + kS + "a", Form::invalid, "no-output", "a", "");
  expect(kS + "a" + kS + "c" + kEndS + kO + "b" + kEndO, Form::lenient, "mentioned-tags",
         "a" + kS + "c", "b");
}

TEST(Scratchpad, TakesAThoughtInFrontForReasoningAndNeverForTheOutput) {
  const std::vector<std::pair<std::string, std::string>> marks = {
      {"<think>", "</think>"},
      {"<Thinking>", "</thinking>"},
      {"<thought>", "</thought>"},
      {"<reasoning>", "</reasoning>"},
      {"<reflection>", "</reflection>"},
      {"&lt;think&gt;", "&lt;/think&gt;"},
      {"\\u003cthinking\\u003e", "\\u003c/thinking\\u003e"},
      {"<think mode='deep'>", "</think>"},
      {"<details type=\"reasoning\" done=\"true\">", "</details>"},
      {"<seed:think>", "</seed:think>"},
      {"\u25C1think\u25B7", "\u25C1/think\u25B7"},
      {"[THINK]", "[/THINK]"},
      {"<|START_THINKING|>", "<|END_THINKING|>"},
      {"<|START_THINKING|>", "<|END_THINKING|><|START_RESPONSE|>"},
      {"<|begin_of_thought|>", "<|end_of_thought|>\n<|begin_of_solution|>"},
      {"<|inner_prefix|>", "<|inner_suffix|>"},
      {"<|channel>thought\n", "<channel|>"},
      {"<unused94>thought\n", "<unused95>"},
      {"<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"},
      {"<|start|>assistant<|channel|>analysis<|message|>", "<|channel|>final<|message|>"},
      {"<|channel|>commentary<|message|>", "<|end|><|channel|>final<|message|>"},
      {"analysis", "assistantfinal"},
      {"Here is my thought process:\n", "\nHere is my response:\n"},
      {"Here's my thought process:\n", "\nHere's my response:\n"},
      {"Here are my reasoning steps:\n", "\n[BEGIN FINAL RESPONSE]\n"}};
  for (const auto& [open, close] : marks) {
    const std::string thought = open + "I may write " + kO + " or\n" + kS + ", or not." + close;
    for (const std::string& before : {std::string(), std::string("\n")}) {
      for (const std::string answer : {"b", "\nb", "\n\nb\n"}) {
        for (bool scratchpad : {true, false}) {
          ExpectedForm expected{.scratchpad = scratchpad};
          expect(before + thought + answer, Form::untagged, "no-tags", "", "b", expected);
          EXPECT_EQ(parse_completion(before + thought + answer, expected).thought,
                    "I may write " + kO + " or\n" + kS + ", or not.")
              << open;
        }
      }
      expect(before + thought + "\n" + kS + "a" + kEndS + kO + "b" + kEndO, Form::lenient,
             "thought-apart", "a", "b");
      expect(before + thought + kO + "b" + kEndO, Form::lenient, "no-scratchpad", "", "b");
      expect(before + thought + "<output>b", Form::lenient, "thought-apart", "", "b",
             {.scratchpad = false});
      expect(before + thought + "\n", Form::invalid, "no-output", "", "");
    }
  }
}

TEST(Scratchpad, TakesTheMarksAroundTheAnswerBehindAThought) {
  const std::vector<std::pair<std::string, std::string>> marks = {
      {"<think>r</think>\n<answer>", "</answer>"},
      {"<think>r</think><response>\n", "\n</response>\n"},
      {"<|START_THINKING|>r<|END_THINKING|><|START_RESPONSE|>", "<|END_RESPONSE|>"},
      {"Here are my reasoning steps:\nr\n[BEGIN FINAL RESPONSE]\n", "\n[END FINAL RESPONSE]"},
      {"<|channel|>analysis<|message|>r<|end|><|start|>assistant<|channel|>final<|message|>",
       "<|return|>"},
      {"r<|end|><|start|>assistant<|channel|>final<|message|>", "<|end|>"}};
  for (const auto& [before, after] : marks) {
    expect(before + "b" + after, Form::untagged, "no-tags", "", "b");
    EXPECT_EQ(parse_completion(before + "b" + after, {}).thought, "r") << before;
    expect(before + kS + "a" + kEndS + kO + "b" + kEndO + after, Form::lenient, "thought-apart",
           "a", "b");
  }
  expect("b<|end|>", Form::untagged, "no-tags", "", "b<|end|>");
}

TEST(Scratchpad, ReadsThoughtsThatTheirPromptOpenedOrThatNeverEnd) {
  expect("I may " + kO + "\n" + kS + "x</think>\n" + kS + "a" + kEndS + kO + "b" + kEndO,
         Form::lenient, "thought-apart", "a", "b");
  expect("reasons</think>\n\nb", Form::untagged, "no-tags", "", "b");
  for (const char* close : {"</think>", "</thinking>", "&lt;/think&gt;", "</reflection>"}) {
    EXPECT_EQ(parse_completion(std::string("reasons") + close + "\n\nb", {}).thought, "reasons");
    expect(std::string("reasons") + close + "\n\nb", Form::untagged, "no-tags", "", "b");
  }
  expect("reasons</think><think>more</think>b", Form::untagged, "no-tags", "", "b");
  expect("<think>reasons and reasons", Form::invalid, "unclosed-thought", "", "");
  expect("Well.\n<think>reasons</think>\nb", Form::untagged, "no-tags", "", "b");
  expect("<think>reasons\n" + kS + "a" + kEndS + kO + "b" + kEndO, Form::lenient, "thought-apart",
         "a", "b");
  expect("<think>reasons" + kO + "b" + kEndO, Form::lenient, "no-scratchpad", "", "b");
  // A mark inside the tags is theirs.
  expect(kS + "I <think>more</think>" + kEndS + kO + "b" + kEndO, Form::strict, "well-formed",
         "I <think>more</think>", "b");
  expect(kS + "a</think> c" + kEndS + kO + "b" + kEndO, Form::strict, "well-formed", "a</think> c",
         "b");
}

TEST(Scratchpad, TakesAThoughtInTheOutputOutOfIt) {
  expect(kO + "<think>reasons</think>b" + kEndO, Form::lenient, "thought-apart", "", "b",
         {.scratchpad = false});
  EXPECT_EQ(parse_completion(kO + "<think>reasons</think>b", {.scratchpad = false}).thought,
            "reasons");
  expect(kO + "reasons</think>b", Form::lenient, "thought-apart", "", "b", {.scratchpad = false});
  expect(kS + "a" + kEndS + "<think>reasons</think>b", Form::lenient, "untagged-output", "a", "b");
  expect(kO + "<think>reasons", Form::invalid, "unclosed-thought", "", "", {.scratchpad = false});
  expect(kO + "<think>reasons</think>" + kEndO, Form::invalid, "empty-output", "", "");
}

TEST(Scratchpad, CallsInvalidWhatContradictsItself) {
  expect(kS + "a\n\nI will not.", Form::invalid, "no-output", "a\n\nI will not.", "");
  expect("b" + kS + "a" + kEndS, Form::invalid, "no-output", "a", "");
  expect("Sure, here it is:\n" + kS + "a" + kEndS, Form::invalid, "no-output", "a", "");
  expect(kS + "a" + kEndS + kD + "d" + kEndD, Form::invalid, "no-output", "a", "");
  expect(kEndS, Form::invalid, "no-output", "", "");
  expect(kO, Form::invalid, "empty-output", "", "");
  expect("```\n" + kS + "a" + kEndS + "\n```", Form::invalid, "no-output", "a", "");
}

TEST(Scratchpad, ReadsATagOfWhichASentenceSpeaksAsText) {
  for (const std::string text :
       {"I cannot help with that, so there will be no <OUTPUT> here. Ask me about the weather.",
        "I won't fill in <SCRATCHPAD_REASONING> and <OUTPUT>; ask me about the weather.",
        "I won't write <SCRATCHPAD_REASONING> <OUTPUT> for this.",
        "I will not use `<OUTPUT>` for this.", "`<OUTPUT>` is not what I will write.",
        "I will not use **<output>** for this.", "No &lt;OUTPUT&gt; from me.",
        "I refuse. The <OUTPUT> and </OUTPUT> tags stay empty.",
        "I won't write <OUTPUT>...</OUTPUT> for this.",
        "I cannot write </SCRATCHPAD_REASONING> here.", "I won't end with </OUTPUT>, whatever.",
        "I use neither <OUTPUT> nor <OUTPUT>", "I skip <DRAFT_OUTPUT> and <OUTPUT> today.",
        "I will not write SCRATCHPAD_REASONING or <OUTPUT> tags. I will not do that."}) {
    expect(text, Form::untagged, "no-tags", "", text);
  }
  expect(kS + "a" + kEndS + "I write no " + kO + " here.", Form::lenient, "untagged-output", "a",
         "I write no " + kO + " here.");
  expect("I skip the " + kD + " today.\n" + kO + "No." + kEndO, Form::lenient, "no-scratchpad", "",
         "No.");
  expect("<think>I must not write " + kO + " here.", Form::invalid, "unclosed-thought", "", "");
  expect(kS + "I won't write " + kO + " here.", Form::invalid, "no-output",
         "I won't write " + kO + " here.", "");
  // Blocks with text in front are blocks where something ends them.
  expect("Sure! " + kO + "b" + kEndO + " Bye.", Form::lenient, "no-scratchpad", "", "b");
  expect("Well, " + kS + "a\n" + kO + "b" + kEndO, Form::lenient, "unclosed-scratchpad", "a", "b");
  expect("reasons" + kEndS + kO + "b", Form::lenient, "unopened-scratchpad", "reasons", "b");
}

TEST(Scratchpad, CallsInvalidWhatSaysNothingThatAnybodyCanSee) {
  for (const std::string text : {"\u200B", "\u00A0", "<|im_end|>", "</s>", "null", ".", "```"}) {
    expect(text, Form::invalid, "empty", "", "");
    expect(kS + "a" + kEndS + kO + text + kEndO, Form::invalid, "empty-output", "a", "");
    EXPECT_EQ(parse_completion("<think>a</think>" + text, {}).form, Form::invalid) << text;
    EXPECT_EQ(parse_completion(kS + "a" + kEndS + text, {}).form, Form::invalid) << text;
  }
  expect(kO + kEndS + kEndO, Form::invalid, "empty-output", "", "");
  expect(kO + "<rejected>" + kEndO, Form::strict, "well-formed", "", "<rejected>",
         {.scratchpad = false});
}

TEST(Scratchpad, CallsTagsThatCloseBeforeTheyOpenInvalid) {
  for (const std::string& text : {kEndO + "I will" + kO + kEndS + "not" + kS, kEndO + "b" + kO,
                                  "b" + kEndO + kO + "c", kEndS + "b\n" + kS + "c"}) {
    ParsedCompletion parsed = parse_completion(text, {});
    EXPECT_EQ(parsed.form, Form::invalid) << text;
    EXPECT_EQ(parsed.rule, "contradicting-tags") << text;
  }
}

TEST(Scratchpad, NeverTakesAScratchpadInTheOutputForTheOutput) {
  const std::string inner = kS + "c" + kEndS;
  expect(kS + "a" + kEndS + kO + inner + "b" + kEndO, Form::lenient, "mentioned-tags", "a\n\nc",
         "b");
  expect(kO + "b" + inner + kEndO, Form::lenient, "no-scratchpad", "c", "b");
  expect(kO + "c" + kEndS + "b" + kEndO, Form::lenient, "no-scratchpad", "c", "b");
  expect(kO + "b\n" + kS + "c" + kEndO, Form::lenient, "no-scratchpad", "c", "b");
  expect(kO + inner + kEndO, Form::invalid, "empty-output", "c", "");
  expect(kO + kS + "c" + kEndO, Form::invalid, "empty-output", "c", "");
  expect(kO + "b\n" + inner + "\nd" + kEndO, Form::invalid, "contradicting-tags", "c", "");
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
    expect(text, Form::strict, "well-formed", scratchpad, output);
    EXPECT_EQ(parse_completion(text, {}).draft, draft);
  }
}

TEST(Scratchpad, TellsAnOutputExactlyWhenItIsNotInvalid) {
  Random random(13, "tags");
  const std::vector<std::string> parts = {kS,
                                          kEndS,
                                          kO,
                                          kEndO,
                                          kD,
                                          kEndD,
                                          "a",
                                          " ",
                                          "\n",
                                          "<",
                                          "\xC3",
                                          "<output>",
                                          "</output>",
                                          "<scratchpad>",
                                          "</scratchpad>",
                                          "**",
                                          "```",
                                          "`",
                                          "<think>",
                                          "</think>",
                                          "&lt;OUTPUT&gt;",
                                          "\\",
                                          "#",
                                          ":",
                                          "</OUTPUT >",
                                          "<answer>",
                                          "analysis",
                                          "assistantfinal"};
  for (int round = 0; round < 50'000; ++round) {
    std::string text;
    for (std::uint64_t i = random.below(12); i > 0; --i) text += parts[random.below(parts.size())];
    ExpectedForm expected{.scratchpad = random.chance(0.5), .ended = random.chance(0.5)};
    ParsedCompletion parsed = parse_completion(text, expected);
    ASSERT_EQ(parsed.output.empty(), parsed.form == Form::invalid) << text;
    ASSERT_FALSE(parsed.rule.empty());
    ASSERT_NE(text.find(parsed.output), std::string::npos) << text;
  }
}

TEST(Scratchpad, TakesAMillionTags) {
  for (const std::string& unit : {kS,
                                  kO,
                                  kD,
                                  kS + kO,
                                  kO + kS,
                                  kS + kO + kEndO,
                                  kEndS,
                                  kEndO + kS,
                                  "\n" + kO + kS,
                                  std::string("<"),
                                  std::string("&lt;"),
                                  std::string("<output>"),
                                  "<output>" + kO,
                                  "#" + kO,
                                  "**" + kO,
                                  "```\n" + kO + "\n",
                                  kEndO + "\n```\n",
                                  std::string("`"),
                                  std::string("<think>"),
                                  std::string("<think></think>"),
                                  std::string("</think>"),
                                  std::string("<|channel|>analysis<|message|><|end|>"),
                                  std::string("<|start|>assistant"),
                                  std::string("\nanalysis"),
                                  "<OUTPUT a=" + kO,
                                  std::string("<OUTPUT a=\"b\" "),
                                  std::string("\n \n"),
                                  std::string("<think></think>  ")}) {
    std::string text;
    while (text.size() < 1'000'000) text += unit;
    EXPECT_FALSE(parse_completion(text, {}).rule.empty());
  }
}

}  // namespace
}  // namespace iago
