#include "run/grading.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
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
  count.usage += verdict.usage;
}

std::vector<GradingTotals> grading_totals(const Store& store,
                                          const std::vector<std::unique_ptr<Judge>>& judges) {
  std::vector<GradingTotals> all;
  for (const auto& judge : judges) {
    GradingTotals& stored = all.emplace_back();
    stored.judge = judge->info().name;
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
                 const std::vector<MeasuredJudge>& known_errors)
    : judges_(judges),
      writer_(writer),
      clock_(clock),
      stop_(std::move(stop)),
      counts_(judges.size()) {
  for (JudgeRow& row : judge_rows(judges_, known_errors)) {
    row.planned = true;
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
  for (std::size_t judge = 0; judge < judges_.size(); ++judge) {
    {
      std::lock_guard lock(mutex_);
      if (ended_) return;
      if (!has_room(judge)) {
        ++left_;
        continue;
      }
    }
    submit(judge, completion, query_text, situation);
  }
}

void Grading::grade_what_is_left(const Store& store) {
  std::map<std::string, Query> queries;
  for (Query& query : store.queries()) queries[query.id] = std::move(query);
  for (std::size_t judge = 0; judge < judges_.size(); ++judge) {
    // The trials first: a judge may take hours, and a reader that stays open that long keeps the
    // store's log from being written back.
    std::vector<std::string> trials;
    CompletionFilter left{.outcome = Outcome::answered,
                          .not_judged_by = judges_[judge]->info().hash};
    store.for_each_completion(left, [&](const CompletionRow& completion) {
      trials.push_back(completion.trial);
      return true;
    });
    for (const std::string& trial : trials) {
      if (!wait_for_room(judge)) return;
      store.for_each_completion({.trial = trial}, [&](const CompletionRow& completion) {
        const Query& query = queries[completion.query];
        submit(judge, completion, query.text, situation_of(query.labels));
        return false;
      });
    }
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
