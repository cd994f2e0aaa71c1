// PolicyGradient: training on rewards. Groups of answers that were sampled from a policy, each with
// its reward, go in; the policy's weights move. Pure of text, judges and studies: what a reward
// means, and how answers are sampled, is the caller's.
//
// Objective, for a prompt x, an answer y of tokens 1..T (the end token included) and the starting
// policy q, a frozen copy of the network as it was given:
//
//   J = E[R(y)] - b E[sum_t K_t],   K_t = sum_v p(v | x, y_<t) log(p(v | x, y_<t) / q(v | x, y_<t))
//
// K is exact over the whole vocabulary at every position; b is in reward per nat of an answer.
// With p both in the expectation and under it,
//
//   grad J = E[ sum_t (R - b sum_{s>t} K_s) grad log p(y_t) - b sum_t grad K_t ]
//
// The first term is Williams' (1992, Machine Learning 8, theorem 1) with two returns: the reward,
// and the divergence that is still to come, since a token also decides into which later positions
// the answer gets. K_t itself does not depend on y_t. From both returns the mean over the group's
// other answers is taken (Kool, van Hoof and Welling 2019, "Buy 4 REINFORCE samples, get a baseline
// for free"): it does not depend on the answer, so the estimate stays unbiased. For the divergence
// it is the others' at the same position, 0 where they have ended.
//
// The estimate of a batch is the mean over groups of the mean over their answers. A whole group is
// computed at once, its prompt and what prompts share only once (nn/token_tree.h); groups are taken
// in micro-batches whose gradients add up, so memory is bounded by the largest group.
//
// Options of the same code:
// - standardised rewards: (R - mean of the others) / the group's standard deviation, as GRPO does
//   (Shao et al. 2024, arXiv 2402.03300). Not J's gradient any more: groups with little spread
//   count for more, and the same b holds less.
// - clipped importance weights and several passes over a batch (Schulman et al. 2017, arXiv
//   1707.06347, equation 7, token by token): with r = p(y_t) / p_sampled(y_t) and the advantage A
//   that the first pass found, the first term is that of min(r A, clip(r, 1 - e, 1 + e) A).
// - LoRA (lm/lora.h): the network stays merged with its adapter.
//
// Determinism: with the same options, batches, machine and number of workers, a training that was
// written down and taken up again ends in the same weights, bit for bit, as one that was not.
//
// Not thread-safe: used by one thread, which `update` blocks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lm/lora.h"
#include "nn/llama_net.h"
#include "train/adamw.h"
#include "train/schedule.h"

namespace iago {

struct SampledAnswer {
  std::vector<std::int32_t> tokens;  // with the end token, unless the answer was cut
  // log p of each token when it was sampled, natural, at temperature 1 and over the whole
  // vocabulary: an answer sampled otherwise is not one of the policy's.
  std::vector<float> log_probs;
  double reward = 0;
};

// Answers to one prompt. At least two: each one's baseline is made of the others.
struct AnswerGroup {
  std::vector<std::int32_t> prompt;
  std::vector<SampledAnswer> answers;
};

struct ImportanceClipping {
  int passes = 2;      // steps of AdamW over each batch, 1 to 64
  double range = 0.2;  // e, in (0, 1)
};

enum class RewardScale { as_given, standardised };

struct PolicyGradientOptions {
  std::int64_t steps = 0;  // planned updates, > 0; the schedule ends there
  Schedule schedule = {.peak = 2e-4, .warmup_steps = 0, .decay = Decay::constant};
  double kl_weight = 0.25;  // b, at least 0
  RewardScale reward_scale = RewardScale::as_given;
  std::optional<ImportanceClipping> clipping;  // none: one pass, no importance weights
  AdamWOptions adamw = {.weight_decay = 0};
  double clip_norm = 1.0;                  // of the whole gradient; 0 = off
  std::optional<LoraAdapter> adapter;      // trained instead of the network's own weights
  int workers = 0;                         // as of TrainOptions
  std::int64_t micro_batch_tokens = 2048;  // likewise; at least one group
  // What the batches are drawn from (prompts, rewards, seeds): a training state of another one is
  // not resumed from.
  std::string data_identity;
};

// The hash under which a training state is kept, as of TrainOptions. Of an adapter only its options
// and shape are in it.
std::string identity(const PolicyGradientOptions& options, const LlamaConfig& config);

// What an update did. Means over answers are weighted as the objective weighs them.
struct PolicyUpdate {
  std::int64_t step = 0;  // updates done, this one included
  std::int64_t answers = 0, answer_tokens = 0;
  double reward_mean = 0;
  double kl = 0;             // of an answer, nats: the mean of sum_t K_t before this update
  double entropy = 0;        // of a token, nats: the policy's own before this update
  double gradient_norm = 0;  // before clipping; the largest of the passes
  // The largest |log p as given - log p as computed here| over all tokens, before this update. The
  // sampler has other weights than the trainer if it is far above rounding (1e-3, say).
  double log_prob_difference = 0;
  double clipped_share = 0;  // of tokens and passes: those whose importance weight was clipped
  double learning_rate = 0;
};

class PolicyGradient {
 public:
  // Trains `policy` in place; it must outlive this. Its weights as they are now, merged with the
  // adapter's if there is one, are the starting policy.
  // Error invalid for options that make no sense, naming the field, or for an adapter that does not
  // fit the network.
  PolicyGradient(LlamaNet& policy, PolicyGradientOptions options);
  ~PolicyGradient();

  // One update on answers that the policy gave with its present weights. Blocks. Errors: invalid,
  // naming group and answer, for groups that are no such thing (fewer than two answers, no tokens,
  // a token outside the vocabulary, a length beyond the context, numbers that are not finite);
  // invalid when the gradient is not finite (step named; the weights are those before the pass).
  PolicyUpdate update(std::span<const AnswerGroup> groups);

  // Updates done, those before a restore included.
  std::int64_t step() const;

  // Writes step, weights and the optimiser's moments; the file is replaced at once. Error
  // disconnected if it cannot be written.
  void save(const std::filesystem::path& file) const;
  // Takes up what save wrote; false if there is no such file. This must have been made with the
  // same options and the same starting policy. Errors: corrupt for a damaged file, invalid for one
  // of other options or another starting policy; both name it.
  bool restore(const std::filesystem::path& file);

  // The adapter as it is now, for write_lora. Only where the options have one.
  LoraAdapter adapter() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace iago
