// What the loops of Attention read and write, as plain arrays.
#pragma once

#include <cstdint>

#include "lm/internal/kv_pages.h"

namespace iago {

enum class Causal {
  no,   // every row of the job sees all of its keys
  yes,  // each row sees one key more than the row before
};

struct AttentionJob {
  std::int64_t row_begin = 0, row_end = 0;  // of the pass
  const PageId* pages = nullptr;            // borrowed
  std::int64_t first = 0;                   // slot of the first key in the first page
  std::int64_t keys = 0;                    // > 0, that the first row sees
  Causal causal = Causal::no;
};

struct AttentionPass {
  const AttentionJob* jobs;
  std::int64_t job_count;
  std::int64_t row_begin, row_end;          // of the pass; the jobs have no other rows
  std::int64_t kv_head_begin, kv_head_end;  // with the heads that belong to them
  std::int64_t heads, kv_heads, head_dim, padded_dim;

  const float* keys;  // of page 0 and head 0
  std::int64_t page_stride, head_stride;
  std::int64_t value_offset;  // from a head's keys to its values

  const float* queries;  // [rows, query_stride], heads first, rotated and scaled
  std::int64_t query_stride;

  // Of all rows and heads of the pass; those of the ranges above are overwritten.
  float *highest, *sum;  // [rows * heads]
  float* total;          // [rows * heads, padded_dim]
  float* out;            // [rows, heads * head_dim]
};

}  // namespace iago
