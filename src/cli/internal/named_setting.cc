#include "cli/internal/named_setting.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"

namespace iago {

namespace fs = std::filesystem;

std::vector<Setting> load_settings(const fs::path& folder) {
  std::vector<Setting> settings;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (fs::exists(entry.path() / "setting.toml")) settings.push_back(load_setting(entry.path()));
  }
  std::sort(settings.begin(), settings.end(),
            [](const Setting& a, const Setting& b) { return a.name < b.name; });
  return settings;
}

Setting load_named_setting(const fs::path& folder, const std::string& name) {
  // With a slash it is a folder, as in a study.
  if (fs::path(name).has_parent_path()) return load_setting(name);
  if (!fs::exists(folder / name / "setting.toml")) {
    std::vector<std::string> names;
    for (const Setting& setting : load_settings(folder)) names.push_back(setting.name);
    throw Error(ErrorCode::not_found,
                fmt::format("unknown setting \"{}\" in {}", name, folder.string()),
                fmt::format("known settings: {}", fmt::join(names, ", ")));
  }
  return load_setting(folder / name);
}

}  // namespace iago
