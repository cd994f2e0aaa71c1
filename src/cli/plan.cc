// iago plan STUDY
#include "study/plan.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/model_name.h"
#include "cli/commands.h"
#include "cli/internal/marked_text.h"
#include "cli/internal/prepared_run.h"
#include "cli/internal/print_plan.h"
#include "cli/internal/program.h"
#include "cli/internal/progress.h"
#include "cli/internal/streams.h"
#include "cli/internal/study_options.h"
#include "figures/figure_text.h"
#include "figures/planned_power.h"
#include "figures/run_record.h"
#include "figures/text_table.h"
#include "models/open_model.h"
#include "reuse/mismatches.h"
#include "run/run.h"
#include "spend/budget_fit.h"
#include "spend/forecast.h"
#include "store/run_folder.h"
#include "study/study.h"
#include "text/printable.h"

namespace iago {
namespace {

// The sets that a label makes of the queries that are asked; nothing without a label.
std::optional<PlannedSets> planned_sets(const PreparedRun& run, const std::string& label) {
  if (label.empty()) return std::nullopt;
  std::set<std::string> values;
  for (std::size_t i = 0; i < run.outline.queries; ++i) {
    if (const std::string* value = label_of(run.loaded.queries[i], label)) values.insert(*value);
  }
  return PlannedSets{label, values.size()};
}

// About the first contrast; nothing without one.
std::optional<PowerQuestion> power_question(const PreparedRun& run, const PowerAssumptions& power) {
  const Study& study = run.loaded.study;
  const std::vector<Contrast> contrasts = contrasts_of(study, run.loaded.setting);
  if (contrasts.empty()) return std::nullopt;
  const std::size_t repeats = repeats_that_count(run);
  return PowerQuestion{.study = {.queries = run.outline.queries,
                                 .repeats_more = repeats,
                                 .repeats_less = repeats,
                                 .less_rate = power.less_rate,
                                 .query_correlation = power.correlation,
                                 .margin_points = study.margin},
                       .less = contrasts.front().less,
                       .clusters = planned_sets(run, study.cluster_by),
                       .groups = planned_sets(run, study.groups.value_or("")),
                       .set_sd_points = power.set_sd};
}

void print_power(const PreparedRun& run, const PowerAssumptions& power) {
  const LoadedStudy& loaded = run.loaded;
  if (loaded.study.repeats > 1 && repeats_that_count(run) == 1) {
    fmt::print(
        "sampled greedily: the {} repeats of a prompt are the same and add no evidence; only more "
        "queries make the figures more precise\n",
        loaded.study.repeats);
  }
  const std::vector<Contrast> contrasts = contrasts_of(loaded.study, loaded.setting);
  if (contrasts.empty()) {
    fmt::print("{}\n", no_contrast(loaded));
    return;
  }
  for (const Contrast& contrast : contrasts) {
    fmt::print("contrast {}{}\n", printable(contrast.name(), 100),
               &contrast == &contrasts.front() ? ", which decides" : "");
  }
  fmt::print("{}", power_text(*power_question(run, power), run.power));
}

// Of each wording the first arm whole, and of the others the words that differ from it.
void print_prompts(const std::vector<ArmPrompt>& prompts, const Painter& paint) {
  const ArmPrompt* first = nullptr;
  for (const ArmPrompt& prompt : prompts) {
    const bool is_first = first == nullptr || first->wording != prompt.wording;
    if (is_first) first = &prompt;
    fmt::print("\n--- wording {}, arm {}{} ---\n", prompt.wording, prompt.arm,
               is_first ? std::string()
                        : fmt::format("; [[...]] marks text that {} does not have", first->arm));
    for (std::size_t i = 0; i < prompt.messages.size(); ++i) {
      const Message& message = prompt.messages[i];
      const std::string other = i < first->messages.size() ? first->messages[i].text : "";
      fmt::print(
          "{}:\n{}\n", name_of(message.role),
          is_first ? printable_lines(message.text) : marked_text(message.text, other, paint));
    }
    if (!prompt.prefill.empty()) {
      fmt::print("the reply begins with:\n{}\n", printable_lines(prompt.prefill));
    }
  }
}

// Nothing is stored of the run, and nothing else is looked at that may stand for a trial.
bool is_all_to_ask(const StudyOptions& options, const std::filesystem::path& folder) {
  return options.reuse.empty() && !options.explain_miss &&
         !std::filesystem::exists(folder / "run.db");
}

PreparedRun plan_one(const StudyOptions& options, const PowerAssumptions& power,
                     const StudyOverrides& overrides, const PriceTable& prices,
                     const Context& context) {
  PreparedRun run{.loaded = load_study_with_model(options, overrides, context)};
  const Study& study = run.loaded.study;
  auto model = open_model(study.model, {.organisms = context.data / "organisms",
                                        .endpoint = options.endpoints.subject,
                                        .only_named = true});
  ModelInfo info = model->info();
  const Setting& setting = run.loaded.setting;
  const std::vector<Query>& queries = run.loaded.queries;
  const Subject subject{info.name, info.identity};
  run.outline = outline_plan(study, setting, queries, subject);
  run.folder = run_folder(options.runs.folder, run.outline.run_id, options.fresh);
  run.sampling = study.sampling;
  if (is_endpoint(study.model)) {
    run.sampling = with_fields(run.sampling, options.endpoints.subject.extra_body);
  }
  if (const auto question = power_question(run, power)) run.power = power_over(*question);
  if (is_all_to_ask(options, run.folder)) {
    Study of_first_query = study;
    of_first_query.limit = 1;
    run.plan = make_plan(of_first_query, setting, queries, subject);
    run.estimates = estimate_new_study(run.loaded, run.outline, context.data, prices);
  } else {
    run.plan = make_plan(study, setting, queries, subject);
    run.estimates =
        estimate_study(run.loaded, run.plan, run.folder, options.reuse, context.data, prices);
  }
  const auto record = model->sent_record();
  run.checkpoint = plan_checkpoint(run, record ? record->notes : std::vector<std::string>());
  run.time = time_of(run, options, prices, context);
  if (options.explain_miss) {
    run.mismatches =
        foresee_mismatches(run.plan, study, options.reuse, options.runs.folder, run.folder);
  }
  return run;
}

// Requests to models behind URLs and their cost; nothing for models on this machine.
void print_estimates(const PreparedRun& run, const PriceTable& prices) {
  for (const ModelEstimate& estimate : run.estimates) {
    const bool costs = !estimate.price || *estimate.price != TokenPrice{};
    if (!costs && estimate.judge.empty()) continue;
    fmt::print("{}{}: {}{}{}, about {} prompt tokens, at most {} generated; ",
               estimate.judge.empty() ? "" : estimate.judge + ", asking ", estimate.model,
               estimate.is_of_complying ? "at most " : "",
               counted(estimate.requests, "request", "requests"),
               estimate.is_of_complying ? " (only where the answer complies)" : "",
               grouped(estimate.prompt_tokens), grouped(estimate.most_generated));
    if (!estimate.price) {
      fmt::print("no price in {}\n", prices.source());
    } else if (!costs) {
      fmt::print("on this machine, which bills nothing\n");
    } else {
      fmt::print("${:.2f} to ${:.2f} (prices of {})\n", *estimate.least_cost(),
                 *estimate.most_cost(), prices.date());
    }
  }
  fmt::print("{}{}", checkpoint_text(run), time_text(run, prices));
}

// Where they come from, and which of the file's are asked.
std::string queries_text(const PreparedRun& run) {
  const Study& study = run.loaded.study;
  std::string text = fmt::format("{} of {} in {}", run.outline.queries, run.loaded.queries_in_file,
                                 printable(study.queries.string()));
  for (const std::string& condition : study.where) text += ", where " + printable(condition);
  if (study.sample) text += fmt::format(", a random sample with seed {}", *study.sample_seed);
  return text;
}

// How often each query is asked in one repeat: in every arm of every wording that has the arm.
std::string prompts_of_a_query(const PreparedRun& run) {
  const Study& study = run.loaded.study;
  const std::string wordings = counted(study.wordings.size(), "wording", "wordings");
  if (!run.outline.lacking.empty()) {
    return fmt::format("{} of {}", counted(run.outline.asked.size(), "arm", "arms"), wordings);
  }
  const std::string arms = counted(study.arms.size(), "arm", "arms");
  return study.wordings.size() > 1 ? fmt::format("{} x {}", arms, wordings) : arms;
}

void print_size(const PreparedRun& run) {
  const Study& study = run.loaded.study;
  fmt::print("queries: {}\n", queries_text(run));
  fmt::print("{}: {} x {} x {} = {} of {}\n", study.name,
             counted(run.outline.queries, "query", "queries"), prompts_of_a_query(run),
             counted(static_cast<std::uint64_t>(study.repeats), "repeat", "repeats"),
             counted(run.outline.trials, "completion", "completions"), run.outline.subject.name);
  for (const WordingArm& pair : run.outline.lacking) {
    fmt::print("wording {} has no arm {}: it is not asked there\n", printable(pair.wording, 200),
               printable(pair.arm, 100));
  }
  fmt::print("run folder: {}\n", run.folder.string());
}

}  // namespace

int print_plan(const StudyOptions& options, const PowerAssumptions& power, const Context& context) {
  std::vector<PlannedRun> planned;
  const PriceTable prices = options.budget.load_prices(context);
  BudgetFit budget_fit;
  std::optional<PreparedRun> first;  // power and prompts do not depend on the subject
  for (const auto& overrides : overrides_per_model(options, context)) {
    PreparedRun run = plan_one(options, power, overrides, prices, context);
    if (options.output.json) {
      planned.push_back(planned_run(run));
    } else {
      print_size(run);
      print_estimates(run, prices);
      if (const std::string note = judges_note(run.loaded.study); !note.empty() && !first) {
        print_stderr(note + "\n");
      }
      budget_fit.add(run.estimates, spent_in(run.folder, prices), completed_in(run.folder));
      if (run.mismatches) print_stderr(to_text(*run.mismatches));
    }
    if (!first) first = std::move(run);
  }
  if (options.output.json) {
    fmt::print("{}\n", dump_json(to_json(planned), 2));
    return 0;
  }
  fmt::print("{}", budget_fit.text(options.budget.limits));
  print_power(*first, power);
  print_prompts(planned_run(*first).prompts, Painter(wants_colour(1) ? Colour::on : Colour::off));
  return 0;
}

namespace {

struct PlanArguments {
  StudyOptions study;
  PowerAssumptions power;
};

int plan_command(const PlanArguments& arguments, const Context& context) {
  return print_plan(arguments.study, arguments.power, context);
}

}  // namespace

void add_plan(Program& iago) {
  auto [command, a] = iago.add<PlanArguments>(
      "plan", "Print a study's size, power and prompts before you run it", plan_command);
  a.study.add_to(command);
  a.study.endpoints.add_to(command);
  a.study.budget.add_to(command);
  command
      .add_option("--less-rate", a.power.less_rate,
                  "Assumed compliance in the second arm of the contrast, for the power")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      .add_option("--correlation", a.power.correlation,
                  "Assumed correlation between completions of one query")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      .add_option(
          "--set-sd", a.power.set_sd,
          "Assumed standard deviation of the gaps of clusters and groups, such as topics, in "
          "points")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  command.add_flag("--probe", a.study.probe,
                   "Ask each model behind a URL for one token, to learn the server's limits and "
                   "the shortest time for the study");
  command.footer(
      "Examples:\n"
      "  iago plan studies/helpful-only.toml\n"
      "  iago plan studies/helpful-only.toml --repeats 3 --limit 50 --less-rate 0.2\n"
      "  iago plan helpful-only-full --queries harmful_behaviors.csv --sample 100 --model "
      "openai:gpt-4o\n"
      "  iago plan studies/helpful-only-full.toml --model openai:gpt-4o --probe");
}

}  // namespace iago
