#include "base/version.h"

namespace iago {

// IAGO_VERSION is defined for this file alone: a new version compiles nothing else. `constinit`
// holds it ready for what other files initialise.
constinit const std::string_view kVersion = IAGO_VERSION;

}  // namespace iago
