// The shipped settings, all or one by its name.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "study/setting.h"

namespace iago {

// Of the folder's subfolders, by name.
std::vector<Setting> load_settings(const std::filesystem::path& folder);

// Error not_found, which lists the names that there are.
Setting load_named_setting(const std::filesystem::path& folder, const std::string& name);

}  // namespace iago
