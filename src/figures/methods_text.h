// What was done, as a paragraph for a paper's section on methods. Pure.
#pragma once

#include <string>

#include "figures/summary.h"

namespace iago {

// Names the program's version and the hashes by which each part can be found again; says only what
// the store knows. Ends with a newline.
std::string methods_text(const Summary& summary);

}  // namespace iago
