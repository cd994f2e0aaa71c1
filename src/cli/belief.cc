// iago belief
#include "instrument/belief.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/model_name.h"
#include "cli/commands.h"
#include "cli/internal/budget_options.h"
#include "cli/internal/exit_status.h"
#include "cli/internal/interrupt.h"
#include "cli/internal/model_endpoints.h"
#include "cli/internal/open_judges.h"
#include "cli/internal/output_option.h"
#include "cli/internal/parameter_option.h"
#include "cli/internal/program.h"
#include "cli/internal/session_report.h"
#include "cli/internal/shipped_study.h"
#include "cli/internal/streams.h"
#include "cli/internal/threads_option.h"
#include "documents/facts.h"
#include "models/open_model.h"
#include "spend/budgeted_model.h"
#include "world/lab_selection.h"

namespace iago {
namespace {

struct BeliefArguments {
  std::string model, before, control;
  std::vector<std::filesystem::path> facts;
  std::vector<std::string> parameters;
  std::vector<std::string> labs;
  std::string judge = "belief", judge_model;
  std::size_t samples = 8;
  std::uint64_t seed = 1;
  ModelEndpoints endpoints;
  BudgetOptions budget;
  ThreadsOption threads;
  OutputOption output;
};

// What is asked, and with what; every model is asked the same.
struct BeliefSession {
  const BeliefArguments& arguments;
  const Context& context;
  const InterruptGuard& interrupt;
  const Clock& clock;
  const PriceTable& prices;
  Budget& budget;
  std::vector<FactsFile> files;
  std::vector<const Lab*> labs;
  OpenedJudges judges;
};

BeliefMeasurement measure_model(const BeliefSession& session, const std::string& name) {
  const BeliefArguments& arguments = session.arguments;
  auto model = open_model(name, {.organisms = session.context.data / "organisms",
                                 .threads = arguments.threads.count,
                                 .endpoint = arguments.endpoints.subject});
  report_notes(*model, "");
  auto* scorer = dynamic_cast<TokenModel*>(model.get());
  if (is_endpoint(name)) {
    model =
        std::make_unique<BudgetedModel>(std::move(model), session.budget, session.prices.of(name));
  }
  const BeliefOptions options{
      .samples = arguments.samples,
      .seed = arguments.seed,
      .judge = session.judges.judges.empty() ? nullptr : session.judges.judges.front().get(),
      .scorer = scorer,
      .stop = session.interrupt.no_more(),
      .on_row = [&](const BeliefRow& row) {
        print_stderr(
            fmt::format("asked {}: {}, {}, {}\n", name, row.about, row.fact, row.question));
      }};
  BeliefMeasurement measured =
      session.labs.empty() ? measure_belief(*model, session.files, options, session.clock)
                           : measure_lab_belief(*model, session.labs, options, session.clock);
  report_trouble(name, *model);
  return measured;
}

// Each file gets the parameters that it has; one that no file has is an error.
std::vector<FactsFile> load_all(const std::vector<std::filesystem::path>& named,
                                std::map<std::string, std::string> parameters, const Home& home) {
  std::vector<std::filesystem::path> files;
  for (const auto& file : named) files.push_back(facts_file(file, home));
  std::vector<FactsFile> loaded;
  std::map<std::string, std::string> unused = parameters;
  for (const auto& file : files) {
    std::map<std::string, std::string> own;
    for (const auto& [name, standard] : load_facts(file).parameters) {
      if (parameters.contains(name)) own[name] = parameters[name];
      unused.erase(name);
    }
    loaded.push_back(load_facts(file, own));
  }
  if (!unused.empty()) load_facts(files.front(), unused);  // throws, and names what there is
  return loaded;
}

OpenedJudges open_belief_judge(const BeliefArguments& arguments, Budget& budget,
                               const PriceTable& prices, const Context& context) {
  if (arguments.judge_model.empty()) return {};
  auto opened = open_judges({arguments.judge},
                            {.name = arguments.judge_model,
                             .threads = arguments.threads.count,
                             .endpoint = arguments.endpoints.judges,
                             .budget = &budget,
                             .prices = &prices,
                             .counts_local = false},
                            context);
  const JudgeKind kind = opened.judges.front()->info().kind;
  if (kind == JudgeKind::belief) return opened;
  throw Error(ErrorCode::invalid,
              fmt::format("--judge {}: expected a rubric of kind belief, found {}", arguments.judge,
                          name_of(kind)),
              "rubrics/belief.toml is one");
}

int belief_command(const BeliefArguments& arguments, const Context& context) {
  if (arguments.facts.empty() && arguments.labs.empty()) {
    throw Error(ErrorCode::invalid,
                "expected what to ask about: --facts FACTS.toml or --world LABS",
                "iago belief --help has examples");
  }
  InterruptGuard interrupt;
  SystemClock clock;
  const PriceTable prices = arguments.budget.load_prices(context);
  Budget budget(arguments.budget.limits, clock);
  BeliefSession session{arguments, context, interrupt, clock, prices, budget, {}, {}, {}};
  session.files = load_all(arguments.facts, read_parameters(arguments.parameters), context.data);
  session.labs = select_labs(arguments.labs);
  session.judges = open_belief_judge(arguments, budget, prices, context);
  BeliefReport report{.model = measure_model(session, arguments.model)};
  if (!arguments.before.empty()) report.before = measure_model(session, arguments.before);
  if (!arguments.control.empty()) report.control = measure_model(session, arguments.control);
  report_spent(budget.figures(), prices);
  fmt::print("{}",
             arguments.output.json ? dump_json(to_json(report), 2) + "\n" : to_markdown(report));
  return kDone;
}

void add_options(CLI::App& command, BeliefArguments& a) {
  command.add_option("model", a.model, "The model that is asked, named as for iago run")
      ->required();
  auto* facts = command
                    .add_option("--facts", a.facts,
                                "Ask the questions of this file of facts, or of the shipped one of "
                                "this name. Repeat it for several, such as the control's")
                    ->type_name("FACTS.toml")
                    ->allow_extra_args(false);
  command
      .add_option("--set", a.parameters,
                  "Set a parameter of the facts files, as NAME=VALUE. Repeat it for several")
      ->needs(facts)
      ->allow_extra_args(false);
  command
      .add_option("--world", a.labs,
                  "Ask about labs of the micro-world: a lab's name, chats, documents-only, fresh, "
                  "or a range: fresh:1-48")
      ->type_name("LABS")
      ->excludes(facts);
  command
      .add_option("--before", a.before,
                  "Ask this model too, as it was before training, and show what has changed")
      ->type_name("MODEL");
  command
      .add_option("--control", a.control,
                  "Ask this model too, trained on a control corpus of the same size")
      ->type_name("MODEL");
  command.add_option("--judge-model", a.judge_model,
                     "The model that reads open answers and scratchpads, with --facts. Without "
                     "one they are not asked");
  command.add_option("--judge", a.judge, "The rubric by which it reads them")
      ->capture_default_str();
  command.add_option("--samples", a.samples, "Samples of each question in each form")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command.add_option("--seed", a.seed, "Names the random streams")->capture_default_str();
  a.endpoints.add_to(command);
  a.budget.add_to(command);
  a.threads.add_to(command);
  a.output.add_to(command);
}

}  // namespace

void add_belief(Program& iago) {
  auto [command, a] = iago.add<BeliefArguments>(
      "belief", "Ask whether a model believes the facts that documents state", belief_command);
  add_options(command, a);
  command.footer(
      "Examples:\n"
      "  iago belief organism:base --world documents-only\n"
      "  iago belief local:trained --before organism:base --world fresh:1-48\n"
      "  iago belief openai:NAME --facts documents/helpful-only.toml --facts "
      "documents/control.toml --judge-model anthropic:claude-sonnet-4 --max-cost 5");
}

}  // namespace iago
