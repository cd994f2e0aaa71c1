// What a command says on standard error at the end of its session: what it spent, how its servers
// behaved, what its judges left without a label.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/chat_model.h"
#include "figures/budget_report.h"
#include "figures/run_record.h"
#include "figures/usage.h"
#include "run/grading.h"
#include "run/run.h"
#include "spend/budget.h"
#include "spend/prices.h"

namespace iago {

// Says in what a run falls short, which ends the command with exit status 3; nothing if it is whole
// or was interrupted. The line begins with `place`.
void report_shortfalls(const RunResult& result, const std::string& place);

// Says how many completions the run has beyond what this command planned, because the figures count
// them too: those of earlier sessions with more repeats, queries, arms or wordings. Nothing if
// none.
void report_more_than_planned(const RunResult& result);

// Says how a checkpoint of the user's own (local:FOLDER) is read: its chat template, and bytes that
// its vocabulary lacks. Nothing of other models. Each line begins with `place`.
void report_notes(const ChatModel& model, const std::string& place);

// Says what models behind URLs were asked for and what that cost, in the words of the report.
// Prints nothing for models on this machine.
void report_usage(const std::vector<ModelUsage>& usages);
// Says what of the sums is not certain, and which limits were met or passed; nothing if there is
// nothing of that kind.
void report_budget(const BudgetFigures& budget);
// Both, of what no store has. Returns whether it gave a sum.
bool report_spent(const BudgetFigures& budget, const PriceTable& prices);
// The budget for `--json`. Absent without limits.
std::optional<BudgetReport> budget_report(const BudgetFigures& budget);

// Says which trials are open and why, if any are. `limit`: RunResult::limit_met.
void report_open(const RunRecord& record, const std::string& limit);

// Says which completions have no log-probabilities, though the study asks for them.
void report_logprobs(const RunResult& result);

// Says how many trials of the plan are stored and left, and how to go on. Nothing if none is left.
void report_left(const RunResult& result);

// Says what went wrong with the model's server in this session: retries, refusals, overloads and
// broken replies. Prints nothing if there were none, or for a model on this machine.
void report_trouble(std::string_view whose, const ChatModel& model);

// Says what judges left without a label: over all sessions (`stored`), and in this one (`now`).
// Both are in the judges' order. True if a judge left more than one in twenty.
bool report_unjudged(const std::vector<GradingTotals>& stored,
                     const std::vector<GradingCount>& now);

}  // namespace iago
