#include "lm/internal/attention.h"

#include "lm/internal/kernels.h"

namespace iago {

Attention::Attention(const LlamaConfig& config, std::int64_t max_rows)
    : heads_(config.heads),
      kv_heads_(config.kv_heads),
      head_dim_(config.head_dim),
      highest_(static_cast<std::size_t>(max_rows * heads_)),
      sum_(highest_.size()),
      total_(highest_.size() * static_cast<std::size_t>(KvPages::padded(head_dim_))) {}

void Attention::run(const Part& part, KvPages& pages, std::int64_t layer, const float* queries,
                    std::int64_t query_stride, float* out) {
  const float* keys = pages.keys(0, layer, 0);
  kernels().attend({.jobs = part.jobs.data(),
                    .job_count = static_cast<std::int64_t>(part.jobs.size()),
                    .row_begin = part.row_begin,
                    .row_end = part.row_end,
                    .kv_head_begin = part.kv_head_begin,
                    .kv_head_end = part.kv_head_end,
                    .heads = heads_,
                    .kv_heads = kv_heads_,
                    .head_dim = head_dim_,
                    .padded_dim = pages.padded_dim(),
                    .keys = keys,
                    .page_stride = pages.page_stride(),
                    .head_stride = pages.head_stride(),
                    .value_offset = pages.values(0, layer, 0) - keys,
                    .queries = queries,
                    .query_stride = query_stride,
                    .highest = highest_.data(),
                    .sum = sum_.data(),
                    .total = total_.data(),
                    .out = out});
}

}  // namespace iago
