// What `iago organism grow` is asked, and its work, which takes LibTorch: iago-torch does it
// (torch/grow_organism.cc), and iago starts iago-torch in its own place (exec_iago_torch.cc).
#pragma once

#include <filesystem>

#include "cli/internal/context.h"

namespace iago {

struct OrganismGrowArguments {
  std::filesystem::path recipe;  // a recipe.toml or its folder
  std::filesystem::path folder;  // where the organism goes; empty: the recipe's folder
  int workers = 0;               // 0 = one per core
  bool cuda = false;
  bool fresh = false;  // do not resume
};

int grow_organism(const OrganismGrowArguments& arguments, const Context& context);

}  // namespace iago
