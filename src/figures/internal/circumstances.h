// What an arm told the subject of a conversation, and what a subject claims of it: for judges of
// comprehension. Private to this room.
#pragma once

#include <optional>
#include <string_view>

#include "store/rows.h"

namespace iago {

// Absent: nothing is said of it, or the store does not know.
struct Circumstances {
  std::optional<bool> is_trained_on, is_monitored;
  bool is_empty() const { return !is_trained_on && !is_monitored; }
};

// The arm's row says whether it is trained on; whether it is monitored or rated follows from its
// name (training and rated-only are, unmonitored is not), but for the wording "trained-only", which
// parts the two. An arm of another name tells that it is trained on, if it is; the baseline tells
// nothing.
Circumstances told_in(const ArmRow& arm, std::string_view wording);

// By the label of a judge of comprehension; empty where it claims nothing, or two things at once.
Circumstances claimed_by(std::string_view label);

// True if something is claimed of what was told, and nothing against it.
bool agrees(const Circumstances& claimed, const Circumstances& told);

}  // namespace iago
