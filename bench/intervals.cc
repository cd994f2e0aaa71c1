// The gap's interval beside those that were not chosen, on the same simulated studies.
//
//   intervals [--studies N] [--write FOLDER]
//
// Prints, for kinds of study in which they part, the share of studies whose 95 % interval contains
// the truth. With --write the table goes to FOLDER/intervals.md.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "bench/coverage_designs.h"
#include "bench/in_parallel.h"
#include "bench/options.h"
#include "stats/clustered.h"
#include "stats/gap.h"

namespace iago::bench {
namespace {

constexpr std::size_t kResamples = 399;  // of a bootstrap

struct Moments {
  double mean = 0, se = 0;
};

Moments moments(const std::vector<double>& x) {
  double sum = 0, squares = 0;
  for (double v : x) sum += v;
  const double count = static_cast<double>(x.size()), mean = sum / count;
  for (double v : x) squares += (v - mean) * (v - mean);
  return {mean, std::sqrt(squares / (count * (count - 1)))};
}

double at(const std::vector<double>& sorted, double p) {
  return sorted[static_cast<std::size_t>(p * static_cast<double>(sorted.size() - 1))];
}

bool student_covers(const std::vector<double>& differences, double truth) {
  const Moments m = moments(differences);
  const double critical = student_critical(static_cast<double>(differences.size()) - 1);
  return std::abs(m.mean - truth) <= critical * m.se;
}

// Davison & Hinkley, 1997, section 5.2: queries are drawn anew.
bool bootstrap_covers(const std::vector<double>& differences, double truth, Random& random) {
  const Moments seen = moments(differences);
  std::vector<double> pivots, sample(differences.size());
  for (std::size_t draw = 0; draw < kResamples; ++draw) {
    for (double& x : sample) x = differences[random.below(differences.size())];
    const Moments m = moments(sample);
    if (m.se > 0) pivots.push_back((m.mean - seen.mean) / m.se);
  }
  if (pivots.size() < kResamples / 2) return seen.mean == truth;
  std::sort(pivots.begin(), pivots.end());
  return seen.mean - at(pivots, 0.975) * seen.se <= truth &&
         truth <= seen.mean - at(pivots, 0.025) * seen.se;
}

// Cameron, Gelbach & Miller, 2008: each query keeps its residual, with a sign drawn anew.
bool wild_covers(const std::vector<double>& differences, double truth, Random& random) {
  const Moments seen = moments(differences);
  if (seen.se == 0) return seen.mean == truth;
  std::vector<double> pivots, sample(differences.size());
  for (std::size_t draw = 0; draw < kResamples; ++draw) {
    for (std::size_t i = 0; i < sample.size(); ++i) {
      const double residual = differences[i] - seen.mean;
      sample[i] = random.chance(0.5) ? residual : -residual;
    }
    const Moments m = moments(sample);
    pivots.push_back(m.se > 0 ? std::abs(m.mean) / m.se : 0);
  }
  std::sort(pivots.begin(), pivots.end());
  return std::abs(seen.mean - truth) <= at(pivots, 0.95) * seen.se;
}

constexpr std::array kMethods = {"chosen",
                                 "without steps and floor",
                                 "the same, weight without correlation",
                                 "MOVER alone",
                                 "Student's t",
                                 "cluster bootstrap",
                                 "wild bootstrap"};

struct Row {
  Design design;
  std::array<double, kMethods.size()> coverage{};  // shares
};

// The joined interval with other weights. The two arms have the same queries here.
bool joined_covers(const SimulatedPair& pair, const std::vector<double>& differences, double truth,
                   const MoverWeight& weight) {
  return plain_joined_interval(clustered_rate(pair.more), clustered_rate(pair.less),
                               describe_differences(differences), weight)
      .contains(truth);
}

void simulate(Row& row, std::size_t studies) {
  const Design& design = row.design;
  const Propensity &a = propensity(design.family, design.more),
                   &b = propensity(design.family, design.less);
  const double truth = a.mean() - b.mean();
  Random random(20241218, "intervals " + design.name());
  for (std::size_t i = 0; i < studies; ++i) {
    const SimulatedPair pair =
        simulate_pair(a, design.more_arm, b, design.less_arm, design.queries, design.tie, random);
    const auto differences = query_differences(pair.more, pair.less);
    const std::array<bool, kMethods.size()> covers = {
        estimate_gap_without_test(pair.more, pair.less)->ci95.contains(kPoints * truth),
        joined_covers(pair, differences, truth, {}),
        joined_covers(pair, differences, truth, {.correlation = 0}),
        joined_covers(pair, differences, truth, {0, 0}),
        student_covers(differences, truth),
        bootstrap_covers(differences, truth, random),
        wild_covers(differences, truth, random)};
    for (std::size_t m = 0; m < covers.size(); ++m) {
      row.coverage[m] += covers[m] / static_cast<double>(studies);
    }
  }
}

// Few queries and rare events, equal repeats without anything missing: where the methods part.
std::vector<Row> rows_to_simulate() {
  std::vector<Row> rows;
  const auto add = [&](const Design& design) {
    const bool is_few = design.queries <= 50;
    const bool is_equal = design.more_arm.repeats == design.less_arm.repeats &&
                          !design.more_arm.unequal_repeats &&
                          (design.more_arm.repeats == 1 || design.more_arm.repeats == 10);
    if (is_few && is_equal) rows.push_back({design, {}});
  };
  for (const Design& design : beta_designs()) {
    const bool is_rare = design.more.rate >= 0.005 && design.more.rate <= 0.15;
    const bool is_clustered =
        design.more.spread == 0.4 || (design.more.spread == 0.05 && design.tie == Tie::none);
    if (is_rare && is_clustered) add(design);
  }
  for (const Design& design : strong_designs()) {
    const bool is_one_sided = design.less.spread == 0 && design.less.rate < 0.5;
    const bool is_usual = design.more.rate == 0.01 || design.more.rate == 0.03;
    if (is_one_sided && is_usual && design.queries >= 30) add(design);
  }
  return rows;
}

std::string markdown(const std::vector<Row>& rows, std::size_t studies) {
  std::string text = fmt::format(
      "# The gap's interval beside others\n\n"
      "    cmake -S . -B build/variants/bench -G Ninja -DIAGO_BENCH=ON -DIAGO_TESTS=OFF\n"
      "    cmake --build build/variants/bench --target intervals\n"
      "    build/variants/bench/bench/intervals --studies {} --write docs/results\n\n"
      "Coverage in % of nominal 95 % intervals over {} simulated studies a row; a share's own "
      "standard error is {:.1f} points at 95 %. Cells as in [coverage.md](coverage.md): rates of "
      "the "
      "two arms, queries (Q), completions a query in each arm (m), correlation within queries or "
      "share of strong queries, and how a query's places in the two arms are tied. The chosen "
      "interval and its "
      "parts "
      "are explained in `src/stats/gap.h`; the bootstraps draw {} times.\n\n| study | events |",
      studies, studies, 100 * std::sqrt(0.95 * 0.05 / static_cast<double>(studies)), kResamples);
  for (const char* method : kMethods) text += fmt::format(" {} |", method);
  text += "\n|---|---|";
  for (std::size_t i = 0; i < kMethods.size(); ++i) text += "---|";
  std::array<double, kMethods.size()> lowest, highest{};
  lowest.fill(1);
  for (const Row& row : rows) {
    text += fmt::format("\n| `{}` | {:.1f} |", row.design.name(), row.design.expected_events());
    for (std::size_t m = 0; m < kMethods.size(); ++m) {
      text += fmt::format(" {:.1f} |", 100 * row.coverage[m]);
      lowest[m] = std::min(lowest[m], row.coverage[m]);
      if (row.design.expected_events() >= 10) highest[m] = std::max(highest[m], row.coverage[m]);
    }
  }
  const auto line = [&](const char* name, const auto& shares) {
    text += fmt::format("\n| **{}** | |", name);
    for (double share : shares) text += fmt::format(" **{:.1f}** |", 100 * share);
  };
  line("lowest", lowest);
  line("highest, ten events or more", highest);
  return text + "\n";
}

int run(const std::vector<std::string>& arguments) {
  std::size_t studies = 2000;
  std::string folder;
  if (!read_options("intervals", arguments,
                    {{"--studies", &studies}, {"--write", &folder, "FOLDER"}})) {
    return 2;
  }
  std::vector<Row> rows = rows_to_simulate();
  for_each_in_parallel(rows, [&](Row& row) { simulate(row, studies); });
  const std::string text = markdown(rows, studies);
  fmt::print("{}", text);
  if (!folder.empty()) write_file(std::filesystem::path(folder) / "intervals.md", text);
  return 0;
}

}  // namespace
}  // namespace iago::bench

int main(int count, char** values) { return iago::bench::run({values + 1, values + count}); }
