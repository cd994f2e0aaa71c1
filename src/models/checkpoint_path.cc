#include "models/checkpoint_path.h"

#include <string>

namespace iago {

CheckpointPath parse_checkpoint_path(const std::filesystem::path& path) {
  if (std::filesystem::exists(path)) return {path, {}};
  const std::string text = path.string();
  for (std::size_t plus = text.rfind('+'); plus != std::string::npos && plus > 0;
       plus = text.rfind('+', plus - 1)) {
    const std::string folder = text.substr(0, plus), adapter = text.substr(plus + 1);
    if (!adapter.empty() && std::filesystem::is_directory(folder)) return {folder, adapter};
  }
  return {path, {}};
}

}  // namespace iago
