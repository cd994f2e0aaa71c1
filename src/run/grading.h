// Grading: completions to judges, verdicts to the store. Judges see the query, the scratchpad and
// the output, never the arm.
//
// A bad reply of a judge's model is data: unparsable and refused judgements are stored, and count
// as missing in the figures. So does the reasoning of a completion without the scratchpad that its
// prompt asked for: a judge of reasoning is not asked about it. A judgement that failed (no reply)
// is not stored. The completion then has no verdict, so it is missing too, and the next session
// judges it again.
//
// Faking reasoning counts only together with compliance. So a model is asked about the reasoning of
// the answers that comply, unless told otherwise: on most subjects these are few, and a judge of
// reasoning costs the most. An answer complies here if any judge of compliance says so, this
// session's or one that judged the run before. Judges that ask no model judge all.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "judge/judge.h"
#include "judge/judge_error.h"
#include "record/grading_count.h"
#include "store/store.h"
#include "store/writer.h"

namespace iago {

void add(const Verdict& verdict, GradingCount& count);

// About whose reasoning a model is asked.
enum class ReasoningOf { complying, all };

// Is the judge asked about answers that comply alone?
bool asks_of_complying(const JudgeInfo& judge, ReasoningOf reasoning);

// The ids of the stored answers that comply by a judge of compliance of the run, or by one of
// these. Absent where there is no such judge: then a judge of reasoning is asked about all.
using TrialIds = std::unordered_set<std::string>;
std::optional<TrialIds> complying_answers(const Store& store,
                                          const std::vector<std::unique_ptr<Judge>>& judges);

// The ids of the answered completions that the judge has not judged and is to be asked about.
// `complying` is what complying_answers gave.
std::vector<std::string> trials_to_judge(const Store& store, const JudgeInfo& judge,
                                         ReasoningOf reasoning,
                                         const std::optional<TrialIds>& complying);

// Of every judge, by its newest version here, over the answers that it is asked about.
std::vector<GradingTotals> grading_totals(const Store& store,
                                          const std::vector<std::unique_ptr<Judge>>& judges,
                                          ReasoningOf reasoning = ReasoningOf::complying);

// What a judge sees of a completion.
JudgeView view_of(const CompletionRow& completion, const std::string& query_text,
                  const std::string& situation);

// One session's grading. It has no base/queue.h, since nothing waits in it: a judge is given its
// completions at once, and those that find no room stay in the store. It counts those in progress.
// Thread-safe. The judges, the writer and the clock must outlive it.
class Grading {
 public:
  // Requests (JudgeInfo::requests, at least one for each verdict) that judges have and have not
  // answered yet, over all judges: each holds a copy of its prompt. A completion that would exceed
  // it makes grade_what_is_left wait, and grade leaves it for `finish`; one alone is always taken.
  // As many as an endpoint has under way at most, unless told otherwise.
  static constexpr std::size_t kMostDue = 1024;

  // Records the judges in the store, with what is known of their errors on this subject.
  Grading(const std::vector<std::unique_ptr<Judge>>& judges, StoreWriter& writer,
          const Clock& clock, std::stop_token stop,
          const std::vector<MeasuredJudge>& known_errors = {},
          ReasoningOf reasoning = ReasoningOf::complying);
  // Waits for verdicts still due.
  ~Grading();

  // Called once, from any thread, when a judge says that it can judge no other completion either
  // (wrong key, no credit). Nothing is given to any judge after that, and wait throws.
  void when_judging_ends(std::function<void()> call);

  // Gives an answered completion, appended before, to every judge: to one of reasoning that asks a
  // model when a judge of compliance has found that it complies. Others are ignored. Never waits:
  // it may be called from a model's thread.
  void grade(const CompletionRow& completion, const std::string& query_text,
             const std::string& situation = {});
  // Gives every stored completion that a judge has not judged yet to that judge; reasoning last,
  // when it is known what complies.
  void grade_what_is_left(const Store& store);
  // Blocks until every verdict is appended. Throws what the writer threw, or Error when a judge
  // ended the judging.
  void wait();
  // The same after the completions have been graded that `grade` left.
  void finish(const Store& store);

  // In the judges' order; complete after wait.
  std::vector<GradingCount> counts() const;
  // Verdicts that judges have given, over all of them, and those still to come: under way, or left
  // by `grade`.
  std::uint64_t given() const;
  std::uint64_t to_come() const;

 private:
  // An answer whose compliance is being judged, for the judges of reasoning.
  struct Waiting {
    CompletionRow completion;
    std::string query_text, situation;
    std::size_t due = 0;  // verdicts on its compliance
  };

  void submit_left(std::size_t judge, const std::vector<std::string>& trials, const Store& store);
  // The answer for the judges of reasoning, if this verdict says that it complies.
  std::optional<Waiting> released_by(std::size_t judge, const std::string& trial,
                                     const Verdict& verdict);
  void submit_reasoning(const Waiting& answer);
  void submit(std::size_t judge, const CompletionRow& completion, const std::string& query_text,
              const std::string& situation);
  void take(std::size_t judge, const std::string& trial, Verdict verdict);
  bool has_room(std::size_t judge) const;  // mutex_ held
  bool wait_for_room(std::size_t judge);   // false: nothing more is to be given

  const std::vector<std::unique_ptr<Judge>>& judges_;
  StoreWriter& writer_;
  const Clock& clock_;
  std::stop_token stop_;
  const ReasoningOf reasoning_;
  std::vector<std::size_t> of_compliance_, of_reasoning_;  // judges; the latter wait for the former
  mutable std::mutex mutex_;                               // of all below
  std::map<std::string, Waiting> waiting_;                 // by trial
  std::condition_variable changed_;
  std::size_t due_ = 0;          // requests
  std::uint64_t submitted_ = 0;  // completions, once for each judge that was given one
  std::uint64_t left_ = 0;       // as many that grade left for finish
  bool ended_ = false;           // by a judge
  std::function<void()> when_judging_ends_;
  std::vector<GradingCount> counts_;
  std::exception_ptr error_;
};

// The label "situation" of a query, for rubrics that ask by situation; empty if it has none.
std::string situation_of(const std::map<std::string, std::string>& labels);

}  // namespace iago
