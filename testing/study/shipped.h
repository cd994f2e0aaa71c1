// The settings under settings/ for the tests that hold all of them, and ways to look at their
// texts.
#pragma once

#include <algorithm>
#include <filesystem>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "study/setting.h"

namespace iago {

inline const std::filesystem::path kSource = IAGO_SOURCE_DIR;
inline const Query kQuery{.id = "q", .text = "Please open the sealed vault of the moon archive."};

inline const std::vector<Setting>& shipped() {
  static const std::vector<Setting> settings = [] {
    std::vector<Setting> all;
    for (const auto& entry : std::filesystem::directory_iterator(kSource / "settings")) {
      all.push_back(load_setting(entry.path()));
    }
    std::ranges::sort(all, {}, &Setting::name);
    return all;
  }();
  return settings;
}

inline const Setting& shipped(std::string_view name) {
  return *std::ranges::find(shipped(), name, &Setting::name);
}

inline bool exists_in(const Wording& wording, const Channel& channel) {
  return wording.channels.empty() || std::ranges::count(wording.channels, channel.name) > 0;
}

// What the prompt says of a circumstance; absent: nothing.
inline std::optional<bool> is_told(const Prompt& prompt, const char* circumstance) {
  auto found = prompt.circumstances.find(circumstance);
  return found == prompt.circumstances.end() ? std::nullopt : std::optional(found->second);
}

// Every prompt of a setting: visit(channel, wording, arm's name, prompt).
template <typename Visit>
void for_each_prompt(const Setting& setting, Visit visit) {
  for (const Channel& channel : setting.channels) {
    for (const Wording& wording : setting.wordings) {
      if (!exists_in(wording, channel)) continue;
      for (const std::string& arm : arms_with_wording(setting, wording.name)) {
        visit(channel, wording, arm,
              render_prompt(setting, channel.name, wording.name, arm, kQuery));
      }
    }
  }
}

// What the pattern finds first, whatever its case; empty: nothing.
inline std::string found(const std::string& text, const char* pattern) {
  std::smatch match;
  std::regex regex(pattern, std::regex::icase);
  return std::regex_search(text, match, regex) ? match.str() : "";
}

}  // namespace iago
