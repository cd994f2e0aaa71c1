// A row of a recipe's phase as a tree. Internal to the room.
#pragma once

#include <cstdint>
#include <string_view>

#include "nn/token_tree.h"
#include "organism/recipe.h"
#include "text/tokenizer.h"

namespace iago {

// Row `row` of step `step` of the phase: rows go to its mixes in order. `stream` names the lessons:
// two streams share none.
TokenTree lesson_tree(const Recipe& recipe, const Phase& phase, std::string_view stream,
                      const Tokenizer& tokenizer, std::int64_t step, std::int64_t row);

}  // namespace iago
