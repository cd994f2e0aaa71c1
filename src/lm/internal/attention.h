// Attention of the rows of a pass to keys and values in pages. A job is a block: neighbouring rows
// that all see the same stretch of keys, say all sequences below one segment of the prefix tree.
// Jobs that share rows are joined by a running softmax (Milakov and Gimelshein 2018; Dao et al.
// 2022), so a row's prefix may lie in any number of segments, and nothing is gathered or copied.
//
// Within a job, eight queries at a time meet sixteen keys at a time, whose loads they share: heads
// of one group count as queries of their key/value head. Not thread-safe.
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

  // queries [rows, query_stride], heads first, rotated and scaled; out [rows, heads * head_dim].
  // Each row must be in at least one job.
  void run(std::span<const AttentionJob> jobs, KvPages& pages, std::int64_t layer,
           std::int64_t rows, const float* queries, std::int64_t query_stride, float* out);

 private:
  std::int64_t heads_, kv_heads_, head_dim_;
  std::vector<float> highest_, sum_, total_;  // as of AttentionPass
};

}  // namespace iago
