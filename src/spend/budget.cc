// The account of a run and its judges: what is spent, what is reserved, and whether a limit has
// been met.
//
// Every reservation that is granted comes back exactly once, by `settle`, `release` or a `renew`
// that is refused. A request is refused for good when it does not fit beside what is spent; it
// waits when it does not fit beside what is spent and reserved, since reservations are upper bounds
// and most come back smaller. So its own estimate may refuse a request, those of others only delay
// it. Once a limit is met the account is closed for everyone, smaller requests included: a run that
// went on with its cheap requests would be a biased sample of its plan.
#include "spend/budget.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace iago {

Spent& Spent::operator+=(const Spent& more) {
  cost += more.cost;
  saved_by_cache += more.saved_by_cache;
  usage += more.usage;
  seconds += more.seconds;
  assumed_tokens += more.assumed_tokens;
  assumed_cost += more.assumed_cost;
  unpriced_tokens += more.unpriced_tokens;
  return *this;
}

std::string BudgetFigures::passed() const {
  std::vector<std::string> parts;
  if (limits.max_cost && spent.charged_cost() > *limits.max_cost) {
    parts.push_back(fmt::format("${:.4f} of the ${:.2f} that --max-cost allows",
                                spent.charged_cost(), *limits.max_cost));
  }
  if (limits.max_tokens && spent.charged_tokens() > *limits.max_tokens) {
    parts.push_back(fmt::format("{} of the {} tokens that --max-tokens allows",
                                spent.charged_tokens(), *limits.max_tokens));
  }
  if (parts.empty()) return {};
  std::string text = fmt::format("spending went over its limit: {}", fmt::join(parts, ", "));
  if (overruns.replies > 0) {
    text += "; replies took more tokens than they were allowed";
  } else {
    text += "; prompts took more tokens than estimated";
  }
  return text;
}

Budget::Budget(BudgetLimits limits, const Clock& clock, Spent before)
    : limits_(limits), clock_(clock), begun_(clock.steady()), spent_(before) {}

void Budget::count_earlier(const Spent& spent) {
  std::lock_guard lock(mutex_);
  spent_ += spent;
}

Budget::Permission Budget::reserve(const Reservation& asked) {
  std::lock_guard lock(mutex_);
  return ask(asked);
}

Budget::Permission Budget::renew(const Reservation& held, const Reservation& now) {
  // Under one lock: between the two, others would take the room.
  std::lock_guard lock(mutex_);
  give_back(held);
  return ask(now);
}

Budget::Permission Budget::ask(const Reservation& asked) {
  if (!met_.empty()) return Permission::never;
  if (limits_.max_seconds && seconds_now() >= *limits_.max_seconds) {
    end(fmt::format("the {:.0f} s allowed have passed", *limits_.max_seconds), "--max-time");
    return Permission::never;
  }
  if (limits_.max_tokens) {
    const std::uint64_t with = spent_.charged_tokens() + asked.tokens;
    if (with > *limits_.max_tokens) {
      end(fmt::format("{} of {} tokens are spent and the next request may use {}",
                      spent_.charged_tokens(), *limits_.max_tokens, asked.tokens),
          "--max-tokens");
      return Permission::never;
    }
    if (with + reserved_.tokens > *limits_.max_tokens) return Permission::later;
  }
  if (limits_.max_cost) {
    const double with = spent_.charged_cost() + asked.cost;
    if (with > *limits_.max_cost) {
      end(fmt::format("${:.4f} of ${:.2f} are spent and the next request may cost ${:.4f}",
                      spent_.charged_cost(), *limits_.max_cost, asked.cost),
          "--max-cost");
      return Permission::never;
    }
    if (with + reserved_.cost > *limits_.max_cost) return Permission::later;
  }
  reserved_.tokens += asked.tokens;
  reserved_.cost += asked.cost;
  ++holders_;
  return Permission::yes;
}

void Budget::raise(const Reservation& held, const Reservation& now) {
  std::lock_guard lock(mutex_);
  give_back(held);
  reserved_.tokens += now.tokens;
  reserved_.cost += now.cost;
  ++holders_;
}

void Budget::settle(const Reservation& reservation, const TokenUsage& usage,
                    const std::optional<TokenPrice>& price, const TokenUsage& assumed) {
  // Under one lock: between the two, others would see room that there is not.
  std::lock_guard lock(mutex_);
  give_back(reservation);
  spent_.usage += usage;
  spent_.assumed_tokens += assumed.prompt + assumed.generated;
  if (!price) {
    spent_.unpriced_tokens += usage.prompt + usage.generated;
    return;
  }
  spent_.cost += price->cost(usage);
  spent_.saved_by_cache += price->saved_by_cache(usage);
  spent_.assumed_cost += price->cost(assumed);
}

void Budget::release(const Reservation& reservation) {
  std::lock_guard lock(mutex_);
  give_back(reservation);
}

void Budget::give_back(const Reservation& reservation) {
  reserved_.tokens -= std::min(reserved_.tokens, reservation.tokens);
  reserved_.cost = std::max(0.0, reserved_.cost - reservation.cost);
  // What rounding leaves of nothing would make others wait for ever.
  if (holders_ > 0 && --holders_ == 0) reserved_ = {};
}

void Budget::count_overrun(std::uint64_t generated, std::uint64_t limit) {
  std::lock_guard lock(mutex_);
  ++overruns_.replies;
  if (generated <= overruns_.most) return;
  overruns_.most = generated;
  overruns_.limit = limit;
}

Spent Budget::spent() const {
  std::lock_guard lock(mutex_);
  return spent_;
}

double Budget::seconds_now() const { return spent_.seconds + seconds_since(clock_, begun_); }

double Budget::seconds() const {
  std::lock_guard lock(mutex_);
  return seconds_now();
}

BudgetFigures Budget::figures() const {
  std::lock_guard lock(mutex_);
  return {limits_, spent_, seconds_now(), met_, overruns_};
}

std::string Budget::met() const {
  std::lock_guard lock(mutex_);
  return met_;
}

// Only the first limit that is met is reported. Stop callbacks run here, while mutex_ is held: they
// may request a stop elsewhere, but must not call the budget.
void Budget::end(const std::string& why, std::string_view option) {
  met_ = fmt::format("{}; raise {} to resume", why, option);
  over_.request_stop();
}

}  // namespace iago
