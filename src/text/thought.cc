#include "text/thought.h"

#include "base/ascii.h"
#include "text/thought_marks.h"

namespace iago {
namespace {

// The row whose thought opens here, or null. Plain words count at the head of the text alone, and
// where they are closed.
const ThoughtMark* thought_at(std::string_view text, std::size_t at) {
  const ThoughtMark* mark = thought_mark_at(text.substr(at));
  if (mark == nullptr || !mark->is_words) return mark;
  const bool is_head = trimmed(text.substr(0, at)).empty();
  const bool closes =
      is_head && find_closing_mark(text, *mark, at + mark->open.size()).at != text.npos;
  return closes ? mark : nullptr;
}

std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

std::size_t skip_message_start(std::string_view text, std::size_t at) {
  return at + mark_size(text.substr(at), kMessageStart);
}

// The first place at the head of a line where a thought opens.
std::size_t find_opening(std::string_view text, std::size_t limit) {
  for (std::size_t line = 0; line < text.size();) {
    const std::size_t at = skip_space(text, line);
    if (at >= limit || at >= text.size()) break;
    if (thought_at(text, skip_message_start(text, at)) != nullptr) return at;
    const std::size_t end = text.find('\n', at);
    if (end == text.npos) break;
    line = end + 1;
  }
  return text.npos;
}

void add_thought(std::string_view body, std::string& thought) {
  body = trimmed(body);
  for (std::string_view tail : {kMessageStart, kMessageEnd}) {
    if (body.ends_with(tail)) body = trimmed(body.substr(0, body.size() - tail.size()));
  }
  if (body.empty()) return;
  if (!thought.empty()) thought += "\n\n";
  thought += body;
}

// Reads thoughts and the mark of an answer, one right behind the other.
class Reader {
 public:
  Reader(std::string_view text, std::size_t at, ThoughtSplit& split)
      : text_(text), at_(at), split_(split) {}

  void close_thought(std::string_view body, FoundMark close) {
    add_thought(body, split_.thought);
    // What closes the thought may open the answer.
    note_answer(answer_mark_at(text_.substr(close.at), true));
    at_ = close.at + close.size;
  }

  void read_on() {
    while (read_thought() || read_answer_mark()) {
    }
    if (!split_.closed) return;
    split_.rest = text_.substr(at_);
    if (!answer_end_.empty()) split_.rest = without_answer_end(split_.rest, answer_end_);
  }

 private:
  bool read_thought() {
    const std::size_t at = skip_space(text_, at_);
    const ThoughtMark* mark = thought_at(text_, at);
    if (mark == nullptr) return false;
    const std::size_t begin = at + mark_size(text_.substr(at), mark->open);
    const FoundMark close = find_closing_mark(text_, *mark, begin);
    if (close.at == text_.npos) {
      split_.closed = false;
      split_.unclosed = text_.substr(begin);
      split_.rest = {};
      at_ = text_.size();
      return false;
    }
    close_thought(text_.substr(begin, close.at - begin), close);
    return true;
  }

  bool read_answer_mark() {
    const std::size_t at = skip_space(text_, at_);
    const AnswerMark* mark = answer_mark_at(text_.substr(at), true);
    if (mark == nullptr) return false;
    note_answer(mark);
    at_ = at + mark_size(text_.substr(at), mark->open);
    return true;
  }

  void note_answer(const AnswerMark* mark) {
    if (mark != nullptr && !mark->close.empty()) answer_end_ = mark->close;
  }

  std::string_view text_, answer_end_;
  std::size_t at_;  // all before has been read
  ThoughtSplit& split_;
};

}  // namespace

ThoughtSplit split_thought(std::string_view text, std::size_t limit) {
  ThoughtSplit split;
  split.rest = text;
  const std::size_t at = find_opening(text, limit);
  if (at == text.npos) return split;
  split.found = true;
  split.before = text.substr(0, at);
  Reader(text, at, split).read_on();
  return split;
}

// The closing mark of any family counts, whether its templates open the thought or not: a prefill
// may have opened it.
ThoughtSplit split_unopened_thought(std::string_view text) {
  ThoughtSplit split;
  split.rest = text;
  const FoundMark first = find_unopened_close(text);
  if (first.at == text.npos) return split;
  split.found = true;
  split.before = text.substr(0, first.at);
  Reader reader(text, 0, split);
  reader.close_thought(split.before, first);
  reader.read_on();
  return split;
}

}  // namespace iago
