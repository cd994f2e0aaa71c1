// Few clusters, and clusters of unequal size: coverage of the gap's interval over clusters like
// these (stats/groups.h, stats/clustered.h), and what the verdict says, by simulation.
//
//   clusters [--studies N] [--seed N] [--write FOLDER]
//
// For each design: of N studies (1,000) the share whose interval contains the true gap, its mean
// width, and the shares that end in "gap" (of either direction) and in "no gap".
#include <fmt/core.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "bench/in_parallel.h"
#include "bench/options.h"
#include "stats/clustered.h"
#include "stats/groups.h"
#include "testing/stats/decide.h"
#include "testing/stats/simulation.h"

namespace iago::bench {
namespace {

constexpr double kCorrelation = 0.3;  // of two answers of one cluster
constexpr std::size_t kRepeats = 5;

struct Sizes {
  std::string name;
  std::vector<double> of;  // queries in each cluster
};

std::vector<double> one_among(double large, std::size_t small) {
  std::vector<double> sizes(small, 1);
  sizes.push_back(large);
  return sizes;
}

const std::vector<Sizes>& cluster_sizes_to_simulate() {
  static const std::vector<Sizes> all = {{"3 of 20", std::vector<double>(3, 20)},
                                         {"5 of 20", std::vector<double>(5, 20)},
                                         {"6 of 20", std::vector<double>(6, 20)},
                                         {"10 of 20", std::vector<double>(10, 20)},
                                         {"20 of 10", std::vector<double>(20, 10)},
                                         {"50 of 4", std::vector<double>(50, 4)},
                                         {"1 of 190, 10 of 1", one_among(190, 10)},
                                         {"1 of 100, 100 of 1", one_among(100, 100)},
                                         {"1 of 20, 100 of 1", one_among(20, 100)},
                                         {"100, 50, 25, 12, 6, 3, 2", {100, 50, 25, 12, 6, 3, 2}},
                                         {"120 of 1", std::vector<double>(120, 1)}};
  return all;
}

// A cluster's propensity in each arm, drawn independently: so clusters differ in their gaps.
struct Rates {
  std::string name;
  Propensity more, less;
  double rarest = 1;  // share of the rarest kind of cluster
};

const std::vector<Rates>& rates_to_simulate() {
  static const std::vector<Rates> all = {
      {"3 / 3 %", Propensity(0.03, kCorrelation), Propensity(0.03, kCorrelation)},
      {"20 / 20 %", Propensity(0.2, kCorrelation), Propensity(0.2, kCorrelation)},
      {"30 / 10 %", Propensity(0.3, kCorrelation), Propensity(0.1, kCorrelation)},
      {"100 / 0 %", Propensity(1, 0), Propensity(0, 0)},
      {"a fifth always, the rest 2 / 2 %", Propensity::strong(0.02, 0.2), Propensity(0.02, 0),
       0.2}};
  return all;
}

struct Row {
  const Rates* rates = nullptr;
  const Sizes* sizes = nullptr;
  double covered = 0, width = 0, gap = 0, no_gap = 0;

  double truth() const { return kPoints * (rates->more.mean() - rates->less.mean()); }
  // A sample may well hold no cluster of a kind if fewer than three are expected. The same goes for
  // queries (docs/statistics.md).
  bool is_promised() const {
    constexpr double kFewest = 3;
    return rates->rarest == 1 || rates->rarest * effective_units(sizes->of) >= kFewest;
  }
  bool is_short() const {
    constexpr double kFalseGaps = 0.07, kFalseNoGaps = 0.04;
    if (!is_promised()) return false;
    const bool is_none = truth() == 0;
    return covered < 0.93 || (is_none ? gap > kFalseGaps : no_gap > kFalseNoGaps);
  }
};

void add_study(Row& row, Random& random) {
  ContrastEvidence evidence;
  ContrastCounts& counts = evidence.wordings.emplace_back();
  for (std::size_t cluster = 0; cluster < row.sizes->of.size(); ++cluster) {
    const auto place = [&] {
      return static_cast<std::size_t>(random.uniform() * Propensity::kGrid);
    };
    const double more = row.rates->more.at(place()), less = row.rates->less.at(place());
    for (double query = 0; query < row.sizes->of[cluster]; ++query) {
      const auto answers = [&](double rate) {
        QueryCounts found{.trials = kRepeats};
        for (std::size_t i = 0; i < kRepeats; ++i) found.successes += random.chance(rate);
        return found;
      };
      counts.more.push_back(answers(more));
      counts.less.push_back(answers(less));
      evidence.clusters.push_back(cluster);
    }
  }
  const std::size_t all = total(counts.more).trials;
  evidence.more_tally = evidence.less_tally = {.trials = all, .answered = all, .judged = all};
  const Interval interval = *gap_interval_over(counts.more, counts.less, evidence.clusters);
  row.covered += interval.contains(row.truth());
  row.width += interval.width();
  const StudyVerdict verdict = decide_contrast(evidence).verdict;
  row.gap += verdict == StudyVerdict::gap;
  row.no_gap += verdict == StudyVerdict::no_gap;
}

void simulate(Row& row, int studies, std::uint64_t seed) {
  Random random(seed, row.rates->name + ", " + row.sizes->name);
  for (int i = 0; i < studies; ++i) add_study(row, random);
  for (double* sum : {&row.covered, &row.width, &row.gap, &row.no_gap}) *sum /= studies;
}

std::string table(const std::vector<Row>& rows, int studies, std::uint64_t seed) {
  std::string text = fmt::format(
      "# Few clusters, and clusters of unequal size\n\n"
      "    build/variants/bench/bench/clusters --studies {} --seed {} --write docs/results\n\n"
      "{} simulated studies a row; a share's own standard error is {:.1f} points at 95 %. Each "
      "cluster has a propensity of its own in each arm (correlation {} within it); {} repeats. "
      "What is computed: [statistics.md](../statistics.md#clusters-and-groups). \"Count as\": the "
      "effective number of clusters. Where three clusters of the rarest kind are expected, "
      "intervals must cover in at least 93 % of studies, at most 7 % may end in \"gap\" where "
      "there is none (5 % and chance), and at most 4 % in \"no gap\" where there is one. Rows "
      "that fall short are marked.\n\n"
      "| rates, more / less | clusters | count as | covered % | width | gap % | no gap % | |\n"
      "|---|---|---|---|---|---|---|---|\n",
      studies, seed, studies, 100 * std::sqrt(0.95 * 0.05 / studies), kCorrelation, kRepeats);
  for (const Row& row : rows) {
    text += fmt::format("| {} | {} | {:.1f} | {:.1f}{} | {:.1f} | {:.1f} | {:.1f} |{}\n",
                        row.rates->name, row.sizes->name, effective_units(row.sizes->of),
                        100 * row.covered, row.is_promised() ? "" : " (few)", row.width,
                        100 * row.gap, 100 * row.no_gap, row.is_short() ? " **short** |" : " |");
  }
  return text;
}

int run(const std::vector<std::string>& arguments) {
  int studies = 1000;
  std::uint64_t seed = 20261129;
  std::string folder;
  if (!read_options("clusters", arguments,
                    {{"--studies", &studies}, {"--seed", &seed}, {"--write", &folder, "FOLDER"}})) {
    return 2;
  }
  std::vector<Row> rows;
  for (const Rates& rates : rates_to_simulate()) {
    for (const Sizes& sizes : cluster_sizes_to_simulate()) rows.push_back({&rates, &sizes});
  }
  for_each_in_parallel(rows, [&](Row& row) { simulate(row, studies, seed); });
  const std::string text = table(rows, studies, seed);
  fmt::print("{}", text);
  if (!folder.empty()) write_file(std::filesystem::path(folder) / "clusters.md", text);
  return 0;
}

}  // namespace
}  // namespace iago::bench

int main(int count, char** values) { return iago::bench::run({values + 1, values + count}); }
