// WorldModel: the world's grammar itself as a ChatModel, `world:faker` and so on. Its rates are
// known exactly and an answer takes microseconds, so it is the oracle of everything downstream:
// whatever the instrument says of it can be checked against its policy.
//
// It reads terse prompts only. It has no tokens: usage and max_tokens count words; temperature,
// top_p and top_k do nothing; there are no log-probabilities.
#pragma once

#include <string_view>

#include "chat/chat_model.h"
#include "world/policy.h"

namespace iago {

// Thread-safe. Replies come from within `submit`.
class WorldModel final : public ChatModel {
 public:
  explicit WorldModel(Policy policy);

  // The name is "world:" and the policy's; the identity is the hash of the policy's numbers and of
  // the grammar's version.
  ModelInfo info() const override;
  // The answer is a function of the request's text and its stream (seed, id). Error invalid for a
  // prompt with a sentence that the grammar does not have, naming it.
  void submit(ChatRequest request, std::stop_token stop, Done done) override;

 private:
  Policy policy_;
  ModelInfo info_;
};

}  // namespace iago
