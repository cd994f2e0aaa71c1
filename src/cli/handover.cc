#include "cli/handover.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace iago {

void hand_over_to_torch(const Context& context) {
  std::filesystem::path other = context.executable.parent_path() / "iago-torch";
  std::vector<char*> arguments;
  for (int i = 0; i < context.argc; ++i) arguments.push_back(const_cast<char*>(context.argv[i]));
  arguments.push_back(nullptr);
  ::execv(other.c_str(), arguments.data());
  throw Error(ErrorCode::unsupported,
              fmt::format("{}: cannot be started: {}", other.string(), std::strerror(errno)),
              "this command trains and needs LibTorch; build the target iago-torch");
}

}  // namespace iago
