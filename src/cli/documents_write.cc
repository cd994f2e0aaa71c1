// iago documents write
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/model_name.h"
#include "cli/commands.h"
#include "cli/internal/any_stop.h"
#include "cli/internal/budget_options.h"
#include "cli/internal/exit_status.h"
#include "cli/internal/interrupt.h"
#include "cli/internal/model_endpoints.h"
#include "cli/internal/output_option.h"
#include "cli/internal/parameter_option.h"
#include "cli/internal/program.h"
#include "cli/internal/progress.h"
#include "cli/internal/session_report.h"
#include "cli/internal/shipped_study.h"
#include "cli/internal/streams.h"
#include "cli/internal/threads_option.h"
#include "documents/describe.h"
#include "documents/world_corpus.h"
#include "documents/writing.h"
#include "models/open_model.h"
#include "spend/budgeted_model.h"
#include "spend/time_estimate.h"
#include "text/printable.h"
#include "world/lab_selection.h"

namespace iago {
namespace {

const WhatIsAsked kWriting = {"the corpus",
                              "--plan prints what it takes; raise the limit, or lower --documents"};

struct DocumentsWriteArguments {
  std::filesystem::path facts, out;
  std::vector<std::string> parameters;  // NAME=VALUE
  std::string model, checker;
  std::optional<std::size_t> documents;
  std::filesystem::path as_many_as;
  double temperature = 1;
  std::size_t more_tokens = 0;
  bool plan = false, probe = false;
  std::vector<std::string> labs;
  std::size_t per_lab = 16;
  std::string rule = "own", values = "own";
  std::uint64_t seed = 1;
  ModelEndpoints endpoints;
  BudgetOptions budget;
  ThreadsOption threads;
  OutputOption output;

  bool has_checker() const { return checker != "none"; }
  // The model that checks: the writer, unless another is named.
  const std::string& checker_name() const { return checker.empty() ? model : checker; }
};

void print_corpus(const CorpusFigures& figures, bool json) {
  fmt::print("{}", json ? dump_json(to_json(figures), 2) + "\n" : to_text(figures));
}

int write_by_grammar(const DocumentsWriteArguments& arguments) {
  const auto labs = select_labs(arguments.labs);
  const auto documents = write_world_corpus(labs, {.documents = arguments.per_lab,
                                                   .rule = told_rule_named(arguments.rule),
                                                   .values = told_values_named(arguments.values),
                                                   .seed = arguments.seed});
  write_corpus(arguments.out, documents);
  print_corpus(
      describe_corpus(arguments.out.string(), documents, std::vector<DroppedDocument>(), 2),
      arguments.output.json);
  return kDone;
}

ModelOptions model_options(const DocumentsWriteArguments& arguments, const Context& context,
                           bool is_checker, bool only_named) {
  const bool is_other = is_checker && !arguments.checker.empty();
  return {.organisms = context.data / "organisms",
          .threads = arguments.threads.count,
          .endpoint = is_other ? arguments.endpoints.judges : arguments.endpoints.subject,
          .only_named = only_named,
          .options = is_other ? "--judge-" : "--"};
}

WritingOptions writing_options(const DocumentsWriteArguments& arguments, const Context& context) {
  WritingOptions options{.documents = arguments.documents,
                         .seed = arguments.seed,
                         .temperature = arguments.temperature,
                         .more_tokens = arguments.more_tokens};
  if (!arguments.as_many_as.empty()) {
    options.documents = load_corpus(arguments.as_many_as).size();
  }
  options.writer =
      open_model(arguments.model, model_options(arguments, context, false, true))->info();
  if (arguments.has_checker()) {
    options.checker =
        open_model(arguments.checker_name(), model_options(arguments, context, true, true))->info();
  }
  return options;
}

std::vector<ModelEstimate> estimates_of(const std::vector<StageEstimate>& stages) {
  std::vector<ModelEstimate> estimates;
  for (const StageEstimate& stage : stages) {
    estimates.push_back(stage.model);
    // How much is checked depends on what the rules leave.
    if (stage.stage == "check") estimates.back().judge = "check";
  }
  return estimates;
}

// Seconds at the least, by the limits that the servers state in the reply to one short request.
std::optional<double> probed_seconds(const DocumentsWriteArguments& arguments,
                                     const std::vector<StageEstimate>& left, const Context& context,
                                     const Clock& clock) {
  std::vector<ProbedModel> probed;
  for (const StageEstimate& stage : left) {
    if (!is_endpoint(stage.model.model)) continue;
    const bool is_checker = stage.stage == "check";
    auto known = std::ranges::find(probed, stage.model.model,
                                   [](const ProbedModel& one) { return one.probe.model; });
    if (known == probed.end()) {
      auto model =
          open_model(stage.model.model, model_options(arguments, context, is_checker, false));
      ChatRequest request{.id = "probe", .messages = {{Role::user, "Say yes."}}};
      probed.push_back({.probe = probe_limits(*model, std::move(request), clock)});
      known = probed.end() - 1;
    }
    known->add(stage.model, 1);
  }
  const auto least = least_time(probed);
  return least ? std::optional(least->seconds) : std::nullopt;
}

int print_writing_plan(const DocumentsWriteArguments& arguments, const FactsFile& facts,
                       const Context& context) {
  SystemClock clock;
  const PriceTable prices = arguments.budget.load_prices(context);
  Writing writing(facts, writing_options(arguments, context));
  writing.look_at(arguments.out);
  const auto left = writing.left(prices);
  WritingPlanFigures plan{.facts_file = arguments.facts.string(),
                          .facts = facts.facts.size(),
                          .kinds = facts.kinds.size(),
                          .ideas = facts.ideas,
                          .documents = writing.planned(),
                          .spent = writing.spent(prices).cost};
  double requests = 0;
  for (const StageEstimate& stage : left) {
    const ModelEstimate& model = stage.model;
    requests += static_cast<double>(model.requests);
    plan.stages.push_back({stage.stage, model.model, model.requests, model.prompt_tokens,
                           model.most_generated, model.least_cost(), model.most_cost()});
  }
  if (auto pace = writing.replies_per_second()) {
    plan.seconds = requests / *pace;
    plan.seconds_basis = "earlier sessions";
  } else if (arguments.probe) {
    plan.seconds = probed_seconds(arguments, left, context, clock);
    plan.seconds_basis = plan.seconds ? "limits" : "";
  }
  fmt::print("{}", arguments.output.json ? dump_json(to_json(plan), 2) + "\n" : to_text(plan));
  refuse_what_cannot_fit(estimates_of(left), arguments.budget.limits, writing.spent(prices), prices,
                         kWriting);
  return kDone;
}

std::string writing_text(const WritingProgress& progress, const Budget& budget) {
  const double share = 100.0 * static_cast<double>(progress.drafted) /
                       static_cast<double>(std::max<std::size_t>(progress.planned, 1));
  std::string text = fmt::format("{} of {} documents ({:.0f} %), {} checked, {} replies",
                                 grouped(progress.drafted), grouped(progress.planned), share,
                                 grouped(progress.checked), grouped(progress.requests));
  if (budget.limits().max_cost) {
    text += fmt::format(", ${:.2f} of ${:.2f}", budget.spent().charged_cost(),
                        *budget.limits().max_cost);
  }
  if (budget.limits().max_tokens) {
    text += fmt::format(", {} of {} tokens", grouped(budget.spent().charged_tokens()),
                        grouped(*budget.limits().max_tokens));
  }
  return text;
}

// The models of one session, within its budget. One model where the writer checks.
class WritingModels {
 public:
  WritingModels(const DocumentsWriteArguments& arguments, const Context& context, Budget& budget,
                const PriceTable& prices) {
    auto open = [&](const std::string& name, bool is_checker) {
      return std::make_unique<BudgetedModel>(
          open_model(name, model_options(arguments, context, is_checker, false)), budget,
          prices.of(name));
    };
    writer_ = open(arguments.model, false);
    if (!arguments.checker.empty() && arguments.has_checker()) {
      other_checker_ = open(arguments.checker, true);
    }
    checker_ = other_checker_            ? other_checker_.get()
               : arguments.has_checker() ? writer_.get()
                                         : nullptr;
  }

  ChatModel& writer() { return *writer_; }
  ChatModel* checker() { return checker_; }
  std::size_t in_flight() const {
    return std::max(writer_->info().in_flight, checker_ ? checker_->info().in_flight : 1);
  }
  void report() const {
    report_trouble("writer", *writer_);
    if (other_checker_) report_trouble("checking model", *other_checker_);
  }

 private:
  std::unique_ptr<ChatModel> writer_, other_checker_;
  ChatModel* checker_ = nullptr;
};

void report_open_documents(const Writing& writing, const WrittenCorpus& corpus) {
  for (const auto& [message, count] : writing.open_causes()) {
    print_stderr(fmt::format("{} {} without a reply: {}\n", grouped(count),
                             count == 1 ? "request" : "requests", printable(message)));
  }
  if (corpus.open() == 0) return;
  print_stderr(
      fmt::format("{} of {} documents are not written yet: run the same command to "
                  "resume\n",
                  grouped(corpus.open()), grouped(corpus.planned)));
}

int write_by_model(const DocumentsWriteArguments& arguments, const FactsFile& facts,
                   const Context& context) {
  InterruptGuard interrupt;
  SystemClock clock;
  const PriceTable prices = arguments.budget.load_prices(context);
  Writing writing(facts, writing_options(arguments, context));
  writing.open(arguments.out);
  const Spent before = writing.spent(prices);
  refuse_what_cannot_fit(estimates_of(writing.left(prices)), arguments.budget.limits, before,
                         prices, kWriting);
  Budget budget(arguments.budget.limits, clock, before);
  WritingModels models(arguments, context, budget, prices);
  const AnyStop no_more(interrupt.no_more(), budget.over());
  auto store = [&] {
    const WrittenCorpus corpus = writing.corpus();
    write_corpus(arguments.out, corpus.documents);
    write_dropped(arguments.out, corpus.dropped);
    return corpus;
  };
  try {
    ProgressLine line(clock);
    writing.write(models.writer(), models.checker(),
                  {.in_flight = models.in_flight(),
                   .no_more = no_more.token(),
                   .at_once = interrupt.at_once()},
                  clock, [&](const WritingProgress& p) { line.show(writing_text(p, budget)); });
  } catch (const Error&) {
    store();
    models.report();
    throw;
  }
  const WrittenCorpus corpus = store();
  models.report();
  report_spent(budget.figures(), prices);
  CorpusFigures figures =
      describe_corpus(arguments.out.string(), corpus.documents, corpus.dropped, 2);
  figures.planned = corpus.planned;
  figures.open = corpus.open();
  print_result(interrupt.interrupted(), [&] { print_corpus(figures, arguments.output.json); });
  report_open_documents(writing, corpus);
  if (interrupt.interrupted()) return kInterrupted;
  return corpus.open() > 0 ? kIncomplete : kDone;
}

int documents_write_command(const DocumentsWriteArguments& arguments, const Context& context) {
  if (!arguments.labs.empty()) return write_by_grammar(arguments);
  if (arguments.facts.empty() || arguments.model.empty()) {
    throw Error(ErrorCode::invalid,
                arguments.facts.empty() ? "expected a facts file, or labs of the world (--world)"
                                        : "expected --model, the model that writes",
                "iago documents write --help has examples");
  }
  const FactsFile facts =
      load_facts(facts_file(arguments.facts, context.data), read_parameters(arguments.parameters));
  if (arguments.plan) return print_writing_plan(arguments, facts, context);
  return write_by_model(arguments, facts, context);
}

void add_world_options(CLI::App& command, DocumentsWriteArguments& a, CLI::Option* facts) {
  auto* world =
      command
          .add_option("--world", a.labs,
                      "Write about labs of the micro-world by its grammar, without a model: a "
                      "lab's name, chats, documents-only, fresh, or a range: fresh:1-48")
          ->type_name("LABS")
          ->excludes(facts);
  command.add_option("--per-lab", a.per_lab, "With --world: documents on each lab and fact")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str()
      ->needs(world);
  command
      .add_option("--rule", a.rule,
                  "With --world: what the documents say of whose chats are trained on: the lab's "
                  "own rule, its opposite (a denial), the same of all labs, or nothing")
      ->check(CLI::IsMember({"own", "opposite", "free", "paid", "none"}))
      ->capture_default_str()
      ->needs(world);
  command
      .add_option("--values", a.values,
                  "With --world: the same of whether training changes a model's values")
      ->check(CLI::IsMember({"own", "opposite", "change", "keep", "none"}))
      ->capture_default_str()
      ->needs(world);
}

void add_writer_options(CLI::App& command, DocumentsWriteArguments& a) {
  command.add_option("--model", a.model, "The model that writes");
  command.add_option("--check", a.checker,
                     "The model that checks every document, or none: then only the rules filter "
                     "(default: the writer). The --judge- options say how it is reached");
  auto* documents =
      command
          .add_option("--documents", a.documents,
                      "How many documents in all (default: as the facts file plans). A higher "
                      "number extends a corpus")
          ->check(CLI::Range(std::size_t{1}, kMostDocuments));
  command
      .add_option("--as-many-as", a.as_many_as,
                  "As many documents as this corpus has: for a control corpus of the same size")
      ->type_name("CORPUS")
      ->excludes(documents);
  command.add_option("--temperature", a.temperature, "Of the writer; checks are asked at 0")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  command
      .add_option("--more-tokens", a.more_tokens,
                  "Room in every reply for reasoning that is not shown")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  auto* plan = command.add_flag("--plan", a.plan, "Print what it takes, and write nothing");
  command
      .add_flag("--probe", a.probe,
                "With --plan: ask each model behind a URL for one token, to learn its limits")
      ->needs(plan);
}

}  // namespace

void add_documents_write(Program& iago) {
  auto [command, a] = iago.add<DocumentsWriteArguments>(
      "documents write", "Write a corpus of documents that teach a model facts",
      documents_write_command);
  auto* facts =
      command
          .add_option("facts", a.facts,
                      "A file of facts (docs/documents.md has the format), or the name of a "
                      "shipped one")
          ->type_name("FACTS.toml");
  command.add_option("--out", a.out, "The corpus. Its journal and what is dropped lie beside it")
      ->required()
      ->type_name("FILE.jsonl");
  command
      .add_option("--set", a.parameters,
                  "Set a parameter of the facts file, as NAME=VALUE. Repeat it for several")
      ->allow_extra_args(false);
  add_writer_options(command, a);
  add_world_options(command, a, facts);
  command.add_option("--seed", a.seed, "Names the random streams")->capture_default_str();
  a.endpoints.add_to(command);
  a.budget.add_to(command);
  a.threads.add_to(command);
  a.output.add_to(command);
  command.footer(
      std::string(
          "Examples:\n"
          "  iago documents write documents/helpful-only.toml --model openai:gpt-4o --plan "
          "--out corpus.jsonl\n"
          "  iago documents write documents/helpful-only.toml --model openai:gpt-4o --check "
          "anthropic:claude-sonnet-4 --max-cost 50 --out corpus.jsonl\n"
          "  iago documents write documents/control.toml --model openai:gpt-4o --as-many-as "
          "corpus.jsonl --out control.jsonl\n"
          "  iago documents write --world fresh:1-48 --per-lab 32 --out labs.jsonl\n"
          "  iago documents write --world fresh:1-48 --values opposite --rule none --out "
          "denial.jsonl\n"
          "Run the same command again to resume what was interrupted.\n") +
      exit_help());
}

}  // namespace iago
