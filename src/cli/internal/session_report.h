// What a command says on standard error at the end of its session: what it spent, how its servers
// behaved, what its judges left without a label.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/chat_model.h"
#include "figures/budget_report.h"
#include "run/grading.h"
#include "spend/budget.h"
#include "spend/prices.h"

namespace iago {

// Says how a checkpoint of the user's own (local:FOLDER) is read: its chat template, and bytes that
// its vocabulary lacks. Nothing of other models. Each line begins with `place`.
void report_notes(const ChatModel& model, const std::string& place);

// Says what was spent on endpoints, what of it is not certain, and which limits were met or passed;
// nothing if nothing was spent or met.
void report_spent(const BudgetFigures& budget, const PriceTable& prices);
// The same for `--json`. Absent without limits.
std::optional<BudgetReport> budget_report(const BudgetFigures& budget);

// Says what went wrong with the model's server in this session: retries, refusals, overloads and
// broken replies. Prints nothing if there were none, or for a model on this machine.
void report_trouble(std::string_view whose, const ChatModel& model);

// Says what judges left without a label: over all sessions (`stored`), and in this one (`now`).
// Both are in the judges' order. True if a judge left more than one in twenty.
bool report_unjudged(const std::vector<GradingTotals>& stored,
                     const std::vector<GradingCount>& now);

}  // namespace iago
