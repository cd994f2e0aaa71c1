// The subcommands: each takes its arguments and returns the exit code (DESIGN: 0 the work was
// completed, 3 completed but too much is missing, 130 interrupted). Errors are thrown.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.h"
#include "judge/judges.h"
#include "run/grading.h"
#include "spend/prices.h"

namespace iago {
struct Comparison;
}

namespace iago {

// What the commands share.
struct Context {
  std::filesystem::path data;        // the folder that holds settings/, queries/ and organisms/
  std::filesystem::path executable;  // this program's own path
  int argc = 0;
  const char* const* argv = nullptr;
};

// A study as the command line changes it. Error invalid if neither it nor --model names a model.
LoadedStudy load_study_with_model(const std::filesystem::path& study,
                                  const StudyOverrides& overrides, const Context& context);

// The overrides of each run: one for every model of `models`, or of the study's own if that is
// empty; the given ones alone if the study names one model or none. Error invalid for a model that
// stands there twice and for more than 100; errors of load_study.
std::vector<StudyOverrides> each_model(const std::filesystem::path& study,
                                       const StudyOverrides& overrides,
                                       std::vector<std::string> models, const Context& context);
// The models that judges ask: which, how reached, and within what budget (none if absent; it must
// outlive the judges).
struct JudgeModels {
  std::string name;  // of judges that name none themselves
  std::size_t threads = 0;
  EndpointSettings endpoint = {};
  Budget* budget = nullptr;
  const PriceTable* prices = nullptr;
};
// The study's or the command line's judges, models that they ask opened.
OpenedJudges open_judges(const std::vector<std::string>& names, const JudgeModels& models,
                         const Context& context);
// The table of --prices, or the shipped one.
PriceTable load_prices(const SpendingArguments& spending, const Context& context);
// Before anything is asked. Error invalid for a model (--judge-model) that none of the judges asks,
// for a limit in dollars where a judge's model has no price, and for one that is met already.
void check_judge_models(const std::vector<std::string>& names, const std::string& model,
                        const BudgetLimits& limits, const Spent& before, const PriceTable& prices,
                        const Context& context);
// On stderr, what was spent on endpoints, and which limit was met; nothing if nothing was.
void report_spending(const Spent& spent, const std::string& met, const PriceTable& prices);
// On stderr, how often the server of the model was in the way in this session: retries, refusals,
// overloads and broken replies. Nothing where there were none, and for models on this machine.
void report_trouble(std::string_view whose, const ChatModel& model);
// What judges left without a label, whenever they were asked, and what became of it now, on stderr;
// both in the judges' order. True if one left more than one in twenty.
bool report_unjudged(const std::vector<StoredGrading>& stored,
                     const std::vector<GradingCount>& now);

int run_command(const RunArguments& arguments, const Context& context);
// Prints size, power, cost, time and prompts of a study. Nothing is sampled; with --probe each
// model behind a URL is asked for one token.
int plan_command(const PlanArguments& arguments, const Context& context);
int report_command(const ReportArguments& arguments, const Context& context);
int compare_command(const CompareArguments& arguments, const Context& context);
// On standard output; format as CompareArguments has it.
void print_comparison(const Comparison& comparison, const std::string& format);
int show_command(const ShowArguments& arguments, const Context& context);
int judge_command(const JudgeArguments& arguments, const Context& context);
int judge_validate_command(const JudgeValidateArguments& arguments, const Context& context);
int judge_diff_command(const JudgeDiffArguments& arguments, const Context& context);
int settings_list_command(const SettingsListArguments& arguments, const Context& context);
int settings_show_command(const SettingsShowArguments& arguments, const Context& context);
int organism_list_command(const OrganismListArguments& arguments, const Context& context);
int organism_measure_command(const OrganismMeasureArguments& arguments, const Context& context);
int organism_calibrate_command(const OrganismCalibrateArguments& arguments, const Context& context);
int organism_queries_command(const OrganismQueriesArguments& arguments, const Context& context);
// Serves a model until a signal stops it, which is its ordinary end (0).
int serve_command(const ServeArguments& arguments, const Context& context);
// In iago-torch the work itself; in iago a hand-over to iago-torch (cli/handover.cc).
int organism_grow_command(const OrganismGrowArguments& arguments, const Context& context);

}  // namespace iago
