#include "run/judging_progress.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace iago {
namespace {

constexpr auto kBetween = std::chrono::milliseconds(200);

}  // namespace

JudgingWatch::JudgingWatch(const Grading& grading, std::uint64_t due, const Budget* budget,
                           const Clock& clock,
                           std::function<void(const JudgingProgress&)> on_progress) {
  if (!on_progress) return;
  thread_ = std::jthread([&grading, due, budget, &clock, on_progress = std::move(on_progress),
                          before = grading.given(), begun = clock.steady()](std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    while (!stopped.wait_for(lock, stop, kBetween, [&] { return stop.stop_requested(); })) {
      JudgingProgress progress{
          .given = grading.given() - before, .due = due, .seconds = seconds_since(clock, begun)};
      if (budget != nullptr) progress.budget = budget->figures();
      on_progress(progress);
    }
  });
}

}  // namespace iago
