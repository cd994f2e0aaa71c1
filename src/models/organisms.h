// The organisms of a folder: each a checkpoint beside the recipe that it was grown from.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "world/policy.h"

namespace iago {

// The names of those that are grown, sorted. Empty if there is no such folder.
std::vector<std::string> grown_organisms(const std::filesystem::path& folder);

// The policy that a subject's name states (world:NAME) or the recipe beside its weights does
// (organism:NAME, local:FOLDER); nothing if neither does, as with an adapter. Errors of the
// recipe's reader pass through.
std::optional<Policy> policy_of(const std::string& subject, const std::filesystem::path& folder);

// "organism:NAME" of every grown organism whose recipe states a policy: the instrument's controls.
std::vector<std::string> control_subjects(const std::filesystem::path& folder);

}  // namespace iago
