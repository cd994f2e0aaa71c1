// Token buckets whose true level only the server knows. A bucket fills by per_second up to `size`,
// and each request takes its cost when it is sent. What a server says of the level is old when it
// arrives: it was true at some time between the sending of the request and its response, and other
// requests have gone out since. So a report does not set the level; it bounds it. At the least it
// is what the server named, less what was sent after that request (spent_ now - spent then). At the
// most it is what the server named plus what has filled in since the request was sent (and one
// request more, see `learn`). A level between these is kept, since our own count is then as good as
// theirs. `spent_` only grows, which makes "sent after" a subtraction.
//
// A level may fall below 0: a cost beyond the size is let through when the bucket is full and
// leaves a debt, so that a huge request waits once and not for ever.
//
// A refusal because less was left than the request takes shows that the level was not what we
// thought: another client uses the same key, or the bucket fills in another way. Then it is taken
// to fill more slowly (`fill_`), lowered at most once a second, since the refusals of one second
// have one cause. It recovers at once where a tenth of the limit is left, else a little with each
// response.
//
// LearntRate does the same without any words from the server, from the share of refusals alone. A
// rate too high is met by refusals within seconds, one too low never: so it always grows a little,
// and is cut by what was refused. A cut that does not reduce the refusals is taken back: then they
// do not come from our rate, and slowing down would starve the run for nothing.
#include "net/allowance.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace iago {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

constexpr double kWindowSeconds = 60;      // limits are per minute unless a reset says otherwise
constexpr nanoseconds kTellingReset = 5s;  // resets come in whole seconds: shorter ones say little
constexpr double kLeastFill = 0.05;

double seconds(nanoseconds time) { return std::chrono::duration<double>(time).count(); }

// Rounded up and bounded, so that the caller never asks again a moment too early.
nanoseconds from_seconds(double count) {
  return nanoseconds(static_cast<std::int64_t>(std::ceil(std::min(count, 86400.0) * 1e9)));
}

double cost_of(RateKind kind, const RequestCost& cost) {
  switch (kind) {
    case RateKind::requests:
      return 1;
    case RateKind::tokens:
      return cost.input_tokens + cost.output_tokens;
    case RateKind::input_tokens:
      return cost.input_tokens;
    case RateKind::output_tokens:
      return cost.output_tokens;
  }
  return 1;
}

std::size_t index_of(RateKind kind) { return static_cast<std::size_t>(kind); }

}  // namespace

void RateBucket::refill(nanoseconds now) {
  level_ = std::min(size_, level_ + per_second_ * fill_ * seconds(now - at_));
  at_ = now;
}

nanoseconds RateBucket::wait_for(nanoseconds now, double cost) {
  if (!known_) return 0ns;
  refill(now);
  double missing = std::min(cost, size_) - level_;
  return missing <= 1e-9 ? 0ns : from_seconds(missing / (per_second_ * fill_));
}

void RateBucket::take(nanoseconds now, double cost) {
  spent_ += cost;
  if (!known_) return;
  refill(now);
  level_ -= cost;
}

void RateBucket::learn(nanoseconds now, const RateReport& report, nanoseconds started, double spent,
                       double cost) {
  double per_second = report.limit / kWindowSeconds;
  if (report.reset && *report.reset >= kTellingReset && report.remaining < report.limit) {
    // A reset names the time until the bucket is full again, which measures the filling itself.
    per_second = (report.limit - report.remaining) / seconds(*report.reset);
  }
  if (!known_) level_ = report.remaining - (spent_ - spent);
  known_ = true;
  if (now > at_) refill(now);
  at_ = now;
  size_ = report.limit;
  per_second_ = per_second;
  // At the least: nothing has filled in, and all that went out since has been debited.
  double least = report.remaining - (spent_ - spent);
  // At the most: it was true when the request went out. One request more, since levels just above
  // zero are the rule under full use.
  double most = report.remaining + per_second * seconds(now - started) + cost;
  level_ = std::clamp(level_, std::min(least, most), std::min(most, size_));
  if (report.remaining >= 0.1 * report.limit) {
    fill_ = 1;
  } else {
    // One slowing to 0.7 is made up for in 18 responses.
    fill_ = std::min(1.0, fill_ * 1.02);
  }
}

void RateBucket::refused(nanoseconds now) {
  refill(now);
  level_ = std::min(level_, 0.0);
  if (now - slowed_at_ < 1s && slowed_at_ != 0ns) return;
  slowed_at_ = now;
  fill_ = std::max(kLeastFill, fill_ * 0.7);
}

void LearntRate::advance(nanoseconds now) {
  if (!known_) return;
  double passed = seconds(now - at_);
  at_ = now;
  // The longer nothing was refused, the faster: a rate far too low is left within minutes, one just
  // below the limit is tried again about once in a minute.
  double growth = std::min(0.02, 0.001 + 0.0001 * seconds(now - adjusted_at_));
  per_second_ *= std::exp(growth * passed);
  level_ = std::min(1.0 + 0.1 * per_second_, level_ + per_second_ * passed);
}

nanoseconds LearntRate::wait(nanoseconds now) {
  if (!known_) return 0ns;
  advance(now);
  return level_ >= 1 - 1e-9 ? 0ns : from_seconds((1 - level_) / per_second_);
}

void LearntRate::take(nanoseconds now) {
  if (!known_) return;
  advance(now);
  level_ -= 1;
}

void LearntRate::answered(nanoseconds now) {
  ++answered_;
  if (known_) return;
  if (!counted_from_) counted_from_ = now;
  // Old answers must not hide that the server now mostly refuses.
  if (now - *counted_from_ < 10s) return;
  counted_from_ = now;
  answered_ = refused_ = 0;
}

void LearntRate::refused(nanoseconds now) {
  constexpr double kLeast = 1.0 / 60, kBelow = 0.95, kBearable = 0.03;
  ++refused_;
  if (!known_) {
    // Nothing to measure by, too short a time (what came in the tenth part of a second is no rate),
    // or a refusal now and then, which no rate mends: back-offs have to do.
    if (!counted_from_ || now - *counted_from_ < 1s) return;
    if (refused_ <= kBearable * (answered_ + refused_)) return;
    // As fast as it went. That may have been the burst that a full allowance admits: the next
    // refusals say by how much it was too fast.
    per_second_ = std::max(1.0, (answered_ + refused_) / seconds(now - *counted_from_));
  } else if (answered_ + refused_ < 20 || seconds(now - adjusted_at_) < 2) {
    return;  // too few to judge by, or sent before the last change
  } else {
    advance(now);
    double refused_part = refused_ / (answered_ + refused_);
    double lowered_at = std::exchange(last_refused_part_, 0);
    if (refused_part > 0.3) {
      per_second_ *= std::max(0.1, (1 - refused_part) * kBelow);
    } else if (lowered_at > 0 && refused_part > 0.5 * lowered_at) {
      // It refuses for another reason than our rate: back to where it was, and patience.
      per_second_ /= (1 - lowered_at) * kBelow;
      steady_until_ = now + 60s;
    } else if (refused_part > kBearable && now >= steady_until_) {
      per_second_ *= (1 - refused_part) * kBelow;
      last_refused_part_ = refused_part;
    }
    per_second_ = std::max(kLeast, per_second_);
  }
  known_ = true;
  adjusted_at_ = at_ = now;
  answered_ = refused_ = 0;
}

nanoseconds Allowance::wait_for(nanoseconds now, const RequestCost& cost) {
  nanoseconds wait = learnt_.wait(now);
  for (RateKind kind : kRateKinds) {
    wait = std::max(wait, buckets_[index_of(kind)].wait_for(now, cost_of(kind, cost)));
  }
  return wait;
}

std::optional<RateLimit> Allowance::held_by(nanoseconds now, const RequestCost& cost) {
  std::optional<RateLimit> limit;
  nanoseconds longest{0};
  for (RateKind kind : kRateKinds) {
    RateBucket& bucket = buckets_[index_of(kind)];
    const nanoseconds wait = bucket.wait_for(now, cost_of(kind, cost));
    if (wait <= longest) continue;
    longest = wait;
    limit = RateLimit{kind, bucket.size(), bucket.per_second()};
  }
  return limit;
}

AllowanceTicket Allowance::take(nanoseconds now, const RequestCost& cost) {
  AllowanceTicket ticket{.started = now};
  learnt_.take(now);
  for (RateKind kind : kRateKinds) {
    RateBucket& bucket = buckets_[index_of(kind)];
    bucket.take(now, cost_of(kind, cost));
    ticket.spent[index_of(kind)] = bucket.spent();
  }
  return ticket;
}

bool Allowance::learn(nanoseconds now, const AllowanceTicket& ticket, const RequestCost& cost,
                      const std::vector<RateReport>& reports, bool refused) {
  bool explained = false;
  for (const RateReport& report : reports) {
    RateBucket& bucket = buckets_[index_of(report.kind)];
    double part = cost_of(report.kind, cost);
    bucket.learn(now, report, ticket.started, ticket.spent[index_of(report.kind)], part);
    if (refused && report.remaining < part) {
      bucket.refused(now);
      explained = true;
    }
  }
  if (refused && reports.empty()) learnt_.refused(now);
  if (!refused) learnt_.answered(now);
  return explained;
}

std::vector<RateLimit> Allowance::limits() const {
  std::vector<RateLimit> limits;
  for (RateKind kind : kRateKinds) {
    const RateBucket& bucket = buckets_[index_of(kind)];
    if (bucket.known()) limits.push_back({kind, bucket.size(), bucket.per_second()});
  }
  return limits;
}

}  // namespace iago
