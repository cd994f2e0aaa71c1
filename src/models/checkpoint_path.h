// FOLDER or FOLDER+ADAPTER: a checkpoint, and the LoRA adapter that is merged into it when it is
// opened.
#pragma once

#include <filesystem>

namespace iago {

struct CheckpointPath {
  std::filesystem::path folder;
  std::filesystem::path adapter;  // a folder in PEFT's format (lm/lora.h); empty for none
};

// Names of folders may hold a "+": a path that exists as a whole is a folder without adapter, and
// otherwise the last "+" behind a folder that exists parts the two. A path with no such "+" is a
// folder, which is missing.
CheckpointPath parse_checkpoint_path(const std::filesystem::path& path);

}  // namespace iago
