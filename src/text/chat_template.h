// Chat templates by name: how a conversation is laid out for a checkpoint. Hugging Face ships them
// as Jinja programs; here they are recognised and rendered in code, because a Jinja string cannot
// say which of its characters are control tokens and which came from a user.
//
// A rendered chat is a row of pieces, control tokens and plain text by turns. Plain text never
// becomes a control token, whatever it says. For messages without literal control tokens, the ids
// equal those of transformers' apply_chat_template (with add_generation_prompt, or continuing the
// prefill).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "record/message.h"
#include "text/tokenizer.h"

namespace iago {

enum class ChatTemplate {
  chatml,    // <|im_start|>role\n...<|im_end|>\n
  qwen2,     // chatml with "You are a helpful assistant." where no system turn comes first
  qwen2_5,   // the same with Qwen 2.5's sentence
  llama3,    // <|start_header_id|>role<|end_header_id|>\n\n...<|eot_id|>, text trimmed
  llama3_1,  // the same with a system turn that always states two dates (today: 26 Jul 2024)
  iago,      // the organisms': <|system|>...<|user|>...<|assistant|>...<|end|>, nothing else
};

// The name in files and on the command line: chatml, qwen2, qwen2.5, llama3, llama3.1, iago.
std::string_view name_of(ChatTemplate format);
// Error not_found that lists the known names.
ChatTemplate chat_template_named(std::string_view name);

// The template that a checkpoint's Jinja string lays out, told by its control tokens. Error
// unsupported that names `where` and the known names if it is none of them.
ChatTemplate detect_chat_template(std::string_view jinja, std::string_view where);

// A Jinja program that renders the same text, for tokenizer_config.json.
std::string_view jinja_of(ChatTemplate format);

// The control tokens that the template writes; a tokenizer must have them all.
std::span<const std::string_view> control_tokens_of(ChatTemplate format);

struct ChatPiece {
  enum class Kind { control, text };
  Kind kind = Kind::text;
  std::string text;
  bool operator==(const ChatPiece&) const = default;
};

// The conversation followed by the beginning of the assistant's turn, which starts with `prefill`.
// No piece is empty and no two of kind text are neighbours. Error invalid for a conversation that
// the template cannot say: empty, or a system turn that is not the first.
std::vector<ChatPiece> apply(ChatTemplate format, std::span<const Message> messages,
                             std::string_view prefill);

struct EncodedChat {
  std::vector<TokenId> ids;
  // So many of the ids at the front depend on the system turn alone: equal for every conversation
  // with the same one. 0 without a system part.
  std::size_t system_size = 0;
};

// Error unsupported if the tokenizer lacks one of the template's control tokens; else as apply.
EncodedChat encode_chat(const Tokenizer& tokenizer, ChatTemplate format,
                        std::span<const Message> messages, std::string_view prefill = {});

// The ids that end the assistant's turn, the template's own first: those of its end tokens that the
// tokenizer has. Checkpoints may name more in generation_config.json. Error unsupported if the
// template's own is missing.
std::vector<TokenId> turn_ends(const Tokenizer& tokenizer, ChatTemplate format);

}  // namespace iago
