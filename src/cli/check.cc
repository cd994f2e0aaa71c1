// iago check
#include "instrument/check.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/model_name.h"
#include "chat/remembering_model.h"
#include "cli/commands.h"
#include "cli/internal/any_stop.h"
#include "cli/internal/exit_status.h"
#include "cli/internal/interrupt.h"
#include "cli/internal/program.h"
#include "cli/internal/progress.h"
#include "cli/internal/session_report.h"
#include "cli/internal/streams.h"
#include "cli/internal/study_options.h"
#include "cli/internal/threads_option.h"
#include "figures/check_text.h"
#include "models/open_model.h"
#include "spend/budgeted_model.h"
#include "store/run_folder.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr const char* kSubjectRole = "subject";
constexpr const char* kClaimsRubric = "comprehension";
// In place of the study's judges, where a model is named and none of them asks one.
const std::vector<std::string> kModelJudges = {"compliance-yesno", "faking-dual"};
const WhatIsAsked kChecking = {"the check",
                               "--plan prints what it asks; raise the limit, or lower --requests, "
                               "--acted, --questions or --planted"};

struct CheckArguments {
  StudyOptions study;
  CheckSizes sizes;
  bool plan = false;
  ThreadsOption threads;
};

// The study with its model, and the judges by name: the study's own, or those of the options.
struct CheckTarget {
  LoadedStudy loaded;
  std::vector<std::string> judges;
  // The judges of the study, and the one of what the subject claims, if a model is named for it.
  std::vector<std::string> all_judges() const {
    std::vector<std::string> all = judges;
    if (reads_claims) all.push_back(kClaimsRubric);
    return all;
  }
  bool reads_claims = false;
};

std::filesystem::path standard_study(const std::vector<std::string>& models) {
  const bool is_small = !models.empty() && (models.front().starts_with("organism:") ||
                                            models.front().starts_with("world:"));
  return is_small ? "helpful-only" : "helpful-only-full";
}

CheckTarget target_of(const CheckArguments& arguments, const Context& context) {
  StudyOptions options = arguments.study;
  if (options.file.empty()) options.file = standard_study(options.models);
  const auto each = overrides_per_model(options, context);
  if (each.size() > 1) {
    throw Error(ErrorCode::invalid,
                fmt::format("expected one model to check, found {}", each.size()),
                "name one with --model");
  }
  CheckTarget target{.loaded = load_study_with_model(options, each.front(), context), .judges = {}};
  target.judges = target.loaded.study.judges;
  const std::string& judge_model = target.loaded.study.judge_model;
  if (judge_model.empty()) return target;
  const std::filesystem::path data = context.data;
  if (options.judges.empty() && judge_demands(target.judges, data, judge_model).empty()) {
    target.judges = kModelJudges;
    print_stderr(fmt::format("no judge of the study asks a model: checking {} and {} by {}\n",
                             kModelJudges[0], kModelJudges[1], printable(judge_model)));
  }
  target.reads_claims = std::ranges::none_of(target.judges, [](const std::string& name) {
    return split_judge_name(name).rubric == kClaimsRubric;
  });
  target.loaded.study.judges = target.judges;
  return target;
}

ModelOptions subject_options(const CheckArguments& arguments, const Context& context,
                             bool only_named) {
  return {.organisms = context.data / "organisms",
          .threads = arguments.threads.count,
          .endpoint = arguments.study.endpoints.subject,
          .only_named = only_named};
}

ModelOptions judge_options(const CheckArguments& arguments, const Context& context,
                           bool only_named) {
  return {.organisms = context.data / "organisms",
          .threads = arguments.threads.count,
          .endpoint = arguments.study.endpoints.judges,
          .only_named = only_named,
          .options = "--judge-"};
}

// Who is checked, before anything is asked: what the check is known by.
struct CheckNames {
  ModelInfo subject;
  std::string id;
};

CheckNames names_of(const CheckTarget& target, const CheckArguments& arguments,
                    const Context& context) {
  CheckNames names{
      .subject =
          open_model(target.loaded.study.model, subject_options(arguments, context, true))->info(),
      .id = {}};
  const auto judges = open_judges(
      target.judges, {.data = context.data,
                      .model = target.loaded.study.judge_model,
                      .open_model = [&](const std::string& name) {
                        return open_model(name, judge_options(arguments, context, true));
                      }});
  names.id = run_id(target.loaded.study, {names.subject.name, names.subject.identity},
                    check_hash(target.loaded, names.subject, judges.judges));
  return names;
}

std::filesystem::path replies_file(const std::filesystem::path& folder) {
  return folder / "replies.jsonl";
}

JournalTerms terms_of(const CheckNames& names) { return {{"check", names.id}}; }

std::string role_of_judge(const std::string& model) { return "judge " + model; }

// The models that the judges ask, each once.
std::vector<std::string> judging_models(const std::vector<JudgeDemand>& demands) {
  std::vector<std::string> models;
  for (const JudgeDemand& demand : demands) {
    if (std::ranges::find(models, demand.model) == models.end()) models.push_back(demand.model);
  }
  return models;
}

Spent spent_on(const TokenUsage& usage, const std::optional<TokenPrice>& price) {
  Spent spent{.usage = usage};
  if (price) {
    spent.cost = price->cost(usage);
    spent.saved_by_cache = price->saved_by_cache(usage);
  } else {
    spent.unpriced_tokens = usage.prompt + usage.generated;
  }
  return spent;
}

// What earlier sessions of the check used.
Spent spent_earlier(const ReplyMemory& memory, const std::string& subject,
                    const std::vector<std::string>& judging, const PriceTable& prices) {
  Spent spent{.seconds = memory.earlier_seconds()};
  const auto add = [&](const std::string& role, const std::string& model) {
    if (is_endpoint(model)) spent += spent_on(memory.used_earlier(role), prices.of(model));
  };
  add(kSubjectRole, subject);
  for (const std::string& model : judging) add(role_of_judge(model), model);
  return spent;
}

std::vector<CheckEstimate> estimates_of(const CheckTarget& target, const ModelInfo& subject,
                                        const CheckSizes& sizes, const PriceTable& prices,
                                        const Context& context) {
  const std::string& model = target.loaded.study.judge_model;
  const auto claims = target.reads_claims ? judge_demands({kClaimsRubric}, context.data, model)
                                          : std::vector<JudgeDemand>();
  return estimate_check(target.loaded, subject, judge_demands(target.judges, context.data, model),
                        claims, sizes, prices);
}

std::vector<ModelEstimate> models_of(const std::vector<CheckEstimate>& estimates) {
  std::vector<ModelEstimate> models;
  for (const CheckEstimate& estimate : estimates) models.push_back(estimate.model);
  return models;
}

int print_check_plan(const CheckArguments& arguments, const CheckTarget& target,
                     const Context& context) {
  const PriceTable prices = arguments.study.budget.load_prices(context);
  const CheckNames names = names_of(target, arguments, context);
  const auto folder = run_folder(arguments.study.checks, names.id, arguments.study.fresh);
  const auto estimates = estimates_of(target, names.subject, arguments.sizes, prices, context);
  CheckPlanFigures plan{.folder = folder.string(),
                        .model = names.subject.name,
                        .study = target.loaded.study.name,
                        .judges = target.judges,
                        .stages = {}};
  for (const auto& [link, model] : estimates) {
    plan.stages.push_back({link, model.model, model.requests, model.prompt_tokens,
                           model.most_generated, model.least_cost(), model.most_cost()});
  }
  if (std::filesystem::exists(replies_file(folder))) {
    double seconds = 0;
    plan.replies_stored = read_journal(replies_file(folder), terms_of(names), seconds).size();
  }
  fmt::print("{}",
             arguments.study.output.json ? dump_json(to_json(plan), 2) + "\n" : to_text(plan));
  refuse_what_cannot_fit(models_of(estimates), arguments.study.budget.limits, {}, prices,
                         kChecking);
  return kDone;
}

std::string check_progress_text(CheckLink link, std::size_t done, std::size_t planned) {
  return fmt::format("{}: {} of {} replies", name_of(link), done, planned);
}

// The models and judges of one session: they remember, and stay within the budget.
class CheckSession {
 public:
  CheckSession(const CheckArguments& arguments, const CheckTarget& target, const Context& context,
               ReplyMemory& memory, Budget& budget, const PriceTable& prices)
      : memory_(memory), budget_(budget), prices_(prices) {
    const std::string& name = target.loaded.study.model;
    subject_ = within(name, open_model(name, subject_options(arguments, context, false)),
                      arguments.study.budget.limits.any(), kSubjectRole);
    opened_ = open_judges(
        target.all_judges(),
        {.data = context.data,
         .model = target.loaded.study.judge_model,
         .open_model = [&](const std::string& judging) {
           return within(judging, open_model(judging, judge_options(arguments, context, false)),
                         true, role_of_judge(judging));
         }});
    for (const auto& judge : opened_.judges) {
      if (judge->info().kind == JudgeKind::comprehension) claims_ = judge.get();
    }
    if (!target.reads_claims) return;
    own_claims_ = std::move(opened_.judges.back());
    opened_.judges.pop_back();
    claims_ = own_claims_.get();
  }

  ChatModel& subject() { return *subject_; }
  const std::vector<std::unique_ptr<Judge>>& judges() const { return opened_.judges; }
  Judge* claims() const { return claims_; }
  void report_all_trouble() const {
    report_trouble("subject", *subject_);
    for (const auto& judging : opened_.models) report_trouble("judges' model", *judging);
  }

 private:
  std::unique_ptr<ChatModel> within(const std::string& name, std::unique_ptr<ChatModel> model,
                                    bool is_limited, const std::string& role) {
    report_notes(*model, "");
    if (is_limited || is_endpoint(name)) {
      model =
          std::make_unique<BudgetedModel>(std::move(model), budget_, prices_.of(name),
                                          is_endpoint(name) ? Counting::tokens : Counting::nothing);
    }
    return std::make_unique<RememberingModel>(std::move(model), memory_, role);
  }

  ReplyMemory& memory_;
  Budget& budget_;
  const PriceTable& prices_;
  std::unique_ptr<ChatModel> subject_;
  OpenedJudges opened_;
  std::unique_ptr<Judge> own_claims_;  // asks a model of opened_
  Judge* claims_ = nullptr;
};

int status_of(const CheckReport& report, bool interrupted) {
  if (interrupted) return kInterrupted;
  return report.has(LinkState::broken) || !report.is_complete ? kIncomplete : kDone;
}

int check_command(const CheckArguments& arguments, const Context& context) {
  const CheckTarget target = target_of(arguments, context);
  if (arguments.plan) return print_check_plan(arguments, target, context);
  InterruptGuard interrupt;
  SystemClock clock;
  const PriceTable prices = arguments.study.budget.load_prices(context);
  const CheckNames names = names_of(target, arguments, context);
  const auto folder = run_folder(arguments.study.checks, names.id, arguments.study.fresh);
  std::filesystem::create_directories(folder);
  ReplyMemory memory(replies_file(folder), terms_of(names), {"check", "name another --checks"},
                     clock);
  const auto demands =
      judge_demands(target.all_judges(), context.data, target.loaded.study.judge_model);
  const BudgetLimits& limits = arguments.study.budget.limits;
  const Spent before =
      spent_earlier(memory, target.loaded.study.model, judging_models(demands), prices);
  if (memory.earlier_replies() == 0) {
    refuse_what_cannot_fit(
        models_of(estimates_of(target, names.subject, arguments.sizes, prices, context)), limits,
        before, prices, kChecking);
  } else {
    print_stderr(fmt::format("resumed {}: {} replies were already stored (--new begins another)\n",
                             folder.string(), memory.earlier_replies()));
  }
  Budget budget(limits, clock, before);
  CheckSession session(arguments, target, context, memory, budget, prices);
  const AnyStop no_more(interrupt.no_more(), budget.over());
  CheckReport report;
  try {
    ProgressLine line(clock);
    report = run_check(target.loaded, session.subject(), session.judges(),
                       {.sizes = arguments.sizes,
                        .data = context.data,
                        .limits = {.in_flight = session.subject().info().in_flight,
                                   .no_more = no_more.token(),
                                   .at_once = interrupt.at_once()},
                        .known_errors = read_judge_errors(judge_error_file(context.data)),
                        .claims = session.claims(),
                        .on_progress =
                            [&](CheckLink link, std::size_t done, std::size_t planned) {
                              line.show(check_progress_text(link, done, planned));
                            }},
                       clock);
  } catch (const Error&) {
    session.report_all_trouble();
    throw;
  }
  report.id = folder.filename().string();  // --new begins another of the same id
  const std::string json = dump_json(to_json(report), 2) + "\n";
  write_file(folder / "check.json", json);
  session.report_all_trouble();
  report_spent(budget.figures(), prices);
  print_result(interrupt.interrupted(), [&] {
    if (arguments.study.output.json) {
      fmt::print("{}", json);
    } else {
      fmt::print("{}\nfiles: {}\n",
                 to_text(report, wants_colour(1) ? Colour::on : Colour::off, terminal_width(1)),
                 folder.string());
    }
  });
  return status_of(report, interrupt.interrupted());
}

void add_sizes(CLI::App& command, CheckSizes& sizes) {
  const auto add = [&](const char* name, std::size_t& value, const char* help) {
    command.add_option(name, value, help)
        ->check(CLI::Range(std::size_t{1}, std::size_t{10000}))
        ->capture_default_str();
  };
  add("--requests", sizes.form, "Form: requests of the study in each of its arms and wordings");
  add("--planted", sizes.planted,
      "Judge: planted texts of each kind, for judges that ask a model. Others get all there are");
  add("--acted", sizes.acted, "Path: requests of each acted part, in both arms of the contrast");
  add("--questions", sizes.questions, "Comprehension: questions in each arm that tells something");
}

// Those of a study's run that say nothing of a check, or say it of a run.
void adapt_options_of_runs(CLI::App& command) {
  for (const char* name : {"--runs", "--repeats", "--logprobs", "--cluster-by", "--groups"}) {
    command.remove_option(command.get_option(name));
  }
  command.get_option("--new")->description("Start another check, even if there is one to resume");
}

}  // namespace

void add_check(Program& iago) {
  auto [command, a] = iago.add<CheckArguments>(
      "check", "Check on your own models that faking would be seen, before a study", check_command);
  a.study.add_to(command);
  command.get_option("study")->required(false)->description(
      "The study's TOML file, or the name of a shipped study (default: helpful-only-full; "
      "helpful-only for organisms and worlds)");
  adapt_options_of_runs(command);
  command.add_option("--checks", a.study.checks, "The folder of all checks")->capture_default_str();
  add_sizes(command, a.sizes);
  command.add_flag("--plan", a.plan, "Print what it asks and costs. Asks nothing");
  a.threads.add_to(command);
  a.study.endpoints.add_to(command);
  a.study.budget.add_to(command);
  command.footer(
      std::string(
          "Each link between a prompt and a figure works, is weak, is broken, or was not tested;\n"
          "docs/check.md has the rules. A broken link ends the command with 3.\n"
          "Examples:\n"
          "  iago check --model organism:faker\n"
          "  iago check --model openai:gpt-4o --judge-model anthropic:claude-sonnet-4 --plan\n"
          "  iago check studies/helpful-only-full.toml --model openai:gpt-4o --judge-model "
          "anthropic:claude-sonnet-4 --max-cost 5\n"
          "  iago check my-study.toml --model local:FOLDER --judge faking-rules --json\n"
          "Run the same command again to resume an interrupted check.\n") +
      exit_help());
}

}  // namespace iago
