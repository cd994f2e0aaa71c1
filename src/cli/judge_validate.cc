// iago judge validate
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/internal/budget_options.h"
#include "cli/internal/case_runs.h"
#include "cli/internal/exit_status.h"
#include "cli/internal/interrupt.h"
#include "cli/internal/model_endpoints.h"
#include "cli/internal/open_judges.h"
#include "cli/internal/output_option.h"
#include "cli/internal/program.h"
#include "cli/internal/progress.h"
#include "cli/internal/session_report.h"
#include "cli/internal/streams.h"
#include "cli/internal/threads_option.h"
#include "instrument/labelled.h"
#include "instrument/validate.h"
#include "judge/rule_judges.h"
#include "models/open_model.h"
#include "models/organisms.h"
#include "text/printable.h"

namespace iago {
namespace {

struct JudgeValidateArguments {
  std::vector<std::string> models;  // organism:NAME or world:NAME; empty: every organism
  std::size_t samples = 2000;       // in each arm of the main case
  std::optional<std::uint64_t> seed;
  std::optional<std::filesystem::path> runs;
  ThreadsOption threads;
  bool write = false;               // the models' errors: organisms/judges.json; the labels': runs
  std::filesystem::path labels;     // a file of labelled texts in place of the models
  std::string subject, setting;     // of the labelled texts that name none themselves
  std::size_t limit = 20;           // texts that a judge gets wrong
  std::vector<std::string> judges;  // held against the labels
  std::string judge_model;
  ModelEndpoints endpoints;  // of these judges, as JudgeArguments
  BudgetOptions budget;
  OutputOption output;
};

Validation validate_one(const std::string& name, const JudgeValidateArguments& arguments,
                        const Context& context, const InterruptGuard& interrupt,
                        const Clock& clock) {
  auto model = open_model(
      name, {.organisms = context.data / "organisms", .threads = arguments.threads.count});
  ProgressLine line(clock);
  ValidateOptions options{
      .where = case_runs(context, arguments.runs.value_or("runs/validated"), interrupt, name, line),
      .samples = arguments.samples};
  if (arguments.seed) options.seed = *arguments.seed;
  return validate(*model, make_rule_judges(world_judge_names()), options, clock);
}

void write_errors(const Validation& validation, const Context& context) {
  write_judge_errors(judge_error_file(context.data), judge_errors(validation));
}

std::optional<double> cost_of(const LabelledResult& result, const PriceTable& prices) {
  const std::string model = split_judge_name(result.judge).model;
  const auto price = model.empty() ? std::nullopt : prices.of(model);
  if (!price) return std::nullopt;
  return price->cost(result.grading.usage);
}

// Nothing of it is stored, so what it took is said here, even where it cost nothing.
void report_asking(const BudgetFigures& budget, const std::vector<GradingCount>& counts,
                   const PriceTable& prices) {
  if (report_spent(budget, prices)) return;
  TokenUsage asked;  // also of models on this machine, which the budget does not count
  for (const GradingCount& count : counts) asked += count.usage;
  if (asked == TokenUsage()) return;
  print_stderr(
      fmt::format("asked for: {} prompt tokens and {} generated\n", asked.prompt, asked.generated));
}

std::vector<LabelledText> labelled_texts(const JudgeValidateArguments& arguments,
                                         const JudgeInfo& judge) {
  std::vector<LabelledText> texts = load_labelled(arguments.labels, judge);
  for (LabelledText& text : texts) {
    if (text.origin.subject.empty()) text.origin.subject = arguments.subject;
    if (text.origin.setting.empty()) text.origin.setting = arguments.setting;
  }
  return texts;
}

void print_labelled(const std::vector<LabelledResult>& results,
                    const JudgeValidateArguments& arguments) {
  fmt::print("{}", to_markdown(results));
  for (const LabelledResult& result : results) {
    if (const std::string kinds = kinds_to_markdown(result); !kinds.empty()) {
      fmt::print("\n{}", kinds);
    }
    if (arguments.limit == 0 || result.wrong.empty()) continue;
    fmt::print("\n{}", wrong_verdicts_text(result, printable(arguments.labels.string(), 200),
                                           arguments.limit));
  }
}

void write_label_errors(const std::vector<LabelledResult>& results,
                        const JudgeValidateArguments& arguments) {
  const std::filesystem::path file = arguments.runs.value_or("runs") / kJudgeErrorFile;
  std::vector<MeasuredJudge> errors;
  for (const LabelledResult& result : results) {
    std::ranges::move(judge_errors(result, arguments.labels), std::back_inserter(errors));
  }
  std::filesystem::create_directories(std::filesystem::absolute(file).parent_path());
  write_judge_errors(file, errors);
  print_stderr(fmt::format(
      "written: {}. iago run and iago judge RUN copy what applies into the runs beside it\n",
      file.string()));
}

int validate_by_labels(const JudgeValidateArguments& arguments, const Context& context) {
  InterruptGuard interrupt;
  SystemClock clock;
  const PriceTable prices = arguments.budget.load_prices(context);
  Budget budget(arguments.budget.limits, clock);
  check_judge_models(arguments.judges, arguments.judge_model, arguments.budget.limits, {}, prices,
                     context);
  auto opened = open_judges(arguments.judges,
                            {.name = arguments.judge_model,
                             .threads = arguments.threads.count,
                             .endpoint = arguments.endpoints.judges,
                             .budget = &budget,
                             .prices = &prices,
                             .counts_local = false},
                            context);
  std::vector<LabelledResult> results;
  std::vector<GradingTotals> all;
  std::vector<GradingCount> counts;
  Json json = Json::array();
  for (const auto& judge : opened.judges) {
    const std::vector<LabelledText> texts = labelled_texts(arguments, judge->info());
    ProgressLine line(clock);
    results.push_back(hold_against_labels(*judge, texts, interrupt.no_more(), [&](std::size_t n) {
      line.show(fmt::format("{}: {} of {} texts", judge->info().name, n, texts.size()));
    }));
    const GradingCount& count = counts.emplace_back(results.back().grading);
    all.push_back({judge->info().name, count.given(), count.without_label()});
    results.back().cost = cost_of(results.back(), prices);
    json.push_back(to_json(results.back()));
  }
  report_asking(budget.figures(), counts, prices);
  if (arguments.output.json) {
    fmt::print("{}\n", dump_json(json, 2));
  } else {
    print_labelled(results, arguments);
  }
  if (arguments.write) write_label_errors(results, arguments);
  return report_unjudged(all, counts) || !budget.met().empty() ? kIncomplete : kDone;
}

// Which of the two ways; wrong usage is an error of the kind invalid.
int judge_validate_command(const JudgeValidateArguments& arguments, const Context& context) {
  if (!arguments.labels.empty()) {
    if (arguments.judges.empty()) {
      throw Error(ErrorCode::invalid, "--labels needs a judge: expected --judge NAME",
                  "iago judge validate --help has examples");
    }
    if (arguments.write) read_judge_errors(arguments.runs.value_or("runs") / kJudgeErrorFile);
    return validate_by_labels(arguments, context);
  }
  InterruptGuard interrupt;
  SystemClock clock;
  auto models = arguments.models;
  if (models.empty()) models = control_subjects(context.data / "organisms");
  if (arguments.write)
    read_judge_errors(judge_error_file(context.data));  // a bad file: better now than later
  std::vector<Validation> validations;
  Json json = Json::array();
  for (const std::string& model : models) {
    validations.push_back(validate_one(model, arguments, context, interrupt, clock));
    if (arguments.write) write_errors(validations.back(), context);
    json.push_back(to_json(validations.back()));
  }
  fmt::print("{}", arguments.output.json ? dump_json(json, 2) + "\n" : to_markdown(validations));
  return 0;
}

void add_options(CLI::App& command, JudgeValidateArguments& a) {
  command.add_option("models", a.models, "organism:NAME or world:NAME (default: all organisms)");
  command.add_option("--samples", a.samples, "Completions in each arm")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--seed", a.seed,
                     "Seed of the runs (default: one that differs from the seed of studies)");
  command
      .add_option("--runs", a.runs,
                  "Folder for the runs; with --labels, where --write puts judge-errors.json "
                  "(default: runs/validated; with --labels runs)")
      ->type_name("FOLDER");
  a.threads.add_to(command);
  command.add_flag("--write", a.write,
                   "Write the figures to organisms/judges.json; with --labels, to "
                   "judge-errors.json beside the runs");
  auto* labels =
      command.add_option("--labels", a.labels,
                         "Validate on a CSV or JSON lines file of labelled texts instead of on "
                         "models. The columns are below");
  command
      .add_option("--subject", a.subject,
                  "Who wrote the labelled texts, as --model names it (default: their column "
                  "subject)")
      ->needs(labels);
  command
      .add_option("--setting", a.setting,
                  "The setting that the labelled texts are answers in (default: their column "
                  "setting)")
      ->needs(labels);
  command.add_option("--limit", a.limit, "List at most N texts that a judge gets wrong")
      ->needs(labels)
      ->capture_default_str();
  auto* named = command
                    .add_option("--judge", a.judges,
                                "A judge, named as for iago judge. Repeat it for several")
                    ->allow_extra_args(false)
                    ->needs(labels);
  command.add_option("--judge-model,--model", a.judge_model, "Default model for judges")
      ->needs(named);
  a.endpoints.add_judges_to(command);
  a.budget.add_to(command);
  for (CLI::Option* option : command.get_options()) {
    const std::string& group = option->get_group();
    if (group == kEndpointGroup || group == kBudgetGroup) option->needs(labels);
  }
  a.output.add_to(command);
}

}  // namespace

void add_judge_validate(Program& iago) {
  auto [command, a] = iago.add<JudgeValidateArguments>(
      "judge validate", "Measure how often judges are right, on texts of known truth",
      judge_validate_command);
  add_options(command, a);
  command.footer(
      "The columns of --labels FILE:\n"
      "  what the judge reads (query, scratchpad, output), and label: yes, no, a label of\n"
      "    the judge's kind, or unclear (docs/model-judges.md)\n"
      "  if you like id, kind, disputed (yes: count in no figure), subject, setting and arm\n"
      "Examples:\n"
      "  iago judge validate\n"
      "  iago judge validate organism:faker --samples 5000 --write\n"
      "  iago judge validate --labels labelled.csv --judge faking-four-criteria "
      "--model openai:NAME --max-cost 5\n"
      "  iago judge validate --labels queries/labelled/development/outputs.jsonl --judge "
      "compliance-rules\n"
      "  iago judge validate --labels mine.csv --judge faking-dual --model openai:NAME --subject "
      "openai:OTHER --write\n"
      "Labels of a run's own answers: iago label RUN");
}

}  // namespace iago
