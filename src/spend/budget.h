// Budget: the most that a run may spend, including its judges, and a ChatModel that obeys it.
// Before a request is sent, the most that it should use is reserved: its estimated prompt, and
// max_tokens. When the reply has come, the reservation is replaced by what the reply really used. A
// request whose reservation would exceed a limit is not sent.
//
// Two things can still exceed a limit: a prompt with more tokens than estimated (text denser than
// any before), and attempts without a reply that are billed all the same. A model tries a request
// several times, and the reservation covers one attempt.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "chat/chat_model.h"
#include "spend/prices.h"

namespace iago {

struct BudgetLimits {
  std::optional<double> max_cost;           // dollars, >= 0
  std::optional<std::uint64_t> max_tokens;  // prompts and replies together
  std::optional<double> max_seconds;        // of work, earlier sessions included
  bool any() const { return max_cost || max_tokens || max_seconds; }
};

struct Spent {
  double cost = 0;            // dollars
  double saved_by_cache = 0;  // dollars
  TokenUsage usage;
  double seconds = 0;  // of earlier sessions alone
  std::uint64_t tokens() const { return usage.prompt + usage.generated; }
  Spent& operator+=(const Spent& more);
};

// Tokens of a request's prompt before anybody has counted them: from its bytes, at the ratio seen
// so far, and at first one token for two bytes, which no usual text exceeds.
class PromptEstimate {
 public:
  std::uint64_t tokens(const ChatRequest& request) const;
  void learn(const ChatRequest& request, std::uint64_t prompt_tokens);

 private:
  static constexpr double kFirstRatio = 0.5, kMargin = 1.1;
  static constexpr std::uint64_t kPerMessage = 8;
  double ratio_ = 0;  // the highest of those seen; 0: none yet
};

// The state of a budget.
struct BudgetFigures {
  BudgetLimits limits = {};  // those that are set
  Spent spent = {};          // earlier sessions included, as in the seconds
  double seconds = 0;        // of work
};

// Thread-safe.
class Budget {
 public:
  // `before`: what earlier sessions have spent of it.
  Budget(BudgetLimits limits, const Clock& clock, Spent before = {});
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  // What earlier sessions have spent besides.
  void count_earlier(const Spent& spent);

  // The most that a request should use.
  struct Reservation {
    std::uint64_t tokens = 0;
    double cost = 0;
  };
  enum class Permission { yes, later, never };
  // `later`: other reservations leave no room now, but may turn out smaller. `never`: the request
  // does not fit any more. The budget is then over, even if a smaller request might still fit.
  Permission reserve(const Reservation& reservation);
  void settle(const Reservation& reservation, const TokenUsage& usage, const TokenPrice& price);
  // Gives back a reservation that was not used.
  void release(const Reservation& reservation);

  Spent spent() const;
  const BudgetLimits& limits() const { return limits_; }
  double seconds() const;  // of work, earlier sessions included
  BudgetFigures figures() const { return {limits(), spent(), seconds()}; }
  // One sentence about the limit that was met and the option that sets it, or empty.
  std::string met() const;
  // Requested when a limit has been met: nothing new is to be sent.
  std::stop_token over() const { return over_.get_token(); }

 private:
  // mutex_ held
  void end(const std::string& why, std::string_view option);
  void give_back(const Reservation& reservation);

  const BudgetLimits limits_;
  const Clock& clock_;
  const std::chrono::nanoseconds begun_;
  mutable std::mutex mutex_;
  Spent spent_;
  Reservation reserved_;
  std::string met_;
  std::stop_source over_;
};

// A model within the budget. A request that does not fit waits while others may give something
// back, and is answered as cancelled once the budget is over. What the model throws at a request
// that goes at once passes through `submit`; at one that has waited it becomes a failed reply with
// the error's code. The budget must outlive it.
class BudgetedModel final : public ChatModel {
 public:
  // Without a price its tokens count and cost nothing.
  BudgetedModel(std::unique_ptr<ChatModel> model, Budget& budget, std::optional<TokenPrice> price);
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
