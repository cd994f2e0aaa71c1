// Coverage of the intervals over several wordings, and how often their tests and verdicts err, by
// simulation of studies whose truth is known (testing/stats/simulated_wordings.h).
//
//   wordings [--studies N] [--cell-filter TEXT] [--quiet] [--write FOLDER]
//
// Prints one line per cell. With --write the tables go to FOLDER/wordings.md. Cells are simulated
// side by side; each has a random stream of its own, so the figures do not depend on it.
#include "stats/wordings.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/file.h"
#include "bench/in_parallel.h"
#include "bench/options.h"
#include "stats/decision.h"
#include "testing/stats/simulated_wordings.h"

namespace iago::bench {
namespace {

namespace fs = std::filesystem;

constexpr double kAsked = 0.93;
constexpr std::uint64_t kSeed = 20241218;

std::string name_of(WordingFamily family) {
  switch (family) {
    case WordingFamily::normal:
      return "normal";
    case WordingFamily::student:
      return "t3";
    case WordingFamily::skewed:
      return "skewed";
    case WordingFamily::carriers:
      return "carriers";
  }
  return "";
}

struct Cell {
  WordingDesign design;
  std::size_t wordings = 10, queries = 20;

  std::string name() const {
    return fmt::format("{:<8} {:4.2f} {:4.2f} J{:<3} Q{:<3} m{}{} sd{:<3} {}{}",
                       bench::name_of(design.family), design.more, design.less, wordings, queries,
                       design.repeats, design.missing > 0 ? "x" : "", design.wording_sd,
                       design.interaction > 0 ? "i" : "",
                       design.share > 0 ? fmt::format(" share {}", design.share) : "");
  }
};

enum Estimate { fixed_mean, spread, crossed, kEstimates };
constexpr std::array<const char*, kEstimates> kNames = {"mean", "spread", "crossed"};

struct Coverage {
  Cell cell;
  std::size_t studies = 0;
  std::array<double, kEstimates> covered{}, width{};  // shares; points, means
  double met_none = 0;                                // share of studies without a carrier
};

void simulate_once(Coverage& row, const std::string& stream) {
  const WordingPopulation population(row.cell.design);
  Random random(kSeed, row.cell.name() + stream);
  row.covered = row.width = {};
  row.met_none = 0;
  const double each = 1 / static_cast<double>(row.studies);
  const auto count = [&](Estimate e, const Interval& interval, double truth) {
    row.covered[e] += each * interval.contains(truth);
    row.width[e] += each * interval.width();
  };
  for (std::size_t i = 0; i < row.studies; ++i) {
    const WordingStudy study = population.draw(row.cell.wordings, row.cell.queries, random);
    count(fixed_mean, estimate_wording_mean_without_test(study.wordings)->ci95, study.mean());
    count(spread, estimate_spread_without_test(study.wordings)->ci95, study.sd());
    count(crossed, estimate_crossed_gap(study.wordings)->ci95, population.mean_gap());
    row.met_none += each * (study.carriers == 0);
  }
}

constexpr std::size_t kAgain = 5;  // times more studies for a cell that falls below

bool is_carriers(const Cell& cell) { return cell.design.family == WordingFamily::carriers; }
bool is_normal(const Cell& cell) { return cell.design.family == WordingFamily::normal; }

void simulate(Coverage& row) {
  simulate_once(row, "");
  if (is_carriers(row.cell) || *std::ranges::min_element(row.covered) >= kAsked) return;
  row.studies *= kAgain;
  simulate_once(row, " again");
}

// The families in which the intervals are held to the figure asked, the others, and the carriers.
std::vector<Cell> coverage_cells() {
  std::vector<Cell> cells;
  const std::array<std::array<double, 2>, 3> rates = {{{0.5, 0.3}, {0.14, 0.03}, {0.03, 0.03}}};
  for (std::size_t wordings : {10, 25, 125}) {
    for (std::size_t queries : {20, 100}) {
      for (const auto& rate : rates) {
        WordingDesign design{.more = rate[0], .less = rate[1]};
        for (std::size_t repeats : {1, 5}) {
          design.repeats = repeats;
          for (double sd : {0.0, 0.3, 0.6, 1.5}) {
            design.wording_sd = sd;
            cells.push_back({design, wordings, queries});
          }
        }
        design.repeats = 5;
        design.wording_sd = 0.6;
        design.interaction = 0.8;
        cells.push_back({design, wordings, queries});
        design.interaction = 0;
        design.missing = 0.3;
        design.repeats = 2;
        cells.push_back({design, wordings, queries});
        design.missing = 0;
        design.repeats = 5;
        for (WordingFamily family : {WordingFamily::student, WordingFamily::skewed}) {
          design.family = family;
          for (double sd : {0.6, 1.5}) {
            design.wording_sd = sd;
            cells.push_back({design, wordings, queries});
          }
        }
      }
      WordingDesign design{.more = 0.03, .less = 0.03, .family = WordingFamily::carriers};
      design.repeats = 5;
      design.wording_sd = 4;
      for (double share : {0.02, 0.05, 0.2}) {
        design.share = share;
        cells.push_back({design, wordings, queries});
      }
    }
  }
  return cells;
}

// How often something is said of studies in which it is wrong, or right.
struct Errors {
  std::string study;  // what it is like
  Cell cell;
  bool is_one = false;  // the last wording alone carries the shift of the design
  bool asks_alike = false;
  std::size_t studies = 0;
  // Shares of the studies: a wording without a gap is called one with; the mean's interval does
  // not hold the true mean; the verdicts; the one that carries is named; the test of "all alike"
  // rejects at 5 %.
  double wrong_wording = 0, gap = 0, no_gap = 0, named = 0, not_alike = 0;
  double true_gap = 0;  // points, of the one that carries
};

constexpr double kTrueMargin = 1e-6;  // points: what counts as a true gap of 0
constexpr std::size_t kFewDraws = 199;

void simulate_once(Errors& row, const std::string& stream) {
  const WordingPopulation population(row.cell.design);
  Random random(kSeed, "errors " + row.study + row.cell.name() + stream);
  row.wrong_wording = row.gap = row.no_gap = row.named = row.not_alike = 0;
  const double each = 1 / static_cast<double>(row.studies);
  const std::size_t count = row.cell.wordings;
  std::vector<std::size_t> places(count, 0);
  if (row.is_one) places.back() = WordingPopulation::kWordings - 1;
  row.true_gap = population.gap(places.back());
  for (std::size_t i = 0; i < row.studies; ++i) {
    const WordingStudy study = population.draw(places, row.cell.queries, random);
    ContrastEvidence evidence;
    evidence.wordings = study.wordings;
    evidence.more_tally = evidence.less_tally = {.trials = 1, .answered = 1, .judged = 1};
    const Decision found = decide_contrast(evidence);
    bool is_wrong = false;
    for (std::size_t j = 0; j < count; ++j) {
      const bool is_called =
          found.wordings[j] == WordingState::gap || found.wordings[j] == WordingState::reverse_gap;
      is_wrong |= is_called && std::abs(study.gaps[j]) < kTrueMargin;
    }
    row.wrong_wording += each * is_wrong;
    row.gap += each * (found.verdict == StudyVerdict::gap);
    row.no_gap += each * (found.verdict == StudyVerdict::no_gap);
    row.named += each * (found.wordings.back() == WordingState::gap);
    if (row.asks_alike) {
      row.not_alike += each * (estimate_spread(study.wordings, random, kFewDraws)->p_alike <= 0.05);
    }
  }
}

constexpr double kAskedErrors = 0.05;

void simulate(Errors& row) {
  simulate_once(row, "");
  if (row.wrong_wording <= kAskedErrors && row.not_alike <= kAskedErrors) return;
  row.studies *= kAgain;
  simulate_once(row, " again");
}

// Without `query_gap_sd` and with equal rates no wording has a gap at all.
std::vector<Errors> error_cells() {
  std::vector<Errors> rows;
  for (const double rate : {0.3, 0.03}) {
    for (std::size_t wordings : {4, 25, 125}) {
      for (std::size_t queries : {20, 100, 200}) {
        for (std::size_t repeats : {1, 10}) {
          if (wordings == 125 && queries * repeats > 1000) continue;
          const WordingDesign design{
              .more = rate, .less = rate, .query_gap_sd = 0, .repeats = repeats};
          rows.push_back({.study = "no gap under any",
                          .cell = {design, wordings, queries},
                          .asks_alike = wordings < 125 && queries * repeats <= 200});
        }
      }
    }
  }
  for (std::size_t wordings : {4, 25}) {
    for (const double shift : {0.6, 0.85, 1.5}) {
      const WordingDesign design{.more = 0.03,
                                 .less = 0.03,
                                 .query_gap_sd = 0,
                                 .family = WordingFamily::carriers,
                                 .wording_sd = shift,
                                 .share = 0.01,
                                 .repeats = 10};
      rows.push_back({.study = "a gap under one", .cell = {design, wordings, 200}, .is_one = true});
    }
  }
  return rows;
}

std::string percent(double share) { return fmt::format("{:.1f}", 100 * share); }

std::string line_of(const Coverage& row) {
  std::string text = row.cell.name();
  for (std::size_t e = 0; e < kEstimates; ++e) {
    text += fmt::format("  {} {:5} ({:5.2f})", kNames[e], percent(row.covered[e]), row.width[e]);
  }
  if (row.cell.design.share > 0) text += fmt::format("  met none {}", percent(row.met_none));
  return text + "\n";
}

std::string line_of(const Errors& row) {
  return fmt::format(
      "{}: {}  wrong wording {}  gap {}  no gap {}  named {} (true {:.1f})  not alike {}\n",
      row.study, row.cell.name(), percent(row.wrong_wording), percent(row.gap), percent(row.no_gap),
      percent(row.named), row.true_gap, row.asks_alike ? percent(row.not_alike) : "-");
}

// Lowest, mean and highest coverage over the cells that `belongs` picks, as a row of a table.
std::string summary_row(const std::vector<Coverage>& rows, const std::string& name,
                        const std::function<bool(const Cell&)>& belongs) {
  std::array<double, kEstimates> lowest, highest{}, sum{};
  lowest.fill(1);
  double cells = 0;
  for (const Coverage& row : rows) {
    if (!belongs(row.cell)) continue;
    cells += 1;
    for (std::size_t e = 0; e < kEstimates; ++e) {
      lowest[e] = std::min(lowest[e], row.covered[e]);
      highest[e] = std::max(highest[e], row.covered[e]);
      sum[e] += row.covered[e];
    }
  }
  if (cells == 0) return {};
  std::string text = fmt::format("| {} | {:.0f} |", name, cells);
  for (std::size_t e = 0; e < kEstimates; ++e) {
    text += fmt::format(" {} / {} / {} |", percent(lowest[e]), percent(sum[e] / cells),
                        percent(highest[e]));
  }
  return text + "\n";
}

// What a share's own standard error is at 95 %, in points.
double error_at_95(std::size_t studies) {
  return 100 * std::sqrt(0.95 * 0.05 / static_cast<double>(studies));
}

std::string carriers_table(const std::vector<Coverage>& rows) {
  std::string text =
      "| share | wordings | queries | crossed covers % | met none % | floor (1 - s)^J % | mean "
      "covers % | spread covers % |\n|---|---|---|---|---|---|---|---|\n";
  for (const Coverage& row : rows) {
    if (!is_carriers(row.cell)) continue;
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n", row.cell.design.share,
                        row.cell.wordings, row.cell.queries, percent(row.covered[crossed]),
                        percent(row.met_none),
                        percent(chance_of_meeting_none(row.cell.design.share, row.cell.wordings)),
                        percent(row.covered[fixed_mean]), percent(row.covered[spread]));
  }
  return text;
}

std::string errors_table(const std::vector<Errors>& rows) {
  std::string text =
      "| study | rate | wordings | queries | repeats | true gap of the one | a wording without a "
      "gap called one % | verdict gap % | verdict no gap % | the one named % | not alike % |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const Errors& row : rows) {
    text += fmt::format(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", row.study,
        row.cell.design.less, row.cell.wordings, row.cell.queries, row.cell.design.repeats,
        row.is_one ? fmt::format("{:.1f}", row.true_gap) : "-", percent(row.wrong_wording),
        percent(row.gap), percent(row.no_gap), row.is_one ? percent(row.named) : "-",
        row.asks_alike ? percent(row.not_alike) : "-");
  }
  return text;
}

std::string below_asked(const std::vector<Coverage>& rows) {
  std::string text;
  for (const Coverage& row : rows) {
    if (!is_carriers(row.cell) && *std::ranges::min_element(row.covered) < kAsked) {
      text += "    " + line_of(row);
    }
  }
  return text.empty() ? "None.\n" : text;
}

std::string markdown(const std::vector<Coverage>& rows, const std::vector<Errors>& errors,
                     std::size_t studies) {
  std::string text = fmt::format(
      "# Several wordings, by simulation\n\n"
      "    cmake -S . -B build/variants/bench -G Ninja -DIAGO_BENCH=ON -DIAGO_TESTS=OFF\n"
      "    cmake --build build/variants/bench --target wordings\n"
      "    build/variants/bench/bench/wordings --studies {} --quiet --write docs/results\n\n"
      "Studies of J wordings met by the same Q queries, m completions of each query under each "
      "wording in each arm, whose truth is known: rates are logistic in effects of the query and "
      "of the wording (`testing/stats/simulated_wordings.h`). {} studies a cell; a share's own "
      "standard error is {:.1f} points at 95 %. The estimates are those of `src/stats/wordings.h`, "
      "each at 95 %: the *mean* over these wordings, held to the true mean over these wordings; "
      "the *spread*, held to the true standard deviation between these; the *crossed* gap, held to "
      "the mean over the population of wordings.\n\n"
      "## Coverage\n\nRequired: at least {:.0f} % in the normal families. Each entry is the lowest "
      "/ "
      "mean / highest % over the cells. A cell below the requirement is simulated again with {} "
      "times the studies, so that chance does not decide. Above 95 % an interval is wider than it "
      "needs to be; the highest entries show by how much. The lowest entries are slightly "
      "optimistic: only cells below the requirement are simulated again, and the form of the "
      "crossed interval and the upper end of the spread were chosen on the normal cells of these "
      "same streams.\n\n"
      "| cells | number | mean | spread | crossed |\n|---|---|---|---|---|\n",
      studies, studies, error_at_95(studies), 100 * kAsked, kAgain);
  text += summary_row(rows, "normal families", is_normal);
  for (std::size_t wordings : {10, 25, 125}) {
    text += summary_row(rows, fmt::format("normal, {} wordings", wordings), [=](const Cell& cell) {
      return is_normal(cell) && cell.wordings == wordings;
    });
  }
  for (std::size_t queries : {20, 100}) {
    text += summary_row(rows, fmt::format("normal, {} queries", queries), [=](const Cell& cell) {
      return is_normal(cell) && cell.queries == queries;
    });
  }
  for (double rate : {0.5, 0.14, 0.03}) {
    text += summary_row(rows, fmt::format("normal, rate {} in more", rate), [=](const Cell& cell) {
      return is_normal(cell) && cell.design.more == rate;
    });
  }
  for (double sd : {0.0, 0.3, 0.6, 1.5}) {
    text += summary_row(
        rows, fmt::format("normal, wordings' effect {} logits", sd),
        [=](const Cell& cell) { return is_normal(cell) && cell.design.wording_sd == sd; });
  }
  text += summary_row(rows, "normal, interaction of wording and query", [](const Cell& cell) {
    return is_normal(cell) && cell.design.interaction > 0;
  });
  text += summary_row(rows, "normal, 30 % of the completions missing",
                      [](const Cell& cell) { return is_normal(cell) && cell.design.missing > 0; });
  for (WordingFamily family : {WordingFamily::student, WordingFamily::skewed}) {
    text += summary_row(rows, name_of(family) + " family",
                        [=](const Cell& cell) { return cell.design.family == family; });
  }
  text += fmt::format("\nCells below {:.0f} % (mean widths in points in brackets):\n\n{}",
                      100 * kAsked, below_asked(rows));
  text +=
      "\n## Few wordings carry all of the gap\n\nA share s of the wordings carries a gap, the "
      "others none. The crossed interval cannot know of what it never met: its coverage is bounded "
      "by one minus the chance of meeting none, and stays far below nominal well after that. So "
      "for such families the floor is what is printed, never this interval.\n\n" +
      carriers_table(rows);
  text += fmt::format(
      "\n## Errors of the verdict and of the test\n\nRequired: in at most 5 % of the studies is "
      "any "
      "wording without a gap called one with a gap; where one wording has a gap of the margin (3 "
      "points) or more, at most 5 % of the studies end in \"no gap\". The verdict gap may also "
      "rest on the mean, a separate test at 5 %, so the two together may give up to 10 %. \"Not "
      "alike\": how often the permutation test rejects at 5 % although all wordings are alike; it "
      "uses {} permutations here. A row with either above 5 % is simulated again with {} times the "
      "studies.\n\n",
      kFewDraws, kAgain);
  text += errors_table(errors);
  return text;
}

int run(const std::vector<std::string>& arguments) {
  std::size_t studies = 1000;
  bool quiet = false;
  std::string filter, folder;
  if (!read_options("wordings", arguments,
                    {{"--studies", &studies},
                     {"--cell-filter", &filter, "TEXT"},
                     {"--quiet", &quiet},
                     {"--write", &folder, "FOLDER"}})) {
    return 2;
  }
  const auto is_left_out = [&](const auto& row) {
    return row.cell.name().find(filter) == std::string::npos;
  };
  std::vector<Coverage> rows;
  for (const Cell& cell : coverage_cells()) rows.push_back({.cell = cell, .studies = studies});
  std::erase_if(rows, is_left_out);
  for_each_in_parallel(rows, [](Coverage& row) { simulate(row); });
  for (const Coverage& row : rows) {
    if (!quiet) fmt::print("{}", line_of(row));
  }
  std::vector<Errors> errors = error_cells();
  for (Errors& row : errors) row.studies = studies;
  std::erase_if(errors, is_left_out);
  for_each_in_parallel(errors, [](Errors& row) { simulate(row); });
  for (const Errors& row : errors) {
    if (!quiet) fmt::print("{}", line_of(row));
  }
  const std::string text = markdown(rows, errors, studies);
  if (quiet) fmt::print("{}", text);
  if (!folder.empty()) write_file(fs::path(folder) / "wordings.md", text);
  return 0;
}

}  // namespace
}  // namespace iago::bench

int main(int count, char** values) { return iago::bench::run({values + 1, values + count}); }
