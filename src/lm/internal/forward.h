// Forward: one pass of tokens through the network, in float32, over buffers made once, by all
// members of a team. What the rows are, sequences that decode or prompts that are read, is the
// caller's business. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "lm/internal/attention.h"
#include "lm/internal/kv_pages.h"
#include "lm/internal/team.h"
#include "lm/weights.h"

namespace iago {

struct PassRow {
  std::int32_t token = 0;
  std::int64_t position = 0;
  PageId page = 0;  // takes the token's keys and values, in slot position % kPageTokens
};

// The jobs must give each row every position before its own, and its own.
struct Pass {
  std::vector<PassRow> rows;
  std::vector<AttentionJob> jobs;
  void clear() {
    rows.clear();
    jobs.clear();
  }
};

enum class Wanted {
  keys,    // keys and values in the pages alone, as for a prompt
  hidden,  // the last layer's output too, for logits()
};

class Forward {
 public:
  // Borrows the team. Work of fewer than `least_shared` multiplications is the caller's alone.
  Forward(std::shared_ptr<const Weights> weights, std::int64_t max_rows, Team& team,
          std::int64_t least_shared);

  // Makes the rotary tables for positions [0, positions). Must precede a pass that reaches there.
  void reach(std::int64_t positions);

  // At most max_rows rows, tokens within the vocabulary.
  void run(const Pass& pass, KvPages& pages, Wanted wanted);

  // Rows per call of logits(): large vocabularies go in parts.
  std::int64_t rows_per_logits() const { return logit_rows_; }
  // Logits of rows [begin, end) of the last pass, which wanted hidden; row-major [end - begin, V],
  // valid until the next call.
  std::span<const float> logits(std::int64_t begin, std::int64_t end);

 private:
  struct Share;
  struct Meetings;

  void run_share(const Share& share, const Pass& pass, KvPages& pages, Wanted wanted);
  void look_up(const Share& share, const Pass& pass);
  void norm(const Share& share, std::span<const float> weight);
  void queries_and_keys(const Share& share, const LayerWeights& layer);
  void store_keys(const Share& share, const Pass& pass, KvPages& pages, std::int64_t layer);
  void feed_forward(const Share& share, const LayerWeights& layer);
  void add_product(const Share& share, const std::vector<float>& in, std::int64_t width,
                   const std::vector<float>& weight);
  std::size_t members_for(std::int64_t operations) const;

  std::shared_ptr<const Weights> weights_;
  const LlamaConfig& config_;
  Team& team_;
  std::int64_t least_shared_, row_work_;  // multiplications; of the products of one row
  std::int64_t max_rows_, logit_rows_, joined_width_;
  float eps_;
  Attention attention_;
  std::vector<float> cosines_, sines_;  // [positions, head_dim / 2]
  // [max_rows, ...]: the residual stream; its normed copy; q, k, v; heads' output; SwiGLU in and
  // out.
  std::vector<float> stream_, normed_, qkv_, attended_, gate_up_, inner_;
  std::vector<float> logits_;  // [logit_rows, V]
};

}  // namespace iago
