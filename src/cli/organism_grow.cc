// iago organism grow
#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/internal/grow_organism.h"
#include "cli/internal/program.h"

namespace iago {

void add_organism_grow(Program& iago) {
  auto [command, a] = iago.add<OrganismGrowArguments>(
      "organism grow", "Grow an organism from its recipe", grow_organism);
  command.add_option("recipe", a.recipe, "A recipe, or the folder that holds recipe.toml")
      ->required();
  command.add_option("--out", a.folder, "Where it goes; the recipe's folder if left out");
  command.add_option("--workers", a.workers, "Threads that train (0: one per core)");
  command.add_flag("--cuda", a.cuda, "Train on the GPU");
  command.add_flag("--new", a.fresh, "Begin anew although a checkpoint is there");
  command.footer("Example:\n  iago organism grow organisms/faker");
}

}  // namespace iago
