// Topics: coverage of the interval over topics like these, and of what is said of each topic
// (stats/groups.h), by simulation of studies whose topics have gaps of their own.
//
//   topics [--studies N] [--seed N] [--write FOLDER]
//
// For each design: of N studies (1,000) the share whose interval over queries like these, and whose
// interval over topics like these, contains the mean gap of the population of topics; the share in
// which the simultaneous intervals of all topics contain these topics' own gaps; how often the test
// says that topics differ; how often the topic that differs is named, and how often another is.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "bench/in_parallel.h"
#include "bench/options.h"
#include "stats/gap.h"
#include "stats/groups.h"
#include "testing/stats/simulation.h"

namespace iago::bench {
namespace {

constexpr double kLessRate = 0.1, kCorrelation = 0.05;
constexpr std::size_t kDraws = 400;  // of the permutation: enough to tell 5 % by

// A population of topics: how a topic's gap is drawn, in points.
struct TopicPopulation {
  std::string name;
  double mean = 0;
  std::function<double(std::size_t topic, Random& random)> gap;
  bool is_drawn = true;  // else every study has the same topics, and only its first may differ
  double rarest = 1;     // share of the rarest kind of topic
};

const std::vector<TopicPopulation>& populations() {
  static const std::vector<TopicPopulation> all = {
      {"all 0", 0, [](std::size_t, Random&) { return 0.0; }},
      {"all 10", 10, [](std::size_t, Random&) { return 10.0; }},
      {"normal, mean 10, standard deviation 5", 10,
       [](std::size_t, Random& random) {
         return std::clamp(std::round(10 + 5 * random.normal()), -9.0, 60.0);
       }},
      {"half 0, half 20", 10,
       [](std::size_t, Random& random) { return random.chance(0.5) ? 20.0 : 0.0; }},
      {"a fifth 30, the rest 0", 6,
       [](std::size_t, Random& random) { return random.chance(0.2) ? 30.0 : 0.0; }, true, 0.2},
      {"the first 17, the others 0", 0,
       [](std::size_t topic, Random&) { return topic == 0 ? 17.0 : 0.0; }, false},
      {"the first -10, the others 10", 0,
       [](std::size_t topic, Random&) { return topic == 0 ? -10.0 : 10.0; }, false}};
  return all;
}

struct Row {
  const TopicPopulation* population = nullptr;
  std::size_t topics = 0, queries = 0, repeats = 0;  // queries in each topic
  double over_queries = 0, over_topics = 0, all_topics = 0, differ = 0, named = 0, other_named = 0;
  double width_queries = 0, width_topics = 0;  // means, points

  // As of queries (docs/statistics.md): where fewer than three topics of a kind are expected, no
  // interval can know of it.
  bool is_promised() const {
    constexpr double kFewest = 3;
    return population->is_drawn && population->rarest * static_cast<double>(topics) >= kFewest;
  }

  bool is_short() const {
    const bool is_alike = population->name.starts_with("all");
    return (is_promised() && over_topics < 0.93) || all_topics < 0.93 ||
           (is_alike && std::max(differ, other_named) > 0.07);
  }
};

std::vector<Row> rows_to_simulate() {
  std::vector<Row> rows;
  for (const TopicPopulation& population : populations()) {
    for (std::size_t topics : {5, 10, 20}) {
      rows.push_back({.population = &population, .topics = topics, .queries = 20, .repeats = 5});
    }
    rows.push_back({.population = &population, .topics = 10, .queries = 20, .repeats = 10});
    rows.push_back({.population = &population, .topics = 10, .queries = 6, .repeats = 10});
  }
  return rows;
}

// By the gap in points; one for each thread, and the same in all.
const Propensity& rate_with(double gap) {
  thread_local std::map<double, Propensity> rates;
  const auto at = rates.find(gap);
  if (at != rates.end()) return at->second;
  return rates.emplace(gap, Propensity(kLessRate + gap / kPoints, kCorrelation)).first->second;
}

struct Study {
  SimulatedPair pair;
  Labels topics;
  std::vector<double> gaps;  // true, of each topic
};

Study simulate_study(const Row& row, Random& random) {
  Study study;
  const SimulatedArm arm{.repeats = row.repeats};
  for (std::size_t topic = 0; topic < row.topics; ++topic) {
    study.gaps.push_back(row.population->gap(topic, random));
    const SimulatedPair pair = simulate_pair(rate_with(study.gaps.back()), arm, rate_with(0), arm,
                                             row.queries, Tie::same, random);
    study.pair.more.insert(study.pair.more.end(), pair.more.begin(), pair.more.end());
    study.pair.less.insert(study.pair.less.end(), pair.less.begin(), pair.less.end());
    study.topics.insert(study.topics.end(), row.queries, topic);
  }
  return study;
}

void add_study(Row& row, const Study& study, Random& random) {
  const auto& [pair, topics, gaps] = study;
  const Interval queries = *gap_interval(pair.more, pair.less, kLevel);
  const Interval over = *gap_interval_over(pair.more, pair.less, topics);
  row.over_queries += queries.contains(row.population->mean);
  row.over_topics += over.contains(row.population->mean);
  row.width_queries += queries.width();
  row.width_topics += over.width();
  const GroupComparison found = compare_groups(pair.more, pair.less, topics, {}, random, kDraws);
  const bool differ = found.p_alike <= 1 - kLevel;
  bool all_hold = true, named = false, other_named = false;
  for (const GroupGap& group : found.groups) {
    all_hold &= group.simultaneous95.contains(gaps[group.group]);
    if (!group.differs()) continue;
    const bool is_odd = !row.population->is_drawn && group.group == 0;
    (is_odd ? named : other_named) = true;
  }
  row.all_topics += all_hold;
  row.differ += differ;
  row.named += named;
  row.other_named += other_named;
}

void simulate(Row& row, int studies, std::uint64_t seed) {
  Random random(
      seed, fmt::format("{} {} {} {}", row.population->name, row.topics, row.queries, row.repeats));
  for (int i = 0; i < studies; ++i) add_study(row, simulate_study(row, random), random);
  for (double* sum : {&row.over_queries, &row.over_topics, &row.all_topics, &row.differ, &row.named,
                      &row.other_named, &row.width_queries, &row.width_topics}) {
    *sum /= studies;
  }
}

std::string line_of(const Row& row) {
  const bool is_drawn = row.population->is_drawn;
  const bool is_alike = row.population->name.starts_with("all");
  const auto percent = [](double share) { return fmt::format("{:.1f}", kPoints * share); };
  const auto only = [](bool is_shown, std::string text) {
    return is_shown ? text : std::string("-");
  };
  return fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {:.1f} / {:.1f} |{}\n",
                     row.population->name, row.topics, row.queries, row.repeats,
                     only(is_drawn, percent(row.over_queries)),
                     only(is_drawn, percent(row.over_topics) + (row.is_promised() ? "" : " (few)")),
                     percent(row.all_topics), percent(row.differ),
                     only(!is_drawn, percent(row.named)),
                     only(is_alike || !is_drawn, percent(row.other_named)), row.width_queries,
                     row.width_topics, row.is_short() ? " **short** |" : " |");
}

std::string table(const std::vector<Row>& rows, int studies, std::uint64_t seed) {
  std::string text = fmt::format(
      "# Topics\n\n"
      "    build/variants/bench/bench/topics --studies {} --seed {} --write docs/results\n\n"
      "{} simulated studies a row; a share's own standard error is {:.1f} points at 95 %. Each "
      "topic "
      "has a gap of its own, in points, over a rate of {:.0f} % in the arm `less`; queries of a "
      "topic "
      "correlate within themselves by {}, the arms are tied. What is computed: "
      "[statistics.md](../statistics.md), `stats/groups.h`.\n\n"
      "\"Over queries\" and \"over topics\": the share of intervals that contain the mean gap of "
      "the "
      "population of topics; only where topics are drawn from one. \"All topics\": the "
      "simultaneous "
      "intervals of all topics contain these topics' own gaps. \"Differ\": the test of all topics "
      "says "
      "that they differ, at 5 %. \"Named\": the first topic is said to differ from the rest. "
      "\"Another "
      "named\": another one is, or any where all are alike. (Beside a topic that differs, each "
      "other "
      "one differs from its rest as well, by a little.) Required: over topics and all topics at "
      "least "
      "93 %; where all are alike, at most 7 % (5 and chance) say otherwise. Rows that fall short "
      "are "
      "marked.\n\n"
      "| topics' gaps | topics | queries in each | repeats | over queries % | over topics % | all "
      "topics % | differ % | named % | another named % | width over queries / topics | |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|\n",
      studies, seed, studies, 100 * std::sqrt(0.95 * 0.05 / studies), kPoints * kLessRate,
      kCorrelation);
  for (const Row& row : rows) text += line_of(row);
  return text;
}

int run(const std::vector<std::string>& arguments) {
  int studies = 1000;
  std::uint64_t seed = 20261128;
  std::string folder;
  if (!read_options("topics", arguments,
                    {{"--studies", &studies}, {"--seed", &seed}, {"--write", &folder, "FOLDER"}})) {
    return 2;
  }
  std::vector<Row> rows = rows_to_simulate();
  for_each_in_parallel(rows, [&](Row& row) { simulate(row, studies, seed); });
  const std::string text = table(rows, studies, seed);
  fmt::print("{}", text);
  if (!folder.empty()) write_file(std::filesystem::path(folder) / "topics.md", text);
  return 0;
}

}  // namespace
}  // namespace iago::bench

int main(int count, char** values) { return iago::bench::run({values + 1, values + count}); }
