// The loops of Attention, for the files of levels/ alone.
#pragma once

#include "lm/internal/kernels.h"

namespace iago::IAGO_LEVEL {

// As Kernels::attend.
void attend(const AttentionPass& pass);

}  // namespace iago::IAGO_LEVEL
