// TrainingCore: what every kind of training does alike. A team of workers adds up the gradient of a
// batch, the norm is taken and clipped, AdamW takes its step, and all of it can be written down and
// taken up again. What the gradient is of is the caller's: supervised losses (trainer.h) or rewards
// (policy_gradient.h).
//
// Determinism. Equal weights in the end need equal sums in equal order, and floating-point sums
// depend on their order. So who gets which item depends on the items' lengths alone, members'
// gradients are added in the order of their numbers, and no member takes work from another that is
// slow. Another number of workers gives other last bits.
//
// Used by one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lm/lora.h"
#include "nn/torch/net.h"
#include "train/adamw.h"
#include "train/internal/lora_weights.h"
#include "train/internal/optimizer.h"
#include "train/internal/training_state.h"
#include "train/internal/worker_team.h"

namespace iago {

struct CoreOptions {
  AdamWOptions adamw;
  double clip_norm = 0;  // of the whole gradient; 0 = off
  double ema_decay = 0;  // 0 = no average is kept
  int workers = 0;       // 0 = one per core, at most 16; a GPU is fed by one
  std::int64_t micro_batch_tokens = 2048;
};

// Error invalid that names the field, for what both kinds of training have.
void check_core_options(const CoreOptions& options);
// The options, and the network's shape, as text for an identity. Numbers of workers and
// micro-batches are not in it: they change rounding only.
std::string core_identity(const CoreOptions& options, const LlamaConfig& config);
// The same of an adapter: its options and the matrices that it changes, not its numbers.
std::string adapter_identity(const LoraAdapter& adapter);

// Groups of items, in their order, of about `limit` tokens, at least one item in each.
std::vector<std::vector<std::size_t>> micro_batches(std::span<const std::size_t> items,
                                                    std::span<const std::size_t> lengths,
                                                    std::int64_t limit);

class TrainingCore {
 public:
  // Trains `net` in place, or with an adapter the adapter, keeping the net merged with it.
  TrainingCore(LlamaNet& net, CoreOptions options,
               const std::optional<LoraAdapter>& adapter = std::nullopt);

  int workers() const { return team_.size(); }
  // work(worker) in every worker's thread.
  void run(const std::function<void(int worker)>& work) { team_.run(work); }

  // Clears the gradients and calls work(worker, its gradient, items) for every micro-batch of items
  // 0, 1, ... of the given lengths in tokens, in the worker's own thread.
  using Work =
      std::function<void(int worker, GradientBuffer& gradient, std::span<const std::size_t> items)>;
  void accumulate(std::span<const std::size_t> lengths, const Work& work);

  // Adds the workers' gradients up; returns the norm of the sum (of an adapter: of its gradient).
  double sum_gradients();
  // Step `number` (1 for the first) of AdamW on the sum, clipped.
  void step(std::int64_t number, double learning_rate, double norm);

  // The sum, as trained: of the net's flat buffer or the adapter's. For tests.
  std::vector<float> gradient() const;

  void save(const std::filesystem::path& file, TrainingState state) const;
  // Nothing if there is no such file. Errors: corrupt for a damaged file; invalid, naming it, for
  // one of another `identity` or `reference`.
  std::optional<std::int64_t> restore(const std::filesystem::path& file,
                                      const std::string& identity,
                                      const std::string& reference = {});

  // The average takes the place of the weights, if one is kept.
  void take_average() { optimizer_->take_average(); }
  // The adapter as it is now. Only if one is trained.
  LoraAdapter adapter() const;

 private:
  const at::Tensor& trained() const;
  const at::Tensor& trained_gradient() const;
  double norm_of(const at::Tensor& gradient);

  LlamaNet& net_;
  CoreOptions options_;
  WorkerTeam team_;
  std::vector<GradientBuffer> gradients_;  // one per worker; the sum ends in the first
  std::unique_ptr<LoraWeights> lora_;      // null: the net's own weights are trained
  std::unique_ptr<Optimizer> optimizer_;
};

}  // namespace iago
