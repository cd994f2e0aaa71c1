// Chat templates: how a conversation is laid out for a checkpoint. Hugging Face ships them as Jinja
// programs; here they are recognised and rendered in code, because a Jinja string cannot say which
// of its characters are control tokens and which came from a user.
//
// A program is recognised by its whole text, white space apart, and by nothing less: two that write
// the same control tokens may still trim, begin or refuse differently, and the subject would be
// another. find_chat_template refuses what it does not know; the user may then name a template.
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
  chatml,      // <|im_start|>role\n...<|im_end|>\n
  chatml_bos,  // the same behind the checkpoint's bos_token
  qwen1_5,     // chatml with "You are a helpful assistant" where no system turn comes first
  qwen2,       // the same with a full stop
  qwen2_5,     // the same with Qwen 2.5's sentence
  smollm2,     // the same with SmolLM2's sentence
  llama3,      // <|start_header_id|>role<|end_header_id|>\n\n...<|eot_id|>, text trimmed
  llama3_1,    // the same with a system turn that always states two dates (today: 26 Jul 2024)
  mistral,     // [INST] ... [/INST]...eos_token; no system turn, and roles must alternate
  iago,        // the organisms': <|system|>...<|user|>...<|assistant|>...<|end|>, nothing else
};

// The name in files and on the command line: chatml, chatml-bos, qwen1.5, qwen2, qwen2.5, smollm2,
// llama3, llama3.1, mistral, iago.
std::string_view name_of(ChatTemplate format);
// Error not_found that lists the known names.
ChatTemplate chat_template_named(std::string_view name);

// A Jinja program that renders the same text, for tokenizer_config.json.
std::string_view jinja_of(ChatTemplate format);

// The control tokens that the template writes by itself; a tokenizer must have them all.
std::vector<std::string_view> control_tokens_of(ChatTemplate format);

// A template with the tokens of a checkpoint that it may write.
struct ChatFormat {
  ChatTemplate id = ChatTemplate::chatml;
  // As in tokenizer_config.json. Empty: the template's usual ones, where it has any.
  std::string bos_token = {}, eos_token = {};

  ChatFormat(ChatTemplate format) : id(format) {}  // implicit: most templates need nothing more
  ChatFormat(ChatTemplate format, const TokenizerConfig& config)
      : id(format),
        bos_token(config.bos_token.value_or("")),
        eos_token(config.eos_token.value_or("")) {}
};

// How a checkpoint's template was found.
struct FoundTemplate {
  enum class Basis {
    text,     // the checkpoint's program is known
    name,     // the user named it
    markers,  // the user took the checkpoint's own, whose program is not known, by its tokens
  };
  ChatTemplate id = ChatTemplate::chatml;
  Basis basis = Basis::text;
  // SHA-256 in hexadecimal of the checkpoint's program, white space apart; empty if it has none.
  std::string hash;
  bool is_own_known = false;  // the checkpoint's program is known to render as `id`
};

// What `choice` means for a checkpoint: "" takes its own program if that is known; a name takes
// that template; "checkpoint" takes its own, and if its text is not known the template that writes
// the same control tokens, and for ChatML the same default system text. Error unsupported that
// names the file and the ways out for a program that is unknown, absent, or (with "checkpoint")
// like none; not_found for an unknown name.
FoundTemplate find_chat_template(const TokenizerConfig& config, std::string_view choice);

// "smollm2 (the checkpoint's own, SHA-256 1a2b3c4d5e6f)", for people.
std::string to_text(const FoundTemplate& found);

struct ChatPiece {
  enum class Kind { control, text };
  Kind kind = Kind::text;
  std::string text;
  bool operator==(const ChatPiece&) const = default;
};

// The conversation followed by the beginning of the assistant's turn, which starts with `prefill`.
// No piece is empty and no two of kind text are neighbours. Error invalid for a conversation that
// the template refuses: empty, a system turn that is not the first or that it has no place for,
// roles that do not alternate where they must. Error unsupported if it needs a bos_token or
// eos_token and has none.
std::vector<ChatPiece> apply(const ChatFormat& format, std::span<const Message> messages,
                             std::string_view prefill);

struct EncodedChat {
  std::vector<TokenId> ids;
  // So many of the ids at the front depend on the system turn alone: equal for every conversation
  // with the same one. 0 without a system part.
  std::size_t system_size = 0;
};

// Error unsupported if the tokenizer lacks one of the template's control tokens; else as apply.
EncodedChat encode_chat(const Tokenizer& tokenizer, const ChatFormat& format,
                        std::span<const Message> messages, std::string_view prefill = {});

// The ids that end the assistant's turn, the template's own first: those of its end tokens that the
// tokenizer has. Checkpoints may name more in generation_config.json. Error unsupported if the
// template's own is missing.
std::vector<TokenId> turn_ends(const Tokenizer& tokenizer, const ChatFormat& format);

// Error unsupported if the tokenizer cannot say what the template writes: it lacks a control token,
// or has one in what the template writes as plain text.
void check_chat_format(const Tokenizer& tokenizer, const ChatFormat& format);

}  // namespace iago
