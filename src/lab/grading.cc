#include "lab/grading.h"

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace iago::lab {
namespace {

std::string votes_json(const Verdict& verdict) {
  Json votes = Json::array();
  for (const Vote& vote : verdict.votes) {
    votes.push_back(
        {{"outcome", name_of(vote.outcome)}, {"label", vote.label}, {"reply", vote.reply}});
  }
  return dump_json(votes);
}

std::string evidence_json(const Verdict& verdict) {
  Json quotes = Json::array();
  for (const Evidence& evidence : verdict.evidence) {
    quotes.push_back({{"criterion", evidence.criterion},
                      {"part", name_of(evidence.part)},
                      {"quote", evidence.quote},
                      {"offset", evidence.offset}});
  }
  return dump_json(quotes);
}

}  // namespace

Grading::Grading(const std::vector<std::unique_ptr<Judge>>& judges, StoreWriter& writer,
                 const Clock& clock, std::stop_token stop,
                 const std::vector<JudgeError>& known_errors)
    : judges_(judges), writer_(writer), clock_(clock), stop_(std::move(stop)) {
  std::vector<JudgeInfo> infos;
  for (const auto& judge : judges_) infos.push_back(judge->info());
  for (const JudgeInfo& info : infos) {
    JudgeRow row{.hash = info.hash,
                 .name = info.name,
                 .kind = std::string(name_of(info.kind)),
                 .planned = true};
    add_known_error(known_errors, infos, row);
    writer_.record_judge(row);
  }
}

Grading::~Grading() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return due_ == 0; });
}

void Grading::grade(const CompletionRow& completion, const std::string& query_text) {
  if (completion.outcome != Outcome::answered) return;
  for (const auto& judge : judges_) submit(*judge, completion, query_text);
}

void Grading::grade_what_is_left(const Store& store) {
  std::map<std::string, std::string> texts;
  for (const QueryRow& query : store.queries()) texts[query.id] = query.text;
  for (const auto& judge : judges_) {
    CompletionFilter filter{.outcome = Outcome::answered, .not_judged_by = judge->info().hash};
    store.for_each_completion(filter, [&](const CompletionRow& completion) {
      submit(*judge, completion, texts[completion.query]);
      return !stop_.stop_requested();
    });
  }
}

void Grading::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return due_ == 0; });
  if (error_) std::rethrow_exception(error_);
}

void Grading::submit(Judge& judge, const CompletionRow& completion, const std::string& query_text) {
  {
    std::lock_guard lock(mutex_);
    ++due_;
  }
  JudgeView view{query_text, completion.scratchpad, completion.output};
  judge.submit(std::move(view), stop_, [this, trial = completion.trial](Verdict verdict) {
    append(trial, std::move(verdict));
  });
}

void Grading::append(const std::string& trial, Verdict verdict) {
  std::exception_ptr error;
  try {
    writer_.append(VerdictRow{.trial = trial,
                              .judge = verdict.judge,
                              .outcome = std::string(name_of(verdict.outcome)),
                              .label = verdict.label,
                              .probability = verdict.probability,
                              .votes = votes_json(verdict),
                              .evidence = evidence_json(verdict),
                              .why = verdict.why,
                              .created = clock_.wall()});
  } catch (...) {
    error = std::current_exception();
  }
  std::lock_guard lock(mutex_);
  if (error && !error_) error_ = error;
  --due_;
  changed_.notify_all();
}

}  // namespace iago::lab
