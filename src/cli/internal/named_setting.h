// Loads settings by their folder: all of them, or one by its name.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "study/setting.h"

namespace iago {

// One for each subfolder, sorted by name.
std::vector<Setting> load_settings(const std::filesystem::path& folder);

// A name with a slash is a folder of its own. Error not_found, which lists the known names, if
// `folder` has no such setting.
Setting load_named_setting(const std::filesystem::path& folder, const std::string& name);

}  // namespace iago
