// How many requests may be in flight at once, found by trying.
//
// The limit doubles as long as twice the requests bring clearly more work per second (slow start).
// When they do not, requests queue on the server, and the limit goes back to the last gain. From
// there it sometimes tries a little more or a little less, and keeps what brings more work.
// Work per second stands for latency here: by Little's law it is limit / latency, so a queue shows
// as no gain. Latency alone would mislead: replies differ in length, and a server that batches
// answers each request more slowly while it answers more in all.
//
// When the server says that it is overloaded, the limit is cut at once. It then stays for a fixed
// cooldown, and grows in small steps to its old value. If no refusal comes on the way, the search
// starts again from there. So a short overload has no lasting effect, and a server that is really
// full refuses again before that. Pure: time is a parameter. Not thread-safe.
#pragma once

#include <chrono>
#include <cstddef>

namespace iago {

struct ConcurrencyOptions {
  std::size_t first = 16;
  std::size_t most = 1024;
  std::size_t least = 4;  // no cut goes below: refusals that no limit mends must not starve a run
  double cut = 0.8;
  std::chrono::nanoseconds cooldown{std::chrono::seconds(15)};
};

class ConcurrencyLimit {
 public:
  explicit ConcurrencyLimit(ConcurrencyOptions options);

  std::size_t limit() const;  // [1, most]; at least `least` unless `most` or `first` is smaller
  // A request was answered. `occupied` is the time that all requests together have been in flight
  // since any origin, in request seconds; `work` is what this one brought, in any unit that adds up
  // (1 + generated tokens).
  void answered(std::chrono::nanoseconds now, double occupied, double work);
  // The other side was overloaded. At most one cut per cooldown: what comes within it was sent
  // before the cut took effect.
  void overloaded(std::chrono::nanoseconds now);
  // A request failed for another reason: says nothing about the limit, and spoils the measurement.
  void failed();

 private:
  enum class Phase { doubling, holding, probing_up, probing_down, recovering };

  void start_round(std::chrono::nanoseconds now, double occupied);
  void end_round(double per_second);
  void set(double limit);

  ConcurrencyOptions options_;
  double limit_;
  Phase phase_ = Phase::doubling;
  double held_limit_ = 0, held_rate_ = 0;  // the best known; rate in work per second
  double refused_limit_ = 0;               // where the last cut was made
  int rounds_held_ = 0;
  bool probe_down_next_ = false;
  bool settling_ = true;  // the first round at a new limit is not measured
  std::size_t answers_ = 0;
  double work_ = 0, occupied_at_start_ = 0;
  std::chrono::nanoseconds round_start_{-1};
  std::chrono::nanoseconds cut_until_{-1};
};

}  // namespace iago
