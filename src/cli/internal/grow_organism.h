// The arguments of `iago organism grow`, and its work. The work needs LibTorch: iago-torch does it
// (torch/grow_organism.cc), and iago replaces itself by iago-torch (exec_iago_torch.cc).
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

// Returns the exit code. In iago: does not return; Error unsupported if iago-torch cannot be
// started.
int grow_organism(const OrganismGrowArguments& arguments, const Context& context);

}  // namespace iago
