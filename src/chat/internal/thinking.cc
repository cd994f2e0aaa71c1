// One rule in two forms: split_thinking for a text that is whole, ThinkingFilter for one that
// grows. The filter only serves who looks on; what is stored comes from split_thinking. They differ
// where the rule needs more than the beginning. At a closing tag without an opening one the filter
// has passed the thinking on already; a caller then tells split_thinking to leave it, so that what
// was shown is what is stored. And the filter does not know whether reasoning comes in a channel of
// its own.
//
// The filter holds back as little as it can. Before: white space and a beginning of the opening
// tag, until it is the tag or cannot become it. Inside: at most as many bytes as the closing tag
// has, since no more can belong to a tag that is cut in two. After: nothing.
#include "chat/internal/thinking.h"

#include <algorithm>
#include <utility>

namespace iago {
namespace {

constexpr std::string_view kOpen = "<think>";
constexpr std::string_view kClose = "</think>";
constexpr std::string_view kSpace = " \t\r\n";

std::string_view trim_front(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kSpace), text.size()));
}

std::string_view trim(std::string_view text) {
  text = trim_front(text);
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

void set_reasoning(ChatReply& reply, std::string_view thought, std::string_view answer) {
  // Copies first: both may be views into reply.text.
  std::string reasoning(trim(thought)), text(trim_front(answer));
  reply.reasoning_channel =
      reasoning.empty() ? ReasoningChannel::unavailable : ReasoningChannel::present;
  reply.reasoning = std::move(reasoning);
  reply.text = std::move(text);
}

}  // namespace

void split_thinking(ChatReply& reply, bool unopened) {
  if (reply.reasoning_channel == ReasoningChannel::present) return;
  std::string_view text = reply.text, body = trim_front(text);
  if (body.starts_with(kOpen)) {
    body.remove_prefix(kOpen.size());
    auto close = body.find(kClose);
    bool closed = close != std::string_view::npos;
    set_reasoning(reply, body.substr(0, close),
                  closed ? body.substr(close + kClose.size()) : std::string_view());
    return;
  }
  auto close = text.find(kClose);
  // An opening tag before it, in the midst of the text, is something that the model writes about.
  if (!unopened || close == std::string_view::npos || text.find(kOpen) < close) return;
  set_reasoning(reply, text.substr(0, close), text.substr(close + kClose.size()));
}

void ThinkingFilter::pass(std::string_view text) {
  if (trim_) text = trim_front(text);
  if (text.empty()) return;
  trim_ = false;
  passed_any_ = true;
  on_text_(text);
}

void ThinkingFilter::feed(std::string_view text) {
  if (state_ == State::after) {
    pass(text);
    return;
  }
  held_ += text;
  if (state_ == State::before) {
    std::string_view body = trim_front(held_);
    if (body.size() < kOpen.size() && kOpen.starts_with(body)) return;
    if (!body.starts_with(kOpen)) {
      state_ = State::after;
      pass(std::exchange(held_, {}));
      return;
    }
    state_ = State::inside;
    held_.erase(0, held_.size() - body.size() + kOpen.size());
  }
  auto close = held_.find(kClose);
  if (close == std::string::npos) {
    // Only what may become the tag is of use.
    if (held_.size() > kClose.size()) held_.erase(0, held_.size() - kClose.size());
    return;
  }
  state_ = State::after;
  trim_ = true;
  std::string rest = held_.substr(close + kClose.size());
  held_.clear();
  pass(rest);
}

void ThinkingFilter::finish() {
  if (state_ == State::before && !held_.empty()) pass(held_);
  held_.clear();
}

}  // namespace iago
