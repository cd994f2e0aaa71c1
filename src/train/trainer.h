// Supervised training of a LlamaNet: AdamW on weighted next-token losses, resumable at any step.
//
// Not here: what to train on (a DataSource is given), training on rewards (policy_gradient.h),
// sampling.
//
// Determinism: with the same options, data, machine and number of workers, a run that was stopped
// and resumed any number of times ends in the same weights as one that was not. The gradient of a
// step is a sum in an order that does not depend on timing.
//
// A Trainer is used by one thread; request_save() may be called from any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "lm/lora.h"
#include "nn/llama_net.h"
#include "nn/token_tree.h"
#include "train/adamw.h"
#include "train/schedule.h"

namespace iago {

// The training row `row` in {0, ..., rows_per_step - 1} of step `step`. Must be a pure function of
// its arguments (and of a seed that it holds), which is why resuming needs no state of the data.
// Called from several threads at once. Draw from row_stream(), never from seed * constant, whose
// neighbouring rows are shifted copies of each other.
using DataSource = std::function<TokenTree(std::int64_t step, std::int64_t row)>;

// The random stream of one row.
Random row_stream(std::uint64_t seed, std::int64_t step, std::int64_t row);

struct TrainOptions {
  std::int64_t steps = 0;           // > 0
  std::int64_t rows_per_step = 32;  // trees; a step's gradient is over all of them
  // The step's loss is sum(weight * -log p) / loss_divisor. A constant, about the weight that a
  // step carries: dividing by each batch's own token count would under-weigh long rows. > 0.
  double loss_divisor = 0;
  Schedule schedule;
  AdamWOptions adamw;
  double clip_norm = 1.0;              // of the whole gradient; 0 = off
  double ema_decay = 0;                // average of the weights over steps; 0 = none
  std::optional<LoraAdapter> adapter;  // trained instead of the network's own weights
  int workers = 0;  // threads that compute gradients; 0 = one per core (at most 16)
  // A worker computes this many tokens at a time (whole trees, at least one): memory and cache.
  std::int64_t micro_batch_tokens = 2048;
  // What the data and the first weights are (a recipe's hash, say): a training state of another one
  // is not resumed from.
  std::string data_identity;

  std::filesystem::path training_state;  // a file; empty = none are written
  std::chrono::seconds save_every{60};
};

// The hash under which a training state is kept: everything in the options that changes the
// weights, and the net's shape. Numbers of workers and micro-batches are not in it (they change
// rounding only). Of an adapter only its options and shape are in it.
std::string identity(const TrainOptions& options, const LlamaConfig& config);

struct TrainProgress {
  std::int64_t step = 0;  // steps done
  std::int64_t steps = 0;
  double loss = 0;             // of this step, as optimised
  double loss_per_weight = 0;  // sum(weight * -log p) / sum(weight), nats per token
  double gradient_norm = 0;    // before clipping
  double learning_rate = 0;
  double tokens_per_s = 0;  // over the last steps, shared prefixes counted once
  double seconds_left = 0;
  bool saved = false;  // a training state of this step is written after the call
};

// The loss or its gradient is not finite. The weights are those before the step, and the last
// training state is kept. Its code is invalid.
class Divergence : public Error {
 public:
  Divergence(std::int64_t step, std::string message, std::string hint)
      : Error(ErrorCode::invalid, std::move(message), std::move(hint)), step_(step) {}
  std::int64_t step() const { return step_; }  // steps done before it

 private:
  std::int64_t step_;
};

struct TrainReport {
  std::int64_t step = 0;       // steps done in all, those before resuming included
  bool finished = false;       // false: stopped by the token
  std::int64_t tokens = 0;     // computed in this call
  double seconds = 0;          // of this call
  double loss_per_weight = 0;  // mean over the last 100 steps of this call
};

class Trainer {
 public:
  // Trains `net` in place; both references must outlive the trainer. With an adapter the net stays
  // merged with it.
  // Error invalid for options that make no sense, naming the field, and for an adapter that does
  // not fit the network.
  Trainer(LlamaNet& net, DataSource data, TrainOptions options, const Clock& clock);
  ~Trainer();

  // Takes up the training state if its file exists. Returns the steps that are done. Errors as of
  // run, which does this by itself.
  std::int64_t restore();

  // Runs to options.steps, from the training state if its file exists, else from the net's weights.
  // Blocks. `on_step` is called after every step in this thread, before a state of that step is
  // written: what it writes is never behind the state. When stopped, writes the training
  // state and returns within one step. The net then holds the last weights; when finished, the
  // averaged ones if ema_decay > 0.
  // Errors: corrupt for a damaged training state (file named), invalid for one of other options,
  // Divergence when the loss or gradient is not finite (step named),
  // disconnected when a training state cannot be written, and what the data source throws.
  TrainReport run(const std::function<void(const TrainProgress&)>& on_step = {},
                  std::stop_token stop = {});

  // The adapter as it is now, for write_lora. Only where the options have one.
  LoraAdapter adapter() const;

  // The next step ends in a saved training state.
  void request_save() { save_requested_ = true; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::atomic<bool> save_requested_{false};
};

struct Evaluation {
  double weighted_loss = 0;  // sum(weight * -log p)
  double weight = 0;         // sum(weight)
  double mean() const { return weight > 0 ? weighted_loss / weight : 0; }
};

// The loss of the net on trees, without training, in the calling thread.
Evaluation evaluate(const LlamaNet& net, std::span<const TokenTree> trees,
                    std::int64_t micro_batch_tokens = 2048);

}  // namespace iago
