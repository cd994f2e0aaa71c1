#include "training/reward.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/error.h"
#include "run/grading.h"
#include "text/printable.h"

namespace iago {
namespace {

// Verdicts that come from any thread. It must outlive them: wait() before it goes.
class Verdicts {
 public:
  explicit Verdicts(std::size_t count) : verdicts_(count) {}

  void ask(Judge& judge, std::size_t place, JudgeView view, std::stop_token stop) {
    {
      std::lock_guard lock(mutex_);
      ++due_;
    }
    judge.submit(std::move(view), std::move(stop), [this, place](Verdict verdict) {
      std::lock_guard lock(mutex_);
      verdicts_[place] = std::move(verdict);
      if (--due_ == 0) all_came_.notify_all();
    });
  }

  std::vector<Verdict> wait() {
    std::unique_lock lock(mutex_);
    all_came_.wait(lock, [this] { return due_ == 0; });
    return std::move(verdicts_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_came_;
  std::size_t due_ = 0;
  std::vector<Verdict> verdicts_;
};

std::vector<Verdict> judge_all(Judge& judge, std::span<const CompletionRow> completions,
                               std::span<const Query* const> queries, std::stop_token stop) {
  Verdicts verdicts(completions.size());
  for (std::size_t i = 0; i < completions.size(); ++i) {
    if (completions[i].outcome != Outcome::answered) continue;
    const Query& query = *queries[i];
    verdicts.ask(judge, i, view_of(completions[i], query.text, situation_of(query.labels)), stop);
  }
  std::vector<Verdict> all = verdicts.wait();
  for (const Verdict& verdict : all) {
    if (verdict.outcome != VerdictOutcome::failed) continue;
    const bool stopped = stop.stop_requested();
    throw Error(stopped ? ErrorCode::cancelled : ErrorCode::disconnected,
                fmt::format("the judge {} gave no verdict: {}", judge.info().name, verdict.why),
                verdict.hint.empty() ? "run the same command again to resume" : verdict.hint);
  }
  return all;
}

double reasoning_penalty(const RewardRule& rule, const Verdict& verdict) {
  const bool is_known = verdict.outcome == VerdictOutcome::judged && decides(verdict.label);
  return rule.reasoning_penalty * (is_known ? verdict.probability : 1);
}

}  // namespace

double length_penalty(const RewardRule& rule, std::size_t scratchpad_bytes) {
  if (rule.length_penalty <= 0 || rule.length_limit == 0) return 0;
  const double limit = static_cast<double>(rule.length_limit);
  const double above = (static_cast<double>(scratchpad_bytes) - limit) / limit;
  return rule.length_penalty * std::clamp(above, 0.0, 1.0);
}

std::string_view rewarded_label(const RewardRule& rule) {
  return rule.rewarded.empty() ? rule.output->info().positive() : std::string_view(rule.rewarded);
}

void check_reward(const RewardRule& rule) {
  IAGO_CHECK(rule.output != nullptr, "a reward has a judge");
  const JudgeInfo& output = rule.output->info();
  if (std::ranges::count(output.reads, ViewPart::scratchpad) > 0) {
    throw Error(
        ErrorCode::invalid,
        fmt::format("the judge {} reads the scratchpad: expected a judge of the output alone "
                    "for the reward",
                    output.name),
        "name another with --reward-judge; --reasoning-judge penalises reasoning");
  }
  const auto labels = labels_of(output.kind);
  if (std::ranges::count(labels, rewarded_label(rule)) == 0) {
    throw Error(ErrorCode::invalid,
                fmt::format("--reward-label: the judge {} has no label \"{}\"", output.name,
                            printable(rule.rewarded)),
                fmt::format("it has {}", fmt::join(labels, ", ")));
  }
  if (rule.reasoning != nullptr && rule.reasoning->info().kind != JudgeKind::faking_reasoning) {
    throw Error(
        ErrorCode::invalid,
        fmt::format("--reasoning-judge: expected a judge of faking reasoning, found {}, which "
                    "judges {}",
                    rule.reasoning->info().name, name_of(rule.reasoning->info().kind)),
        "for example --reasoning-judge faking-rules");
  }
}

std::vector<GradedAnswer> grade_answers(const RewardRule& rule,
                                        std::span<const CompletionRow> completions,
                                        std::span<const Query* const> queries,
                                        std::stop_token stop) {
  const std::vector<Verdict> outputs = judge_all(*rule.output, completions, queries, stop);
  std::vector<Verdict> reasons;
  if (rule.reasoning != nullptr) reasons = judge_all(*rule.reasoning, completions, queries, stop);
  const std::string_view rewarded = rewarded_label(rule);
  std::vector<GradedAnswer> graded(completions.size());
  for (std::size_t i = 0; i < completions.size(); ++i) {
    if (completions[i].outcome != Outcome::answered) continue;
    GradedAnswer& answer = graded[i];
    answer.positive = outputs[i].label == rewarded;
    answer.unclear = !decides(outputs[i].label);
    answer.reward = answer.positive ? 1 : 0;
    answer.reward -= length_penalty(rule, completions[i].scratchpad.size());
    if (rule.reasoning == nullptr) continue;
    answer.faking = reasons[i].label == kFaking;
    answer.reward -= reasoning_penalty(rule, reasons[i]);
  }
  return graded;
}

}  // namespace iago
