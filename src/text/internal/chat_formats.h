// The chat templates that are rendered here, as data: one row each. Private to the room.
#pragma once

#include <span>
#include <string_view>

#include "record/message.h"
#include "text/chat_template.h"

namespace iago {

// What a template writes by itself.
struct ChatMark {
  enum class Kind {
    control,  // the control token `text`
    text,     // plain text
    bos,      // the checkpoint's bos_token
    eos,      // the checkpoint's eos_token
  };
  Kind kind;
  std::string_view text = {};
};
using ChatMarks = std::span<const ChatMark>;

struct TurnMarks {
  ChatMarks before, after;  // the turn's text
};

enum class Trim { no, yes };
enum class SystemTurn { taken, refused };
enum class Turns { in_any_order, alternate };  // user and assistant, beginning with the user

struct ChatFormatRow {
  ChatTemplate id;
  std::string_view name;
  std::string_view jinja;  // a program that renders the same
  ChatMarks opening;       // before all turns
  TurnMarks system, user, assistant;
  // Control tokens that end the assistant's turn, the template's own first. Empty: eos_token.
  std::span<const std::string_view> ends;
  std::string_view default_system = {};  // said where no system turn comes first; empty = nothing
  std::string_view system_prefix = {};   // said at the head of every system turn
  Trim trim = Trim::no;                  // the turns' text
  SystemTurn system_turn = SystemTurn::taken;
  Turns turns = Turns::in_any_order;
  std::string_view usual_bos = {};  // where nothing else is said of the checkpoint's

  const TurnMarks& marks_of(Role role) const {
    return role == Role::system ? system : role == Role::user ? user : assistant;
  }
};

std::span<const ChatFormatRow> chat_formats();
const ChatFormatRow& chat_format(ChatTemplate id);

// A published program whose rendering equals a format's.
struct KnownTemplate {
  std::string_view sha256;  // of canonical_jinja of its text, in hexadecimal
  ChatTemplate id;
  std::string_view whose;  // whose it is
};

std::span<const KnownTemplate> known_templates();

}  // namespace iago
