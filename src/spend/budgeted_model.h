// BudgetedModel: a ChatModel that obeys a budget. A request reserves its estimated prompt and the
// larger of max_tokens and the most tokens that a reply of this model has taken beyond its own
// limit. The budget is asked again right before the model sends the request, and once more before
// each further attempt: what waits inside the model (for the server's limits, or to be tried again)
// is sent by what is known then, or not at all.
//
// So spending exceeds a limit by no more than what is under way when something dearer than
// estimated comes: a reply beyond its max_tokens, or a prompt with more tokens than any before it.
// Attempts without a reply that are billed all the same are not counted at all.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>

#include "chat/chat_model.h"
#include "spend/budget.h"

namespace iago {

// Tokens of a request's prompt before anybody has counted them: from its bytes, at the ratio seen
// so far, and at first one token for two bytes, which no usual text exceeds.
class PromptEstimate {
 public:
  std::uint64_t tokens(const ChatRequest& request) const;
  // True if estimates may be higher from here on.
  bool learn(const ChatRequest& request, std::uint64_t prompt_tokens);

 private:
  static constexpr double kFirstRatio = 0.5, kMostRatio = 4, kMargin = 1.1;
  static constexpr std::uint64_t kPerMessage = 8;
  double ratio_ = 0;  // the highest of those seen; 0: none yet
  // Tokens beyond the highest ratio: what a server puts in front of every prompt.
  std::uint64_t beside_ = 0;
};

enum class Counting {
  tokens,
  nothing,  // only the time: a model that nobody bills
};

// A request that does not fit waits while others may give something back, and is answered as
// cancelled once the budget is over, also while it waits in the model. What the model throws at a
// request that goes at once passes through `submit`; at one that has waited it becomes a failed
// reply with the error's code. The budget must outlive it.
class BudgetedModel final : public ChatModel {
 public:
  // Without a price its tokens count, and what they cost is unknown.
  BudgetedModel(std::unique_ptr<ChatModel> model, Budget& budget, std::optional<TokenPrice> price,
                Counting counting = Counting::tokens);
  ~BudgetedModel() override;

  ModelInfo info() const override { return model_->info(); }
  void submit(ChatRequest request, std::stop_token stop, Done done) override;
  std::optional<EndpointFigures> endpoint_figures() const override;
  std::optional<SentRecord> sent_record() const override { return model_->sent_record(); }
  std::optional<std::uint64_t> unfinished_tokens() const override {
    return model_->unfinished_tokens();
  }

 private:
  struct Waiting;
  struct State;

  std::shared_ptr<State> state_;
  std::unique_ptr<ChatModel> model_;
};

}  // namespace iago
