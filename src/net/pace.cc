#include "net/pace.h"

#include "base/error.h"

namespace iago {

Pace::Pace(ConcurrencyOptions options, const Clock& clock) : clock_(clock), concurrency_(options) {}

void Pace::count_time(std::chrono::nanoseconds now) {
  occupied_ +=
      static_cast<double>(in_flight_) * std::chrono::duration<double>(now - counted_to_).count();
  counted_to_ = now;
}

Pace::Permission Pace::ask(const RequestCost& cost) {
  auto now = clock_.steady();
  if (in_flight_ >= concurrency_.limit())
    return {std::nullopt, std::chrono::nanoseconds::max(), {}};
  auto wait = allowance_.wait_for(now, cost);
  if (wait.count() > 0) return {std::nullopt, wait, allowance_.held_by(now, cost)};
  count_time(now);
  ++in_flight_;
  return {Ticket{allowance_.take(now, cost), cost}, {}, {}};
}

void Pace::ended(const Ticket& ticket, PaceOutcome outcome, const HttpHeaders& headers,
                 double generated_tokens) {
  IAGO_CHECK(in_flight_ > 0, "a request ended that never began");
  auto now = clock_.steady();
  count_time(now);
  bool explained = false;
  if (outcome == PaceOutcome::answered || outcome == PaceOutcome::refused) {
    explained = allowance_.learn(now, ticket.allowance, ticket.cost,
                                 read_rate_headers(headers, clock_.wall()),
                                 outcome == PaceOutcome::refused);
  }
  if (outcome == PaceOutcome::answered) {
    concurrency_.answered(now, occupied_, 1 + generated_tokens);
  } else if (outcome == PaceOutcome::failed) {
    concurrency_.failed();
  } else if (!explained) {
    concurrency_.overloaded(now);
  }
  --in_flight_;
}

}  // namespace iago
