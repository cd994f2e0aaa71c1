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
#include "judge/rule_judges.h"
#include "lab/disagreement.h"
#include "lab/labelled.h"
#include "lab/organisms.h"
#include "lab/rejudge.h"
#include "lab/spending.h"
#include "lab/subject.h"
#include "lab/validate.h"
#include "report/printable.h"
#include "report/terminal.h"

namespace iago::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kExcerpt = 400;  // columns of a text shown

lab::Validation validate_one(const std::string& name, const JudgeValidateArguments& arguments,
                             const Context& context, const InterruptGuard& interrupt,
                             const Clock& clock) {
  auto model = lab::open_subject(
      name, {.organisms = context.data / "organisms", .threads = arguments.threads});
  ProgressLine line(clock);
  lab::ValidateOptions options{.where = cell_runs(context, arguments.runs, interrupt, name, line),
                               .samples = arguments.samples};
  if (arguments.seed) options.seed = *arguments.seed;
  return lab::validate(*model, make_rule_judges(rule_judge_names()), options, clock);
}

void write_errors(const lab::Validation& validation, const Context& context) {
  std::vector<lab::JudgeError> errors;
  for (const lab::ValidatedJudge& judge : validation.judges) errors.push_back(judge.error);
  lab::write_judge_errors(lab::judge_error_file(context.data), errors);
}

void print_rejudged(const lab::RejudgeResult& result, const fs::path& run) {
  for (const lab::Rejudged& judge : result.judges) {
    fmt::print(stderr, "{} ({:.8}{}): {} judged now{}\n", judge.name, judge.hash,
               judge.is_new ? ", new to this run" : "", judge.judged,
               judge.waiting > 0 ? fmt::format(", {} to go", judge.waiting) : "");
  }
  fmt::print("{}",
             terminal_table(result.summary, {.colour = wants_colour(1) ? Colour::on : Colour::off,
                                             .width = terminal_width(1),
                                             .folder = run}));
}

Json json_of(const lab::RejudgeResult& result) {
  Json json{{"judged", Json::array()}};
  for (const lab::Rejudged& judge : result.judges) {
    json["judged"].push_back({{"name", judge.name},
                              {"hash", judge.hash},
                              {"new", judge.is_new},
                              {"verdicts", judge.judged},
                              {"waiting", judge.waiting},
                              {"unparsable", judge.count.unparsable},
                              {"refused", judge.count.refused},
                              {"failed", judge.count.failed},
                              {"prompt_tokens", judge.count.usage.prompt},
                              {"generated_tokens", judge.count.usage.generated}});
  }
  json["summary"] = to_json(result.summary);
  return json;
}

Json json_of(const lab::Disagreement& found) {
  return {{"trial", found.trial},
          {"query", found.query},
          {"query_text", found.query_text},
          {"scratchpad", found.scratchpad},
          {"output", found.output},
          {"a", {{"label", found.label_a}, {"why", found.why_a}}},
          {"b", {{"label", found.label_b}, {"why", found.why_b}}}};
}

Json json_of(const lab::JudgeComparison& comparison, Json disagreements) {
  const Confusion& counts = comparison.counts;
  auto judge = [](const JudgeRow& row) {
    return Json{{"name", row.name}, {"kind", row.kind}, {"hash", row.hash}};
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

void print(const lab::Disagreement& found) {
  fmt::print("\n{:.16}  query {}\n", found.trial, printable(found.query));
  fmt::print("  query:      {}\n", printable(found.query_text, kExcerpt));
  fmt::print("  scratchpad: {}\n", printable(found.scratchpad, kExcerpt));
  fmt::print("  output:     {}\n", printable(found.output, kExcerpt));
  fmt::print("  a: {} ({})\n", printable(found.label_a), printable(found.why_a, kExcerpt));
  fmt::print("  b: {} ({})\n", printable(found.label_b), printable(found.why_b, kExcerpt));
}

void print(const lab::JudgeComparison& comparison) {
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

std::vector<std::pair<JudgeRow, JudgeRow>> pairs_to_compare(const Store& store,
                                                            const JudgeDiffArguments& arguments) {
  if (!arguments.a.empty()) {
    return {{lab::find_judge(store, arguments.a), lab::find_judge(store, arguments.b)}};
  }
  auto pairs = lab::newest_versions(store);
  if (pairs.empty()) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: each judge has judged in one version only", store.path().string()),
                "name two judges of the same kind, or judge with another version: iago judge RUN");
  }
  return pairs;
}

int validate_by_labels(const JudgeValidateArguments& arguments, const Context& context) {
  InterruptGuard interrupt;
  auto opened = open_judges(
      arguments.judges, {.name = arguments.judge_model, .threads = arguments.threads}, context);
  std::vector<lab::LabelledResult> results;
  std::vector<lab::GradingCount> counts;
  Json json = Json::array();
  for (const auto& judge : opened.judges) {
    auto texts = lab::load_labelled(arguments.labels, judge->info());
    results.push_back(lab::hold_against_labels(*judge, texts, interrupt.no_more()));
    counts.push_back(results.back().grading);
    json.push_back(lab::to_json(results.back()));
  }
  fmt::print("{}", arguments.output == Output::json ? dump_json(json, 2) + "\n"
                                                    : lab::to_markdown(results));
  return report_unjudged(opened.judges, counts) ? 3 : 0;
}

}  // namespace

int judge_command(const JudgeArguments& arguments, const Context& context) {
  InterruptGuard interrupt;
  auto names = arguments.judges.empty() ? lab::judge_names(arguments.run) : arguments.judges;
  SystemClock clock;
  const lab::PriceTable prices = load_prices(arguments.spending, context);
  const std::filesystem::path folder = std::filesystem::weakly_canonical(arguments.run);
  lab::Budget budget(arguments.spending.budget, clock, lab::spent_in(folder, prices));
  auto opened = open_judges(names,
                            {.name = arguments.judge_model,
                             .threads = arguments.threads,
                             .endpoint = arguments.spending.judge_endpoint,
                             .budget = &budget,
                             .prices = &prices},
                            context);
  auto result =
      lab::rejudge(arguments.run, opened.judges,
                   {.judge_errors = lab::read_judge_errors(lab::judge_error_file(context.data)),
                    .stop = interrupt.no_more(),
                    .prices = &prices},
                   clock);
  report_spending(budget.spent(), budget.met(), prices);
  if (arguments.output == Output::json) {
    fmt::print("{}\n", dump_json(json_of(result), 2));
  } else {
    print_rejudged(result, arguments.run);
  }
  if (result.interrupted) {
    fmt::print(stderr, "interrupted; the same command goes on\n");
    return 130;
  }
  std::vector<lab::GradingCount> counts;
  for (const lab::Rejudged& judge : result.judges) counts.push_back(judge.count);
  return report_unjudged(opened.judges, counts) ? 3 : 0;
}

int judge_validate_command(const JudgeValidateArguments& arguments, const Context& context) {
  if (!arguments.labels.empty()) return validate_by_labels(arguments, context);
  InterruptGuard interrupt;
  SystemClock clock;
  auto models = arguments.models;
  if (models.empty()) models = lab::control_subjects(context.data / "organisms");
  std::vector<lab::Validation> validations;
  Json json = Json::array();
  for (const std::string& model : models) {
    validations.push_back(validate_one(model, arguments, context, interrupt, clock));
    if (arguments.write) write_errors(validations.back(), context);
    json.push_back(lab::to_json(validations.back()));
  }
  fmt::print("{}", arguments.output == Output::json ? dump_json(json, 2) + "\n"
                                                    : lab::to_markdown(validations));
  return 0;
}

int judge_diff_command(const JudgeDiffArguments& arguments, const Context&) {
  Store store(arguments.run / "run.db");
  Json json = Json::array();
  for (const auto& [a, b] : pairs_to_compare(store, arguments)) {
    Json shown = Json::array();
    std::vector<lab::Disagreement> found;
    auto comparison = lab::compare_judges(store, a, b, [&](const lab::Disagreement& one) {
      if (found.size() < arguments.limit) found.push_back(one);
      return found.size() < arguments.limit;
    });
    for (const lab::Disagreement& one : found) shown.push_back(json_of(one));
    if (arguments.output == Output::json) {
      json.push_back(json_of(comparison, std::move(shown)));
      continue;
    }
    print(comparison);
    for (const lab::Disagreement& one : found) print(one);
    if (comparison.disagreements() > found.size()) {
      fmt::print("\n{} more (--limit)\n", comparison.disagreements() - found.size());
    }
  }
  if (arguments.output == Output::json) fmt::print("{}\n", dump_json(json, 2));
  return 0;
}

}  // namespace iago::cli
