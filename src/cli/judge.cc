// iago judge RUN, judge validate, judge diff
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "cli/cell_runs.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/progress_text.h"
#include "cli/tell.h"
#include "figures/disagreement.h"
#include "figures/terminal.h"
#include "instrument/labelled.h"
#include "instrument/validate.h"
#include "judge/agreement.h"
#include "judge/rule_judges.h"
#include "models/organisms.h"
#include "models/subject.h"
#include "run/rejudge.h"
#include "spend/spending.h"
#include "text/printable.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kExcerpt = 400;  // columns of a text shown

Validation validate_one(const std::string& name, const JudgeValidateArguments& arguments,
                        const Context& context, const InterruptGuard& interrupt,
                        const Clock& clock) {
  auto model =
      open_subject(name, {.organisms = context.data / "organisms", .threads = arguments.threads});
  ProgressLine line(clock);
  ValidateOptions options{.where = cell_runs(context, arguments.runs, interrupt, name, line),
                          .samples = arguments.samples};
  if (arguments.seed) options.seed = *arguments.seed;
  return validate(*model, make_rule_judges(rule_judge_names()), options, clock);
}

void write_errors(const Validation& validation, const Context& context) {
  write_judge_errors(judge_error_file(context.data), judge_errors(validation));
}

void print_rejudged(const RejudgeResult& result, const fs::path& run) {
  for (const Rejudged& judge : result.judges) {
    tell(fmt::format("{} ({:.8}{}): {} judged now{}\n", judge.name, judge.hash,
                     judge.is_new ? ", new to this run" : "", judge.judged,
                     judge.waiting > 0 ? fmt::format(", {} to go", judge.waiting) : ""));
  }
  fmt::print("{}",
             terminal_table(result.summary, {.colour = wants_colour(1) ? Colour::on : Colour::off,
                                             .width = terminal_width(1),
                                             .folder = run}));
}

Json json_of(const RejudgeResult& result) {
  Json json{{"judged", Json::array()}};
  for (const Rejudged& judge : result.judges) {
    json["judged"].push_back({{"name", judge.name},
                              {"hash", judge.hash},
                              {"new", judge.is_new},
                              {"verdicts", judge.judged},
                              {"waiting", judge.waiting},
                              {"answered", judge.stored.answered},
                              {"without_label", judge.stored.without_label},
                              {"unparsable", judge.count.unparsable},
                              {"refused", judge.count.refused},
                              {"failed", judge.count.failed},
                              {"prompt_tokens", judge.count.usage.prompt},
                              {"generated_tokens", judge.count.usage.generated}});
  }
  json["summary"] = to_json(result.summary);
  return json;
}

Json json_of(const Disagreement& found) {
  return {{"trial", found.trial},
          {"query", found.query},
          {"query_text", found.query_text},
          {"scratchpad", found.scratchpad},
          {"output", found.output},
          {"a", {{"label", found.label_a}, {"why", found.why_a}}},
          {"b", {{"label", found.label_b}, {"why", found.why_b}}}};
}

Json json_of(const JudgeComparison& comparison, Json disagreements) {
  const Confusion& counts = comparison.counts;
  auto judge = [](const JudgeRow& row) {
    return Json{{"name", row.name}, {"kind", name_of(row.kind)}, {"hash", row.hash}};
  };
  auto kappa = cohens_kappa(counts);
  return {{"a", judge(comparison.a)},
          {"b", judge(comparison.b)},
          {"both_judged", counts.total()},
          {"one_silent", comparison.one_silent},
          {"both_positive", counts.true_positive},
          {"only_a_positive", counts.false_negative},
          {"only_b_positive", counts.false_positive},
          {"both_negative", counts.true_negative},
          {"agreement", comparison.agreement()},
          {"kappa", kappa ? Json(*kappa) : Json(nullptr)},
          {"disagreements", std::move(disagreements)}};
}

void print(const Disagreement& found) {
  fmt::print("\n{:.16}  query {}\n", found.trial, printable(found.query));
  fmt::print("  query:      {}\n", printable(found.query_text, kExcerpt));
  fmt::print("  scratchpad: {}\n", printable(found.scratchpad, kExcerpt));
  fmt::print("  output:     {}\n", printable(found.output, kExcerpt));
  fmt::print("  a: {} ({})\n", printable(found.label_a), printable(found.why_a, kExcerpt));
  fmt::print("  b: {} ({})\n", printable(found.label_b), printable(found.why_b, kExcerpt));
}

void print(const JudgeComparison& comparison) {
  auto kappa = cohens_kappa(comparison.counts);
  fmt::print("\na {}@{:.8}, b {}@{:.8}: {} judged by both, {} agree ({:.2f} %), kappa {}",
             printable(comparison.a.name), comparison.a.hash, printable(comparison.b.name),
             comparison.b.hash, comparison.counts.total(),
             comparison.counts.total() - comparison.disagreements(), 100 * comparison.agreement(),
             kappa ? fmt::format("{:.3f}", *kappa) : "undefined (both always say the same)");
  if (comparison.one_silent > 0) {
    fmt::print("; {} have a verdict of one alone", comparison.one_silent);
  }
  fmt::print("\n");
}

// What `iago judge diff` is about; without judges, the newest two versions of each.
struct DiffOf {
  fs::path run = "runs/latest";
  std::string a, b;
};

DiffOf diff_of(const std::vector<std::string>& named) {
  DiffOf of;
  if (named.size() == 1 || named.size() == 3) of.run = named.front();
  if (named.size() >= 2) of.a = named[named.size() - 2], of.b = named.back();
  if (named.size() == 2 && fs::is_directory(of.a)) {
    throw Error(ErrorCode::invalid,
                fmt::format("{} is a folder, and one judge cannot be compared", of.a),
                "name two judges, iago judge diff RUN A B, or none");
  }
  return of;
}

std::vector<std::pair<JudgeRow, JudgeRow>> pairs_to_compare(const Store& store, const DiffOf& of) {
  if (!of.a.empty()) return {{find_judge(store, of.a), find_judge(store, of.b)}};
  auto pairs = newest_versions(store);
  if (pairs.empty()) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: each judge has judged in one version only", store.path().string()),
                "name two judges of the same kind, or judge with another version: iago judge RUN");
  }
  return pairs;
}

// Dollars; null where the judge asks no model, or one without a price.
Json cost_of(const LabelledResult& result, const PriceTable& prices) {
  const std::string model = split_judge_name(result.judge).model;
  const auto price = model.empty() ? std::nullopt : prices.of(model);
  return price ? Json(price->cost(result.grading.usage)) : Json(nullptr);
}

// Nothing of it is stored, so what it took is said here, even where it cost nothing.
void report_asking(const Budget& budget, const PriceTable& prices) {
  const Spent spent = budget.spent();
  report_spending(spent, budget.met(), prices);
  if (spent.cost > 0 || spent.tokens() == 0) return;
  tell(fmt::format("spent: {} prompt tokens and {} generated\n", spent.usage.prompt,
                   spent.usage.generated));
}

int validate_by_labels(const JudgeValidateArguments& arguments, const Context& context) {
  InterruptGuard interrupt;
  SystemClock clock;
  const PriceTable prices = load_prices(arguments.spending, context);
  Budget budget(arguments.spending.budget, clock);
  check_judge_models(arguments.judges, arguments.judge_model, arguments.spending.budget, {}, prices,
                     context);
  auto opened = open_judges(arguments.judges,
                            {.name = arguments.judge_model,
                             .threads = arguments.threads,
                             .endpoint = arguments.spending.judge_endpoint,
                             .budget = &budget,
                             .prices = &prices},
                            context);
  std::vector<LabelledResult> results;
  std::vector<StoredGrading> all;
  std::vector<GradingCount> counts;
  Json json = Json::array();
  for (const auto& judge : opened.judges) {
    auto texts = load_labelled(arguments.labels, judge->info());
    results.push_back(hold_against_labels(*judge, texts, interrupt.no_more()));
    const GradingCount& count = counts.emplace_back(results.back().grading);
    all.push_back({judge->info().name, count.given(), count.without_label()});
    json.push_back(to_json(results.back()));
    json.back()["cost"] = cost_of(results.back(), prices);
  }
  report_asking(budget, prices);
  fmt::print("{}",
             arguments.output == Output::json ? dump_json(json, 2) + "\n" : to_markdown(results));
  return report_unjudged(all, counts) ? 3 : 0;
}

// The run's own judges are opened by their names, and a name says neither the URL nor the key of a
// model: what answers now may be another's. So a model is asked as it was, or because it was named.
void refuse_other_versions(const std::vector<std::unique_ptr<Judge>>& judges, const fs::path& run) {
  auto stored = Store(run / "run.db").judges();
  for (const auto& judge : judges) {
    const JudgeInfo& info = judge->info();
    if (info.requests == 0) continue;
    if (std::ranges::count(stored, info.hash, &JudgeRow::hash) > 0) continue;
    throw Error(ErrorCode::invalid,
                fmt::format("{}: {} is not the version that judged it: its rubric, the URL or the "
                            "bytes of its model or this program differ",
                            run.string(), info.name),
                "reach its model as before (--base-url), or ask the new version: --judge NAME");
  }
}

}  // namespace

int judge_command(const JudgeArguments& arguments, const Context& context) {
  InterruptGuard interrupt;
  auto names = arguments.judges.empty() ? judge_names(arguments.run) : arguments.judges;
  SystemClock clock;
  const PriceTable prices = load_prices(arguments.spending, context);
  const std::filesystem::path folder = std::filesystem::weakly_canonical(arguments.run);
  Budget budget(arguments.spending.budget, clock, spent_in(folder, prices));
  check_judge_models(names, arguments.judge_model, arguments.spending.budget, budget.spent(),
                     prices, context);
  auto opened = open_judges(names,
                            {.name = arguments.judge_model,
                             .threads = arguments.threads,
                             .endpoint = arguments.spending.judge_endpoint,
                             .budget = &budget,
                             .prices = &prices},
                            context);
  if (arguments.judges.empty()) refuse_other_versions(opened.judges, arguments.run);
  RejudgeResult result;
  {
    ProgressLine line(clock);
    result = rejudge(arguments.run, opened.judges,
                     {.judge_errors = read_judge_errors(judge_error_file(context.data)),
                      .stop = interrupt.no_more(),
                      .prices = &prices,
                      .on_progress = [&](const JudgingProgress& p) { line.show(judging_text(p)); },
                      .budget = &budget},
                     clock);
  }
  report_spending(budget.spent(), budget.met(), prices);
  for (const auto& judging : opened.models) report_trouble("judges' model", *judging);
  print_result(result.interrupted, [&] {
    if (arguments.output == Output::json) {
      fmt::print("{}\n", dump_json(json_of(result), 2));
    } else {
      print_rejudged(result, arguments.run);
    }
  });
  if (result.interrupted) {
    tell("interrupted; the same command goes on\n");
    return 130;
  }
  std::vector<StoredGrading> stored;
  std::vector<GradingCount> counts;
  for (const Rejudged& judge : result.judges) {
    stored.push_back(judge.stored);
    counts.push_back(judge.count);
  }
  return report_unjudged(stored, counts) ? 3 : 0;
}

int judge_validate_command(const JudgeValidateArguments& arguments, const Context& context) {
  if (!arguments.labels.empty()) return validate_by_labels(arguments, context);
  InterruptGuard interrupt;
  SystemClock clock;
  auto models = arguments.models;
  if (models.empty()) models = control_subjects(context.data / "organisms");
  std::vector<Validation> validations;
  Json json = Json::array();
  for (const std::string& model : models) {
    validations.push_back(validate_one(model, arguments, context, interrupt, clock));
    if (arguments.write) write_errors(validations.back(), context);
    json.push_back(to_json(validations.back()));
  }
  fmt::print("{}", arguments.output == Output::json ? dump_json(json, 2) + "\n"
                                                    : to_markdown(validations));
  return 0;
}

int judge_diff_command(const JudgeDiffArguments& arguments, const Context&) {
  const DiffOf of = diff_of(arguments.named);
  Store store(of.run / "run.db");
  Json json = Json::array();
  for (const auto& [a, b] : pairs_to_compare(store, of)) {
    Json shown = Json::array();
    std::vector<Disagreement> found;
    auto comparison = compare_judges(store, a, b, [&](const Disagreement& one) {
      if (found.size() < arguments.limit) found.push_back(one);
      return found.size() < arguments.limit;
    });
    for (const Disagreement& one : found) shown.push_back(json_of(one));
    if (arguments.output == Output::json) {
      json.push_back(json_of(comparison, std::move(shown)));
      continue;
    }
    print(comparison);
    for (const Disagreement& one : found) print(one);
    if (comparison.disagreements() > found.size()) {
      fmt::print("\n{} more (--limit)\n", comparison.disagreements() - found.size());
    }
  }
  if (arguments.output == Output::json) fmt::print("{}\n", dump_json(json, 2));
  return 0;
}

}  // namespace iago
