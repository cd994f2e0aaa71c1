// Engine: many sequences decoded at once, sharing every prefix that they have in common. Tokens in,
// tokens out: no text, no stop strings.
//
// The idea. Keys and values of prompts live in a prefix tree of token segments. A sequence that
// enters walks down the tree while its prompt is equal to the tree's tokens. The rest of the prompt
// becomes new segments, computed together for all that enter at once. The last token of a prompt is
// never cached but is the sequence's first row in the running batch, so that a repeat of a known
// prompt costs nothing but its own tokens. Rows are ordered by the tree, so that the attention of
// all sequences below a segment to it is one blocked product over neighbouring rows. What a
// sequence generates is its own, and is dropped with it; segments stay until memory is wanted,
// least recently used first.
//
// One Engine belongs to one thread at a time, which calls it and computes with helpers of the
// engine's own (EngineOptions::threads): all of them work on every pass, however few its rows.
// Engines share Weights. The same requests in the same order with the same streams and threads give
// the same tokens; a row's last bits can change with the rows around it and with the number of
// threads, so nothing is promised across batch shapes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/random.h"
#include "lm/weights.h"
#include "record/sampling.h"

namespace iago {

struct EngineOptions {
  // Sequences decoded at once, 1 to 4096. Beyond about 64 their tails no longer fit into the
  // processor's cache, and small networks decode more slowly again.
  std::size_t max_batch = 64;
  std::size_t cache_bytes = std::size_t{192} << 20;  // bound of all keys and values, cached or live
  std::size_t prefill_rows = 256;                    // tokens per prefill pass, 1 to 65536
  std::size_t threads = 1;  // that compute, the caller's included; 1 to 256
  // Multiplications below which the caller computes alone: threads that wait for each other cost
  // some microseconds a layer.
  std::int64_t least_shared_work = 8'000'000;
};

using SequenceId = std::uint64_t;

struct SequenceRequest {
  std::vector<std::int32_t> prompt;  // 1 to max_positions tokens
  // Read are temperature, top_p, top_k and max_tokens; the context may end the sequence earlier.
  // Stop strings are text and the caller's, log-probabilities come with every token.
  Sampling sampling;
  std::vector<std::int32_t> stop_tokens;  // any of these ends the sequence (at most 64)
  Random random{0, ""};                   // one number per token
};

enum class SequenceEnd {
  none,    // goes on
  stop,    // `token` is a stop token
  length,  // max_tokens or the context's end; `token` is the last one
};

struct SampledToken {
  SequenceId id = 0;
  std::int32_t token = 0;
  float logprob = 0;          // natural, the model's own: at temperature 1, untruncated
  float sampled_logprob = 0;  // of the distribution that it was drawn from; 0 at temperature 0
  SequenceEnd end = SequenceEnd::none;
  std::size_t cached_prompt = 0;  // prompt tokens that were taken from the cache when it entered
};

// Tokens to be scored behind a prompt. Borrowed for the length of a call.
struct Continuation {
  std::span<const std::int32_t> prompt;  // as of SequenceRequest
  std::span<const std::int32_t> tokens;  // may be empty; all but the last must fit the context too
};

struct EngineFigures {          // since construction
  std::uint64_t prefilled = 0;  // tokens computed for prompts
  std::uint64_t reused = 0;     // prompt tokens found in the cache
  std::uint64_t generated = 0;
  std::uint64_t passes = 0;     // decode passes
  std::uint64_t preempted = 0;  // sequences sent back to wait because memory ran out
};

class Engine {
 public:
  // Error invalid for options out of range, or a cache that cannot hold one page of keys.
  explicit Engine(std::shared_ptr<const Weights> weights, EngineOptions options = {});
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  const LlamaConfig& config() const;
  const EngineOptions& options() const;

  // Queues a sequence; ids count up from 1. Error invalid for a prompt that is empty, beyond the
  // context (both lengths are named) or has a token outside the vocabulary, or options out of
  // range; overloaded if the sequence could not fit into cache_bytes even alone.
  SequenceId submit(SequenceRequest request);

  // Lets waiting sequences enter in the order they came, computes what is new in their prompts, and
  // draws one token for every running sequence. Error corrupt if the weights give logits that are
  // not finite; the engine is then of no further use. Empty when there is nothing to do. The span
  // is valid until the next call of a non-const function. A sequence whose `end` is not none is
  // gone.
  std::span<const SampledToken> step();

  // Drops a sequence, waiting or running: after a stop string, or when nobody waits any more. False
  // if there is none of this id (it ended already).
  bool cancel(SequenceId id);

  std::size_t running() const;
  std::size_t waiting() const;
  bool idle() const { return running() == 0 && waiting() == 0; }
  EngineFigures figures() const;

  // Log-probabilities (natural) of each token of each continuation after its prompt and what came
  // before it, under the softmax at `temperature` > 0, untruncated. All are computed together, as
  // many at once as the cache holds; what their prompts share is computed once, and prompts stay
  // cached for the next call. Errors as of submit, before anything is computed; invalid for a
  // temperature that is not above 0; overloaded if running sequences leave too little of the cache.
  std::vector<std::vector<float>> score(std::span<const Continuation> continuations,
                                        double temperature = 1);
  // One alone.
  std::vector<float> score(std::span<const std::int32_t> prompt,
                           std::span<const std::int32_t> continuation);

  // All logits, row-major [T, V]: for tests and probes; no cache is read or kept. Errors as of
  // submit.
  std::vector<float> logits(std::span<const std::int32_t> tokens);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace iago
