// Coverage of the intervals of `stats`, by simulation of studies with known rates.
//
//   coverage [--studies N] [--seed N] [--part NAME] [--cell-filter TEXT] [--every N] [--worst N]
//            [--quiet] [--write FOLDER]
//
// For each design: the share of studies whose 95 % interval contains the truth, for each arm's rate
// and for the gap, over queries like these and on these queries (whose truth is the mean of the
// propensities drawn); how often a study with a gap of the margin or more would end in "no gap";
// and the mean width of the intervals over queries like these beside that of the same without what
// few strong queries and few differing ones add. With --write the whole table goes to
// FOLDER/coverage.csv, and what it comes to to FOLDER/coverage.md. Cells are simulated side by
// side; each has a random stream of its own, so the figures do not depend on it.
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
#include "bench/options.h"
#include "stats/clustered.h"
#include "stats/gap.h"
#include "stats/rate.h"
#include "stats/strong_queries.h"

namespace iago::bench {
namespace {

namespace fs = std::filesystem;

constexpr double kLowest = 0.93, kMostNoGap = 0.03, kWidest = 1.15;

enum Estimate { more_over, less_over, gap_over, more_on, less_on, gap_on, kEstimates };
constexpr std::array<const char*, kEstimates> kNames = {"more over", "less over", "gap over",
                                                        "more on",   "less on",   "gap on"};

struct Row {
  Design design;
  std::size_t studies = 0;
  std::array<double, kEstimates> coverage{};  // shares of the studies
  double no_gap = 0;      // share that ends in "no gap" though the gap is of the margin or more
  double rate_width = 0;  // mean width of the rates' intervals, over that of the plain ones
  double gap_width = 0;   // the same for the gap
  double points = 0;      // mean width of the gap's interval

  bool is_outside() const {
    return *std::ranges::min_element(coverage) < kLowest || no_gap > kMostNoGap ||
           (design.is_uncorrelated() && std::max(rate_width, gap_width) > kWidest);
  }
};

double mean_where(const std::vector<double>& propensities, const ArmCounts& has,
                  const ArmCounts& and_has) {
  double sum = 0, count = 0;
  for (std::size_t i = 0; i < propensities.size(); ++i) {
    if (has[i].trials == 0 || and_has[i].trials == 0) continue;
    sum += propensities[i];
    count += 1;
  }
  return count > 0 ? sum / count : 0;
}

double plain_rate_width(const ArmCounts& counts) {
  const ClusteredRate arm = clustered_rate(counts);
  const double ratio = normal_critical() / arm.critical;
  const double trials = arm.effective_n * ratio * ratio;
  return mid_p(arm.rate * trials, trials).width();
}

double plain_gap_width(const SimulatedPair& pair) {
  const ContrastCounts both = paired(pair.more, pair.less);
  return kPoints *
         plain_joined_interval(clustered_rate(both.more), clustered_rate(both.less),
                               describe_differences(query_differences(both.more, both.less)))
             .width();
}

struct Sums {
  std::array<std::size_t, kEstimates> covered{};
  std::size_t no_gap = 0;
  double rate_width = 0, plain_rate = 0, gap_width = 0, plain_gap = 0;
};

// Rounding must not decide whether a limit of 0 contains a rate of 0.
bool holds(const Interval& interval, double truth) {
  constexpr double kRounding = 1e-9;
  return interval.lo <= truth + kRounding && truth <= interval.hi + kRounding;
}

bool ends_in_no_gap(const GapEstimate& gap) {
  return gap.ci95.lo > -kMarginPoints && gap.ci95.hi < kMarginPoints && !may_hide_gap(gap.queries);
}

void add_study(Sums& sums, const Design& design, const SimulatedPair& pair, double more,
               double less) {
  const auto a = estimate_rate(pair.more), b = estimate_rate(pair.less);
  const auto gap = estimate_gap_without_test(pair.more, pair.less);
  if (!a || !b || !gap) return;
  const double truth = kPoints * (more - less);
  const double gap_here = mean_where(pair.more_propensity, pair.more, pair.less) -
                          mean_where(pair.less_propensity, pair.more, pair.less);
  const std::array<bool, kEstimates> covers = {
      holds(a->ci95, more),
      holds(b->ci95, less),
      holds(gap->ci95, truth),
      holds(a->on_these_queries, mean_where(pair.more_propensity, pair.more, pair.more)),
      holds(b->on_these_queries, mean_where(pair.less_propensity, pair.less, pair.less)),
      holds(gap->on_these_queries, kPoints * gap_here)};
  for (std::size_t e = 0; e < kEstimates; ++e) sums.covered[e] += covers[e];
  constexpr double kRounding = 1e-3;  // of the grid's mean, points
  sums.no_gap += std::abs(truth) >= kMarginPoints - kRounding && ends_in_no_gap(*gap);
  sums.gap_width += gap->ci95.width();
  if (!design.is_uncorrelated()) return;
  sums.rate_width += a->ci95.width() + b->ci95.width();
  sums.plain_rate += plain_rate_width(pair.more) + plain_rate_width(pair.less);
  sums.plain_gap += plain_gap_width(pair);
}

void simulate(Row& row, std::uint64_t seed, const std::string& stream) {
  const Design& design = row.design;
  const Propensity &a = propensity(design.family, design.more),
                   &b = propensity(design.family, design.less);
  Random random(seed, design.name() + stream);
  Sums sums;
  for (std::size_t i = 0; i < row.studies; ++i) {
    const SimulatedPair pair =
        simulate_pair(a, design.more_arm, b, design.less_arm, design.queries, design.tie, random);
    add_study(sums, design, pair, a.mean(), b.mean());
  }
  const double count = static_cast<double>(row.studies);
  for (std::size_t e = 0; e < kEstimates; ++e) {
    row.coverage[e] = static_cast<double>(sums.covered[e]) / count;
  }
  row.no_gap = static_cast<double>(sums.no_gap) / count;
  row.points = sums.gap_width / count;
  row.rate_width = sums.plain_rate > 0 ? sums.rate_width / sums.plain_rate : 0;
  row.gap_width = sums.plain_gap > 0 ? sums.gap_width / sums.plain_gap : 0;
}

std::string line_of(const Row& row) {
  std::string text =
      fmt::format("{:<48} events {:7.1f}", row.design.name(), row.design.expected_events());
  for (std::size_t e = 0; e < kEstimates; ++e) {
    text += fmt::format("  {} {:.4f}", kNames[e], row.coverage[e]);
  }
  text += fmt::format("  no gap {:.4f}  points {:5.1f}", row.no_gap, row.points);
  if (!row.design.is_uncorrelated()) return text + "\n";
  return text + fmt::format("  wider {:.3f} {:.3f}\n", row.rate_width, row.gap_width);
}

void print_extremes(std::vector<Row> rows, std::size_t worst) {
  const auto print = [&](const char* title) {
    fmt::print("\n{} cells; {}:\n", rows.size(), title);
    for (std::size_t i = 0; i < std::min(worst, rows.size()); ++i) {
      fmt::print("{}", line_of(rows[i]));
    }
  };
  std::ranges::sort(rows, {},
                    [](const Row& row) { return *std::ranges::min_element(row.coverage); });
  print("lowest coverage");
  std::ranges::sort(rows, std::greater(), &Row::no_gap);
  print("most often \"no gap\" at the margin");
  std::ranges::sort(rows, std::greater(),
                    [](const Row& row) { return std::max(row.rate_width, row.gap_width); });
  print("most widened");
}

constexpr std::size_t kAgain = 10;  // times more studies for a design that falls outside

void write_csv(const std::vector<Row>& rows, const fs::path& file) {
  std::string text =
      "family,more,less,queries,repeats_more,repeats_less,unequal_repeats,missing,"
      "more_spread,less_spread,tie,events,studies,more_over,less_over,gap_over,more_on,less_on,"
      "gap_on,no_gap,gap_width_points,rate_wider,gap_wider\n";
  for (const Row& row : rows) {
    const Design& c = row.design;
    text += fmt::format("{},{},{},{},{},{},{},{},{:.4g},{:.4g},{},{:.1f},{}", name_of(c.family),
                        c.more.rate, c.less.rate, c.queries, c.more_arm.repeats, c.less_arm.repeats,
                        c.more_arm.unequal_repeats ? 1 : 0, c.more_arm.missing, c.more.spread,
                        c.less.spread, static_cast<int>(c.tie), c.expected_events(), row.studies);
    for (double share : row.coverage) text += fmt::format(",{:.4f}", share);
    text += fmt::format(",{:.4f},{:.2f},{:.3f},{:.3f}\n", row.no_gap, row.points, row.rate_width,
                        row.gap_width);
  }
  write_file(file, text);
}

// What the designs that `belongs` picks come to, as a row of the summary.
std::string summary_row(const std::vector<Row>& rows, const std::string& name,
                        const std::function<bool(const Design&)>& belongs) {
  std::array<double, kEstimates> lowest, sum{};
  lowest.fill(1);
  double designs = 0, no_gap = 0, rate_width = 0, gap_width = 0;
  for (const Row& row : rows) {
    if (!belongs(row.design)) continue;
    designs += 1;
    for (std::size_t e = 0; e < kEstimates; ++e) {
      sum[e] += row.coverage[e];
      lowest[e] = std::min(lowest[e], row.coverage[e]);
    }
    no_gap = std::max(no_gap, row.no_gap);
    rate_width = std::max(rate_width, row.rate_width);
    gap_width = std::max(gap_width, row.gap_width);
  }
  if (designs == 0) return {};
  std::string text = fmt::format("| {} | {} |", name, designs);
  for (std::size_t e = 0; e < kEstimates; ++e) {
    text += fmt::format(" {:.1f} / {:.1f} |", 100 * lowest[e], 100 * sum[e] / designs);
  }
  text += fmt::format(" {:.1f} |", 100 * no_gap);
  return text + (gap_width > 0 ? fmt::format(" {:.2f} / {:.2f} |\n", rate_width, gap_width)
                               : std::string(" - |\n"));
}

std::string list_outside(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) {
    if (row.is_outside()) text += "    " + line_of(row);
  }
  return text.empty() ? "    none\n" : text;
}

void write_summary(const std::vector<Row>& rows, std::size_t studies, std::uint64_t seed,
                   const fs::path& file) {
  std::string text = fmt::format(
      "# Coverage of the 95 % intervals\n\n"
      "    cmake -S . -B build/variants/bench -G Ninja -DIAGO_BENCH=ON -DIAGO_TESTS=OFF\n"
      "    cmake --build build/variants/bench --target coverage\n"
      "    build/variants/bench/bench/coverage --studies {} --seed {} --quiet --write "
      "docs/results\n\n"
      "{} cells of {} simulated studies each, with known rates; every cell is a line of "
      "[coverage.csv](coverage.csv). A share's own standard error is {:.1f} points at 95 %. The "
      "methods were chosen on other seeds. A cell that falls outside is simulated again with {} "
      "studies, so that chance does not decide.\n\n"
      "Required: each interval covers at least {:.0f} % in every cell; at most {:.0f} % of the "
      "studies with a gap of the margin (3 points) or more end in \"no gap\"; and where repeats "
      "are uncorrelated, the mean width over queries like these is at most {:.2f} times that of "
      "the "
      "same intervals without what few strong queries and few differing ones add. Families: beta-"
      "binomial (correlation within queries 0 to 0.4), logit-normal (standard deviation 1 and 2 "
      "logits, the arms' queries free, correlated by a half, or tied), and a few strong queries (a "
      "share always complies, in one arm or both, the rest at a base rate), the last where at "
      "least "
      "three strong queries are expected. What each interval is: [statistics.md](../statistics.md)."
      "\n\n"
      "| cells | number | rate of more, over queries: lowest / mean % | less | gap | rate of more, "
      "on these queries | less | gap | most \"no gap\" at the margin, % | widest: rate / gap |\n"
      "|---|---|---|---|---|---|---|---|---|---|\n",
      studies, seed, rows.size(), studies,
      100 * std::sqrt(0.95 * 0.05 / static_cast<double>(studies)), kAgain * studies, 100 * kLowest,
      100 * kMostNoGap, kWidest);
  text += summary_row(rows, "all", [](const Design&) { return true; });
  for (Family family : {Family::beta, Family::logit, Family::strong}) {
    text += summary_row(rows, std::string(name_of(family)),
                        [=](const Design& design) { return design.family == family; });
  }
  for (std::size_t queries : {20, 30, 50, 100, 120, 200, 400}) {
    text += summary_row(rows, fmt::format("{} queries", queries),
                        [=](const Design& design) { return design.queries == queries; });
  }
  for (std::size_t repeats : {1, 3, 10, 20}) {
    text +=
        summary_row(rows, fmt::format("{} repeats in both arms", repeats), [=](const Design& d) {
          return d.more_arm.repeats == repeats && d.less_arm.repeats == repeats;
        });
  }
  text += summary_row(rows, "uncorrelated repeats",
                      [](const Design& design) { return design.is_uncorrelated(); });
  text += summary_row(rows, "unequal repeats, 5 % missing",
                      [](const Design& design) { return design.more_arm.missing > 0; });
  text += "\n## Cells outside\n\n" + list_outside(rows);
  write_file(file, text);
}

// Of "beta", "logit", "strong" or "margin"; of all together for "".
std::vector<Design> designs_of(const std::string& part) {
  if (part == "beta") return beta_designs();
  if (part == "logit") return logit_designs();
  if (part == "strong") return strong_designs();
  if (part == "margin") return margin_designs();
  return all_designs();
}

struct Options {
  std::size_t studies = 2000, worst = 20, every = 1;
  std::uint64_t seed = 20261128;
  bool quiet = false;
  std::string part, filter, folder;
};

// All designs that the filters leave, each simulated by one of the threads.
std::vector<Row> simulate_cells(const Options& options) {
  std::vector<Row> rows;
  std::size_t at = 0;
  for (const Design& design : designs_of(options.part)) {
    if (design.name().find(options.filter) == std::string::npos) continue;
    if (at++ % options.every == 0) rows.push_back({design, options.studies});
  }
  for_each_in_parallel(rows, [&](Row& row) {
    simulate(row, options.seed, "");
    if (!row.is_outside()) return;
    row.studies = kAgain * options.studies;
    simulate(row, options.seed, " again");
  });
  return rows;
}

int run(const std::vector<std::string>& arguments) {
  Options options;
  if (!read_options("coverage", arguments,
                    {{"--studies", &options.studies},
                     {"--seed", &options.seed},
                     {"--part", &options.part, "NAME"},
                     {"--cell-filter", &options.filter, "TEXT"},
                     {"--every", &options.every},
                     {"--worst", &options.worst},
                     {"--quiet", &options.quiet},
                     {"--write", &options.folder, "FOLDER"}})) {
    return 2;
  }
  std::vector<Row> rows = simulate_cells(options);
  for (const Row& row : rows) {
    if (!options.quiet) fmt::print("{}", line_of(row));
  }
  if (!options.folder.empty()) {
    write_csv(rows, fs::path(options.folder) / "coverage.csv");
    write_summary(rows, options.studies, options.seed, fs::path(options.folder) / "coverage.md");
  }
  print_extremes(std::move(rows), options.worst);
  return 0;
}

}  // namespace
}  // namespace iago::bench

int main(int count, char** values) { return iago::bench::run({values + 1, values + count}); }
