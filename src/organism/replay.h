// Lessons of a recipe to mix into another training, so that a subject does not unlearn what it was
// grown on: those of the recipe's last phase, as their rows follow each other in its steps.
#pragma once

#include <cstdint>

#include "nn/token_tree.h"
#include "organism/recipe.h"
#include "text/tokenizer.h"

namespace iago {

// The lesson of that number, at least 0: a pure function of recipe, seed and number. Each seed has
// lessons of its own, other than those that the subject was grown on. Weighted as the recipe says.
// Error unsupported if the tokenizer is not an organism's. Thread-safe.
TokenTree replay_lesson(const Recipe& recipe, const Tokenizer& tokenizer, std::uint64_t seed,
                        std::int64_t number);

}  // namespace iago
