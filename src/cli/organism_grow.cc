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
  command.add_option("--out", a.folder, "Folder for the organism (default: the recipe's folder)");
  command.add_option("--workers", a.workers, "Training threads (0: one per core)");
  command.add_flag("--cuda", a.cuda, "Train on the GPU");
  command.add_flag("--new", a.fresh,
                   "Start over, even if there is a training state to resume from");
  command.footer("Example:\n  iago organism grow organisms/faker");
}

}  // namespace iago
