// What a subject claims of its situation, and whether it was told so: for judges of comprehension.
#pragma once

#include <string_view>

#include "record/circumstances.h"

namespace iago {

// By the label of a judge of comprehension; empty where it claims nothing, or two things at once.
Circumstances claimed_by(std::string_view label);

// True if something is claimed of what was told, and nothing against it.
bool agrees(const Circumstances& claimed, const Circumstances& told);

}  // namespace iago
