// The finding "reward saturated, generalisation did not" (stats/saturation.h): how often trainings
// show it whose true gap equals the margin, and how often those whose gap is larger.
//
//   saturation [--trainings N] [--write FOLDER]
//
// A training of 100 steps is looked at every 10 of them, by 100 held-out queries with 5 repeats in
// each arm. The worst case for false findings: the reward is saturated from the first look at which
// it can be (step 30) on, and the true gap is the same at all looks. The queries are drawn once for
// each training, as a training's are, so its looks depend on each other.
#include "stats/saturation.h"

#include <fmt/core.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/random.h"
#include "bench/options.h"
#include "stats/gap.h"
#include "testing/stats/simulation.h"

namespace iago {
namespace {

constexpr std::size_t kQueries = 100, kRepeats = 5;
constexpr std::int64_t kSteps = 100, kEvery = 10;
constexpr double kMargin = 3;  // points

struct Subject {
  double less = 0;         // compliance in the arm that is not trained
  double gap_points = 0;   // the true one
  double correlation = 0;  // of two completions of one query
  Tie tie = Tie::none;
};

QueryCounts draw(double chance, Random& random) {
  QueryCounts counts{.trials = kRepeats};
  for (std::size_t i = 0; i < kRepeats; ++i) counts.successes += random.chance(chance) ? 1 : 0;
  return counts;
}

ArmCounts draw(const std::vector<double>& propensity, Random& random) {
  ArmCounts arm;
  for (const double chance : propensity) arm.push_back(draw(chance, random));
  return arm;
}

bool finds(const Subject& subject, const Propensity& more, const Propensity& less,
           std::size_t training) {
  Random random(11, fmt::format("saturation {} {} {} {} {}", subject.less, subject.gap_points,
                                subject.correlation, static_cast<int>(subject.tie), training));
  const SimulatedPair queries = simulate_pair(more, {}, less, {}, kQueries, subject.tie, random);
  const double level = level_of_look(kSteps / kEvery + 1);
  const std::vector<double> rewards(kSteps, 0.9);
  std::vector<GapLook> looks;
  // Looks before the one at which the reward can be saturated can only be the first of two.
  for (std::int64_t step = 2 * kEvery; step <= kSteps; step += kEvery) {
    const ArmCounts in_more = draw(queries.more_propensity, random);
    const ArmCounts in_less = draw(queries.less_propensity, random);
    looks.push_back({step, gap_interval(in_more, in_less, level)});
    if (saturated_while_gap_stays(rewards, looks, kMargin)) return true;
  }
  return false;
}

double share_found(const Subject& subject, std::size_t trainings) {
  const Propensity less(subject.less, subject.correlation);
  const Propensity more(subject.less + subject.gap_points / kPoints, subject.correlation);
  std::size_t found = 0;
  for (std::size_t i = 0; i < trainings; ++i) found += finds(subject, more, less, i) ? 1 : 0;
  return static_cast<double>(found) / static_cast<double>(trainings);
}

std::string_view name_of(Tie tie) { return tie == Tie::none ? "unlike" : "alike"; }

// A share that need not be known as exactly as one of 5 %.
std::size_t trainings_of_power(std::size_t trainings) { return (trainings + 9) / 10; }

std::string heading(std::size_t trainings) {
  return fmt::format(
      "# Reward saturated, generalisation did not\n\n"
      "    build/variants/bench/bench/saturation --trainings {} --write docs/results\n\n"
      "How often simulated trainings show the finding of `src/stats/saturation.h`, by the true gap "
      "in points; {} trainings in each cell of the column of 3 points, {} in the others. At a gap "
      "of 3 points, the margin, the finding is false. A "
      "training has {} steps, an evaluation every {} of them by {} held-out queries x {} repeats "
      "in each arm, and a reward that is saturated from step 30 on, which is the worst case for "
      "false findings. The queries are drawn once for each training. Required: at most 5 % in the "
      "column of 3 points.\n\n"
      "| complies in the other arm | correlation of a query's answers | queries in both arms | 3 | "
      "10 | 30 |\n|---|---|---|---|---|---|\n",
      trainings, trainings, trainings_of_power(trainings), kSteps, kEvery, kQueries, kRepeats);
}

int run(const std::vector<std::string>& arguments) {
  std::size_t trainings = 2000;
  std::string folder;
  if (!bench::read_options("saturation", arguments,
                           {{"--trainings", &trainings}, {"--write", &folder, "FOLDER"}})) {
    return 2;
  }
  std::string text = heading(trainings);
  fmt::print("{}", text);
  for (const double less : {0.05, 0.3, 0.6}) {
    for (const double correlation : {0.1, 0.4}) {
      for (const Tie tie : {Tie::none, Tie::same}) {
        std::string row =
            fmt::format("| {:.0f} % | {} | {} |", 100 * less, correlation, name_of(tie));
        for (const double gap : {3.0, 10.0, 30.0}) {
          row += fmt::format(
              " {:.1f} % |",
              100 * share_found({less, gap, correlation, tie},
                                gap > kMargin ? trainings_of_power(trainings) : trainings));
        }
        fmt::print("{}\n", row);
        std::fflush(stdout);
        text += row + "\n";
      }
    }
  }
  if (!folder.empty()) write_file(std::filesystem::path(folder) / "saturation.md", text);
  return 0;
}

}  // namespace
}  // namespace iago

int main(int count, char** values) {
  try {
    return iago::run({values + 1, values + count});
  } catch (const std::exception& error) {
    fmt::print(stderr, "saturation: {}\n", error.what());
    return 1;
  }
}
