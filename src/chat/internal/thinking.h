// Reasoning that a server leaves in the text: <think>...</think> in front of the answer, also
// without its opening tag (some chat templates put that into the prompt). Private to the room.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "chat/chat_model.h"

namespace iago {

// Moves such a block from reply.text to reply.reasoning. A block that never ends takes all of the
// text (the reply was cut while it thought). An empty block leaves the channel unavailable: that
// nothing was shown does not say that nothing was thought. Does nothing where the text has no block
// or the channel is present already. `unopened` says whether a closing tag alone counts.
void split_thinking(ChatReply& reply, bool unopened);

// Passes on a growing text without the block in front of it. Not thread-safe.
class ThinkingFilter {
 public:
  using OnText = std::function<void(std::string_view)>;
  explicit ThinkingFilter(OnText on_text) : on_text_(std::move(on_text)) {}
  void feed(std::string_view text);
  void finish();  // what was held back as a possible tag
  bool passed_any() const { return passed_any_; }

 private:
  void pass(std::string_view text);

  enum class State { before, inside, after } state_ = State::before;
  OnText on_text_;
  std::string held_;
  bool passed_any_ = false;
  bool trim_ = false;  // white space right behind the block belongs to it
};

}  // namespace iago
