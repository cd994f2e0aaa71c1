// A comparison of runs, or a training, printed by `iago compare` and at the end of `iago run` on
// several models.
#pragma once

#include <string>

#include "figures/comparison.h"
#include "figures/training.h"

namespace iago {

// On standard output; the format is one of FormatOption's.
void print_comparison(const Comparison& comparison, const std::string& format);
void print_training(const Training& training, const std::string& format);

}  // namespace iago
