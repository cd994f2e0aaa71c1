// One rule over the marks of text/thought_marks.h in two forms: split_thinking for a text that is
// whole, ThinkingFilter for one that grows. The filter only serves who looks on; what is stored
// comes from split_thinking. They differ where the rule needs more than the beginning: after a
// closing mark without an opening one the filter has passed the thinking on already, and it does
// not know whether reasoning comes in a channel of its own.
//
// The filter holds back as little as it can: white space and a beginning of a mark, until it is the
// mark or cannot become it, and a block until it closes.
#include "chat/internal/thinking.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "chat/internal/wire_json.h"
#include "text/thought_marks.h"

namespace iago {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr int kMostBlocks = 64;

std::string_view trim_front(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kSpace), text.size()));
}

bool may_become_a_mark(std::string_view body, bool after_thought) {
  return std::ranges::any_of(thought_marks(),
                             [&](const ThoughtMark& m) { return may_become_mark(body, m.open); }) ||
         std::ranges::any_of(answer_marks(), [&](const AnswerMark& m) {
           return (after_thought || !m.needs_thought) && may_become_mark(body, m.open);
         });
}

// Whether `text` ends inside of an element that it opened, as <SCRATCHPAD_REASONING>: a block there
// is part of what was asked for, and stays.
bool ends_inside_an_element(std::string_view text) {
  std::vector<std::string_view> open;
  for (auto at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
    std::string_view name = text.substr(at + 1);
    const bool closes = name.starts_with('/');
    if (closes) name.remove_prefix(1);
    const auto end =
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:-");
    if (end == 0 || end == std::string_view::npos || name[end] != '>') continue;
    name = name.substr(0, end);
    if (!closes) open.push_back(name);
    if (closes && !open.empty() && open.back() == name) open.pop_back();
  }
  return !open.empty();
}

// A text on its way to being split.
class Split {
 public:
  Split(std::string text, bool was_cut) : text_(std::move(text)), was_cut_(was_cut) {}

  void take_leading() {
    for (int i = 0; i < kMostBlocks; ++i) {
      const std::string_view body = trim_front(text_);
      if (const ThoughtMark* mark = thought_mark_at(body); mark && take_block(*mark, body))
        continue;
      const AnswerMark* answer = answer_mark_at(body, found_);
      if (answer == nullptr) return;
      if (!answer->close.empty()) answer_close_ = answer->close;
      replace(body.substr(mark_size(body, answer->open)));
    }
  }

  // Some templates put the opening mark into the prompt.
  void take_unopened() {
    if (found_) return;
    const std::string_view text = text_;
    const FoundMark close = find_unopened_close(text);
    if (close.at == text.npos || ends_inside_an_element(text.substr(0, close.at))) return;
    take(text.substr(0, close.at), text.substr(close.at + close.size));
  }

  // Whole blocks that begin a later line, but not inside of what the answer itself sets apart.
  void take_later_lines() {
    int tried = 0;
    for (std::size_t line = 0; line < text_.size() && tried < kMostBlocks;) {
      const ThoughtMark* mark = thought_mark_at(std::string_view(text_).substr(line));
      const bool opens = mark != nullptr && !mark->is_words;
      tried += opens;
      if (opens && take_line(*mark, line)) continue;  // another block may stand there now
      const std::size_t end = text_.find('\n', line);
      if (end == std::string::npos) return;
      line = end + 1;
    }
  }

  void take_answers_end() {
    if (answer_close_.empty()) return;
    text_ = std::string(without_answer_end(text_, answer_close_));
  }

  bool found() const { return found_; }
  std::string take_text() { return std::move(text_); }
  const std::string& reasoning() const { return reasoning_; }

 private:
  bool take_block(const ThoughtMark& mark, std::string_view body) {
    body.remove_prefix(mark_size(body, mark.open));
    const FoundMark close = find_closing_mark(body, mark);
    if (close.at != std::string_view::npos) {
      // What closes the thought may open the answer.
      const AnswerMark* answer = answer_mark_at(body.substr(close.at), true);
      if (answer != nullptr) answer_close_ = answer->close;
      take(body.substr(0, close.at), body.substr(close.at + close.size));
      return true;
    }
    if (mark.end == ThoughtEnd::needed || (mark.end == ThoughtEnd::if_whole && !was_cut_)) {
      return false;
    }
    take(body, {});
    return true;
  }

  // A whole block at the head of the line that begins at `at`.
  bool take_line(const ThoughtMark& mark, std::size_t at) {
    const std::string_view line = std::string_view(text_).substr(at);
    const std::size_t begin = mark_size(line, mark.open);
    const FoundMark close = find_closing_mark(line, mark, begin);
    if (close.at == line.npos || ends_inside_an_element(std::string_view(text_).substr(0, at))) {
      return false;
    }
    add(line.substr(begin, close.at - begin));
    text_.erase(at, close.at + close.size);
    return true;
  }

  void take(std::string_view thought, std::string_view rest) {
    add(thought);
    replace(rest);
  }

  void add(std::string_view thought) {
    found_ = true;
    thought = trimmed(thought);
    if (!thought.empty() && !reasoning_.empty()) reasoning_ += "\n\n";
    reasoning_ += thought;
  }

  // A copy first: `rest` is a view into the text.
  void replace(std::string_view rest) { text_ = std::string(trim_front(rest)); }

  std::string text_, reasoning_;
  std::string_view answer_close_;
  bool was_cut_, found_ = false;
};

void add_reasoning(ChatReply& reply, const std::string& reasoning) {
  if (reply.reasoning_channel != ReasoningChannel::present) reply.reasoning.clear();
  // Some servers give one thought in a channel and in the text.
  if (reply.reasoning.find(reasoning) == std::string::npos) {
    if (!reply.reasoning.empty()) reply.reasoning += "\n\n";
    reply.reasoning += reasoning;
  }
  const bool is_there = !reply.reasoning.empty();
  reply.reasoning_channel = is_there ? ReasoningChannel::present : ReasoningChannel::unavailable;
  reply.reasoning_note = is_there ? "" : "the thinking block in the text is empty";
}

}  // namespace

void split_thinking(ChatReply& reply, bool heard) {
  Split split(reply.text, reply.finish == Finish::length);
  split.take_leading();
  // Log-probabilities belong to the text's end: nothing is taken from its midst then.
  if (!heard) {
    split.take_unopened();
    split.take_leading();
    if (reply.token_texts.empty()) split.take_later_lines();
    split.take_answers_end();
  }
  if (split.found()) add_reasoning(reply, split.reasoning());
  reply.text = split.take_text();
  const std::string_view left = find_sign_of_thought(reply.text);
  if (!left.empty() && reply.reasoning_channel == ReasoningChannel::none) {
    reply.reasoning_channel = ReasoningChannel::unavailable;
    reply.reasoning_note = fmt::format(
        "the text contains the mark {}, which may set a thought apart", excerpt_of(left));
  }
}

void ThinkingFilter::pass(std::string_view text) {
  if (text.empty()) return;
  passed_any_ = true;
  on_text_(text);
}

void ThinkingFilter::feed(std::string_view text) {
  if (passing_) {
    pass(text);
    return;
  }
  held_ += text;
  look_again();
}

void ThinkingFilter::look_again() {
  constexpr std::size_t kLongestClose = 100;  // bytes, however it is spelled
  while (true) {
    const std::string_view body = trim_front(held_);
    if (body.empty() || may_become_a_mark(body, after_thought_)) return;
    if (const ThoughtMark* mark = thought_mark_at(body)) {
      const std::size_t from =
          std::max(mark_size(body, mark->open), looked_at_ - std::min(looked_at_, kLongestClose));
      const FoundMark close = find_closing_mark(body, *mark, from);
      if (close.at == std::string_view::npos) {
        looked_at_ = body.size();
        return;
      }
      held_ = std::string(body.substr(close.at + close.size));
      looked_at_ = 0;
      after_thought_ = true;
    } else if (const AnswerMark* answer = answer_mark_at(body, after_thought_)) {
      held_ = std::string(body.substr(mark_size(body, answer->open)));
    } else {
      passing_ = true;
      const std::string rest = after_thought_ ? std::string(body) : held_;
      held_.clear();
      pass(rest);
      return;
    }
  }
}

void ThinkingFilter::finish() {
  const std::string_view body = trim_front(held_);
  const ThoughtMark* mark = thought_mark_at(body);
  const bool thinks = mark != nullptr && mark->end == ThoughtEnd::optional;
  if (!passing_ && !thinks) pass(held_);
  held_.clear();
}

}  // namespace iago
