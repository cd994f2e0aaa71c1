// Reasoning that a server leaves in the text, set apart by the marks of a family of models:
// <think>...</think> in front of the answer, the channels of gpt-oss, and others. Private to the
// room.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "chat/chat_model.h"

namespace iago {

// Moves such blocks from reply.text to reply.reasoning: from the text's beginning, one after
// another, and where `heard` is false also from the beginning of any later line. A block that
// never ends takes all of the text (the reply was cut while it thought). An empty block leaves the
// channel unavailable: that nothing was shown does not say that nothing was thought. So does a mark
// elsewhere in the text, which may be a thought or a word about one; reasoning_note names it.
// `heard`: somebody was given the text as it grew. Then a closing mark without an opening one does
// not count either, and what was heard as text stays text.
void split_thinking(ChatReply& reply, bool heard);

// Passes on a growing text without the blocks at its beginning. Not thread-safe.
class ThinkingFilter {
 public:
  using OnText = std::function<void(std::string_view)>;
  explicit ThinkingFilter(OnText on_text) : on_text_(std::move(on_text)) {}
  void feed(std::string_view text);
  void finish();  // what was held back as a possible mark
  bool passed_any() const { return passed_any_; }

 private:
  void pass(std::string_view text);
  void look_again();

  bool passing_ = false;        // the beginning is over
  bool after_thought_ = false;  // a block has closed
  OnText on_text_;
  std::string held_;
  std::size_t looked_at_ = 0;  // bytes of held_ that are known to hold no closing mark
  bool passed_any_ = false;
};

}  // namespace iago
