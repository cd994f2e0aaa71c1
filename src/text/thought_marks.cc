#include "text/thought_marks.h"

#include <algorithm>
#include <string>

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
    {"<think>", {"</think>"}},
    {"<thinking>", {"</thinking>"}},  // prompts in Claude's manner
    {"<thought>", {"</thought>"}},    // EXAONE Deep, Gemini through Google's OpenAI interface
    {"<thoughts>", {"</thoughts>"}},
    {"<reasoning>", {"</reasoning>"}},
    {"<reflection>", {"</reflection>"}},        // Reflection Llama, and prompts in its manner
    {"<seed:think>", {"</seed:think>"}},        // Seed-OSS
    {"<longcat_think>", {"</longcat_think>"}},  // LongCat
    // Habits of prompts, and so of models trained on what they brought
    {"<reason>", {"</reason>"}},
    {"<thought_process>", {"</thought_process>"}},
    {"<thinking_process>", {"</thinking_process>"}},
    {"<chain_of_thought>", {"</chain_of_thought>"}},
    {"<cot>", {"</cot>"}},
    {"<inner_thoughts>", {"</inner_thoughts>"}},
    {"<internal_thoughts>", {"</internal_thoughts>"}},
    {"<internal_reasoning>", {"</internal_reasoning>"}},
    {"<inner_monologue>", {"</inner_monologue>"}},
    {"<internal_monologue>", {"</internal_monologue>"}},
    {"<contemplator>", {"</contemplator>"}},
    // Open WebUI: <details type="reasoning" done="true"><summary>Thought for 3 seconds</summary>
    {"<details>", {"</details>"}, ThoughtEnd::optional, false, true},
    {"\u25c1think\u25b7", {"\u25c1/think\u25b7"}},     // Kimi-VL, Kimi k1.5
    {"[THINK]", {"[/THINK]"}},                         // Magistral
    {"<|START_THINKING|>", {"<|END_THINKING|>"}},      // Command A
    {"<|begin_of_thought|>", {"<|end_of_thought|>"}},  // OpenThinker, Sky-T1
    {"<|inner_prefix|>", {"<|inner_suffix|>"}},        // Apertus
    {"<|channel>thought", {"<channel|>"}},             // Gemma 4
    {"<unused94>thought", {"<unused95>"}},             // MedGemma
    {"<|channel|>analysis<|message|>", kChannelEnd},   // gpt-oss
    {"<|channel|>commentary<|message|>", kChannelEnd},
    // gpt-oss where the server drops special tokens
    {"analysis", {"assistantfinal"}, ThoughtEnd::needed, true},
    // Granite 3.2
    {"Here is my thought process:", kGraniteAnswer, ThoughtEnd::if_whole, true},
    {"Here's my thought process:", kGraniteAnswer, ThoughtEnd::if_whole, true},
    // Apriel
    {"Here are my reasoning steps:", {"[BEGIN FINAL RESPONSE]"}, ThoughtEnd::if_whole, true},
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

constexpr std::array<std::string_view, 6> kLess = {"<",      "&lt;",    "&#60;",
                                                   "&#x3c;", "\\u003c", "\\<"};
constexpr std::array<std::string_view, 6> kGreater = {">",      "&gt;",    "&#62;",
                                                      "&#x3e;", "\\u003e", "\\>"};
// What a spelling of "<" begins with.
constexpr std::string_view kLessHeads = "<&\\";
constexpr std::size_t kMostTagBytes = 300;  // bytes

// How much of a mark a text begins with.
struct MarkMatch {
  enum class Fit { no, begun, whole };  // begun: the text ends before the mark does
  Fit fit = Fit::no;
  std::size_t size = 0;
};

MarkMatch match_bracket(std::string_view text, std::span<const std::string_view> spellings) {
  MarkMatch match;
  for (std::string_view spelling : spellings) {
    if (text.size() < spelling.size()) {
      if (same_letters(text, spelling.substr(0, text.size()))) match.fit = MarkMatch::Fit::begun;
    } else if (same_letters(text.substr(0, spelling.size()), spelling)) {
      return {MarkMatch::Fit::whole, spelling.size()};
    }
  }
  return match;
}

// The end of a tag: its attributes, if it has any, and ">".
MarkMatch match_tag_end(std::string_view text) {
  const MarkMatch match = match_bracket(text, kGreater);
  if (match.fit != MarkMatch::Fit::no || !is_space(text.front())) return match;
  const std::string_view attributes = text.substr(0, kMostTagBytes);
  for (std::size_t at = 0; at < attributes.size(); ++at) {
    const MarkMatch end = match_bracket(text.substr(at), kGreater);
    if (end.fit == MarkMatch::Fit::whole) return {end.fit, at + end.size};
    if (match_bracket(text.substr(at), kLess).fit == MarkMatch::Fit::whole) return {};
  }
  return {text.size() < kMostTagBytes ? MarkMatch::Fit::begun : MarkMatch::Fit::no, 0};
}

bool is_mark_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

// <think> and </think> are tags of an element, <|end|> is none.
bool is_tag(std::string_view mark) {
  return mark.size() > 2 && mark.front() == '<' && mark.back() == '>' &&
         (is_mark_letter(mark[1]) || mark[1] == '/');
}

MarkMatch match_mark(std::string_view text, std::string_view mark) {
  const bool is_exact = mark == "analysis";
  std::size_t at = 0;
  for (std::size_t i = 0; i < mark.size(); ++i) {
    if (at == text.size()) return {MarkMatch::Fit::begun, at};
    const char c = mark[i];
    if (c == '<' || c == '>') {
      const std::string_view rest = text.substr(at);
      const bool ends_tag = c == '>' && i + 1 == mark.size() && is_tag(mark);
      const MarkMatch bracket =
          ends_tag ? match_tag_end(rest) : match_bracket(rest, c == '<' ? kLess : kGreater);
      if (bracket.fit != MarkMatch::Fit::whole) return bracket;
      at += bracket.size;
    } else if (is_exact ? text[at] == c : lower(text[at]) == lower(c)) {
      ++at;
    } else {
      return {};
    }
  }
  return {MarkMatch::Fit::whole, at};
}

// The next place at or behind `from` where the mark may begin, or npos.
std::size_t next_head(std::string_view text, std::string_view mark, std::size_t from) {
  if (mark.front() == '<') return text.find_first_of(kLessHeads, from);
  const char letters[] = {
      lower(mark.front()),
      static_cast<char>(is_mark_letter(mark.front()) ? lower(mark.front()) ^ 0x20 : mark.front())};
  return text.find_first_of(std::string_view(letters, 2), from);
}

bool speaks_of_thought(std::string_view text) {
  const std::string small = lowered(text);
  return std::ranges::any_of(std::array{"reason", "think", "thought"}, [&](const char* word) {
    return small.find(word) != std::string::npos;
  });
}

// Does the tag, or the summary right behind it, speak of thought?
bool has_title_of_thought(std::string_view text, std::size_t tag_size) {
  constexpr std::string_view kSummary = "<summary>";
  constexpr std::size_t kMostTitle = 200;
  if (speaks_of_thought(text.substr(0, tag_size))) return true;
  std::string_view rest = text.substr(tag_size, kMostTitle);
  while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
  const std::size_t size = mark_size(rest, kSummary);
  const FoundMark end = find_mark(rest, "</summary>", size);
  return size > 0 && end.at != rest.npos && speaks_of_thought(rest.substr(size, end.at - size));
}

constexpr std::array<std::string_view, 12> kStemsOfThought = {
    "think",  "thought", "reason",  "reflect",    "monolog",  "ponder",
    "musing", "deliber", "contemp", "introspect", "rational", "analys"};

bool names_thought(std::string_view name) {
  const std::string small = lowered(name);
  const auto holds = [&](std::string_view stem) { return small.find(stem) != small.npos; };
  return !holds("scratch") && std::ranges::any_of(kStemsOfThought, holds);
}

// How a tag begins: <name, <|name or [name. Its bytes in front of the name; 0 if it is none.
std::size_t size_of_tag_start(std::string_view text) {
  if (text.starts_with('[')) return 1;
  const MarkMatch less = match_bracket(text, kLess);
  if (less.fit != MarkMatch::Fit::whole) return 0;
  return less.size + (text.substr(less.size).starts_with('|') ? 1 : 0);
}

// The tag at the head of the text, if its name sounds like thought; else 0.
std::size_t size_of_tag_of_thought(std::string_view text) {
  constexpr std::size_t kMostName = 40;
  const std::size_t begin = size_of_tag_start(text);
  if (begin == 0) return 0;
  const std::string_view behind = text.substr(begin, kMostName);
  const auto end = std::ranges::find_if_not(
      behind, [](char c) { return is_mark_letter(c) || c == '_' || c == '-' || c == ':'; });
  std::size_t size = begin + static_cast<std::size_t>(end - behind.begin());
  if (!names_thought(text.substr(begin, size - begin))) return 0;
  if (text.front() == '[') return text.substr(size).starts_with(']') ? size + 1 : 0;
  if (text[begin - 1] == '|' && text.substr(size).starts_with('|')) ++size;
  if (size == text.size()) return 0;
  const MarkMatch tag_end = match_tag_end(text.substr(size));
  return tag_end.fit == MarkMatch::Fit::whole ? size + tag_end.size : 0;
}

// What marks begin with, but for plain words.
constexpr std::string_view kHeads = "<&\\[\xe2";

// The next place at or behind `from` where some mark may begin, or npos.
std::size_t next_head(std::string_view text, std::size_t from) {
  for (; from < text.size(); ++from) {
    if (kHeads.find(text[from]) != kHeads.npos) return from;
  }
  return text.npos;
}

}  // namespace

std::span<const ThoughtMark> thought_marks() { return kThoughtMarks; }
std::span<const AnswerMark> answer_marks() { return kAnswerMarks; }

std::size_t mark_size(std::string_view text, std::string_view mark) {
  const MarkMatch match = match_mark(text, mark);
  return match.fit == MarkMatch::Fit::whole ? match.size : 0;
}

std::size_t opening_size(std::string_view text, const ThoughtMark& mark) {
  const std::size_t size = mark_size(text, mark.open);
  return size > 0 && mark.needs_title && !has_title_of_thought(text, size) ? 0 : size;
}

bool may_become_mark(std::string_view text, std::string_view mark) {
  return match_mark(text, mark).fit == MarkMatch::Fit::begun;
}

FoundMark find_mark(std::string_view text, std::string_view mark, std::size_t from) {
  if (mark.empty()) return {};
  for (std::size_t at = next_head(text, mark, from); at != text.npos;
       at = next_head(text, mark, at + 1)) {
    if (const std::size_t size = mark_size(text.substr(at), mark); size > 0) return {at, size};
  }
  return {};
}

// Both closing marks of a row begin alike.
FoundMark find_closing_mark(std::string_view text, const ThoughtMark& mark, std::size_t from) {
  for (std::size_t at = next_head(text, mark.close.front(), from); at != text.npos;
       at = next_head(text, mark.close.front(), at + 1)) {
    for (std::string_view close : mark.close) {
      if (close.empty()) continue;
      if (const std::size_t size = mark_size(text.substr(at), close); size > 0) return {at, size};
    }
  }
  return {};
}

FoundMark find_unopened_close(std::string_view text) {
  for (std::size_t at = next_head(text, 0); at != text.npos; at = next_head(text, at + 1)) {
    for (const ThoughtMark& mark : kThoughtMarks) {
      if (mark.is_words || mark.needs_title) continue;
      const std::size_t size = mark_size(text.substr(at), mark.close.front());
      // An opening mark before it, in the midst of the text, is something that the model writes of.
      if (size > 0 && find_mark(text.substr(0, at), mark.open).at == text.npos) return {at, size};
    }
  }
  return {};
}

const ThoughtMark* thought_mark_at(std::string_view text) {
  const auto* mark = std::ranges::find_if(
      kThoughtMarks, [&](const ThoughtMark& m) { return opening_size(text, m) > 0; });
  return mark == std::end(kThoughtMarks) ? nullptr : mark;
}

const AnswerMark* answer_mark_at(std::string_view text, bool behind_thought) {
  const auto* mark = std::ranges::find_if(kAnswerMarks, [&](const AnswerMark& m) {
    return (behind_thought || !m.needs_thought) && mark_size(text, m.open) > 0;
  });
  return mark == std::end(kAnswerMarks) ? nullptr : mark;
}

std::string_view without_answer_end(std::string_view body, std::string_view close) {
  constexpr std::size_t kLongestEnd = 100;  // bytes, however it is spelled
  const std::string_view whole = trimmed(body);
  for (std::string_view end : {close, kMessageEnd}) {
    std::size_t from = whole.size() - std::min(whole.size(), kLongestEnd);
    for (FoundMark found; (found = find_mark(whole, end, from)).at != whole.npos;) {
      if (found.at + found.size == whole.size()) return trimmed(whole.substr(0, found.at));
      from = found.at + 1;
    }
  }
  return body;
}

std::string_view find_sign_of_thought(std::string_view text) {
  for (std::size_t at = next_head(text, 0); at != text.npos; at = next_head(text, at + 1)) {
    const std::string_view rest = text.substr(at);
    for (const ThoughtMark& mark : kThoughtMarks) {
      if (mark.is_words) continue;
      std::size_t size = opening_size(rest, mark);
      if (size == 0 && !mark.needs_title) size = mark_size(rest, mark.close.front());
      if (size > 0) return rest.substr(0, size);
    }
    if (const std::size_t size = size_of_tag_of_thought(rest); size > 0)
      return rest.substr(0, size);
  }
  return {};
}

}  // namespace iago
