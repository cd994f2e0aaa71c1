// A study's options as named fields, to be held against another study's. Pure.
#pragma once

#include <vector>

#include "record/field_difference.h"
#include "study/study.h"

namespace iago {

// temperature, top_p, top_k, max_tokens and stop, as study.toml has them.
std::vector<NamedField> sampling_fields(const Sampling& sampling);

}  // namespace iago
