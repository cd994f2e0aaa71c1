// The known name that somebody who typed another one probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace iago {

// The nearest of `known` by edits (insert, delete, replace, swap of neighbours: Damerau and
// Levenshtein, restricted), if at most a third of the letters differ; empty otherwise. Names beyond
// 100 bytes are near nothing.
std::string nearest_name(std::string_view name, const std::vector<std::string>& known);

// A hint for an error: `did you mean "repeats"? Known are: arms, repeats.`
std::string hint_of_names(std::string_view name, const std::vector<std::string>& known);

}  // namespace iago
