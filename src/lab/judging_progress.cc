#include "lab/judging_progress.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace iago::lab {
namespace {

constexpr auto kBetween = std::chrono::milliseconds(200);

std::uint64_t given_by(const Grading& grading) {
  std::uint64_t given = 0;
  for (const GradingCount& count : grading.counts()) given += count.given();
  return given;
}

}  // namespace

std::uint64_t waiting_for(const std::string& judge, const Store& store) {
  std::uint64_t waiting = 0;
  store.for_each_completion({.outcome = Outcome::answered, .not_judged_by = judge},
                            [&](const CompletionRow&) { return ++waiting, true; });
  return waiting;
}

std::uint64_t waiting_for(const std::vector<std::unique_ptr<Judge>>& judges, const Store& store) {
  std::uint64_t waiting = 0;
  for (const auto& judge : judges) waiting += waiting_for(judge->info().hash, store);
  return waiting;
}

JudgingWatch::JudgingWatch(const Grading& grading, std::uint64_t due, const Budget* budget,
                           const Clock& clock, std::function<void(const JudgingProgress&)> tell) {
  if (!tell) return;
  thread_ = std::jthread([&grading, due, budget, &clock, tell = std::move(tell),
                          before = given_by(grading),
                          begun = clock.steady()](std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    while (!stopped.wait_for(lock, stop, kBetween, [&] { return stop.stop_requested(); })) {
      JudgingProgress progress{
          .given = given_by(grading) - before, .due = due, .seconds = seconds_since(clock, begun)};
      if (budget != nullptr) {
        progress.limits = budget->limits();
        progress.spent = budget->spent();
        progress.budget_seconds = budget->seconds();
      }
      tell(progress);
    }
  });
}

}  // namespace iago::lab
