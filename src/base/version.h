// The program's version, as --version prints it and every run records it.
#pragma once

#include <string_view>

namespace iago {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace iago
