// Coverage of the intervals of `stats`, by simulation of beta-binomial studies with known rates.
//
//   coverage [--studies N] [--compare] [--cell-filter TEXT] [--worst N] [--quiet] [--write FOLDER]
//
// Prints one line per cell: the share of studies whose 95 % interval contains the truth, for the
// training arm's rate and for the gap, and the gap interval's mean width in points. With --compare
// also two other intervals for the gap: Student's t on the queries' differences, and the
// studentised cluster bootstrap (Davison & Hinkley, 1997, section 5.2; 399 draws). With --write the
// whole table goes to FOLDER/coverage.csv, and what it comes to to FOLDER/coverage.md. Cells are
// simulated side by side; each has a random stream of its own, so the figures do not depend on it.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "stats/gap.h"
#include "stats/rate.h"
#include "stats/simulation.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

struct Cell {
  double training = 0, unmonitored = 0;
  std::size_t queries = 0;
  SimulatedArm arm_a, arm_b;
  double correlation = 0;
  Tie tie = Tie::none;

  // The smaller of the two arms' expected numbers of the rarer outcome.
  double expected_events() const {
    const auto of = [this](double rate, const SimulatedArm& arm) {
      const double repeats =
          arm.unequal_repeats ? (1 + static_cast<double>(arm.repeats)) / 2 : arm.repeats;
      return std::min(rate, 1 - rate) * static_cast<double>(queries) * repeats * (1 - arm.missing);
    };
    return std::min(of(training, arm_a), of(unmonitored, arm_b));
  }

  std::string name() const {
    return fmt::format("{:5.3f} {:5.3f} Q{:<3} m{}/{}{}{} icc{:<4} {}", training, unmonitored,
                       queries, arm_a.repeats, arm_b.repeats, arm_a.unequal_repeats ? "u" : "",
                       arm_a.missing > 0 ? "x" : "", correlation,
                       tie == Tie::same ? "tied" : "free");
  }
};

struct Shares {
  double rate = 0, gap = 0, width = 0, student = 0, bootstrap = 0;
};

std::vector<Cell> all_cells() {
  constexpr std::array<std::array<double, 2>, 12> kRates = {{{0.005, 0.005},
                                                             {0.03, 0.005},
                                                             {0.03, 0.03},
                                                             {0.14, 0.03},
                                                             {0.1, 0.1},
                                                             {0.5, 0.005},
                                                             {0.25, 0.1},
                                                             {0.25, 0.25},
                                                             {0.5, 0.25},
                                                             {0.5, 0.5},
                                                             {0.5, 0.95},
                                                             {0.97, 0.9}}};
  const std::vector<std::array<SimulatedArm, 2>> shapes = {
      {{{.repeats = 1}, {.repeats = 1}}},
      {{{.repeats = 3}, {.repeats = 3}}},
      {{{.repeats = 10}, {.repeats = 10}}},
      {{{.repeats = 10}, {.repeats = 2}}},
      {{{.repeats = 10, .unequal_repeats = true, .missing = 0.05},
        {.repeats = 5, .unequal_repeats = true, .missing = 0.05}}},
  };
  std::vector<Cell> cells;
  for (const auto& rates : kRates) {
    for (std::size_t queries : {20, 50, 100, 400}) {
      for (const auto& shape : shapes) {
        for (double correlation : {0.0, 0.05, 0.3}) {
          for (Tie tie : {Tie::none, Tie::same}) {
            if (correlation == 0 && tie == Tie::same) continue;
            cells.push_back({rates[0], rates[1], queries, shape[0], shape[1], correlation, tie});
          }
        }
      }
    }
  }
  return cells;
}

const Propensity& propensity(double rate, double correlation) {
  static std::mutex mutex;
  static std::map<std::pair<double, double>, Propensity> known;
  std::lock_guard lock(mutex);
  return known.try_emplace({rate, correlation}, rate, correlation).first->second;
}

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

bool student_covers(const std::vector<double>& differences, double truth) {
  const Moments m = moments(differences);
  const double critical = student_critical(static_cast<double>(differences.size()) - 1);
  return std::abs(m.mean - truth) <= critical * m.se;
}

bool bootstrap_covers(const std::vector<double>& differences, double truth, Random& random) {
  const Moments seen = moments(differences);
  constexpr std::size_t kDraws = 399;
  std::vector<double> pivots, sample(differences.size());
  for (std::size_t draw = 0; draw < kDraws; ++draw) {
    for (double& x : sample) x = differences[random.below(differences.size())];
    const Moments m = moments(sample);
    if (m.se > 0) pivots.push_back((m.mean - seen.mean) / m.se);
  }
  if (pivots.size() < kDraws / 2) return seen.mean == truth;
  std::sort(pivots.begin(), pivots.end());
  const auto at = [&](double p) {
    return pivots[static_cast<std::size_t>(p * static_cast<double>(pivots.size() - 1))];
  };
  return seen.mean - at(0.975) * seen.se <= truth && truth <= seen.mean - at(0.025) * seen.se;
}

Shares simulate(const Cell& cell, std::size_t studies, const std::string& stream, bool compare) {
  const Propensity &a = propensity(cell.training, cell.correlation),
                   &b = propensity(cell.unmonitored, cell.correlation);
  const double truth = a.mean() - b.mean();
  Random random(20241218, cell.name() + stream);
  Shares sums;
  for (std::size_t i = 0; i < studies; ++i) {
    const SimulatedPair pair =
        simulate_pair(a, cell.arm_a, b, cell.arm_b, cell.queries, cell.tie, random);
    const auto rate = estimate_rate(pair.training);
    const auto gap = estimate_gap_without_test(pair.training, pair.unmonitored);
    sums.rate += rate && rate->ci95.contains(a.mean());
    sums.gap += gap && gap->ci95.contains(100 * truth);
    sums.width += gap ? gap->ci95.width() : 0;
    if (compare) {
      const auto differences = query_differences(pair.training, pair.unmonitored);
      sums.student += student_covers(differences, truth);
      sums.bootstrap += bootstrap_covers(differences, truth, random);
    }
  }
  const double count = static_cast<double>(studies);
  return {sums.rate / count, sums.gap / count, sums.width / count, sums.student / count,
          sums.bootstrap / count};
}

struct Row {
  Cell cell;
  Shares shares;
  std::size_t studies = 0;

  // Less than 93 %, or more than 98 % where ten events are expected in each arm.
  bool is_outside() const {
    return std::min(shares.rate, shares.gap) < 0.93 ||
           (cell.expected_events() >= 10 && std::max(shares.rate, shares.gap) > 0.98);
  }
};

void print(const Row& row, bool compare) {
  const Shares& s = row.shares;
  fmt::print("{:<40} events {:7.1f}  rate {:.4f}  gap {:.4f}  width {:5.1f}", row.cell.name(),
             row.cell.expected_events(), s.rate, s.gap, s.width);
  if (compare) fmt::print("  student {:.4f}  bootstrap {:.4f}", s.student, s.bootstrap);
  fmt::print("\n");
}

void print_summary(std::vector<Row> rows, std::size_t worst, bool compare) {
  const auto lowest = [](const Row& row) { return std::min(row.shares.rate, row.shares.gap); };
  std::sort(rows.begin(), rows.end(),
            [&](const Row& x, const Row& y) { return lowest(x) < lowest(y); });
  fmt::print("\n{} cells; lowest coverage:\n", rows.size());
  for (std::size_t i = 0; i < std::min(worst, rows.size()); ++i) print(rows[i], compare);
  std::erase_if(rows, [](const Row& row) { return row.cell.expected_events() < 10; });
  std::sort(rows.begin(), rows.end(),
            [](const Row& x, const Row& y) { return x.shares.gap > y.shares.gap; });
  fmt::print("\n{} cells with ten or more events expected in each arm; highest of the gap:\n",
             rows.size());
  for (std::size_t i = 0; i < std::min(worst, rows.size()); ++i) print(rows[i], compare);
  std::sort(rows.begin(), rows.end(),
            [](const Row& x, const Row& y) { return x.shares.rate > y.shares.rate; });
  fmt::print("\nhighest of the rate:\n");
  for (std::size_t i = 0; i < std::min(worst, rows.size()); ++i) print(rows[i], compare);
}

constexpr std::size_t kAgain = 10;  // times more studies for a cell that falls outside

void write_csv(const std::vector<Row>& rows, const fs::path& file) {
  std::string text =
      "training,unmonitored,queries,repeats_training,repeats_unmonitored,unequal_repeats,missing,"
      "correlation,tied,events,studies,rate_coverage,gap_coverage,gap_width_points\n";
  for (const Row& row : rows) {
    const Cell& c = row.cell;
    text += fmt::format("{},{},{},{},{},{},{},{},{},{:.1f},{},{:.4f},{:.4f},{:.2f}\n", c.training,
                        c.unmonitored, c.queries, c.arm_a.repeats, c.arm_b.repeats,
                        c.arm_a.unequal_repeats ? 1 : 0, c.arm_a.missing, c.correlation,
                        c.tie == Tie::same ? 1 : 0, c.expected_events(), row.studies,
                        row.shares.rate, row.shares.gap, row.shares.width);
  }
  write_file(file, text);
}

// What the cells that `belongs` picks come to, as a row of the summary.
std::string summary_row(const std::vector<Row>& rows, const std::string& name,
                        const std::function<bool(const Cell&)>& belongs) {
  Shares lowest{1, 1}, highest{0, 0};
  double sum_rate = 0, sum_gap = 0;
  std::size_t cells = 0, frequent = 0;
  for (const Row& row : rows) {
    if (!belongs(row.cell)) continue;
    ++cells;
    sum_rate += row.shares.rate;
    sum_gap += row.shares.gap;
    lowest.rate = std::min(lowest.rate, row.shares.rate);
    lowest.gap = std::min(lowest.gap, row.shares.gap);
    if (row.cell.expected_events() < 10) continue;
    ++frequent;
    highest.rate = std::max(highest.rate, row.shares.rate);
    highest.gap = std::max(highest.gap, row.shares.gap);
  }
  if (cells == 0) return {};
  const double count = static_cast<double>(cells);
  return fmt::format("| {} | {} | {:.1f} | {:.1f} | {} | {} | {:.1f} | {:.1f} |\n", name, cells,
                     100 * lowest.rate, 100 * lowest.gap,
                     frequent ? fmt::format("{:.1f}", 100 * highest.rate) : "-",
                     frequent ? fmt::format("{:.1f}", 100 * highest.gap) : "-",
                     100 * sum_rate / count, 100 * sum_gap / count);
}

std::string list_outside(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) {
    if (!row.is_outside()) continue;
    const Shares& s = row.shares;
    text += fmt::format("    {:<40} events {:7.1f}  rate {:.4f}  gap {:.4f}  width {:5.1f}\n",
                        row.cell.name(), row.cell.expected_events(), s.rate, s.gap, s.width);
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
      "[coverage.csv](coverage.csv). A share's own standard error is {:.1f} points at 95 %. Asked: "
      "at least 93 % in every cell, and at most 98 % where ten or more events are expected in each "
      "arm (the columns \"highest\" are about these cells alone). A cell that falls outside is drawn "
      "anew with {} studies, so that chance does not decide. \"Tied\": a query has the same "
      "place in both arms' distributions, as when a subject answers alike in both.\n\n"
      "| cells | number | rate: lowest % | gap: lowest % | rate: highest % | gap: highest % | rate: "
      "mean % | gap: mean % |\n|---|---|---|---|---|---|---|---|\n",
      studies, rows.size(), studies, 100 * std::sqrt(0.95 * 0.05 / static_cast<double>(studies)),
      kAgain * studies);
  text += summary_row(rows, "all", [](const Cell&) { return true; });
  for (std::size_t queries : {20, 50, 100, 400}) {
    text += summary_row(rows, fmt::format("{} queries", queries),
                        [=](const Cell& cell) { return cell.queries == queries; });
  }
  for (double correlation : {0.0, 0.05, 0.3}) {
    text += summary_row(rows, fmt::format("correlation {}", correlation),
                        [=](const Cell& cell) { return cell.correlation == correlation; });
  }
  text += summary_row(rows, "tied", [](const Cell& cell) { return cell.tie == Tie::same; });
  text += summary_row(rows, "unequal repeats, 5 % missing",
                      [](const Cell& cell) { return cell.arm_a.missing > 0; });
  text += "\n## Cells outside\n\n" + list_outside(rows);
  write_file(file, text);
}

// All cells that the filter leaves, each simulated by one of the threads.
std::vector<Row> simulate_cells(const std::string& filter, std::size_t studies, bool compare) {
  std::vector<Row> rows;
  for (const Cell& cell : all_cells()) {
    if (cell.name().find(filter) == std::string::npos) continue;
    rows.push_back({cell, {}, studies});
  }
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> threads(std::max(1u, std::thread::hardware_concurrency()));
  for (std::jthread& thread : threads) {
    thread = std::jthread([&] {
      for (std::size_t i = next++; i < rows.size(); i = next++) {
        Row& row = rows[i];
        row.shares = simulate(row.cell, studies, "", compare);
        if (!row.is_outside()) continue;
        row.studies = kAgain * studies;
        row.shares = simulate(row.cell, row.studies, " again", compare);
      }
    });
  }
  threads.clear();  // joined
  return rows;
}

int run(const std::vector<std::string>& arguments) {
  std::size_t studies = 2000, worst = 20;
  bool compare = false, quiet = false;
  std::string filter, folder;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool more = i + 1 < arguments.size();
    if (arguments[i] == "--studies" && more)
      studies = std::stoul(arguments[++i]);
    else if (arguments[i] == "--worst" && more)
      worst = std::stoul(arguments[++i]);
    else if (arguments[i] == "--cell-filter" && more)
      filter = arguments[++i];
    else if (arguments[i] == "--write" && more)
      folder = arguments[++i];
    else if (arguments[i] == "--compare")
      compare = true;
    else if (arguments[i] == "--quiet")
      quiet = true;
    else {
      fmt::print(stderr,
                 "usage: coverage [--studies N] [--worst N] [--cell-filter TEXT] [--compare] "
                 "[--quiet] [--write FOLDER]\n");
      return 2;
    }
  }
  std::vector<Row> rows = simulate_cells(filter, studies, compare);
  for (const Row& row : rows) {
    if (!quiet) print(row, compare);
  }
  if (!folder.empty()) {
    write_csv(rows, fs::path(folder) / "coverage.csv");
    write_summary(rows, studies, fs::path(folder) / "coverage.md");
  }
  print_summary(std::move(rows), worst, compare);
  return 0;
}

}  // namespace
}  // namespace iago

int main(int count, char** values) { return iago::run({values + 1, values + count}); }
