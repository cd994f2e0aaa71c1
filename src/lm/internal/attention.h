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

class Attention {
 public:
  // For passes of up to `max_rows` rows.
  Attention(const LlamaConfig& config, std::int64_t max_rows);

  // queries [rows, query_stride], heads first, rotated and scaled; out [rows, heads * head_dim].
  // Each row must be in at least one job.
  void run(std::span<const AttentionJob> jobs, KvPages& pages, std::int64_t layer,
           std::int64_t rows, const float* queries, std::int64_t query_stride, float* out);

 private:
  struct Block;
  struct View;
  template <int kQueries>
  void attend(const Block& block, const View& view);
  template <int kQueries, int kPages>
  void score(const Block& block, const View& view, std::int64_t page, float* scores) const;
  template <int kQueries, int kVectors>
  void add_values(const Block& block, const View& view, std::int64_t page_begin,
                  std::int64_t page_end, std::int64_t column, const float* weights);
  void run_head(const AttentionJob& job, const View& view);

  std::int64_t heads_, group_, head_dim_, padded_dim_;
  std::vector<float> highest_, sum_, total_;  // [rows * heads], [rows * heads], [.., padded_dim]
};

}  // namespace iago
