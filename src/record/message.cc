#include "record/message.h"

#include "record/names.h"

namespace iago {
namespace {

constexpr EnumName<Role> kRoleNames[] = {
    {Role::system, "system"}, {Role::user, "user"}, {Role::assistant, "assistant"}};

}  // namespace

std::string_view name_of(Role role) { return name_in(kRoleNames, role); }

std::optional<Role> role_named(std::string_view name) { return value_in(kRoleNames, name); }

}  // namespace iago
