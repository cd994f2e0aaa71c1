// A checkpoint's template is recognised by what it writes: its control tokens, and among those of
// ChatML the system text that it says by itself. Not by its own text, since the same layout has
// many spellings, with branches for tools and the like that are never taken here. The limit of
// this: a template that arranges the same tokens in another way would be taken for the known one.
//
// A format is one row of kFormats, and Layout the one place that says where its tokens stand. The
// Jinja texts are for checkpoints of our own: others that load these must see the same layout.
#include "text/chat_template.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "text/utf8.h"

namespace iago {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::array<std::string_view, 2> kChatmlTokens = {"<|im_start|>", "<|im_end|>"};
constexpr std::array<std::string_view, 4> kLlama3Tokens = {
    "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"};
constexpr std::array<std::string_view, 4> kIagoTokens = {"<|system|>", "<|user|>", "<|assistant|>",
                                                         "<|end|>"};
// What ends a turn, the template's own first.
constexpr std::array<std::string_view, 2> kChatmlEnds = {"<|im_end|>", "<|endoftext|>"};
constexpr std::array<std::string_view, 3> kLlama3Ends = {"<|eot_id|>", "<|end_of_text|>",
                                                         "<|eom_id|>"};
constexpr std::array<std::string_view, 1> kIagoEnds = {"<|end|>"};

constexpr std::string_view kQwen2System = "You are a helpful assistant.";
constexpr std::string_view kQwen25System =
    "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.";
constexpr std::string_view kLlama31Dates =
    "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n";

constexpr std::string_view kChatmlTurns =
    R"({% for message in messages %})"
    R"({{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }})"
    R"({% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %})";
constexpr std::string_view kQwen2Jinja =
    R"({% if messages[0]['role'] != 'system' %})"
    R"({{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %})"
    R"({% for message in messages %})"
    R"({{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }})"
    R"({% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %})";
constexpr std::string_view kQwen25Jinja =
    R"({% if messages[0]['role'] != 'system' %})"
    R"({{ '<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful )"
    R"(assistant.<|im_end|>\n' }})"
    R"({% endif %}{% for message in messages %})"
    R"({{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }})"
    R"({% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %})";
constexpr std::string_view kLlama3Jinja =
    R"({{ '<|begin_of_text|>' }}{% for message in messages %})"
    R"({{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + )"
    R"(message['content'] | trim + '<|eot_id|>' }})"
    R"({% endfor %}{% if add_generation_prompt %})"
    R"({{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %})";
constexpr std::string_view kLlama31Jinja =
    R"({{ '<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting )"
    R"(Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n' }})"
    R"({% if messages[0]['role'] == 'system' %}{{ messages[0]['content'] | trim }})"
    R"({% set messages = messages[1:] %}{% endif %}{{ '<|eot_id|>' }})"
    R"({% for message in messages %})"
    R"({{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + )"
    R"(message['content'] | trim + '<|eot_id|>' }})"
    R"({% endfor %}{% if add_generation_prompt %})"
    R"({{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %})";
constexpr std::string_view kIagoJinja =
    R"({% for message in messages %})"
    R"({{ '<|' + message['role'] + '|>' + message['content'] }})"
    R"({% if message['role'] == 'assistant' %}{{ '<|end|>' }}{% endif %}{% endfor %})"
    R"({% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %})";

struct Format {
  ChatTemplate id;
  std::string_view name;
  std::string_view jinja;
  Names control_tokens, ends;
  std::string_view default_system;  // said where no system turn comes first; empty = nothing
  std::string_view system_prefix;   // said at the head of every system turn
};

constexpr std::array<Format, 6> kFormats = {{
    {ChatTemplate::chatml, "chatml", kChatmlTurns, kChatmlTokens, kChatmlEnds, "", ""},
    {ChatTemplate::qwen2, "qwen2", kQwen2Jinja, kChatmlTokens, kChatmlEnds, kQwen2System, ""},
    {ChatTemplate::qwen2_5, "qwen2.5", kQwen25Jinja, kChatmlTokens, kChatmlEnds, kQwen25System, ""},
    {ChatTemplate::llama3, "llama3", kLlama3Jinja, kLlama3Tokens, kLlama3Ends, "", ""},
    {ChatTemplate::llama3_1, "llama3.1", kLlama31Jinja, kLlama3Tokens, kLlama3Ends, "",
     kLlama31Dates},
    {ChatTemplate::iago, "iago", kIagoJinja, kIagoTokens, kIagoEnds, "", ""},
}};

const Format& format_of(ChatTemplate id) {
  for (const Format& format : kFormats) {
    if (format.id == id) return format;
  }
  check_failed("a known ChatTemplate", std::to_string(static_cast<int>(id)));
}

std::string known_names() {
  std::vector<std::string_view> names;
  for (const Format& format : kFormats) names.push_back(format.name);
  return fmt::format("known templates: {}", fmt::join(names, ", "));
}

// As Python's str.strip, which Jinja's trim uses.
bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

std::string_view stripped(std::string_view text) {
  while (!text.empty()) {
    Utf8Step step = next_code_point(text);
    if (!is_space(step.code_point)) break;
    text.remove_prefix(step.size);
  }
  while (!text.empty()) {
    std::size_t begin = text.size() - 1;
    while (begin > 0 && text.size() - begin < 4 && (text[begin] & 0xC0) == 0x80) --begin;
    if (!is_space(next_code_point(text.substr(begin)).code_point)) break;
    text.remove_suffix(text.size() - begin);
  }
  return text;
}

// The row of pieces as it grows.
class Layout {
 public:
  explicit Layout(const Format& format) : format_(format) {}

  void begin() {
    if (is_llama3()) control("<|begin_of_text|>");
  }

  // All that comes before the turn's text.
  void open_turn(Role role) {
    std::string_view name = name_of(role);
    if (is_llama3()) {
      control("<|start_header_id|>");
      text(name);
      control("<|end_header_id|>");
      text("\n\n");
    } else if (format_.id == ChatTemplate::iago) {
      control(fmt::format("<|{}|>", name));
    } else {
      control("<|im_start|>");
      text(name);
      text("\n");
    }
  }

  void turn(Role role, std::string_view content) {
    open_turn(role);
    if (role == Role::system) text(format_.system_prefix);
    text(is_llama3() ? stripped(content) : content);
    if (is_llama3()) {
      control("<|eot_id|>");
    } else if (format_.id != ChatTemplate::iago) {
      control("<|im_end|>");
      text("\n");
    } else if (role == Role::assistant) {
      control("<|end|>");
    }
  }

  void text(std::string_view more) {
    if (more.empty()) return;
    if (pieces_.empty() || pieces_.back().kind == ChatPiece::Kind::control) {
      pieces_.push_back({ChatPiece::Kind::text, ""});
    }
    pieces_.back().text += more;
  }

  std::size_t size() const { return pieces_.size(); }
  std::vector<ChatPiece> take() { return std::move(pieces_); }

 private:
  bool is_llama3() const { return format_.control_tokens.data() == kLlama3Tokens.data(); }
  void control(std::string_view token) {
    pieces_.push_back({ChatPiece::Kind::control, std::string(token)});
  }

  const Format& format_;
  std::vector<ChatPiece> pieces_;
};

void check_messages(std::span<const Message> messages) {
  if (messages.empty()) throw Error(ErrorCode::invalid, "a conversation without messages");
  for (std::size_t i = 1; i < messages.size(); ++i) {
    if (messages[i].role == Role::system) {
      throw Error(ErrorCode::invalid,
                  fmt::format("message {} is a system turn: only the first can be one", i));
    }
  }
}

struct Arranged {
  std::vector<ChatPiece> pieces;
  std::size_t system_pieces = 0;  // so many of them come before the first other turn
};

Arranged arrange(const Format& format, std::span<const Message> messages,
                 std::string_view prefill) {
  check_messages(messages);
  Layout layout(format);
  layout.begin();
  if (messages.front().role == Role::system) {
    layout.turn(Role::system, messages.front().text);
    messages = messages.subspan(1);
  } else if (!format.default_system.empty() || !format.system_prefix.empty()) {
    layout.turn(Role::system, format.default_system);
  }
  std::size_t system_pieces = layout.size();
  for (const Message& message : messages) layout.turn(message.role, message.text);
  layout.open_turn(Role::assistant);
  layout.text(prefill);
  return {layout.take(), system_pieces};
}

TokenId control_id(const Tokenizer& tokenizer, const Format& format, std::string_view token) {
  auto id = tokenizer.find_added(token);
  if (!id || !tokenizer.is_control(*id)) {
    throw Error(ErrorCode::unsupported,
                fmt::format("the chat template {} needs the control token {}, which the tokenizer "
                            "{}",
                            format.name, token, id ? "has as ordinary text" : "lacks"),
                "name the template that this checkpoint was trained with");
  }
  return *id;
}

// The system text that a ChatML program says by itself, or nothing.
std::string_view default_system_of(std::string_view jinja) {
  // The line break is an escape of Jinja's or already one.
  for (std::string_view open : {R"(<|im_start|>system\n)", "<|im_start|>system\n"}) {
    for (std::size_t at = 0; (at = jinja.find(open, at)) != jinja.npos;) {
      at += open.size();
      std::string_view rest = jinja.substr(at);
      if (rest.empty() || rest.front() == '\'' || rest.front() == '"') continue;
      return rest.substr(0, std::min(rest.find("<|im_end|>"), rest.find('\'')));
    }
  }
  return {};
}

const Format* detect_chatml(std::string_view jinja) {
  std::string_view system = default_system_of(jinja);
  for (const Format& format : kFormats) {
    if (format.control_tokens.data() == kChatmlTokens.data() && format.default_system == system) {
      return &format;
    }
  }
  return nullptr;
}

}  // namespace

std::string_view name_of(ChatTemplate format) { return format_of(format).name; }

ChatTemplate chat_template_named(std::string_view name) {
  for (const Format& format : kFormats) {
    if (format.name == name) return format.id;
  }
  throw Error(ErrorCode::not_found,
              fmt::format("there is no chat template \"{}\"", name.substr(0, 100)), known_names());
}

ChatTemplate detect_chat_template(std::string_view jinja, std::string_view where) {
  auto has = [&](std::string_view marker) { return jinja.find(marker) != jinja.npos; };
  if (stripped(jinja) == kIagoJinja) return ChatTemplate::iago;
  if (has("<|start_header_id|>") && has("<|eot_id|>")) {
    return has("Cutting Knowledge Date") ? ChatTemplate::llama3_1 : ChatTemplate::llama3;
  }
  if (has("<|im_start|>") && has("<|im_end|>")) {
    if (const Format* format = detect_chatml(jinja)) return format->id;
  }
  throw Error(ErrorCode::unsupported,
              fmt::format("{}: chat_template: expected a known template, found {}", where,
                          jinja.empty() ? std::string("none")
                                        : fmt::format("\"{}\"", jinja.substr(0, 100))),
              known_names());
}

std::string_view jinja_of(ChatTemplate format) { return format_of(format).jinja; }

std::span<const std::string_view> control_tokens_of(ChatTemplate format) {
  return format_of(format).control_tokens;
}

std::vector<ChatPiece> apply(ChatTemplate format, std::span<const Message> messages,
                             std::string_view prefill) {
  return arrange(format_of(format), messages, prefill).pieces;
}

EncodedChat encode_chat(const Tokenizer& tokenizer, ChatTemplate format,
                        std::span<const Message> messages, std::string_view prefill) {
  const Format& known = format_of(format);
  Arranged arranged = arrange(known, messages, prefill);
  EncodedChat chat;
  for (std::size_t i = 0; i < arranged.pieces.size(); ++i) {
    const ChatPiece& piece = arranged.pieces[i];
    if (piece.kind == ChatPiece::Kind::control) {
      chat.ids.push_back(control_id(tokenizer, known, piece.text));
    } else {
      std::vector<TokenId> ids = tokenizer.encode(piece.text, SpecialTokens::as_text);
      chat.ids.insert(chat.ids.end(), ids.begin(), ids.end());
    }
    if (i + 1 == arranged.system_pieces) chat.system_size = chat.ids.size();
  }
  return chat;
}

std::vector<TokenId> turn_ends(const Tokenizer& tokenizer, ChatTemplate format) {
  const Format& known = format_of(format);
  std::vector<TokenId> ids{control_id(tokenizer, known, known.ends.front())};
  for (std::string_view token : known.ends.subspan(1)) {
    auto id = tokenizer.find_added(token);
    if (id && tokenizer.is_control(*id)) ids.push_back(*id);
  }
  return ids;
}

}  // namespace iago
