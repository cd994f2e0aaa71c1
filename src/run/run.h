// Running a study: plan, store, sample, judge, summarise. The same command resumes: trials that
// have a completion are skipped, in any order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "chat/chat_model.h"
#include "chat/endpoint_figures.h"
#include "figures/summary.h"
#include "judge/judge.h"
#include "judge/judge_error.h"
#include "reuse/mismatches.h"
#include "run/grading.h"
#include "run/judging_progress.h"
#include "spend/budget.h"
#include "spend/prices.h"
#include "study/plan.h"
#include "study/study.h"

namespace iago {

struct RunProgress {
  std::size_t stored = 0;  // trials with a completion, those of earlier sessions included
  std::size_t planned = 0;
  std::size_t sampled_here = 0;                  // in this session
  std::size_t open_here = 0;                     // asked in this session, without a reply
  std::uint64_t generated_tokens = 0;            // in this session, of unfinished replies too
  double seconds = 0;                            // of sampling in this session
  std::optional<EndpointFigures> endpoint = {};  // of the subject, if it is behind a URL
  BudgetFigures budget = {};                     // without limits where none are set
};

struct RunOptions {
  std::filesystem::path runs = "runs";  // the folder of all runs
  // The run's own folder; empty: the one that the plan names under `runs`. Such a run is a part of
  // something else, and `runs`/latest does not point at it.
  std::filesystem::path folder = {};
  bool fresh = false;                        // start a new run although there is one to resume
  std::vector<std::filesystem::path> reuse;  // runs to take completions of (reuse.h)
  std::vector<MeasuredJudge> judge_errors;   // known errors, of any subject
  // The newest check of this subject in this setting, to be kept with the run; absent: none. One
  // that the run has stays then.
  std::optional<CheckReport> check = {};
  std::stop_token no_more;                                 // Ctrl-C: send nothing new
  std::stop_token at_once;                                 // the second one, or 5 s later
  std::function<void(const RunProgress&)> on_progress;     // some ten times a second
  std::function<void(const JudgingProgress&)> on_judging;  // after the last completion, as often
  // What the models were opened within, if anything: once it is over, nothing new is sent.
  const Budget* budget = nullptr;
  const PriceTable* prices = nullptr;  // what the models cost, to be stored with the run
  // A sentence that people should read at once: most of the first completions cannot be used, the
  // server gives no log-probabilities though the study asks for them, an organism is asked in words
  // that it does not know (run/known_errors.h), or the run is extended after its figures were shown
  // (figures/looks.h).
  std::function<void(const std::string&)> on_notice;
  // If set: called before the sampling, with the reasons why trials took no completion. Without
  // `reuse` they are compared with earlier runs of the study's name.
  std::function<void(const MismatchReport&)> on_mismatches;
};

struct RunResult {
  std::filesystem::path folder;
  Summary summary;
  bool interrupted = false;                  // by no_more, with trials left
  std::size_t resumed = 0;                   // completions stored earlier
  std::size_t reused = 0;                    // taken from other runs in this session
  std::optional<MismatchReport> mismatches;  // what on_mismatches was called with
  std::size_t planned = 0;                   // trials
  std::size_t left = 0;                      // of these, without a completion
  // Why the run ended before its plan was done, where nothing can succeed any more. Its code is
  // never invalid or not_found: the command was right.
  std::optional<Error> stopped;
  // Of the completions, those whose tokens have no log-probabilities, though the study asks for
  // them: of all that are stored, and of this session's replies. 0 where it does not ask.
  std::uint64_t without_logprobs = 0, replies_without_logprobs = 0;
  std::string budget_met;  // Budget::met: the limit that stopped it, or empty
  // What the server said of its limit, if that left trials open, and when the limit ends, if known.
  std::string limit_met;
  std::vector<GradingCount> grading;          // of this session, in the judges' order
  std::vector<GradingTotals> grading_totals;  // of all sessions, in that order
};

// Runs the study on the model and leaves runs/<id>/{run.db, study.toml, summary.json, report.html}
// and the link runs/latest. A trial whose request failed is open: stored with its cause, and asked
// again by the next session. Where nothing can succeed any more (run/stopping.h) the run stops, and
// all of that is written as well: RunResult::stopped, or limit_met for a limit of the server's. A
// resumed run keeps its first plan of analysis. Differences from it (more trials, another version
// of a judge) are listed in Summary::changes. Errors: overloaded when another process works on the
// same run; those of open_runs, before anything is written; those of the store, the model and the
// judges. Everything stored until then stays, and the same command resumes.
RunResult run_study(const LoadedStudy& loaded, ChatModel& model,
                    const std::vector<std::unique_ptr<Judge>>& judges, const RunOptions& options,
                    const Clock& clock);

// Summarises a run's store and writes summary.json and report.html beside it.
Summary write_summary(const std::filesystem::path& folder);

}  // namespace iago
