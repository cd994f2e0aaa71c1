#include "instrument/internal/judge_all.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace iago {
namespace {

constexpr std::size_t kMostDueRequests = 1024;

class JudgingAll {
 public:
  JudgingAll(Judge& judge, const std::vector<JudgeView>& views, const JudgeAllLimits& limits)
      : judge_(judge),
        views_(views),
        limits_(limits),
        verdicts_(views.size(), not_given()),
        most_due_(std::max<std::size_t>(
            kMostDueRequests / std::max<std::size_t>(judge.info().requests, 1), 1)) {}

  std::vector<Verdict> verdicts() {
    for (std::size_t i = 0; i < views_.size() && room(); ++i) {
      judge_.submit(views_[i], limits_.at_once, [this, i](Verdict verdict) {
        std::lock_guard lock(mutex_);
        ended_ = ended_ || verdict.ends_run;
        verdicts_[i] = std::move(verdict);
        --due_;
        if (limits_.on_verdict) limits_.on_verdict(++done_);
        changed_.notify_all();
      });
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return due_ == 0; });
    return std::move(verdicts_);
  }

 private:
  static Verdict not_given() {
    Verdict verdict;
    verdict.outcome = VerdictOutcome::failed;
    verdict.why = "It was not asked.";
    return verdict;
  }

  bool room() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return due_ < most_due_; });
    if (ended_ || limits_.no_more.stop_requested()) return false;
    ++due_;
    return true;
  }

  Judge& judge_;
  const std::vector<JudgeView>& views_;
  const JudgeAllLimits& limits_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Verdict> verdicts_;
  const std::size_t most_due_;  // texts
  std::size_t due_ = 0, done_ = 0;
  bool ended_ = false;
};

}  // namespace

std::vector<Verdict> judge_all(Judge& judge, const std::vector<JudgeView>& views,
                               const JudgeAllLimits& limits) {
  return JudgingAll(judge, views, limits).verdicts();
}

}  // namespace iago
