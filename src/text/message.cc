#include "text/message.h"

#include "base/error.h"

namespace iago {

std::string_view name_of(Role role) {
  switch (role) {
    case Role::system:
      return "system";
    case Role::user:
      return "user";
    case Role::assistant:
      return "assistant";
  }
  check_failed("a known Role", std::to_string(static_cast<int>(role)));
}

}  // namespace iago
