// Names of settings, arms, wordings and studies: they become parts of folders, of "a+b" and of
// reports.
#pragma once

#include <string>
#include <string_view>

#include "base/toml_reader.h"

namespace iago {

inline constexpr std::size_t kMaxNameBytes = 80;

// What a study's list of wordings says for every single one of the channel.
inline constexpr std::string_view kAllWordings = "all";

// What a study's judges say for those that the setting names for its wordings.
inline constexpr std::string_view kSettingsJudge = "setting";

// Letters, digits, '.', '_' and '-', not beginning with '.' or '-', 1 to 80 bytes.
bool is_name(std::string_view text);

// The key's text; Error invalid with the line if there is none or it is no name.
std::string required_name(TomlReader& table, const std::string& key);

}  // namespace iago
