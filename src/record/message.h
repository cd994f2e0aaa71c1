// One turn of a conversation, as plain text without any model's control tokens.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace iago {

enum class Role { system, user, assistant };
std::string_view name_of(Role role);
// Absent for any other name.
std::optional<Role> role_named(std::string_view name);

struct Message {
  Role role = Role::user;
  std::string text;
  bool operator==(const Message&) const = default;
};

}  // namespace iago
