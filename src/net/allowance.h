// How much a server allows per minute: token buckets. Their size and speed are learnt from the
// headers of its responses. If it sends no such headers, a rate is learnt from its refusals.
// Pure: time is a parameter (nanoseconds of Clock::steady). Not thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <vector>

#include "net/rate_headers.h"

namespace iago {

// What a request is expected to take.
struct RequestCost {
  double input_tokens = 0, output_tokens = 0;
};

// The state of the allowances when a request was sent.
struct AllowanceTicket {
  std::chrono::nanoseconds started{0};
  std::array<double, kRateKinds.size()> spent{};  // by kind, this request included
};

// One limit that a server's headers state.
struct RateLimit {
  RateKind kind = RateKind::requests;
  double size = 0;        // what a full one holds; as much may go at once
  double per_second = 0;  // how fast it fills, > 0
  double per_minute() const { return 60 * per_second; }
};

// One allowance that fills steadily. Unknown, and so without effect, until the first report.
class RateBucket {
 public:
  // How long until `cost` may be taken; 0 for now. A cost beyond the size waits for a full bucket.
  std::chrono::nanoseconds wait_for(std::chrono::nanoseconds now, double cost);
  void take(std::chrono::nanoseconds now, double cost);
  double spent() const { return spent_; }
  bool known() const { return known_; }
  double size() const { return size_; }
  double per_second() const { return per_second_; }  // by the server's words, slowing down aside
  // The server's words in the response to a request that started at `started`, when `spent` (that
  // request included) had been spent. They were true at some time between then and now: the level
  // is held between what that allows at the least and at the most.
  void learn(std::chrono::nanoseconds now, const RateReport& report,
             std::chrono::nanoseconds started, double spent, double cost);
  // The server refused although a part was thought to be left: fills more slowly for a while.
  void refused(std::chrono::nanoseconds now);

 private:
  void refill(std::chrono::nanoseconds now);

  double size_ = 0, level_ = 0, per_second_ = 0, spent_ = 0;
  double fill_ = 1;  // (0, 1], of per_second_
  bool known_ = false;
  std::chrono::nanoseconds at_{0}, slowed_at_{0};
};

// The rate of requests that a server without such headers takes: where it refuses more than a few,
// a little below the part that it answers, unless going slower did not help; growing slowly
// otherwise. Without effect until more than a few are refused, over a second or longer.
class LearntRate {
 public:
  std::chrono::nanoseconds wait(std::chrono::nanoseconds now);
  void take(std::chrono::nanoseconds now);
  void answered(std::chrono::nanoseconds now);
  void refused(std::chrono::nanoseconds now);

 private:
  void advance(std::chrono::nanoseconds now);

  bool known_ = false;
  double per_second_ = 0, level_ = 0;
  double answered_ = 0, refused_ = 0;  // since the rate was last adjusted
  double last_refused_part_ = 0;       // when it was last lowered by a little, or 0
  std::chrono::nanoseconds at_{0}, adjusted_at_{0}, steady_until_{0};
  // While nothing is known: since when is counted, from the first answer on.
  std::optional<std::chrono::nanoseconds> counted_from_;
};

class Allowance {
 public:
  // How long until a request of this cost may go; 0 for now.
  std::chrono::nanoseconds wait_for(std::chrono::nanoseconds now, const RequestCost& cost);
  // The stated limit that it waits for the longest; absent if it does not wait for any.
  std::optional<RateLimit> held_by(std::chrono::nanoseconds now, const RequestCost& cost);
  AllowanceTicket take(std::chrono::nanoseconds now, const RequestCost& cost);
  // A response came. `refused`: it said 429. True if a known allowance explains the refusal, so
  // that it tells nothing about how many may be in flight.
  bool learn(std::chrono::nanoseconds now, const AllowanceTicket& ticket, const RequestCost& cost,
             const std::vector<RateReport>& reports, bool refused);
  // The limits that were reported so far, in the order of kRateKinds.
  std::vector<RateLimit> limits() const;

 private:
  std::array<RateBucket, kRateKinds.size()> buckets_;
  LearntRate learnt_;
};

}  // namespace iago
