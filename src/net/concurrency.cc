// A search by rounds. A round is a stretch in which every place has been answered about once (at
// least `limit` answers, and at least kMinRound); what it yields is one number, the work per
// second. Where two limits are compared, the first round at the new one is not used, since its
// replies began under the old (`settling_`). A round in which the places were mostly empty is not
// used either: then the caller, or the allowance, held back, and the number says nothing about the
// limit.
//
// doubling      twice the limit while that gains; else back to where the gain ended; holding
// holding       the rate is averaged; after some rounds a probe, once up, once down
// probing_*     one round; a limit that pays becomes the held one, else back; holding
// recovering    after a refusal: small steps up to the limit that was refused, then doubling again
//
// `held_limit_` and `held_rate_` are the best that is known; all comparisons are with them.
// `cut_until_` ends the time in which answers and refusals are ignored: they belong to requests
// sent before the cut. A round that a failure or a cut interrupts is dropped (round_start_ below
// 0).
#include "net/concurrency.h"

#include <algorithm>
#include <cmath>

namespace iago {
namespace {

constexpr double kBusy = 0.8;        // of the limit in flight on average: it is what holds back
constexpr double kGain = 1.3;        // of twice the requests; 2 without a queue, 1 in one
constexpr double kProbe = 1.25;      // how far a probe goes
constexpr double kProbeGain = 1.1;   // worth a limit higher by kProbe
constexpr double kProbeLoss = 0.95;  // not missed at a limit lower by kProbe
constexpr double kStep = 1.05;       // growth per round on the way back from a cut
constexpr int kRoundsBetweenProbes = 4;
constexpr std::size_t kMinRound = 16;  // answers: fewer say too little

}  // namespace

ConcurrencyLimit::ConcurrencyLimit(ConcurrencyOptions options)
    : options_(options),
      limit_(static_cast<double>(std::clamp<std::size_t>(options.first, 1, options.most))) {}

std::size_t ConcurrencyLimit::limit() const { return static_cast<std::size_t>(limit_); }

void ConcurrencyLimit::set(double limit) {
  limit_ = std::clamp(limit, 1.0, static_cast<double>(options_.most));
}

void ConcurrencyLimit::start_round(std::chrono::nanoseconds now, double occupied) {
  round_start_ = now;
  occupied_at_start_ = occupied;
  answers_ = 0;
  work_ = 0;
}

void ConcurrencyLimit::answered(std::chrono::nanoseconds now, double occupied, double work) {
  if (now < cut_until_) return;
  if (round_start_.count() < 0) {
    start_round(now, occupied);
    return;
  }
  ++answers_;
  work_ += work;
  double seconds = std::chrono::duration<double>(now - round_start_).count();
  if (answers_ < std::max(kMinRound, limit()) || seconds <= 0) return;
  double per_second = work_ / seconds;
  bool busy = occupied - occupied_at_start_ >= kBusy * std::floor(limit_) * seconds;
  start_round(now, occupied);
  // Where something else holds back, work per second says nothing of the limit.
  if (!busy) return;
  if (settling_) {
    settling_ = false;
  } else {
    end_round(per_second);
  }
}

void ConcurrencyLimit::end_round(double per_second) {
  switch (phase_) {
    case Phase::recovering:
      if (limit_ < refused_limit_) {
        set(std::min(refused_limit_, std::max(limit_ * kStep, limit_ + 1)));
        return;
      }
      // The old limit was refused, but is not refused now. Only a new search can find the new one.
      phase_ = Phase::doubling;
      held_rate_ = 0;
      [[fallthrough]];
    case Phase::doubling:
      if (held_rate_ > 0 && per_second < kGain * held_rate_) {
        // No queue at the held limit: each of its places did held_rate_ / held_limit_.
        set(held_limit_ * std::clamp(per_second / held_rate_, 1.0, 2.0));
        phase_ = Phase::holding;
        held_rate_ = per_second;
        held_limit_ = limit_;
      } else {
        held_limit_ = limit_;
        held_rate_ = per_second;
        set(2 * limit_);
      }
      settling_ = true;
      return;
    case Phase::holding:
      held_rate_ = rounds_held_ == 0 ? per_second : 0.5 * (held_rate_ + per_second);
      held_limit_ = limit_;
      if (++rounds_held_ < kRoundsBetweenProbes) return;
      rounds_held_ = 0;
      phase_ = probe_down_next_ ? Phase::probing_down : Phase::probing_up;
      set(probe_down_next_ ? std::floor(limit_ / kProbe) : std::ceil(limit_ * kProbe));
      probe_down_next_ = !probe_down_next_;
      settling_ = true;
      return;
    case Phase::probing_up:
    case Phase::probing_down: {
      double wanted = phase_ == Phase::probing_up ? kProbeGain : kProbeLoss;
      bool pays = per_second >= wanted * held_rate_;
      if (!pays) set(held_limit_);
      phase_ = Phase::holding;
      settling_ = true;
      return;
    }
  }
}

void ConcurrencyLimit::overloaded(std::chrono::nanoseconds now) {
  if (now < cut_until_) return;
  refused_limit_ = limit_;
  set(std::max(std::floor(limit_ * options_.cut),
               std::min(limit_, static_cast<double>(options_.least))));
  cut_until_ = now + options_.cooldown;
  phase_ = Phase::recovering;
  rounds_held_ = 0;
  settling_ = false;
  round_start_ = std::chrono::nanoseconds(-1);
}

void ConcurrencyLimit::failed() { round_start_ = std::chrono::nanoseconds(-1); }

}  // namespace iago
