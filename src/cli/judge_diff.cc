// iago judge diff
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/internal/output_option.h"
#include "cli/internal/program.h"
#include "figures/disagreement.h"
#include "judge/agreement.h"
#include "text/printable.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kExcerpt = 400;  // columns of a text shown

struct JudgeDiffArguments {
  // Nothing, RUN, A B or RUN A B: the run is the newest one if left out, and the judges are the
  // newest two versions of each.
  std::vector<std::string> named;
  std::size_t limit = 20;
  OutputOption output;
};

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
             comparison.counts.total() - comparison.differing, 100 * comparison.agreement(),
             kappa ? fmt::format("{:.3f}", *kappa) : "undefined (both always say the same)");
  if (comparison.both_unclear + comparison.one_unclear > 0) {
    fmt::print("; {} more are unclear to both of them and {} to one", comparison.both_unclear,
               comparison.one_unclear);
  }
  if (comparison.one_silent > 0) {
    fmt::print("; {} judged by only one of them", comparison.one_silent);
  }
  fmt::print("\n");
}

// The run and the two judges; without judges, the newest two versions of each.
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
                fmt::format("expected two judges, found the folder {} and one judge", of.a),
                "name two judges (iago judge diff RUN A B) or none");
  }
  return of;
}

std::vector<std::pair<JudgeRow, JudgeRow>> pairs_to_compare(const Store& store, const DiffOf& of) {
  if (!of.a.empty()) return {{find_judge(store, of.a), find_judge(store, of.b)}};
  auto pairs = newest_versions(store);
  if (pairs.empty()) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: no judge has two versions in this run", store.path().string()),
                "name two judges of the same kind, or judge with another version: iago judge RUN");
  }
  return pairs;
}

int judge_diff_command(const JudgeDiffArguments& arguments, const Context&) {
  const DiffOf of = diff_of(arguments.named);
  Store store(of.run / "run.db");
  Json json = Json::array();
  for (const auto& [a, b] : pairs_to_compare(store, of)) {
    std::vector<Disagreement> found;
    auto comparison = compare_judges(store, a, b, [&](const Disagreement& one) {
      if (found.size() < arguments.limit) found.push_back(one);
      return found.size() < arguments.limit;
    });
    if (arguments.output.json) {
      json.push_back(to_json(comparison, cohens_kappa(comparison.counts), found));
      continue;
    }
    print(comparison);
    for (const Disagreement& one : found) print(one);
    if (comparison.disagreements() > found.size()) {
      fmt::print("\n{} more (--limit)\n", comparison.disagreements() - found.size());
    }
  }
  if (arguments.output.json) fmt::print("{}\n", dump_json(json, 2));
  return 0;
}

}  // namespace

void add_judge_diff(Program& iago) {
  auto [command, a] = iago.add<JudgeDiffArguments>(
      "judge diff",
      "List completions that two judges, or two versions of a judge, label differently",
      judge_diff_command);
  command
      .add_option("named", a.named,
                  "RUN: the run's folder (default: runs/latest). A and B: two of its judges, each "
                  "as NAME, HASH or NAME@HASH (default: the newest two versions of each judge)")
      ->type_name("[RUN] [A B]")
      ->expected(0, 3);
  command.add_option("--limit", a.limit, "Show at most N completions")->capture_default_str();
  a.output.add_to(command);
  command.footer(
      "Examples:\n"
      "  iago judge diff runs/latest\n"
      "  iago judge diff compliance-rules compliance-yesno\n"
      "  iago judge diff runs/latest faking-rules@1a2b3c4d faking-rules@5e6f7a8b --json");
}

}  // namespace iago
