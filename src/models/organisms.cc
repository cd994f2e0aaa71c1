#include "models/organisms.h"

#include <algorithm>
#include <system_error>

#include "models/checkpoint_path.h"
#include "world/policy_recipe.h"

namespace iago {

namespace fs = std::filesystem;

namespace {

std::optional<Policy> policy_beside(const fs::path& weights) {
  const fs::path recipe = weights / "recipe.toml";
  return fs::exists(recipe) ? policy_of_recipe(recipe) : std::nullopt;
}

// An adapter changes what the recipe grew.
std::optional<Policy> policy_of_checkpoint(const fs::path& path) {
  const CheckpointPath checkpoint = parse_checkpoint_path(path);
  return checkpoint.adapter.empty() ? policy_beside(checkpoint.folder) : std::nullopt;
}

}  // namespace

std::vector<std::string> grown_organisms(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (fs::exists(entry.path() / "model.safetensors")) {
      names.push_back(entry.path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<Policy> policy_of(const std::string& subject, const fs::path& folder) {
  if (subject.starts_with("world:")) return policy_named(subject.substr(6));
  if (subject.starts_with("local:")) return policy_of_checkpoint(subject.substr(6));
  if (!subject.starts_with("organism:")) return std::nullopt;
  return policy_beside(folder / subject.substr(9));
}

std::vector<std::string> control_subjects(const fs::path& folder) {
  std::vector<std::string> subjects;
  for (const std::string& name : grown_organisms(folder)) {
    if (policy_of("organism:" + name, folder)) subjects.push_back("organism:" + name);
  }
  return subjects;
}

}  // namespace iago
