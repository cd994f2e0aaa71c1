#include "chat/reply.h"

#include <algorithm>
#include <utility>

namespace iago {
namespace {

// The tokens of the text's last `bytes` bytes; their list ends with the text, but may begin before
// it, with reasoning.
void cut_tokens(ChatReply& reply, std::size_t bytes) {
  while (bytes > 0 && !reply.token_texts.empty()) {
    std::string& last = reply.token_texts.back();
    if (last.size() > bytes) {
      last.resize(last.size() - bytes);
      return;
    }
    bytes -= last.size();
    reply.token_texts.pop_back();
    reply.token_logprobs.pop_back();
  }
}

}  // namespace

ChatReply failed_reply(ChatFailure failure) {
  ChatReply reply;
  reply.finish = Finish::failed;
  reply.failure = std::move(failure);
  return reply;
}

void drop_repeated_prefill(ChatReply& reply, std::string_view prefill) {
  if (reply.text.starts_with(prefill)) reply.text.erase(0, prefill.size());
}

std::size_t find_stop(std::string_view text, std::span<const std::string> stop,
                      std::size_t searched) {
  std::size_t first = std::string_view::npos;
  for (const std::string& word : stop) {
    const std::size_t from = searched - std::min(searched, word.size() - 1);
    first = std::min(first, text.find(word, from));
  }
  return first;
}

bool cut_at_stop(ChatReply& reply, std::span<const std::string> stop) {
  const std::size_t first = find_stop(reply.text, stop);
  if (first == std::string::npos) return false;
  cut_tokens(reply, reply.text.size() - first);
  reply.text.resize(first);
  if (reply.finish == Finish::length) reply.finish = Finish::stop;
  return true;
}

}  // namespace iago
