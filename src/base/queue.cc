#include "base/queue.h"

#include <fmt/format.h>

#include "base/error.h"

namespace iago {

void throw_refusal(bool closed, std::size_t waiting) {
  if (closed) throw Error(ErrorCode::cancelled, "added to a queue after it was closed");
  throw Error(ErrorCode::overloaded,
              fmt::format("a queue is full: {} wait in it, which is the most allowed", waiting),
              "send less at a time");
}

}  // namespace iago
