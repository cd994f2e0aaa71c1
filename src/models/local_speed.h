// How fast a checkpoint will decode here, before its weights are read.
#pragma once

#include <cstddef>

#include "lm/config.h"

namespace iago {

// Tokens a second of `rows` sequences that run at once, of about `context` tokens each, by
// `threads` threads: an estimate from products of the network's own shape, which are timed for a
// fifth of a second on all of these threads. It leaves out the steps between products, so it errs
// on the fast side; prompts are computed at least as fast.
double estimate_tokens_per_second(const LlamaConfig& config, std::size_t threads, std::size_t rows,
                                  double context);

}  // namespace iago
