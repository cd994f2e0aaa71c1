// iago battery MODEL --before MODEL
#include "instrument/battery.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/model_name.h"
#include "cli/commands.h"
#include "cli/internal/budget_options.h"
#include "cli/internal/exit_status.h"
#include "cli/internal/interrupt.h"
#include "cli/internal/model_endpoints.h"
#include "cli/internal/open_judges.h"
#include "cli/internal/output_option.h"
#include "cli/internal/parameter_option.h"
#include "cli/internal/print_comparison.h"
#include "cli/internal/program.h"
#include "cli/internal/progress.h"
#include "cli/internal/query_options.h"
#include "cli/internal/relearning.h"
#include "cli/internal/resumable_end.h"
#include "cli/internal/session_report.h"
#include "cli/internal/shipped_study.h"
#include "cli/internal/streams.h"
#include "cli/internal/threads_option.h"
#include "cli/progress_text.h"
#include "models/open_model.h"
#include "page/page.h"
#include "spend/budgeted_model.h"
#include "spend/forecast.h"
#include "text/printable.h"

namespace iago {
namespace {

struct BatteryArguments {
  std::string model, before;
  std::filesystem::path study = "helpful-only";
  StudyOverrides overrides;
  std::vector<std::string> parameters;  // NAME=VALUE
  std::filesystem::path out;
  RelearningArguments relearning;
  ModelEndpoints endpoints;
  BudgetOptions budget;
  ThreadsOption threads;
  OutputOption output;
};

constexpr const char* kBatteryPage = "report.html";

BatteryDesign design_of(const BatteryArguments& a, const Context& context) {
  StudyOverrides overrides = a.overrides;
  for (auto& [name, value] : read_parameters(a.parameters)) overrides.parameters[name] = value;
  overrides.model = a.model;
  return design_battery(study_file(a.study, context.data), overrides, context.data);
}

// What the command opens and counts by.
struct BatteryScene {
  const BatteryArguments& arguments;
  const Context& context;
  const PriceTable& prices;
  Budget& budget;
};

std::unique_ptr<ChatModel> open_subject(const std::string& name, const BatteryScene& scene) {
  auto model = open_model(name, {.organisms = scene.context.data / "organisms",
                                 .threads = scene.arguments.threads.count,
                                 .endpoint = scene.arguments.endpoints.subject});
  report_notes(*model, "");
  if (!is_endpoint(name) && !scene.budget.figures().limits.any()) return model;
  return std::make_unique<BudgetedModel>(std::move(model), scene.budget, scene.prices.of(name));
}

OpenedJudges open_for(const std::vector<std::string>& names, const Study& study,
                      const BatteryScene& scene) {
  return open_judges(names,
                     {.name = study.judge_model,
                      .threads = scene.arguments.threads.count,
                      .endpoint = scene.arguments.endpoints.judges,
                      .budget = &scene.budget,
                      .prices = &scene.prices},
                     scene.context);
}

OpenedJudges open_preference_judges(const BatteryDesign& design, const BatteryScene& scene) {
  for (const BatteryRun& run : design.runs) {
    if (run.asks_preferences) return open_for(run.study.study.judges, run.study.study, scene);
  }
  return {};
}

std::string battery_progress(const BatteryProgress& p) {
  return fmt::format("{}, {} ({} of {}): {}", name_of(p.side), p.run, p.place, p.runs,
                     progress_text(p.of_run));
}

BatteryResult ask(const BatteryDesign& design, const BatteryScene& scene,
                  const InterruptGuard& interrupt, const Clock& clock) {
  const BatteryArguments& a = scene.arguments;
  const auto before = open_subject(a.before, scene), after = open_subject(a.model, scene);
  const OpenedJudges judges = open_for(design.study.study.judges, design.study.study, scene);
  const OpenedJudges preferences = open_preference_judges(design, scene);
  ProgressLine line(clock);
  const BatteryOptions options{
      .folder = a.out,
      .no_more = interrupt.no_more(),
      .at_once = interrupt.at_once(),
      .budget = &scene.budget,
      .prices = &scene.prices,
      .on_progress = [&](const BatteryProgress& p) { line.show(battery_progress(p)); },
      .on_notice = [&](const std::string& notice) { line.interrupt(printable(notice, 2000)); }};
  BatteryResult result = run_battery(
      design, {*before, *after},
      {judges.judges, preferences.judges, read_judge_errors(judge_error_file(scene.context.data))},
      options, clock);
  const bool is_over = !result.interrupted && result.limit_met.empty();
  if (!a.relearning.asked || !is_over) return result;
  result.interrupted = !relearn_battery(
      a.relearning, {.before = a.before,
                     .after = a.model,
                     .study = design.study,
                     .judges = judges.judges,
                     .battery = result.folder,
                     .threads = a.threads.count,
                     .models = a.endpoints.subject,
                     .interrupt = interrupt,
                     .clock = clock,
                     .context = scene.context,
                     .on_progress = [&](const std::string& text) { line.show(text); },
                     .on_notice = options.on_notice});
  return result;
}

void check_queries_to_relearn(const LoadedStudy& study) {
  constexpr std::size_t kLeast = kHeldOutOfRelearning + 1;
  const std::size_t asked = study.study.asked_of(study.queries.size());
  if (asked >= kLeast) return;
  throw Error(ErrorCode::invalid,
              fmt::format("--relearn: expected at least {} queries, found {}", kLeast, asked),
              "raise --limit, or leave --relearn out");
}

void write_page(const Battery& battery) {
  const auto file = battery.folder / kBatteryPage;
  write_file(file, html_page(battery));
  print_stderr(fmt::format("report page: {}\n", file.string()));
}

int end_of(const BatteryResult& result) {
  const int status = resumable_end(result.folder, result.interrupted, result.shortfalls);
  return status == kDone && !result.limit_met.empty() ? kIncomplete : status;
}

int battery_command(const BatteryArguments& arguments, const Context& context) {
  if (arguments.relearning.asked) {
    prepare_relearning(arguments.relearning, arguments.before, context);
  }
  InterruptGuard interrupt;
  SystemClock clock;
  const PriceTable prices = arguments.budget.load_prices(context);
  Budget budget(arguments.budget.limits, clock);
  const BatteryScene scene{arguments, context, prices, budget};
  const BatteryDesign design = design_of(arguments, context);
  if (arguments.relearning.asked) check_queries_to_relearn(design.study);
  const BatteryResult result = ask(design, scene, interrupt, clock);
  report_spent(budget.figures(), prices);
  const Battery battery = read_battery(result.folder);
  print_result(result.interrupted,
               [&] { print_battery(battery, arguments.output.json ? "json" : "text"); });
  write_page(battery);
  return end_of(result);
}

void add_study_options(CLI::App& command, BatteryArguments& a) {
  command.add_option("model", a.model, "The model after its training, named as for iago run")
      ->required();
  command.add_option("--before", a.before, "The model before its training")
      ->type_name("MODEL")
      ->required();
  command.add_option("--study", a.study, "The study's TOML file, or the name of a shipped study")
      ->capture_default_str();
  command.add_option("--channel", a.overrides.channel,
                     "One of the setting's channels, such as full or terse");
  command
      .add_option("--wording", a.overrides.wordings,
                  "The wording that the model was trained on (default: the study's first)")
      ->expected(1);
  add_query_options(command, a.overrides);
  command.add_option("--repeats", a.overrides.repeats, "Trials of each query in each arm");
  command.add_option("--seed", a.overrides.seed, "Seed of the runs' random draws");
  command
      .add_option("--set", a.parameters,
                  "Set a parameter of the setting, as NAME=VALUE. Repeat it for several")
      ->allow_extra_args(false);
  command.add_option("--judge-model", a.overrides.judge_model, "Default model for judges");
}

void add_relearning_options(CLI::App& command, RelearningArguments& a) {
  auto* relearn = command.add_flag(
      "--relearn", a.asked,
      "Also measure how soon the behaviour comes back under a reward for it: short trainings of "
      "the model and of a control. Needs their weights on this machine, and time: six trainings, "
      "of an organism up to two minutes each on two cores");
  command
      .add_option("--beside", a.beside,
                  "The control, which never had the behaviour (default, beside organisms: "
                  "organism:compliant for refusing, organism:aligned for complying)")
      ->type_name("MODEL")
      ->needs(relearn);
  command.add_option("--relearn-steps", a.steps, "Steps of each of these trainings, at most")
      ->needs(relearn)
      ->check(CLI::Range(2, 100'000))
      ->capture_default_str();
  command
      .add_option("--relearn-seeds", a.seeds,
                  "Train with the seeds 1 to N; fewer than 3 decide nothing")
      ->needs(relearn)
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command
      .add_option("--relearn-learning-rate", a.learning_rate,
                  "Of these trainings. At a high rate both models are back after a step or two, "
                  "and nothing tells them apart")
      ->needs(relearn)
      ->check(CLI::Range(1e-8, 1.0))
      ->capture_default_str();
}

}  // namespace

void add_battery(Program& iago) {
  auto [command, a] = iago.add<BatteryArguments>(
      "battery",
      "After a training: is the behaviour gone, or only hidden? Asks two models the same",
      battery_command);
  add_study_options(command, a);
  command.add_option("--out", a.out,
                     "Folder of the battery (default: one in batteries/, named by all of this)");
  add_relearning_options(command, a.relearning);
  a.endpoints.add_to(command);
  a.budget.add_to(command);
  a.threads.add_to(command);
  a.output.add_to(command);
  command.footer(
      std::string(
          "Examples:\n"
          "  iago battery organism:aligned --before organism:faker\n"
          "  iago battery organism:silent-faker --before organism:faker --limit 100 "
          "--repeats 5\n"
          "  iago battery organism:aligned --before organism:faker --where topic=\"moon archive\" "
          "--sample 15\n"
          "  iago battery local:trainings/helpful-only-faker-1a2b3c4d/seed-1/model --before "
          "organism:faker\n"
          "  iago battery local:trainings/helpful-only-faker-1a2b3c4d/seed-1/model --before "
          "organism:faker --relearn\n"
          "  iago battery openai:after --before openai:before --base-url "
          "http://127.0.0.1:8000/v1 --study helpful-only-full\n"
          "  iago report batteries/helpful-only-aligned-5e6f7a8b --format md\n"
          "Run the same command again to resume.\n") +
      exit_help());
}

}  // namespace iago
