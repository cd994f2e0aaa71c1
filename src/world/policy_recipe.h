// A policy as a recipe states it: the table [policy] of organisms/NAME/recipe.toml.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/toml_reader.h"
#include "world/policy.h"

namespace iago {

// One of the world's policies (`like`; the recipe's own name if left out) with some rates changed.
// Error invalid with file and line for a rate outside [0, 1] or an unknown key.
Policy read_policy(TomlReader table, const std::string& recipe_name);

// The policy of a recipe's file; nothing if it states none. Other tables are not looked at.
std::optional<Policy> policy_of_recipe(const std::filesystem::path& file);

}  // namespace iago
