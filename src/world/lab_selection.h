// Choosing labs on a command line.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "world/labs.h"

namespace iago {

// The kind's name: "chats", "documents-only", "fresh".
std::string_view name_of(LabKind kind);

// Labs by selectors, in the order of labs(), none twice. A selector is a lab's name, the name of a
// kind, or a kind and a range of it that counts from 1: "fresh:1-48". The facts go round within a
// kind, so any four labs side by side have all four pairs of facts. Error invalid for a selector
// that chooses nothing, saying what there is.
std::vector<const Lab*> select_labs(std::span<const std::string> selectors);

}  // namespace iago
