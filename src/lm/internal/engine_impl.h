// What an engine holds. Its work is in engine.cc (sequences that decode) and scoring.cc (tokens
// that are given).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "lm/engine.h"
#include "lm/internal/batch.h"
#include "lm/internal/forward.h"
#include "lm/internal/kv_pages.h"
#include "lm/internal/prefix_tree.h"
#include "lm/internal/sampling.h"
#include "lm/internal/team.h"

namespace iago {

struct Engine::Impl {
  struct LooseSegment;  // scoring.cc, and so the next
  struct ScoredGuest;

  Impl(std::shared_ptr<const Weights> network, EngineOptions chosen);

  void check_prompt(std::span<const std::int32_t> prompt, std::size_t more) const;
  void check_fit(std::int64_t tokens) const;

  void admit();
  bool enter(Sequence& sequence);
  void compute_prompts(std::span<const Sequence* const> entered);
  void grow_tails();
  void send_back_youngest();
  void leave(Sequence& sequence);
  void draw();
  void draw_rows(std::int64_t begin, std::int64_t end, std::span<const float> logits);
  SequenceEnd append(Sequence& sequence, std::int32_t token);
  void drop_ended();

  // Scoring and logits: scoring.cc.
  void check_tokens(std::span<const std::int32_t> tokens, std::string_view what) const;
  void check_continuation(const Continuation& continuation) const;
  std::unique_ptr<LooseSegment> loose_behind(PrefixSegment* parent,
                                             std::vector<std::int32_t> tokens);
  std::unique_ptr<ScoredGuest> welcome(const Continuation& continuation);
  std::size_t score_group(std::span<const Continuation> continuations, std::size_t first,
                          double temperature, std::vector<std::vector<float>>& scores);
  // Logits of all tokens of the segments, part by part: of `segment`, from its token `first` on.
  using EachLogits = std::function<void(const LooseSegment& segment, std::size_t first,
                                        std::span<const float> rows)>;
  void each_logits(std::span<PrefixSegment* const> segments, const EachLogits& each);

  std::shared_ptr<const Weights> weights;
  const LlamaConfig& config;
  EngineOptions options;
  std::int64_t max_rows;
  KvPages pages;
  PrefixTree tree;
  Team team;
  Forward forward;
  std::vector<Sampler> samplers;  // one a member of the team
  DecodePlan plan;
  bool stale = true;     // the plan no longer fits the running sequences or the tree
  bool crowded = false;  // memory ran out: nobody enters until somebody leaves
  SequenceId last_id = 0;
  std::deque<std::unique_ptr<Sequence>> waiting;
  std::vector<std::unique_ptr<Sequence>> running;
  std::vector<SampledToken> sampled;
  EngineFigures figures;
};

}  // namespace iago
