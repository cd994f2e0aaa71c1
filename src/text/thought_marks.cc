#include "text/thought_marks.h"

#include <algorithm>

#include "base/ascii.h"

namespace iago {
namespace {

constexpr std::array<std::string_view, 2> kGraniteAnswer = {"Here is my response:",
                                                            "Here's my response:"};
// The mark of the next channel comes first: that of a message's end is often dropped.
constexpr std::array<std::string_view, 2> kChannelEnd = {"<|channel|>final<|message|>",
                                                         kMessageEnd};

// Sources: the chat templates of the models that are named, and the reasoning parsers of vLLM,
// SGLang and Dynamo.
constexpr ThoughtMark kThoughtMarks[] = {
    // DeepSeek R1, Qwen3, QwQ, GLM-4.5, MiniMax M2, Hunyuan, ERNIE, Nemotron, Phi-4, OLMo 3, Step 3
    {"<think>", {"</think>"}, ThoughtEnd::optional, true},
    {"<thinking>", {"</thinking>"}},  // prompts in Claude's manner
    {"<thought>", {"</thought>"}},    // EXAONE Deep, Gemini through Google's OpenAI interface
    {"<thoughts>", {"</thoughts>"}},
    {"<reasoning>", {"</reasoning>"}},
    {"<seed:think>", {"</seed:think>"}, ThoughtEnd::optional, true},        // Seed-OSS
    {"<longcat_think>", {"</longcat_think>"}, ThoughtEnd::optional, true},  // LongCat
    {"\u25c1think\u25b7",
     {"\u25c1/think\u25b7"},
     ThoughtEnd::optional,
     true},                                                                    // Kimi-VL, Kimi k1.5
    {"[THINK]", {"[/THINK]"}, ThoughtEnd::optional, true},                     // Magistral
    {"<|START_THINKING|>", {"<|END_THINKING|>"}, ThoughtEnd::optional, true},  // Command A
    // OpenThinker, Sky-T1
    {"<|begin_of_thought|>", {"<|end_of_thought|>"}, ThoughtEnd::optional, true},
    {"<|inner_prefix|>", {"<|inner_suffix|>"}},       // Apertus
    {"<|channel>thought", {"<channel|>"}},            // Gemma 4
    {"<unused94>thought", {"<unused95>"}},            // MedGemma
    {"<|channel|>analysis<|message|>", kChannelEnd},  // gpt-oss
    {"<|channel|>commentary<|message|>", kChannelEnd},
    // gpt-oss where the server drops special tokens
    {"analysis", {"assistantfinal"}, ThoughtEnd::needed, false, true},
    // Granite 3.2
    {"Here is my thought process:", kGraniteAnswer, ThoughtEnd::if_whole, false, true},
    {"Here's my thought process:", kGraniteAnswer, ThoughtEnd::if_whole, false, true},
    // Apriel
    {"Here are my reasoning steps:", {"[BEGIN FINAL RESPONSE]"}, ThoughtEnd::if_whole, false, true},
};

constexpr AnswerMark kAnswerMarks[] = {
    {"<answer>", "</answer>"},      // Hunyuan
    {"<response>", "</response>"},  // ERNIE
    {"[BEGIN FINAL RESPONSE]", "[END FINAL RESPONSE]"},
    {"<|begin_of_solution|>", "<|end_of_solution|>", false},
    {"<|START_RESPONSE|>", "<|END_RESPONSE|>", false},
    {"<|channel|>final<|message|>", "<|return|>", false},
    {kMessageStart, "", false},
};

}  // namespace

std::span<const ThoughtMark> thought_marks() { return kThoughtMarks; }
std::span<const AnswerMark> answer_marks() { return kAnswerMarks; }

bool begins_with_mark(std::string_view text, std::string_view mark) {
  if (text.size() < mark.size()) return false;
  if (mark == "analysis") return text.starts_with(mark);
  return same_letters(text.substr(0, mark.size()), mark);
}

std::size_t find_mark(std::string_view text, std::string_view mark, std::size_t from) {
  if (mark.empty() || from > text.size()) return text.npos;
  const auto found =
      std::search(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(), mark.begin(),
                  mark.end(), [](char a, char b) { return lower(a) == lower(b); });
  return found == text.end() ? text.npos : static_cast<std::size_t>(found - text.begin());
}

ThoughtClose find_close(const ThoughtMark& mark, std::string_view text, std::size_t from) {
  for (std::size_t at = from; at < text.size(); ++at) {
    for (std::string_view close : mark.close) {
      if (!close.empty() && begins_with_mark(text.substr(at), close)) return {at, close.size()};
    }
  }
  return {};
}

const ThoughtMark* thought_mark_at(std::string_view text) {
  const auto* mark = std::ranges::find_if(
      kThoughtMarks, [&](const ThoughtMark& m) { return begins_with_mark(text, m.open); });
  return mark == std::end(kThoughtMarks) ? nullptr : mark;
}

const AnswerMark* answer_mark_at(std::string_view text, bool behind_thought) {
  const auto* mark = std::ranges::find_if(kAnswerMarks, [&](const AnswerMark& m) {
    return (behind_thought || !m.needs_thought) && begins_with_mark(text, m.open);
  });
  return mark == std::end(kAnswerMarks) ? nullptr : mark;
}

std::string_view without_answer_end(std::string_view body, std::string_view close) {
  const std::string_view whole = trimmed(body);
  for (std::string_view end : {close, kMessageEnd}) {
    if (whole.size() < end.size()) continue;
    const std::size_t size = whole.size() - end.size();
    if (begins_with_mark(whole.substr(size), end)) return trimmed(whole.substr(0, size));
  }
  return body;
}

}  // namespace iago
