#include "study/control.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "study/internal/compose.h"

namespace iago {
namespace {

std::string joined(const std::vector<std::string>& parts) {
  return parts.empty() ? std::string(kDefaultWording) : fmt::format("{}", fmt::join(parts, "+"));
}

std::vector<std::string> without(std::vector<std::string> parts, std::string_view part) {
  std::erase(parts, part);
  return parts;
}

// With the control, or without it where it is one of the parts.
std::string turned(const std::vector<std::string>& parts, const std::string& control) {
  if (std::ranges::count(parts, control) > 0) return joined(without(parts, control));
  std::vector<std::string> with = parts;
  with.insert(std::ranges::upper_bound(with, control), control);
  return joined(with);
}

// What cannot be composed says so by an error: the setting knows no other way to tell.
bool exists(const Setting& setting, std::string_view channel, const std::string& wording,
            const Contrast& contrast) {
  try {
    compose(setting, channel, wording, contrast.more);
    compose(setting, channel, wording, contrast.less);
    judge_of_wording(setting, wording);
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::vector<std::string> controls_with(const Setting& setting, std::string_view channel,
                                       const std::vector<std::string>& parts,
                                       const Contrast& contrast) {
  std::vector<std::string> found;
  if (!exists(setting, channel, joined(parts), contrast)) return found;
  const std::string judge = judge_of_wording(setting, joined(parts));
  for (const Wording& control : setting.wordings) {
    if (control.tells != kTagOrRule) continue;
    const std::string wording = turned(parts, control.name);
    if (!exists(setting, channel, wording, contrast)) continue;
    if (judge_of_wording(setting, wording) == judge) found.push_back(wording);
  }
  return found;
}

}  // namespace

Controls controls_of(const Setting& setting, std::string_view channel, std::string_view wording,
                     const Contrast& contrast) {
  const std::vector<std::string> parts = split_wording(setting, wording);
  Controls controls{.wordings = controls_with(setting, channel, parts, contrast)};
  if (!controls.wordings.empty()) return controls;
  std::vector<std::vector<std::string>> nearest;
  for (const std::string& part : parts) nearest.push_back(without(parts, part));
  nearest.emplace_back();
  for (const std::vector<std::string>& other : nearest) {
    const auto found = controls_with(setting, channel, other, contrast);
    if (found.empty()) continue;
    controls.other = joined(other);
    controls.other_control = found.front();
    break;
  }
  return controls;
}

}  // namespace iago
