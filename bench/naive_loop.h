// The loop that a notebook would have: LibTorch operations as in the published model code, keys and
// values concatenated token by token, the prompt's expanded to the whole batch, every row carried
// to the end. Inference mode, one thread. It is what the decoder in `lm` is compared with.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "lm/weights.h"

namespace iago::bench {

class NaiveLoop {
 public:
  explicit NaiveLoop(const Weights& weights);
  ~NaiveLoop();

  // `batch` samples at temperature 1 of `count` tokens after the prompt, which is computed once.
  // Returns [batch, count], row-major.
  std::vector<std::int64_t> sample(std::span<const std::int32_t> prompt, std::int64_t batch,
                                   std::int64_t count);
  // Of the last token, [V]: to see that it computes the same network.
  std::vector<float> last_logits(std::span<const std::int32_t> tokens);

 private:
  struct Model;
  std::unique_ptr<Model> model_;
};

}  // namespace iago::bench
