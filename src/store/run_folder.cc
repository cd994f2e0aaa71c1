#include "store/run_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <system_error>
#include <utility>

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

std::vector<fs::path> runs_newest_first(const fs::path& runs, const fs::path& own) {
  std::vector<std::pair<fs::file_time_type, fs::path>> found;
  std::error_code status;
  for (const auto& entry : fs::directory_iterator(runs, status)) {
    if (entry.is_symlink(status) || !entry.is_directory(status)) continue;
    if (!own.empty() && fs::equivalent(entry.path(), own, status)) continue;
    const auto begun = fs::last_write_time(entry.path() / "study.toml", status);
    if (!status) found.emplace_back(begun, entry.path());
  }
  std::ranges::sort(found, std::greater<>());
  std::vector<fs::path> folders;
  for (auto& [begun, folder] : found) folders.push_back(std::move(folder));
  return folders;
}

}  // namespace iago
