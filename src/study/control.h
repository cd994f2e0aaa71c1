// Which controls go with a wording: those that tell whether a subject goes by the tag that marks
// the arms or by the rule that says what the tag means (kTagOrRule in record/wording.h). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "study/setting.h"

namespace iago {

struct Controls {
  // The wording combined with each control that goes with it in the channel, in the setting's
  // order; where the wording itself contains the control, the wording without it. All under
  // canonical names. "Goes with it": the combination exists in the channel, with both arms of the
  // contrast, and is judged by the same judge.
  std::vector<std::string> wordings;
  // Where there is none: the nearest wording that has one (this one without one of its parts, else
  // the default), and that combined with its control. Empty: no wording has one in this channel.
  std::string other, other_control;
};

// Error not_found for a wording that the setting lacks.
Controls controls_of(const Setting& setting, std::string_view channel, std::string_view wording,
                     const Contrast& contrast);

}  // namespace iago
