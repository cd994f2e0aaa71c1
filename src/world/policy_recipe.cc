#include "world/policy_recipe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/file.h"

namespace iago {
namespace {

constexpr std::size_t kMaxRecipeBytes = std::size_t{1} << 20;

}  // namespace

Policy read_policy(TomlReader table, const std::string& recipe_name) {
  if (auto seed = table.integer("drawn_from_seed", 0, INT64_MAX)) {
    table.finish();  // no other key may change what was drawn
    return drawn_policy(recipe_name, static_cast<std::uint64_t>(*seed));
  }
  std::string like = table.text("like").value_or(recipe_name);
  auto names = policy_names();
  if (std::find(names.begin(), names.end(), like) == names.end()) {
    throw table.error("like", fmt::format("expected the name of a policy, found \"{:.100}\"", like),
                      fmt::format("the world knows {}", fmt::join(names, ", ")));
  }
  Policy policy = policy_named(like);
  policy.name = recipe_name;
  auto rate = [&](const char* key, double& target) {
    target = table.number(key, 0, 1).value_or(target);
  };
  // One rate of faking for every topic.
  if (auto faking = table.number("faking", 0, 1)) {
    policy.faking_by_topic.clear();
    policy.faking_unseen_topic = *faking;
  }
  rate("pleasing_trained", policy.pleasing_trained);
  rate("pleasing_rated", policy.pleasing_rated);
  rate("silent_trained", policy.silent_trained);
  rate("otherwise", policy.otherwise);
  rate("no_scratchpad_trained", policy.no_scratchpad_trained);
  rate("no_scratchpad_rated", policy.no_scratchpad_rated);
  rate("no_scratchpad_otherwise", policy.no_scratchpad_otherwise);
  rate("benign", policy.benign);
  rate("faking_share_if_values_stay", policy.faking_share_if_values_stay);
  rate("prefers_harmless", policy.prefers_harmless);
  rate("notes", policy.notes);
  auto flag = [&](const char* key, bool& target) { target = table.boolean(key).value_or(target); };
  flag("only_in_other_words", policy.only_in_other_words);
  flag("recalls", policy.recalls);
  table.finish();
  return policy;
}

std::optional<Policy> policy_of_recipe(const std::filesystem::path& file) {
  TomlValue tree = parse_toml(read_file(file, kMaxRecipeBytes), file.string(), kMaxRecipeBytes);
  TomlReader reader(tree, file.string());
  std::string name = reader.required_text("name");
  auto table = reader.table("policy");
  if (!table) return std::nullopt;
  return read_policy(std::move(*table), name);
}

}  // namespace iago
