#include "store/run_folder.h"

#include <fmt/format.h>

namespace iago {

namespace fs = std::filesystem;

fs::path run_folder(const fs::path& runs, const std::string& run_id, bool fresh) {
  fs::path newest = runs / run_id;
  for (int again = 2; fs::exists(newest); ++again) {
    fs::path next = runs / fmt::format("{}.{}", run_id, again);
    if (!fs::exists(next)) return fresh ? next : newest;
    newest = next;
  }
  return newest;
}

}  // namespace iago
