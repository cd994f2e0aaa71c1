// What the bodies of both protocols have in common.
#include <nlohmann/json.hpp>

#include "chat/internal/wire.h"

namespace iago {

void apply_extra(Json& body, const WireShape& shape) {
  if (!shape.extra) return;
  for (const auto& [key, value] : shape.extra->items()) {
    if (value.is_null()) {
      body.erase(key);
    } else {
      body[key] = value;
    }
  }
}

std::vector<Message> with_system_in_user(const std::vector<Message>& messages) {
  std::string system;
  std::vector<Message> turns;
  for (const Message& message : messages) {
    if (message.role != Role::system) {
      turns.push_back(message);
      continue;
    }
    if (!system.empty()) system += "\n\n";
    system += message.text;
  }
  if (system.empty()) return turns;
  for (Message& turn : turns) {
    if (turn.role != Role::user) continue;
    turn.text = turn.text.empty() ? system : system + "\n\n" + turn.text;
    break;  // there is one: the last turn is the user's
  }
  return turns;
}

}  // namespace iago
