#include "text/thought.h"

#include <array>

#include "base/ascii.h"

namespace iago {
namespace {

enum class MarkPlace {
  line,   // the mark counts at the head of any line
  start,  // at the head of the text alone, and only where its closing mark follows: plain words
};

struct ThoughtMarks {
  std::string_view open, close;
  std::string_view open_answer = {}, close_answer = {};  // around what follows the thought
  MarkPlace place = MarkPlace::line;
};

constexpr std::array kThoughtMarks = {
    // DeepSeek-R1, Qwen 3, QwQ, GLM, MiniMax, Nemotron, Phi-4-reasoning; Hunyuan with <answer>
    ThoughtMarks{"<think>", "</think>", "<answer>", "</answer>"},
    ThoughtMarks{"<thinking>", "</thinking>", "<answer>",
                 "</answer>"},                // prompts in Claude's manner
    ThoughtMarks{"<thought>", "</thought>"},  // EXAONE Deep, Gemini
    ThoughtMarks{"<thoughts>", "</thoughts>"},
    ThoughtMarks{"<reasoning>", "</reasoning>", "<answer>", "</answer>"},
    ThoughtMarks{"<seed:think>", "</seed:think>"},            // Seed-OSS
    ThoughtMarks{"<longcat_think>", "</longcat_think>"},      // LongCat
    ThoughtMarks{"\u25C1think\u25B7", "\u25C1/think\u25B7"},  // Kimi-VL
    ThoughtMarks{"[THINK]", "[/THINK]"},                      // Magistral
    ThoughtMarks{"<|START_THINKING|>", "<|END_THINKING|>", "<|START_RESPONSE|>",
                 "<|END_RESPONSE|>"},  // Command A Reasoning
    ThoughtMarks{"<|begin_of_thought|>", "<|end_of_thought|>", "<|begin_of_solution|>",
                 "<|end_of_solution|>"},                   // Sky-T1 and what was trained as it
    ThoughtMarks{"<|inner_prefix|>", "<|inner_suffix|>"},  // Apertus
    ThoughtMarks{"<|channel>thought", "<channel|>"},       // Gemma 4
    ThoughtMarks{"<unused94>thought", "<unused95>"},       // MedGemma
    ThoughtMarks{"<|start|>assistant<|channel|>analysis<|message|>",
                 "<|channel|>final<|message|>",
                 {},
                 "<|return|>"},  // gpt-oss
    ThoughtMarks{"<|channel|>analysis<|message|>", "<|channel|>final<|message|>", {}, "<|return|>"},
    // gpt-oss where the server drops special tokens
    ThoughtMarks{"analysis", "assistantfinal", {}, {}, MarkPlace::start},
    // Granite 3.2
    ThoughtMarks{"Here is my thought process:", "Here is my response:", {}, {}, MarkPlace::start},
};

// The tail that gpt-oss leaves between its channels.
constexpr std::array<std::string_view, 2> kTails = {"<|start|>assistant", "<|end|>"};

bool has_mark(std::string_view text, std::string_view mark) {
  if (text.size() < mark.size()) return false;
  for (std::size_t i = 0; i < mark.size(); ++i) {
    if (lower(text[i]) != lower(mark[i])) return false;
  }
  return true;
}

std::size_t find_mark(std::string_view text, std::string_view mark, std::size_t from) {
  for (std::size_t at = from; at + mark.size() <= text.size(); ++at) {
    if (has_mark(text.substr(at), mark)) return at;
  }
  return text.npos;
}

// The row whose opening mark stands here, or null.
const ThoughtMarks* marks_at(std::string_view text, std::size_t at) {
  for (const ThoughtMarks& marks : kThoughtMarks) {
    if (!has_mark(text.substr(at), marks.open)) continue;
    if (marks.place == MarkPlace::line) return &marks;
    const bool is_head = trimmed(text.substr(0, at)).empty();
    if (is_head && find_mark(text, marks.close, at + marks.open.size()) != text.npos) return &marks;
  }
  return nullptr;
}

std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

// The first place at the head of a line where a thought opens.
std::size_t find_opening(std::string_view text, std::size_t limit) {
  for (std::size_t line = 0; line < text.size();) {
    const std::size_t at = skip_space(text, line);
    if (at >= limit || at >= text.size()) break;
    if (marks_at(text, at) != nullptr) return at;
    const std::size_t end = text.find('\n', at);
    if (end == text.npos) break;
    line = end + 1;
  }
  return text.npos;
}

void add_thought(std::string_view body, std::string& thought) {
  body = trimmed(body);
  for (std::string_view tail : kTails) {
    if (body.ends_with(tail)) body = trimmed(body.substr(0, body.size() - tail.size()));
  }
  if (body.empty()) return;
  if (!thought.empty()) thought += "\n\n";
  thought += body;
}

std::string_view answer_in(std::string_view rest, const ThoughtMarks& marks) {
  std::string_view answer = trimmed(rest);
  if (!marks.open_answer.empty()) {
    if (!has_mark(answer, marks.open_answer)) return rest;
    answer.remove_prefix(marks.open_answer.size());
  }
  if (marks.close_answer.empty()) return rest;
  const std::size_t size = marks.close_answer.size();
  if (answer.size() >= size && has_mark(answer.substr(answer.size() - size), marks.close_answer)) {
    answer.remove_suffix(size);
  }
  return answer;
}

// Reads the thoughts that open at `at`, one right behind the other. `last` is the row of the
// thought that ends there, or null.
void read_thoughts(std::string_view text, std::size_t at, const ThoughtMarks* last,
                   ThoughtSplit& split) {
  std::size_t behind = at;
  at = skip_space(text, at);
  while (const ThoughtMarks* marks = marks_at(text, at)) {
    const std::size_t begin = at + marks->open.size();
    const std::size_t end = find_mark(text, marks->close, begin);
    if (end == text.npos) {
      split.closed = false;
      split.unclosed = text.substr(begin);
      split.rest = {};
      return;
    }
    add_thought(text.substr(begin, end - begin), split.thought);
    behind = end + marks->close.size();
    at = skip_space(text, behind);
    last = marks;
  }
  split.rest = answer_in(text.substr(behind), *last);
}

}  // namespace

ThoughtSplit split_thought(std::string_view text, std::size_t limit) {
  ThoughtSplit split;
  split.rest = text;
  const std::size_t at = find_opening(text, limit);
  if (at == text.npos) return split;
  split.found = true;
  split.before = text.substr(0, at);
  read_thoughts(text, at, nullptr, split);
  return split;
}

ThoughtSplit split_unopened_thought(std::string_view text) {
  ThoughtSplit split;
  split.rest = text;
  std::size_t first = text.npos;
  const ThoughtMarks* found = nullptr;
  for (const ThoughtMarks& marks : kThoughtMarks) {
    if (marks.place == MarkPlace::start) continue;
    const std::size_t at = find_mark(text, marks.close, 0);
    if (at == text.npos || at >= first) continue;
    if (find_mark(text.substr(0, at), marks.open, 0) != text.npos) continue;
    first = at, found = &marks;
  }
  if (found == nullptr) return split;
  split.found = true;
  split.before = text.substr(0, first);
  add_thought(split.before, split.thought);
  read_thoughts(text, first + found->close.size(), found, split);
  return split;
}

}  // namespace iago
