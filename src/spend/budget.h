// Budget: the most that a run may spend, including its judges. Before a request is sent, the most
// that it should use is reserved. When the reply has come, the reservation is replaced by what the
// reply really used. A request whose reservation would exceed a limit is not sent. The models that
// obey it are in budgeted_model.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "record/price.h"
#include "record/usage.h"

namespace iago {

struct BudgetLimits {
  std::optional<double> max_cost;           // dollars, >= 0
  std::optional<std::uint64_t> max_tokens;  // prompts and replies together
  std::optional<double> max_seconds;        // of work, earlier sessions included
  bool any() const { return max_cost || max_tokens || max_seconds; }
};

// What providers counted, and besides what has to be assumed where they did not count.
struct Spent {
  double cost = 0;            // dollars
  double saved_by_cache = 0;  // dollars
  TokenUsage usage;
  double seconds = 0;  // of earlier sessions alone
  // Of replies without a count: as many as they may have used. They count against the limits only.
  std::uint64_t assumed_tokens = 0;
  double assumed_cost = 0;
  std::uint64_t unpriced_tokens = 0;  // counted ones of models that no price is known of

  std::uint64_t tokens() const { return usage.prompt + usage.generated; }
  // What the limits are held against.
  std::uint64_t charged_tokens() const { return tokens() + assumed_tokens; }
  double charged_cost() const { return cost + assumed_cost; }
  Spent& operator+=(const Spent& more);
};

// Replies that took more tokens than their request allowed.
struct Overruns {
  std::uint64_t replies = 0;
  std::uint64_t most = 0;   // tokens, of the longest of them
  std::uint64_t limit = 0;  // its request's
};

// The state of a budget.
struct BudgetFigures {
  BudgetLimits limits = {};  // those that are set
  Spent spent = {};          // earlier sessions included, as in the seconds
  double seconds = 0;        // of work
  std::string met = {};      // Budget::met
  Overruns overruns = {};
  // One sentence for each limit that more was spent than; empty if there is none.
  std::string passed() const;
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
  // Asks again for a request that holds a reservation and is about to be sent, by what is known
  // now. `yes`: it holds `now` instead. Otherwise it holds nothing from here on.
  Permission renew(const Reservation& held, const Reservation& now);
  // A request that was sent may use more than it holds a reservation for: it holds `now` instead.
  void raise(const Reservation& held, const Reservation& now);
  // The reply has come. Without a price its tokens cost nothing that is known. `assumed`: what it
  // may have used besides what was counted.
  void settle(const Reservation& reservation, const TokenUsage& usage,
              const std::optional<TokenPrice>& price, const TokenUsage& assumed = {});
  // Gives back a reservation that was not used.
  void release(const Reservation& reservation);
  // A reply took more tokens than its request allowed.
  void count_overrun(std::uint64_t generated, std::uint64_t limit);

  Spent spent() const;
  const BudgetLimits& limits() const { return limits_; }
  double seconds() const;  // of work, earlier sessions included
  BudgetFigures figures() const;
  // One sentence about the limit that was met and the option that sets it, or empty.
  std::string met() const;
  // Requested when a limit has been met: nothing new is to be sent.
  std::stop_token over() const { return over_.get_token(); }

 private:
  // mutex_ held
  Permission ask(const Reservation& reservation);
  void end(const std::string& why, std::string_view option);
  void give_back(const Reservation& reservation);
  double seconds_now() const;

  const BudgetLimits limits_;
  const Clock& clock_;
  const std::chrono::nanoseconds begun_;
  mutable std::mutex mutex_;
  Spent spent_;
  Reservation reserved_;
  std::size_t holders_ = 0;  // reservations in reserved_
  std::string met_;
  Overruns overruns_;
  std::stop_source over_;
};

}  // namespace iago
