// iago organism list
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "base/file.h"
#include "base/json.h"
#include "base/toml_reader.h"
#include "cli/commands.h"
#include "cli/internal/output_option.h"
#include "cli/internal/program.h"
#include "models/organisms.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxRecipeBytes = std::size_t{16} << 20;

struct OrganismListArguments {
  OutputOption output;
};

// What the recipe says of the organism; empty without one.
std::string description_of(const fs::path& recipe) {
  if (!fs::exists(recipe)) return {};
  TomlValue tree = parse_toml(read_file(recipe, kMaxRecipeBytes), recipe.string(), kMaxRecipeBytes);
  return TomlReader(tree, recipe.string()).text("description").value_or("");
}

int organism_list_command(const OrganismListArguments& arguments, const Context& context) {
  fs::path organisms = context.data / "organisms";
  Json json = Json::array();
  for (const std::string& name : grown_organisms(organisms)) {
    std::string description = description_of(organisms / name / "recipe.toml");
    double megabytes =
        static_cast<double>(fs::file_size(organisms / name / "model.safetensors")) / 1e6;
    if (!arguments.output.json) {
      fmt::print("organism:{:<14} {:.1f} MB  {}\n", name, megabytes, description);
    }
    json.push_back(
        {{"name", "organism:" + name}, {"description", description}, {"megabytes", megabytes}});
  }
  if (arguments.output.json) fmt::print("{}\n", dump_json(json, 2));
  return 0;
}

}  // namespace

void add_organism_list(Program& iago) {
  auto [command, a] = iago.add<OrganismListArguments>("organism list", "List the shipped organisms",
                                                      organism_list_command);
  a.output.add_to(command);
  command.footer("Example:\n  iago organism list --json");
}

}  // namespace iago
