// How fast requests may go: what the server allows per minute (net/allowance.h) and how many it
// takes at once (net/concurrency.h). Answers "may one more go now?" and learns from what
// comes back. When a request that failed may go again is no matter of this file (net/retry.h): a
// Retry-After holds up its own request and leaves the pace as it is, since a pace that every
// Retry-After slows stays slow for the rest of the run. Not thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "net/allowance.h"
#include "net/concurrency.h"
#include "net/http.h"

namespace iago {

enum class PaceOutcome {
  answered,    // whatever the answer said
  refused,     // 429: a limit
  overloaded,  // 503, 529: the server cannot
  failed,      // anything else, a cancellation included
};

class Pace {
 public:
  struct Ticket {
    AllowanceTicket allowance;
    RequestCost cost;
  };
  struct Permission {
    std::optional<Ticket> ticket;  // set: one may go, and is counted as in flight
    // Else ask again this much later, or after the next `ended`; the maximum: only then.
    std::chrono::nanoseconds wait{0};
    std::optional<RateLimit> held_by;  // the stated limit that it waits for, if it is one
  };

  // The clock must outlive this.
  Pace(ConcurrencyOptions options, const Clock& clock);

  Permission ask(const RequestCost& cost);
  // The request of the ticket is over; `headers` of its response, if one came, and how many tokens
  // it generated. Its place is free from here on, through a back-off too.
  void ended(const Ticket& ticket, PaceOutcome outcome, const HttpHeaders& headers,
             double generated_tokens);

  std::size_t in_flight() const { return in_flight_; }
  std::size_t limit() const { return concurrency_.limit(); }
  // What the server's headers have stated so far.
  std::vector<RateLimit> rate_limits() const { return allowance_.limits(); }

 private:
  void count_time(std::chrono::nanoseconds now);

  const Clock& clock_;
  Allowance allowance_;
  ConcurrencyLimit concurrency_;
  std::size_t in_flight_ = 0;
  double occupied_ = 0;  // request seconds up to counted_to_
  std::chrono::nanoseconds counted_to_{0};
};

}  // namespace iago
