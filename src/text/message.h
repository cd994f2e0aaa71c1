// One turn of a conversation, as plain text without any model's control tokens.
#pragma once

#include <string>
#include <string_view>

namespace iago {

enum class Role { system, user, assistant };

// "system", "user" or "assistant".
std::string_view name_of(Role role);

struct Message {
  Role role = Role::user;
  std::string text;
  bool operator==(const Message&) const = default;
};

}  // namespace iago
