// In what two plans differ, for people: what a folder holds beside what a command asks for.
#pragma once

#include <string>

#include "base/json.h"

namespace iago {

// The first field, in alphabetical order, in which `is` differs from `was`: "margin_points was 3,
// and is 5". The two differ.
std::string plan_difference(const Json& was, const Json& is);

}  // namespace iago
