// Coverage of the intervals of `stats`, by simulation of beta-binomial studies with known rates.
//
//   coverage [--studies N] [--design-filter TEXT] [--worst N] [--quiet] [--write FOLDER]
//
// Prints one line per design: the share of studies whose 95 % interval contains the truth, for each
// arm's rate, for the gap, and for the arm `more`'s rate corrected for an erring judge, and the
// gap interval's mean width in points. With --write the whole table goes to FOLDER/coverage.csv,
// and what it comes to to FOLDER/coverage.md. Cells are simulated side by side; each has a random
// stream of its own, so the figures do not depend on it.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/file.h"
#include "bench/coverage_designs.h"
#include "bench/in_parallel.h"
#include "stats/corrected.h"
#include "stats/gap.h"
#include "stats/rate.h"

namespace iago::bench {
namespace {

namespace fs = std::filesystem;

// What is asked of the rates and the gap.
constexpr double kLowest = 0.93, kHighest = 0.98, kFrequent = 10;

enum Estimate { more_rate, less_rate, gap, corrected, kEstimates };
constexpr std::array<const char*, kEstimates> kNames = {"more", "less", "gap", "corrected"};

struct Row {
  Design design;
  std::size_t studies = 0;
  std::array<double, kEstimates> coverage{};  // shares of the studies
  double width = 0;                           // of the gap's interval, points, mean

  bool is_frequent() const { return design.expected_events() >= kFrequent; }
  // The corrected rate is not held to the upper limit: its interval is cut off at 0, and close to 0
  // it cannot but hold.
  bool is_outside() const {
    const auto highest = *std::max_element(coverage.begin(), coverage.begin() + corrected);
    return *std::ranges::min_element(coverage) < kLowest || (is_frequent() && highest > kHighest);
  }
};

// The judge of the corrected rate, and how it was measured.
constexpr double kSensitivity = 0.9, kSpecificity = 0.98;
constexpr std::size_t kPositive = 100, kNegative = 400;

std::size_t binomial(std::size_t n, double p, Random& random) {
  std::size_t successes = 0;
  for (std::size_t i = 0; i < n; ++i) successes += random.chance(p);
  return successes;
}

ArmCounts judged(const ArmCounts& truth, Random& random) {
  ArmCounts arm = truth;
  for (QueryCounts& query : arm) {
    const std::size_t negative = query.trials - query.successes;
    query.successes = binomial(query.successes, kSensitivity, random) +
                      binomial(negative, 1 - kSpecificity, random);
  }
  return arm;
}

// Where the correction gives no interval it says nothing wrong either: counts as covered.
bool corrected_covers(const ArmCounts& arm, double truth, Random& random) {
  const std::size_t true_positive = binomial(kPositive, kSensitivity, random);
  const std::size_t true_negative = binomial(kNegative, kSpecificity, random);
  const Confusion counts{.true_positive = true_positive,
                         .false_negative = kPositive - true_positive,
                         .true_negative = true_negative,
                         .false_positive = kNegative - true_negative};
  const auto raw = estimate_rate(judged(arm, random));
  const auto rate = raw ? corrected_rate(*raw, counts) : std::nullopt;
  return !rate || rate->ci95.contains(truth);
}

void simulate(Row& row, const std::string& stream) {
  const Design& design = row.design;
  const Propensity &a = propensity(design.more, design.correlation),
                   &b = propensity(design.less, design.correlation);
  Random random(20241218, design.name() + stream);
  std::array<std::size_t, kEstimates> covered{};
  double width = 0;
  for (std::size_t i = 0; i < row.studies; ++i) {
    const SimulatedPair pair =
        simulate_pair(a, design.more_arm, b, design.less_arm, design.queries, design.tie, random);
    const auto of_more = estimate_rate(pair.more), of_less = estimate_rate(pair.less);
    const auto of_gap = estimate_gap_without_test(pair.more, pair.less);
    covered[more_rate] += of_more && of_more->ci95.contains(a.mean());
    covered[less_rate] += of_less && of_less->ci95.contains(b.mean());
    covered[gap] += of_gap && of_gap->ci95.contains(100 * (a.mean() - b.mean()));
    covered[corrected] += corrected_covers(pair.more, a.mean(), random);
    width += of_gap ? of_gap->ci95.width() : 0;
  }
  const double count = static_cast<double>(row.studies);
  for (std::size_t e = 0; e < kEstimates; ++e) {
    row.coverage[e] = static_cast<double>(covered[e]) / count;
  }
  row.width = width / count;
}

std::string line_of(const Row& row) {
  std::string text =
      fmt::format("{:<40} events {:7.1f}", row.design.name(), row.design.expected_events());
  for (std::size_t e = 0; e < kEstimates; ++e) {
    text += fmt::format("  {} {:.4f}", kNames[e], row.coverage[e]);
  }
  return text + fmt::format("  width {:5.1f}\n", row.width);
}

void print_extremes(std::vector<Row> rows, std::size_t worst) {
  const auto lowest = [](const Row& row) { return *std::ranges::min_element(row.coverage); };
  std::ranges::sort(rows, {}, lowest);
  fmt::print("\n{} cells; lowest coverage:\n", rows.size());
  for (std::size_t i = 0; i < std::min(worst, rows.size()); ++i) fmt::print("{}", line_of(rows[i]));
  std::erase_if(rows, [](const Row& row) { return !row.is_frequent(); });
  for (std::size_t e = 0; e < corrected; ++e) {
    std::ranges::sort(rows, std::greater(), [e](const Row& row) { return row.coverage[e]; });
    fmt::print("\n{} cells with ten or more events expected in each arm; highest of {}:\n",
               rows.size(), kNames[e]);
    for (std::size_t i = 0; i < std::min(worst, rows.size()); ++i) {
      fmt::print("{}", line_of(rows[i]));
    }
  }
}

constexpr std::size_t kAgain = 10;  // times more studies for a design that falls outside

void write_csv(const std::vector<Row>& rows, const fs::path& file) {
  std::string text =
      "more,less,queries,repeats_more,repeats_less,unequal_repeats,missing,"
      "correlation,tied,events,studies,more_coverage,less_coverage,gap_coverage,"
      "corrected_coverage,gap_width_points\n";
  for (const Row& row : rows) {
    const Design& c = row.design;
    text += fmt::format("{},{},{},{},{},{},{},{},{},{:.1f},{}", c.more, c.less, c.queries,
                        c.more_arm.repeats, c.less_arm.repeats, c.more_arm.unequal_repeats ? 1 : 0,
                        c.more_arm.missing, c.correlation, c.tie == Tie::same ? 1 : 0,
                        c.expected_events(), row.studies);
    for (double share : row.coverage) text += fmt::format(",{:.4f}", share);
    text += fmt::format(",{:.2f}\n", row.width);
  }
  write_file(file, text);
}

// What the designs that `belongs` picks come to, as a row of the summary.
std::string summary_row(const std::vector<Row>& rows, const std::string& name,
                        const std::function<bool(const Design&)>& belongs) {
  std::array<double, kEstimates> lowest, highest{}, sum{};
  lowest.fill(1);
  std::size_t designs = 0, frequent = 0;
  for (const Row& row : rows) {
    if (!belongs(row.design)) continue;
    ++designs;
    frequent += row.is_frequent();
    for (std::size_t e = 0; e < kEstimates; ++e) {
      sum[e] += row.coverage[e];
      lowest[e] = std::min(lowest[e], row.coverage[e]);
      if (row.is_frequent()) highest[e] = std::max(highest[e], row.coverage[e]);
    }
  }
  if (designs == 0) return {};
  std::string text = fmt::format("| {} | {} |", name, designs);
  for (std::size_t e = 0; e < kEstimates; ++e) {
    text += fmt::format(" {:.1f} / {:.1f} / {} |", 100 * lowest[e],
                        100 * sum[e] / static_cast<double>(designs),
                        frequent ? fmt::format("{:.1f}", 100 * highest[e]) : "-");
  }
  return text + "\n";
}

std::string list_outside(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) {
    if (row.is_outside()) text += "    " + line_of(row);
  }
  return text.empty() ? "    none\n" : text;
}

void write_summary(const std::vector<Row>& rows, std::size_t studies, const fs::path& file) {
  std::string text = fmt::format(
      "# Coverage of the 95 % intervals\n\n"
      "    cmake -S . -B build/variants/bench -G Ninja -DIAGO_BENCH=ON -DIAGO_TESTS=OFF\n"
      "    cmake --build build/variants/bench --target coverage\n"
      "    build/variants/bench/bench/coverage --studies {} --quiet --write docs/results\n\n"
      "{} cells of {} simulated studies each (beta-binomial, known rates); every cell is a line of "
      "[coverage.csv](coverage.csv). A share's own standard error is {:.1f} points at 95 %. "
      "Required: at least 93 % in every cell, and at most 98 % where ten or more events are "
      "expected in each "
      "arm (\"highest\" is about these cells alone). A cell outside is simulated again with {} "
      "studies, so that chance does not decide. \"Tied\": a query has the same place in both arms' "
      "distributions, as when a subject answers alike in both.\n\n"
      "\"Corrected\" is the arm `more`'s rate as a judge reports it that finds {:.0f} % of what "
      "complies and passes {:.0f} % of what does not, measured on {} and {} completions, corrected "
      "for that; no upper limit is required of it (its interval is cut off at 0). The gap "
      "without "
      "faking reasoning is the gap's own function on fewer completions: the cells with unequal "
      "repeats are its.\n\n"
      "| cells | number | more: lowest / mean / highest % | less | gap | corrected |\n"
      "|---|---|---|---|---|---|\n",
      studies, rows.size(), studies, 100 * std::sqrt(0.95 * 0.05 / static_cast<double>(studies)),
      kAgain * studies, 100 * kSensitivity, 100 * kSpecificity, kPositive, kNegative);
  text += summary_row(rows, "all", [](const Design&) { return true; });
  for (std::size_t queries : {20, 50, 100, 400}) {
    text += summary_row(rows, fmt::format("{} queries", queries),
                        [=](const Design& design) { return design.queries == queries; });
  }
  for (double correlation : {0.0, 0.05, 0.3}) {
    text += summary_row(rows, fmt::format("correlation {}", correlation),
                        [=](const Design& design) { return design.correlation == correlation; });
  }
  text += summary_row(rows, "tied", [](const Design& design) { return design.tie == Tie::same; });
  text += summary_row(rows, "unequal repeats, 5 % missing",
                      [](const Design& design) { return design.more_arm.missing > 0; });
  text += "\n## Cells outside\n\n" + list_outside(rows);
  write_file(file, text);
}

// All designs that the filter leaves, each simulated by one of the threads.
std::vector<Row> simulate_cells(const std::string& filter, std::size_t studies) {
  std::vector<Row> rows;
  for (const Design& design : all_designs()) {
    if (design.name().find(filter) != std::string::npos) rows.push_back({design, studies});
  }
  for_each_in_parallel(rows, [&](Row& row) {
    simulate(row, "");
    if (!row.is_outside()) return;
    row.studies = kAgain * studies;
    simulate(row, " again");
  });
  return rows;
}

int run(const std::vector<std::string>& arguments) {
  std::size_t studies = 2000, worst = 20;
  bool quiet = false;
  std::string filter, folder;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool more = i + 1 < arguments.size();
    if (arguments[i] == "--studies" && more) {
      studies = std::stoul(arguments[++i]);
    } else if (arguments[i] == "--worst" && more) {
      worst = std::stoul(arguments[++i]);
    } else if (arguments[i] == "--cell-filter" && more) {
      filter = arguments[++i];
    } else if (arguments[i] == "--write" && more) {
      folder = arguments[++i];
    } else if (arguments[i] == "--quiet") {
      quiet = true;
    } else {
      fmt::print(stderr,
                 "usage: coverage [--studies N] [--worst N] [--cell-filter TEXT] [--quiet] "
                 "[--write FOLDER]\n");
      return 2;
    }
  }
  std::vector<Row> rows = simulate_cells(filter, studies);
  for (const Row& row : rows) {
    if (!quiet) fmt::print("{}", line_of(row));
  }
  if (!folder.empty()) {
    write_csv(rows, fs::path(folder) / "coverage.csv");
    write_summary(rows, studies, fs::path(folder) / "coverage.md");
  }
  print_extremes(std::move(rows), worst);
  return 0;
}

}  // namespace
}  // namespace iago::bench

int main(int count, char** values) { return iago::bench::run({values + 1, values + count}); }
