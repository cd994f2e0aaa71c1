// The program's version, as --version prints it and every run records it.
#pragma once

#include <string_view>

namespace iago {

// The version that CMake's project states: "major.minor.patch". A constant that needs no
// initialising, so other globals may use it for theirs.
extern const std::string_view kVersion;

}  // namespace iago
