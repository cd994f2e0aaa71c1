// What must hold between the parts of a setting, so that render_prompt can fail only for what it is
// asked: every slot, block, channel, arm and wording that is named exists, every placeholder has a
// value in every channel, arm and single wording, and no user turn is empty. Private to the room.
#pragma once

#include <string_view>
#include <vector>

#include "study/setting.h"

namespace iago {

// Where the parts stand in setting.toml that keep no line of their own.
struct SettingLines {
  int parameters = 1, parameters_from_labels = 1, baseline = 1, published = 1, battery = 1;
  std::vector<int> contrasts;  // as many as the setting has
};

// Error invalid or not_found with `where` (the setting.toml), the line and a hint.
void check_setting(const Setting& setting, const SettingLines& lines, std::string_view where);

}  // namespace iago
