// One form for what is wrong with the options of a training.
#pragma once

#include <string>

#include "base/error.h"
#include "fmt/format.h"

namespace iago {

// Error invalid "training options: FIELD EXPECTED" unless it holds.
inline void require_option(bool holds, const char* field, const std::string& expected) {
  if (holds) return;
  throw Error(ErrorCode::invalid, fmt::format("training options: {} {}", field, expected));
}

}  // namespace iago
