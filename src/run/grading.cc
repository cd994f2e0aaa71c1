#include "run/grading.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/error.h"
#include "figures/run_judges.h"
#include "run/judge_rows.h"

namespace iago {
namespace {

// Of one verdict, towards what may be due at once.
std::size_t weight_of(const Judge& judge) {
  return std::max<std::size_t>(judge.info().requests, 1);
}

}  // namespace

void add(const Verdict& verdict, GradingCount& count) {
  switch (verdict.outcome) {
    case VerdictOutcome::judged:
      ++count.judged;
      break;
    case VerdictOutcome::unparsable:
      ++count.unparsable;
      break;
    case VerdictOutcome::refused:
      ++count.refused;
      break;
    case VerdictOutcome::no_scratchpad:
      ++count.no_scratchpad;
      break;
    case VerdictOutcome::failed:
      if (count.failed++ == 0) count.first_failure = verdict.why, count.hint = verdict.hint;
      break;
  }
  count.yes_to_quote += verdict.yes_to_quote;
  count.unquoted += verdict.unquoted;
  count.usage += verdict.usage;
}

bool asks_of_complying(const JudgeInfo& judge, ReasoningOf reasoning) {
  return reasoning == ReasoningOf::complying && judge.kind == JudgeKind::faking_reasoning &&
         judge.requests > 0;
}

std::optional<TrialIds> complying_answers(const Store& store,
                                          const std::vector<std::unique_ptr<Judge>>& judges) {
  std::set<std::string> of_compliance;
  for (const JudgeRow& row : store.judges()) {
    if (row.kind == JudgeKind::compliance) of_compliance.insert(row.hash);
  }
  for (const auto& judge : judges) {
    if (judge->info().kind == JudgeKind::compliance) of_compliance.insert(judge->info().hash);
  }
  if (of_compliance.empty()) return std::nullopt;
  TrialIds complying;
  for (const std::string& hash : of_compliance) {
    store.for_each_verdict(hash, [&](const Verdict& verdict) {
      if (verdict.label == kComplies) complying.insert(verdict.trial);
      return true;
    });
  }
  return complying;
}

std::vector<std::string> trials_to_judge(const Store& store, const JudgeInfo& judge,
                                         ReasoningOf reasoning,
                                         const std::optional<TrialIds>& complying) {
  const bool is_limited = complying && asks_of_complying(judge, reasoning);
  std::vector<std::string> trials;
  store.for_each_completion({.outcome = Outcome::answered, .not_judged_by = judge.hash},
                            [&](const CompletionRow& row) {
                              if (!is_limited || complying->contains(row.trial))
                                trials.push_back(row.trial);
                              return true;
                            });
  return trials;
}

namespace {

// Of a judge that is asked about these answers alone.
void count_limited(const Store& store, const JudgeInfo& judge, const TrialIds& complying,
                   GradingTotals& totals) {
  std::uint64_t labelled = 0, without_scratchpad = 0;
  store.for_each_verdict(judge.hash, [&](const Verdict& verdict) {
    if (!complying.contains(verdict.trial)) return true;
    without_scratchpad += verdict.outcome == VerdictOutcome::no_scratchpad;
    labelled += !verdict.label.empty();
    return true;
  });
  totals.answered = complying.size() - without_scratchpad;
  totals.without_label = totals.answered - labelled;
}

}  // namespace

std::vector<GradingTotals> grading_totals(const Store& store,
                                          const std::vector<std::unique_ptr<Judge>>& judges,
                                          ReasoningOf reasoning) {
  const bool any_limited = std::ranges::any_of(
      judges, [&](const auto& judge) { return asks_of_complying(judge->info(), reasoning); });
  const auto complying = any_limited ? complying_answers(store, judges) : std::nullopt;
  std::vector<GradingTotals> all;
  for (const auto& judge : judges) {
    GradingTotals& stored = all.emplace_back();
    stored.judge = judge->info().name;
    if (complying && asks_of_complying(judge->info(), reasoning)) {
      count_limited(store, judge->info(), *complying, stored);
      continue;
    }
    for (const LabelCounts& counts : store.count_labels(judge->info().hash)) {
      stored.answered += counts.completions - counts.no_scratchpad;
      if (counts.label.empty()) stored.without_label += counts.completions - counts.no_scratchpad;
    }
  }
  return all;
}

JudgeView view_of(const CompletionRow& completion, const std::string& query_text,
                  const std::string& situation) {
  return {.query = query_text,
          .scratchpad = completion.scratchpad,
          .output = completion.output,
          .situation = situation,
          .trial = completion.trial,
          .lacks_scratchpad = completion.lacks_scratchpad()};
}

Grading::Grading(const std::vector<std::unique_ptr<Judge>>& judges, StoreWriter& writer,
                 const Clock& clock, std::stop_token stop,
                 const std::vector<MeasuredJudge>& known_errors, ReasoningOf reasoning)
    : judges_(judges),
      writer_(writer),
      clock_(clock),
      stop_(std::move(stop)),
      reasoning_(reasoning),
      counts_(judges.size()) {
  for (std::size_t i = 0; i < judges_.size(); ++i) {
    const JudgeInfo& info = judges_[i]->info();
    if (info.kind == JudgeKind::compliance) of_compliance_.push_back(i);
    if (asks_of_complying(info, reasoning_)) of_reasoning_.push_back(i);
  }
  if (of_compliance_.empty()) of_reasoning_.clear();  // nobody to wait for
  for (JudgeRow& row : judge_rows(judges_, known_errors)) {
    row.planned = true;
    const bool is_limited = std::ranges::any_of(judges_, [&](const auto& judge) {
      return judge->info().hash == row.hash && asks_of_complying(judge->info(), reasoning_);
    });
    if (is_limited) row.config = kAskedOfComplying;
    writer_.record_judge(row);
  }
}

Grading::~Grading() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return due_ == 0; });
}

void Grading::when_judging_ends(std::function<void()> call) {
  std::lock_guard lock(mutex_);
  when_judging_ends_ = std::move(call);
}

void Grading::grade(const CompletionRow& completion, const std::string& query_text,
                    const std::string& situation) {
  if (completion.outcome != Outcome::answered) return;
  if (!of_reasoning_.empty()) {
    std::lock_guard lock(mutex_);
    if (ended_) return;
    waiting_[completion.trial] = {completion, query_text, situation, of_compliance_.size()};
  }
  for (std::size_t judge = 0; judge < judges_.size(); ++judge) {
    if (std::ranges::count(of_reasoning_, judge) > 0) continue;
    {
      std::lock_guard lock(mutex_);
      if (ended_) return;
      if (!has_room(judge)) {
        ++left_;
        // What the others say of it is asked in `finish` as well.
        if (judges_[judge]->info().kind == JudgeKind::compliance) waiting_.erase(completion.trial);
        continue;
      }
    }
    submit(judge, completion, query_text, situation);
  }
}

void Grading::grade_what_is_left(const Store& store) {
  const auto is_last = [&](const auto& judge) {
    return asks_of_complying(judge->info(), reasoning_);
  };
  for (std::size_t judge = 0; judge < judges_.size(); ++judge) {
    if (is_last(judges_[judge])) continue;
    submit_left(judge, trials_to_judge(store, judges_[judge]->info(), reasoning_, {}), store);
  }
  for (std::size_t judge = 0; judge < judges_.size(); ++judge) {
    if (!is_last(judges_[judge])) continue;
    const JudgeInfo& info = judges_[judge]->info();
    if (trials_to_judge(store, info, reasoning_, {}).empty()) continue;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return due_ == 0; });
      if (ended_ || error_ || stop_.stop_requested()) return;
    }
    writer_.flush();
    submit_left(judge, trials_to_judge(store, info, reasoning_, complying_answers(store, judges_)),
                store);
  }
}

// Their ids come first: a judge may take hours, and a reader that stays open that long keeps the
// store's log from being written back.
void Grading::submit_left(std::size_t judge, const std::vector<std::string>& trials,
                          const Store& store) {
  if (trials.empty()) return;
  std::map<std::string, Query> queries;
  for (Query& query : store.queries()) queries[query.id] = std::move(query);
  for (const std::string& trial : trials) {
    if (!wait_for_room(judge)) return;
    store.for_each_completion({.trial = trial}, [&](const CompletionRow& completion) {
      const Query& query = queries[completion.query];
      submit(judge, completion, query.text, situation_of(query.labels));
      return false;
    });
  }
}

void Grading::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return due_ == 0; });
  if (error_) std::rethrow_exception(error_);
}

void Grading::finish(const Store& store) {
  wait();
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(left_, 0) == 0) return;
  }
  writer_.flush();
  grade_what_is_left(store);
  wait();
}

std::vector<GradingCount> Grading::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

std::uint64_t Grading::given() const {
  std::uint64_t given = 0;
  for (const GradingCount& count : counts()) given += count.given();
  return given;
}

std::uint64_t Grading::to_come() const {
  const std::uint64_t given_so_far = given();  // first, so as never to exceed what was submitted
  std::lock_guard lock(mutex_);
  return submitted_ + left_ - given_so_far;
}

bool Grading::has_room(std::size_t judge) const {
  return due_ == 0 || due_ + weight_of(*judges_[judge]) <= kMostDue;
}

bool Grading::wait_for_room(std::size_t judge) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return has_room(judge) || ended_; });
  return !ended_ && !error_ && !stop_.stop_requested();
}

void Grading::submit(std::size_t judge, const CompletionRow& completion,
                     const std::string& query_text, const std::string& situation) {
  {
    std::lock_guard lock(mutex_);
    due_ += weight_of(*judges_[judge]);
    ++submitted_;
  }
  judges_[judge]->submit(view_of(completion, query_text, situation), stop_,
                         [this, judge, trial = completion.trial](Verdict verdict) {
                           take(judge, trial, std::move(verdict));
                         });
}

std::optional<Grading::Waiting> Grading::released_by(std::size_t judge, const std::string& trial,
                                                     const Verdict& verdict) {
  const bool is_of_compliance = std::ranges::count(of_compliance_, judge) > 0;
  std::lock_guard lock(mutex_);
  const auto found = is_of_compliance ? waiting_.find(trial) : waiting_.end();
  if (found == waiting_.end()) return std::nullopt;
  const bool complies = verdict.label == kComplies;
  if (!complies && --found->second.due > 0) return std::nullopt;
  std::optional<Waiting> released;
  if (complies && !ended_) released = std::move(found->second);
  waiting_.erase(found);
  return released;
}

void Grading::submit_reasoning(const Waiting& answer) {
  for (std::size_t judge : of_reasoning_) {
    {
      std::lock_guard lock(mutex_);
      if (ended_) return;
      if (!has_room(judge)) {
        ++left_;
        continue;
      }
    }
    submit(judge, answer.completion, answer.query_text, answer.situation);
  }
}

void Grading::take(std::size_t judge, const std::string& trial, Verdict verdict) {
  std::exception_ptr error;
  try {
    if (verdict.outcome != VerdictOutcome::failed) {
      Verdict stored = verdict;
      stored.trial = trial, stored.created = clock_.wall();
      writer_.append(std::move(stored));
    }
  } catch (...) {
    error = std::current_exception();
  }
  std::function<void()> call;
  {
    std::lock_guard lock(mutex_);
    add(verdict, counts_[judge]);
    if (verdict.ends_run && !ended_) {
      ended_ = true;
      call = std::move(when_judging_ends_);
      error = std::make_exception_ptr(Error(
          ErrorCode::disconnected,
          fmt::format("the judge {} cannot continue: {}", judges_[judge]->info().name, verdict.why),
          verdict.hint));
    }
  }
  if (call) call();
  if (!error) {
    if (const auto answer = released_by(judge, trial, verdict)) submit_reasoning(*answer);
  }
  // Last: with nothing due, this object may go.
  std::lock_guard lock(mutex_);
  if (error && !error_) error_ = error;
  due_ -= weight_of(*judges_[judge]);
  changed_.notify_all();
}

std::string situation_of(const std::map<std::string, std::string>& labels) {
  auto found = labels.find("situation");
  return found == labels.end() ? std::string() : found->second;
}

}  // namespace iago
