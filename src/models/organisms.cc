#include "models/organisms.h"

#include <algorithm>
#include <system_error>

#include "world/policy_recipe.h"

namespace iago {

namespace fs = std::filesystem;

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
  if (!subject.starts_with("organism:")) return std::nullopt;
  fs::path recipe = folder / subject.substr(9) / "recipe.toml";
  return fs::exists(recipe) ? policy_of_recipe(recipe) : std::nullopt;
}

std::vector<std::string> control_subjects(const fs::path& folder) {
  std::vector<std::string> subjects;
  for (const std::string& name : grown_organisms(folder)) {
    if (policy_of("organism:" + name, folder)) subjects.push_back("organism:" + name);
  }
  return subjects;
}

}  // namespace iago
