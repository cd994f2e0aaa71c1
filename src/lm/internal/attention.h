// Attention of the rows of a pass to keys and values in pages. A job is a block: neighbouring rows
// that all see the same stretch of keys, say all sequences below one segment of the prefix tree.
// Jobs that share rows are joined by a running softmax (Milakov and Gimelshein 2018; Dao et al.
// 2022), so a row's prefix may lie in any number of segments, and nothing is gathered or copied.
//
// Within a job, eight queries at a time meet sixteen keys at a time, whose loads they share: heads
// of one group count as queries of their key/value head.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lm/internal/attention_pass.h"
#include "lm/internal/kv_pages.h"

namespace iago {

class Attention {
 public:
  // For passes of up to `max_rows` rows.
  Attention(const LlamaConfig& config, std::int64_t max_rows);

  // The rows and heads of one call. Each row must be in at least one job, and no other.
  struct Part {
    std::span<const AttentionJob> jobs;
    std::int64_t row_begin, row_end;
    std::int64_t kv_head_begin, kv_head_end;
  };
  // queries [rows, query_stride], heads first, rotated and scaled; out [rows, heads * head_dim].
  // Several threads may call it at once for parts that do not overlap.
  void run(const Part& part, KvPages& pages, std::int64_t layer, const float* queries,
           std::int64_t query_stride, float* out);

 private:
  std::int64_t heads_, kv_heads_, head_dim_;
  std::vector<float> highest_, sum_, total_;  // as of AttentionPass
};

}  // namespace iago
