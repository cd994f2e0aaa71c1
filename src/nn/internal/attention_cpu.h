// Attention over a forest on CPU, forward and backward, on the joined array of queries, keys and
// values [N, joined_width]. Grouped-query: head h reads key/value head h * kv_heads / heads.
#pragma once

#include "nn/internal/pass.h"

namespace iago {

// out [N, query_width]; probabilities [heads * pass.probabilities] are kept for the way back.
// qkv has been rotated already.
void attend(const TreePass& pass, const float* qkv, float* probabilities, float* out);

// d_qkv [N, joined_width] is overwritten with the gradient with respect to the rotated qkv.
void attend_backward(const TreePass& pass, const float* qkv, const float* probabilities,
                     const float* d_out, float* d_qkv);

}  // namespace iago
