#include "chat/whole_reply.h"

#include <string_view>
#include <utility>

#include "base/ascii.h"
#include "chat/reply.h"

namespace iago {
namespace {

// A word with the white space before it.
std::size_t end_of_word(std::string_view text, std::size_t from) {
  while (from < text.size() && is_space(text[from])) ++from;
  while (from < text.size() && !is_space(text[from])) ++from;
  return from;
}

std::uint64_t count_words(std::string_view text) {
  std::uint64_t words = 0;
  for (std::size_t at = 0; at < text.size(); ++words) at = end_of_word(text, at);
  return words;
}

}  // namespace

ChatModel::Done with_whole_text(const ChatRequest& request, ChatModel::Done done) {
  if (!request.on_text) return done;
  return [on_text = request.on_text, done = std::move(done)](ChatReply reply) {
    if (!reply.failure && !reply.text.empty()) on_text(reply.text);
    done(std::move(reply));
  };
}

ChatReply shape_reply(ChatReply reply, const ChatRequest& request) {
  std::string& text = reply.text;
  drop_repeated_prefill(reply, request.prefill);
  std::uint64_t words = 0;
  std::size_t end = 0;
  auto limit = static_cast<std::uint64_t>(request.sampling.max_tokens);
  while (end < text.size() && words < limit) {
    end = end_of_word(text, end);
    ++words;
  }
  // What is said of refusals and failures stands; a cut is only news for an ordinary end.
  if (end < text.size() && reply.finish == Finish::stop) reply.finish = Finish::length;
  text.resize(end);
  if (cut_at_stop(reply, request.sampling.stop)) words = count_words(text);
  reply.usage.generated = words;
  for (const Message& message : request.messages) reply.usage.prompt += count_words(message.text);
  reply.usage.prompt += count_words(request.prefill);
  return reply;
}

}  // namespace iago
