// One turn of a conversation, as plain text without any model's control tokens.
#pragma once

#include <string>

namespace iago {

enum class Role { system, user, assistant };

struct Message {
  Role role = Role::user;
  std::string text;
  bool operator==(const Message&) const = default;
};

}  // namespace iago
