// Coverage of the gap corrected for a judge whose errors differ by arm (stats/judged_gap.h).
//
//   judged [--studies N] [--seed N] [--write FOLDER]
//
// For each design: how many of N studies (1,000) have a corrected interval that contains the true
// gap, and in how many the answer is "too few labels" or "contradicted" instead.
#include <fmt/core.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "bench/in_parallel.h"
#include "bench/options.h"
#include "testing/stats/simulated_judge.h"

namespace iago::bench {
namespace {

struct Row {
  JudgedDesign design;
  JudgedCoverage found;
};

std::vector<Row> rows_to_simulate() {
  struct Rates {
    double more, less;
  };
  struct Judges {
    SimulatedJudge more, less;
  };
  const Judges judges[] = {{{0.95, 0.98}, {0.95, 0.98}},
                           {{0.9, 0.95}, {0.9, 1}},
                           {{0.7, 1}, {0.95, 1}},
                           {{1, 1}, {1, 1}},
                           {{0.8, 0.9}, {0.95, 0.99}}};
  std::vector<Row> rows;
  for (const Rates& rates : {Rates{0.03, 0.03}, {0.14, 0.03}, {0.5, 0.3}, {0.9, 0.9}}) {
    for (const Judges& judge : judges) {
      for (std::size_t labels : {50, 200, 1000}) {
        rows.push_back({{.more = rates.more,
                         .less = rates.less,
                         .in_more = judge.more,
                         .in_less = judge.less,
                         .labels = labels},
                        {}});
      }
    }
  }
  return rows;
}

std::string line_of(const Row& row, int studies) {
  const JudgedDesign& d = row.design;
  const auto percent = [studies](int count) { return 100.0 * count / studies; };
  const int corrected = studies - row.found.too_few - row.found.contradicted;
  const double covered = corrected > 0 ? 100.0 * row.found.covered / corrected : 100;
  const bool is_short = percent(row.found.covered + row.found.too_few) < 93;
  return fmt::format("| {} / {} | {} / {} | {} / {} | {} | {:.1f}{} | {:.1f} | {:.1f} | {:.1f} |\n",
                     d.more, d.less, d.in_more.sensitivity, d.in_more.specificity,
                     d.in_less.sensitivity, d.in_less.specificity, d.labels, covered,
                     is_short ? " **short**" : "", percent(row.found.too_few),
                     percent(row.found.contradicted), row.found.points);
}

int run(const std::vector<std::string>& arguments) {
  int studies = 1000;
  std::uint64_t seed = 20261128;
  std::string folder;
  if (!read_options("judged", arguments,
                    {{"--studies", &studies}, {"--seed", &seed}, {"--write", &folder, "FOLDER"}})) {
    return 2;
  }
  std::vector<Row> rows = rows_to_simulate();
  for_each_in_parallel(rows,
                       [&](Row& row) { row.found = simulate_judged(row.design, studies, seed); });
  std::string text = fmt::format(
      "# Gaps corrected for a judge that errs\n\n"
      "    build/variants/bench/bench/judged --studies {} --seed {} --write docs/results\n\n"
      "{} simulated studies a row: 200 queries, 10 repeats, correlation 0.05, the arms tied. The "
      "judge errs with the given sensitivity and specificity in each arm, and people labelled the "
      "given number of answers in each arm, drawn at random. Required: in at least 93 % the "
      "corrected "
      "interval contains the true gap, or the answer is \"too few labels\"; rows below are marked. "
      "\"Covered\" is of the studies that were corrected.\n\n"
      "| true rates, more / less | judge in more, se / sp | judge in less | labels an arm | "
      "covered "
      "% | too few labels % | contradicted % | mean width, points |\n"
      "|---|---|---|---|---|---|---|---|\n",
      studies, seed, studies);
  for (const Row& row : rows) text += line_of(row, studies);
  fmt::print("{}", text);
  if (!folder.empty()) write_file(std::filesystem::path(folder) / "judged.md", text);
  return 0;
}

}  // namespace
}  // namespace iago::bench

int main(int count, char** values) { return iago::bench::run({values + 1, values + count}); }
