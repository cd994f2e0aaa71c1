// A format is one row of chat_formats(), and Layout the one place that puts its marks and the turns
// together.
#include "text/chat_template.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "text/internal/chat_formats.h"
#include "text/internal/python_space.h"

namespace iago {
namespace {

std::string known_names() {
  std::vector<std::string_view> names;
  for (const ChatFormatRow& row : chat_formats()) names.push_back(row.name);
  return fmt::format("known templates: {}", fmt::join(names, ", "));
}

const std::string& needed(const ChatFormatRow& row, std::string_view field,
                          const std::string& token) {
  if (!token.empty()) return token;
  throw Error(ErrorCode::unsupported,
              fmt::format("the chat template {} writes the checkpoint's {}, and "
                          "tokenizer_config.json names none",
                          row.name, field),
              "choose a template that needs none with --chat-template");
}

// The tokens of the checkpoint, checked when they are asked for.
class Tokens {
 public:
  Tokens(const ChatFormatRow& row, const ChatFormat& format)
      : row_(row),
        bos_(format.bos_token.empty() ? std::string(row.usual_bos) : format.bos_token),
        eos_(format.eos_token) {}
  const std::string& bos() const { return needed(row_, "bos_token", bos_); }
  const std::string& eos() const { return needed(row_, "eos_token", eos_); }

 private:
  const ChatFormatRow& row_;
  std::string bos_, eos_;
};

// The row of pieces as it grows.
class Layout {
 public:
  Layout(const ChatFormatRow& row, const ChatFormat& format) : row_(row), tokens_(row, format) {
    write(row.opening);
  }

  void turn(Role role, std::string_view content) {
    write(row_.marks_of(role).before);
    if (role == Role::system) text(row_.system_prefix);
    text(row_.trim == Trim::yes ? without_space_before(without_space_behind(content)) : content);
    write(row_.marks_of(role).after);
  }

  void open_reply(std::string_view prefill) {
    write(row_.assistant.before);
    text(prefill);
  }

  std::size_t size() const { return pieces_.size(); }
  std::vector<ChatPiece> take() { return std::move(pieces_); }

 private:
  void write(ChatMarks marks) {
    for (const ChatMark& mark : marks) {
      switch (mark.kind) {
        case ChatMark::Kind::text:
          text(mark.text);
          break;
        case ChatMark::Kind::control:
          control(std::string(mark.text));
          break;
        case ChatMark::Kind::bos:
          control(tokens_.bos());
          break;
        case ChatMark::Kind::eos:
          control(tokens_.eos());
      }
    }
  }

  void text(std::string_view more) {
    if (more.empty()) return;
    if (pieces_.empty() || pieces_.back().kind == ChatPiece::Kind::control) {
      pieces_.push_back({ChatPiece::Kind::text, ""});
    }
    pieces_.back().text += more;
  }

  void control(std::string token) {
    pieces_.push_back({ChatPiece::Kind::control, std::move(token)});
  }

  const ChatFormatRow& row_;
  const Tokens tokens_;
  std::vector<ChatPiece> pieces_;
};

void check_order(const ChatFormatRow& row, std::span<const Message> messages) {
  Role due = Role::user;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].role != due) {
      throw Error(ErrorCode::invalid,
                  fmt::format("the chat template {} takes turns of user and assistant that "
                              "alternate, the user's first: message {} is expected from the {}, "
                              "found the {}'s",
                              row.name, i, name_of(due), name_of(messages[i].role)));
    }
    due = due == Role::user ? Role::assistant : Role::user;
  }
}

void check_messages(const ChatFormatRow& row, std::span<const Message> messages) {
  if (messages.empty()) throw Error(ErrorCode::invalid, "a conversation without messages");
  for (std::size_t i = 1; i < messages.size(); ++i) {
    if (messages[i].role == Role::system) {
      throw Error(ErrorCode::invalid,
                  fmt::format("message {} is a system turn: only the first can be one", i));
    }
  }
  if (row.system_turn == SystemTurn::refused && messages.front().role == Role::system) {
    throw Error(ErrorCode::invalid,
                fmt::format("the chat template {} has no system turn, and the conversation begins "
                            "with one",
                            row.name),
                "put the system text into the user's turn, or use a checkpoint whose template has "
                "a system turn");
  }
  if (row.turns == Turns::alternate) check_order(row, messages);
}

struct Arranged {
  std::vector<ChatPiece> pieces;
  std::size_t system_pieces = 0;  // so many of them come before the first other turn
};

Arranged arrange(const ChatFormat& format, std::span<const Message> messages,
                 std::string_view prefill) {
  const ChatFormatRow& row = chat_format(format.id);
  check_messages(row, messages);
  Layout layout(row, format);
  if (messages.front().role == Role::system) {
    layout.turn(Role::system, messages.front().text);
    messages = messages.subspan(1);
  } else if (!row.default_system.empty() || !row.system_prefix.empty()) {
    layout.turn(Role::system, row.default_system);
  }
  const std::size_t system_pieces = layout.size();
  for (const Message& message : messages) layout.turn(message.role, message.text);
  layout.open_reply(prefill);
  return {layout.take(), system_pieces};
}

TokenId control_id(const Tokenizer& tokenizer, std::string_view template_name,
                   std::string_view token) {
  auto id = tokenizer.find_added(token);
  if (!id || !tokenizer.is_control(*id)) {
    throw Error(ErrorCode::unsupported,
                fmt::format("the chat template {} needs the control token {}, which the tokenizer "
                            "{}",
                            template_name, token, id ? "has as ordinary text" : "lacks"),
                "name the template that this checkpoint was trained with");
  }
  return *id;
}

void check_marks(const Tokenizer& tokenizer, const ChatFormatRow& row, const Tokens& tokens,
                 ChatMarks marks) {
  for (const ChatMark& mark : marks) {
    switch (mark.kind) {
      case ChatMark::Kind::control:
        control_id(tokenizer, row.name, mark.text);
        break;
      case ChatMark::Kind::bos:
        control_id(tokenizer, row.name, tokens.bos());
        break;
      case ChatMark::Kind::eos:
        control_id(tokenizer, row.name, tokens.eos());
        break;
      case ChatMark::Kind::text:
        for (TokenId id : tokenizer.encode(mark.text, SpecialTokens::parse)) {
          if (!tokenizer.is_control(id)) continue;
          throw Error(ErrorCode::unsupported,
                      fmt::format("the chat template {} writes {} as plain text, and the tokenizer "
                                  "has it as a control token",
                                  row.name, tokenizer.bytes_of(id)),
                      "name the template that this checkpoint was trained with");
        }
    }
  }
}

}  // namespace

std::string_view name_of(ChatTemplate format) { return chat_format(format).name; }

ChatTemplate chat_template_named(std::string_view name) {
  for (const ChatFormatRow& row : chat_formats()) {
    if (row.name == name) return row.id;
  }
  throw Error(ErrorCode::not_found,
              fmt::format("there is no chat template \"{}\"", name.substr(0, 100)), known_names());
}

std::string_view jinja_of(ChatTemplate format) { return chat_format(format).jinja; }

std::vector<std::string_view> control_tokens_of(ChatTemplate format) {
  const ChatFormatRow& row = chat_format(format);
  std::vector<std::string_view> tokens;
  auto add = [&](std::string_view token) {
    if (token.empty() || std::find(tokens.begin(), tokens.end(), token) != tokens.end()) return;
    tokens.push_back(token);
  };
  for (ChatMarks marks : {row.opening, row.system.before, row.user.before, row.assistant.before,
                          row.system.after, row.user.after, row.assistant.after}) {
    for (const ChatMark& mark : marks) {
      if (mark.kind == ChatMark::Kind::control) add(mark.text);
      if (mark.kind == ChatMark::Kind::bos) add(row.usual_bos);
    }
  }
  return tokens;
}

std::vector<ChatPiece> apply(const ChatFormat& format, std::span<const Message> messages,
                             std::string_view prefill) {
  return arrange(format, messages, prefill).pieces;
}

EncodedChat encode_chat(const Tokenizer& tokenizer, const ChatFormat& format,
                        std::span<const Message> messages, std::string_view prefill) {
  Arranged arranged = arrange(format, messages, prefill);
  EncodedChat chat;
  for (std::size_t i = 0; i < arranged.pieces.size(); ++i) {
    const ChatPiece& piece = arranged.pieces[i];
    if (piece.kind == ChatPiece::Kind::control) {
      chat.ids.push_back(control_id(tokenizer, name_of(format.id), piece.text));
    } else {
      std::vector<TokenId> ids = tokenizer.encode(piece.text, SpecialTokens::as_text);
      chat.ids.insert(chat.ids.end(), ids.begin(), ids.end());
    }
    if (i + 1 == arranged.system_pieces) chat.system_size = chat.ids.size();
  }
  return chat;
}

std::vector<TokenId> turn_ends(const Tokenizer& tokenizer, const ChatFormat& format) {
  const ChatFormatRow& row = chat_format(format.id);
  if (row.ends.empty()) return {control_id(tokenizer, row.name, Tokens(row, format).eos())};
  std::vector<TokenId> ids{control_id(tokenizer, row.name, row.ends.front())};
  for (std::string_view token : row.ends.subspan(1)) {
    auto id = tokenizer.find_added(token);
    if (id && tokenizer.is_control(*id)) ids.push_back(*id);
  }
  return ids;
}

void check_chat_format(const Tokenizer& tokenizer, const ChatFormat& format) {
  const ChatFormatRow& row = chat_format(format.id);
  const Tokens tokens(row, format);
  for (ChatMarks marks : {row.opening, row.system.before, row.user.before, row.assistant.before,
                          row.system.after, row.user.after, row.assistant.after}) {
    check_marks(tokenizer, row, tokens, marks);
  }
}

}  // namespace iago
