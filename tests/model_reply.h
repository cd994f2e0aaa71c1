// What the model behind the faulty server says, and how both protocols put it: for tests. Bytes go
// out as they are, UTF-8 or not, which no JSON library would write.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace iago {

enum class Protocol { openai, anthropic };

// A reply as it is to reach the store.
struct ModelReply {
  std::string note;  // 16 hexadecimal digits that stand in the text of this reply alone
  std::string text;
  std::string finish = "stop";  // stop, length, refused: as the store names it
  bool with_usage = true;
  bool with_invalid_utf8 = false;
  std::uint64_t prompt_tokens = 0, cached_prompt_tokens = 0, generated_tokens = 0;
};

// The reply to a request of that note and so many bytes: one of a few texts in the form that the
// scratchpad parser takes, a refusal in 2 of 100, cut off at the limit in 1. In 3 of 100 there are
// bytes that are not UTF-8 in it, in 3 no tokens are counted. A function of the note's digits.
ModelReply reply_with(const std::string& note, std::size_t request_bytes);
// Of ten megabytes, for a reply that is not cut off.
void lengthen(ModelReply& reply);

// The note in a reply's text; empty if there is none.
std::string note_in(std::string_view text);

// A whole document. `id` is the reply's own name for itself.
std::string document_of(Protocol protocol, const ModelReply& reply, const std::string& id);
// The same as events, each with its blank line.
std::vector<std::string> events_of(Protocol protocol, const ModelReply& reply,
                                   const std::string& id);

// As the content coding "gzip" has it (RFC 1952), in stored blocks: nothing gets smaller.
std::string gzip(std::string_view bytes);

}  // namespace iago
