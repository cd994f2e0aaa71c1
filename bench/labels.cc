// Coverage of the gap by people's labels of a sample drawn within strata (stats/stratified.h).
//
//   labels [--studies N] [--seed N] [--write FOLDER]
//
// For each design: how many of N studies (1,000) have an interval that contains the true gap, and
// how many of Wald's on the same estimate do.
#include <fmt/core.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "bench/in_parallel.h"
#include "bench/options.h"
#include "testing/stats/simulated_labels.h"

namespace iago::bench {
namespace {

constexpr double kRequired = 93;  // percent

struct Row {
  LabelledDesign design;
  LabelledCoverage found;
};

std::vector<Row> rows_to_simulate() {
  struct Rates {
    double more, less;
  };
  struct Judges {
    SimulatedJudge more, less;
  };
  // The last but one is the scripted subject of large models' prose, the last errs by query.
  const Judges judges[] = {{{1, 1}, {1, 1}},
                           {{0.9, 0.98}, {0.9, 0.98}},
                           {{0.7, 1}, {1, 0.95}},
                           {{0.5, 0.95}, {0.9, 1}},
                           {{0.8, 0.9}, {0.5, 0.9}}};
  std::vector<Row> rows;
  for (const Rates& rates : {Rates{0.03, 0.03}, {0.133, 0.031}, {0.5, 0.3}, {0.9, 0.9}}) {
    for (const Judges& judge : judges) {
      for (std::size_t labels : {50, 100, 200, 400}) {
        rows.push_back({{.more = rates.more,
                         .less = rates.less,
                         .in_more = judge.more,
                         .in_less = judge.less,
                         .labels = labels},
                        {}});
      }
    }
    LabelledDesign by_query{.more = rates.more,
                            .less = rates.less,
                            .in_more = {0.7, 0.95},
                            .in_less = {0.9, 0.98},
                            .correlation = 0.2,
                            .correlation_of_errors = 0.4};
    rows.push_back({by_query, {}});
    by_query.estimator = LabelEstimator::prediction_powered;
    rows.push_back({by_query, {}});
    by_query.correlation = 0.05, by_query.correlation_of_errors = 0;
    rows.push_back({by_query, {}});
  }
  return rows;
}

std::string line_of(const Row& row, int studies) {
  const LabelledDesign& d = row.design;
  const int corrected = studies - row.found.too_few;
  const auto percent = [](int count, int of) { return of > 0 ? 100.0 * count / of : 100.0; };
  const double covered = percent(row.found.covered, corrected);
  return fmt::format(
      "| {} / {} | {} / {} | {} / {} | {} | {} | {} | {:.1f}{} | {:.1f} | {:.1f} | {:.1f} | {:.1f} "
      "| {:+.1f} |\n",
      d.more, d.less, d.in_more.sensitivity, d.in_more.specificity, d.in_less.sensitivity,
      d.in_less.specificity, d.correlation_of_errors, name_of(d.estimator), d.labels, covered,
      covered < kRequired ? " **short**" : "", percent(row.found.wald_covered, corrected),
      percent(row.found.too_few, studies), row.found.points, row.found.wald_points, row.found.bias);
}

int run(const std::vector<std::string>& arguments) {
  int studies = 1000;
  std::uint64_t seed = 20261129;
  std::string folder;
  if (!read_options("labels", arguments,
                    {{"--studies", &studies}, {"--seed", &seed}, {"--write", &folder, "FOLDER"}})) {
    return 2;
  }
  std::vector<Row> rows = rows_to_simulate();
  for_each_in_parallel(rows,
                       [&](Row& row) { row.found = simulate_labels(row.design, studies, seed); });
  std::string text = fmt::format(
      "# Gaps by people's labels\n\n"
      "    build/variants/bench/bench/labels --studies {} --seed {} --write docs/results\n\n"
      "{} simulated studies a row: 120 queries, 5 repeats, the arms tied; two answers of one query "
      "correlate by 0.05, by 0.2 in the rows whose errors do too. The judge errs with the given "
      "sensitivity and specificity in each arm. People label a sample drawn by the design of `iago "
      "label`: the given number of answers over both arms, 12 or more in each stratum. At least "
      "{} % of the intervals must contain the true gap; rows that fall short are marked. \"Wald\" "
      "is the "
      "plain interval on the same estimate.\n\n"
      "| true rates, more / less | judge in more, se / sp | judge in less | errors correlate by | "
      "estimator | labels | covered % | Wald covered % | too few labels % | mean width, points | "
      "Wald's | bias, points |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|\n",
      studies, seed, studies, kRequired);
  for (const Row& row : rows) text += line_of(row, studies);
  fmt::print("{}", text);
  if (!folder.empty()) write_file(std::filesystem::path(folder) / "labels.md", text);
  return 0;
}

}  // namespace
}  // namespace iago::bench

int main(int count, char** values) { return iago::bench::run({values + 1, values + count}); }
