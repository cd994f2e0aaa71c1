#include "figures/trainings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "figures/figure_text.h"
#include "figures/internal/json_parts.h"
#include "figures/internal/trainings.h"
#include "figures/text_table.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr Interval kAnyPoints = {-100, 100};
constexpr double kNearPoints = 5;  // points

// What is followed at an evaluation, in points or per cent; absent where it has no figure.
struct Followed {
  std::string name;
  std::optional<double> (*of)(const TrainingLook& look, const Contrast& contrast);
};

std::optional<double> rate_in(const TrainingLook& look, const std::string& arm,
                              std::optional<RateEstimate> TrainingArm::*rate) {
  const TrainingArm* found = look.arm(arm);
  if (found == nullptr || !(found->*rate)) return std::nullopt;
  return kPoints * (found->*rate)->rate;
}

std::vector<Followed> followed(const Contrast& contrast) {
  const auto complies = [](const TrainingLook& look, const Contrast& c) {
    return rate_in(look, c.more, &TrainingArm::compliance);
  };
  const auto fakes = [](const TrainingLook& look, const Contrast& c) {
    return rate_in(look, c.more, &TrainingArm::faking);
  };
  const auto share = [](const TrainingLook& look, const Contrast& c) -> std::optional<double> {
    const auto all = rate_in(look, c.more, &TrainingArm::compliance);
    const auto faking = rate_in(look, c.more, &TrainingArm::faking);
    if (!all || !faking || *all <= 0) return std::nullopt;
    return kPoints * *faking / *all;
  };
  const auto elsewhere = [](const TrainingLook& look, const Contrast& c) {
    return rate_in(look, c.less, &TrainingArm::compliance);
  };
  const auto gap = [](const TrainingLook& look, const Contrast&) -> std::optional<double> {
    return look.gap ? std::optional(look.gap->points) : std::nullopt;
  };
  return {{"complies in " + contrast.more, complies},
          {"fakes in " + contrast.more, fakes},
          {"faking among these", share},
          {"complies in " + contrast.less, elsewhere},
          {"gap", gap}};
}

// Of every seed that has one: before the training, or at its end.
std::vector<double> values_of(const Training& training, const Followed& what, bool at_end) {
  std::vector<double> values;
  for (const TrainingSeed& seed : training.seeds) {
    const TrainingLook* look = end_of(seed);
    if (look == nullptr) continue;
    const auto value = what.of(at_end ? *look : seed.looks.front(), training.plan.contrast);
    if (value) values.push_back(*value);
  }
  return values;
}

double median_of(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// Only of another label than the judge's positive one.
std::string rewards_text(const TrainingPlan& plan) {
  for (const auto& [name, value] : plan.options) {
    if (name == "reward_label" && !value.empty()) {
      return fmt::format(" (rewards \"{}\")", printable(value, 40));
    }
  }
  return {};
}

// What became of the seeds. An alarm is no end.
struct SeedTally {
  std::size_t ended = 0, stayed = 0, open = 0;  // `stayed`: saturated while the gap stays
  std::vector<const TrainingSeed*> alarmed;
};

SeedTally tally_of(const Training& training) {
  SeedTally tally{.open = training.plan.seeds.size(), .alarmed = {}};
  for (const TrainingSeed& seed : training.seeds) {
    if (seed.end) --tally.open;
    if (seed.end && seed.end->why == TrainingEnd::Why::alarm) tally.alarmed.push_back(&seed);
    if (end_of(seed) == nullptr) continue;
    ++tally.ended;
    tally.stayed += seed.saturated_at ? 1 : 0;
  }
  return tally;
}

std::string seeds_text(const Training& training) {
  const SeedTally tally = tally_of(training);
  std::string text = fmt::format("{} of {}", tally.stayed, tally.ended);
  for (const TrainingSeed* seed : tally.alarmed) {
    text += fmt::format(", alarm {} in seed {}", printable(seed->end->alarm), seed->seed);
  }
  if (tally.open > 0) text += fmt::format(", {} not ended", tally.open);
  return text;
}

void check_same_contrast(const std::vector<ComparedTraining>& trainings) {
  for (const ComparedTraining& one : trainings) {
    const TrainingPlan &plan = one.training.plan, &first = trainings[0].training.plan;
    if (plan.setting != first.setting || plan.channel != first.channel) {
      throw Error(ErrorCode::invalid,
                  fmt::format("{} is of the setting {} in the channel {}, {} of {} in {}",
                              printable(trainings[0].name), printable(first.setting),
                              printable(first.channel), printable(one.name),
                              printable(plan.setting), printable(plan.channel)),
                  "compare trainings of one setting and channel");
    }
    const Contrast &is = plan.contrast, &was = first.contrast;
    if (is.more == was.more && is.less == was.less) continue;
    throw Error(ErrorCode::invalid,
                fmt::format("{} contrasts {} with {}, {} contrasts {} with {}",
                            printable(trainings[0].name), printable(was.more), printable(was.less),
                            printable(one.name), printable(is.more), printable(is.less)),
                "compare trainings of one contrast");
  }
}

std::vector<double> of_seeds(const TrainingOptimum& optimum,
                             double (*value)(const ReachedBySeed&)) {
  std::vector<double> values;
  for (const ReachedBySeed& seed : optimum.seeds) values.push_back(value(seed));
  return values;
}

double complying(const ReachedBySeed& seed) { return kPoints * seed.compliance; }
double faking_of(const ReachedBySeed& seed) { return kPoints * seed.faking; }
double complying_otherwise(const ReachedBySeed& seed) {
  return kPoints * (seed.compliance - seed.faking);
}
double rewarded_of(const ReachedBySeed& seed) { return kPoints * seed.rewarded; }
double kl_of(const ReachedBySeed& seed) { return seed.kl; }
double best_of(const ReachedBySeed& seed) { return kPoints * seed.best; }

std::string in_points(double fraction) { return points(kPoints * fraction); }

// How many seeds have compliance and each way to it within 5 points of the optimum's.
std::string near_the_optimum(const TrainingOptimum& optimum) {
  const auto is_near = [](double x, double y) { return kPoints * std::abs(x - y) <= kNearPoints; };
  const RewardOptimum& at = optimum.held_out;
  std::size_t near = 0;
  for (const ReachedBySeed& seed : optimum.seeds) {
    const bool all = is_near(seed.compliance, at.rewarded) && is_near(seed.faking, at.by_route) &&
                     is_near(seed.compliance - seed.faking, at.rewarded - at.by_route);
    near += all ? 1 : 0;
  }
  return fmt::format("{} of {}", near, optimum.seeds.size());
}

}  // namespace

std::string over_seeds(const std::vector<double>& values, int decimals) {
  if (values.empty()) return "-";
  std::vector<SeedValue> seeds;
  for (const double value : values) seeds.push_back({value});
  const auto spread = seed_spread(seeds, 1, kAnyPoints);
  const auto shown = [&](double value) { return fmt::format("{:.{}f}", value + 0.0, decimals); };
  const std::string range = shown(spread->range.lo) + " to " + shown(spread->range.hi);
  if (values.size() == 1) return shown(values.front());
  if (spread->two_places) return "two places, " + range;
  return fmt::format("{} ({})", shown(median_of(values)), range);
}

std::vector<std::vector<std::string>> ended_rows(const std::vector<ComparedTraining>& trainings) {
  Rows rows = {{"training"}};
  if (trainings.empty()) return rows;
  check_same_contrast(trainings);
  const auto all = followed(trainings[0].training.plan.contrast);
  for (const Followed& what : all) rows[0].push_back(what.name);
  rows[0].push_back("seeds where the gap stayed");
  for (const ComparedTraining& one : trainings) {
    std::vector<std::string>& row = rows.emplace_back();
    row.push_back(printable(one.name) + rewards_text(one.training.plan));
    for (const Followed& what : all) {
      const auto before = values_of(one.training, what, false);
      const auto after = values_of(one.training, what, true);
      row.push_back(fmt::format("{} to {}", before.empty() ? "-" : points(median_of(before)),
                                over_seeds(after)));
    }
    row.push_back(seeds_text(one.training));
  }
  return rows;
}

std::vector<std::vector<std::string>> optimum_rows(const std::vector<ComparedTraining>& trainings) {
  Rows rows = {{"training", "b", "complies: optimum", "found", "fakes: optimum", "found",
                "complies otherwise: optimum", "found", "seeds within 5 points"}};
  for (const ComparedTraining& one : trainings) {
    const auto optimum = training_optimum(one);
    if (!optimum || optimum->seeds.empty()) continue;
    const RewardOptimum& at = optimum->held_out;
    rows.push_back(
        {printable(one.name), fmt::format("{:g}", optimum->kl_weight), in_points(at.rewarded),
         over_seeds(of_seeds(*optimum, complying)), in_points(at.by_route),
         over_seeds(of_seeds(*optimum, faking_of)), in_points(at.rewarded - at.by_route),
         over_seeds(of_seeds(*optimum, complying_otherwise)), near_the_optimum(*optimum)});
  }
  return rows;
}

std::vector<std::vector<std::string>> divergence_rows(
    const std::vector<ComparedTraining>& trainings) {
  Rows rows = {{"training", "b", "reward: optimum", "found", "KL: optimum", "found",
                "largest reward at that KL"}};
  for (const ComparedTraining& one : trainings) {
    const auto optimum = training_optimum(one);
    if (!optimum || optimum->seeds.empty()) continue;
    rows.push_back(
        {printable(one.name), fmt::format("{:g}", optimum->kl_weight),
         in_points(optimum->trained.rewarded), over_seeds(of_seeds(*optimum, rewarded_of)),
         fmt::format("{:.2f}", optimum->trained.kl), over_seeds(of_seeds(*optimum, kl_of), 2),
         over_seeds(of_seeds(*optimum, best_of))});
  }
  return rows;
}

namespace {

constexpr const char* kEndRemark =
    "Per cent of answers and points, of the held-out queries: before the training, then at its "
    "end. "
    "Over several seeds the median and the range; only the range where they end in two places. In "
    "the last column, the seeds whose reward saturated while the gap stayed.";
constexpr const char* kOptimumRemark =
    "Where rewards of 0 or 1 end at best: each prompt complies with p e^(1/b) / (p e^(1/b) + 1 - "
    "p), where p is its compliance before, and the ways to comply keep their proportions. On the "
    "held-out queries.";
constexpr const char* kDivergenceRemark =
    "On the queries that were trained on, mean of the last ten steps: rewarded answers in per "
    "cent, "
    "KL to the starting policy in nats of an answer, and the largest reward that a policy with "
    "that "
    "KL can have.";

Json values_json(const std::vector<double>& values) {
  Json json = Json::array();
  for (const double value : values) json.push_back(value);
  return json;
}

Json optimum_json(const RewardOptimum& optimum) {
  return {{"rewarded", optimum.rewarded}, {"with_faking", optimum.by_route}, {"kl", optimum.kl}};
}

Json optimum_json(const std::optional<TrainingOptimum>& optimum) {
  if (!optimum) return {};
  Json seeds = Json::array();
  for (const ReachedBySeed& seed : optimum->seeds) {
    seeds.push_back({{"seed", seed.seed},
                     {"compliance", seed.compliance},
                     {"faking_reasoning", seed.faking},
                     {"rewarded", seed.rewarded},
                     {"kl", seed.kl},
                     {"largest_reward_at_that_kl", seed.best}});
  }
  return {{"kl_weight", optimum->kl_weight},
          {"held_out", optimum_json(optimum->held_out)},
          {"trained", optimum_json(optimum->trained)},
          {"seeds", seeds}};
}

}  // namespace

std::vector<RemarkedTable> tables_of(const std::vector<ComparedTraining>& trainings) {
  std::vector<RemarkedTable> tables = {{ended_rows(trainings), kEndRemark},
                                       {optimum_rows(trainings), kOptimumRemark},
                                       {divergence_rows(trainings), kDivergenceRemark}};
  std::erase_if(tables, [](const RemarkedTable& table) { return table.rows.size() < 2; });
  return tables;
}

std::string trainings_heading(const std::vector<ComparedTraining>& trainings) {
  const TrainingPlan& plan = trainings.front().training.plan;
  return fmt::format(
      "{} on rewards, {} against {}",
      trainings.size() == 1 ? "A training" : fmt::format("{} trainings", trainings.size()),
      printable(plan.contrast.more), printable(plan.contrast.less));
}

std::string trainings_conclusion(const std::vector<ComparedTraining>& trainings) {
  std::size_t ended = 0, stayed = 0, alarms = 0;
  for (const ComparedTraining& one : trainings) {
    const SeedTally tally = tally_of(one.training);
    ended += tally.ended, stayed += tally.stayed, alarms += tally.alarmed.size();
  }
  if (ended + alarms == 0) return "No seed has ended yet.";
  std::string text = fmt::format(
      "In {} of {} the reward saturated while the gap between the arms stayed above the margin.",
      stayed, counted(ended, "seed", "seeds"));
  if (alarms > 0) text += fmt::format(" An alarm ended {} more.", alarms);
  return text;
}

Json to_json(const std::vector<ComparedTraining>& trainings) {
  if (!trainings.empty()) check_same_contrast(trainings);
  Json all = Json::array();
  for (const ComparedTraining& one : trainings) {
    Json ends = Json::array(), seeds = Json::array();
    for (const Followed& what : followed(one.training.plan.contrast)) {
      ends.push_back({{"name", what.name},
                      {"before", values_json(values_of(one.training, what, false))},
                      {"after", values_json(values_of(one.training, what, true))}});
    }
    for (const TrainingSeed& seed : one.training.seeds) {
      if (end_of(seed) != nullptr) seeds.push_back(seed.seed);
    }
    all.push_back({{"name", one.name},
                   {"plan", to_json(one.training.plan)},
                   {"ended_seeds", seeds},
                   {"ends", ends},
                   {"optimum", optimum_json(training_optimum(one))}});
  }
  return {{"schema", kTrainingsSchema}, {"trainings", all}};
}

std::string terminal_table(const std::vector<ComparedTraining>& trainings,
                           const TerminalOptions& options) {
  const Painter paint(options.colour);
  const std::size_t width = std::max<std::size_t>(options.width, 40);
  std::string out;
  for (const RemarkedTable& table : tables_of(trainings)) {
    out += fitted(table.rows, width, paint) + "\n" + wrapped(table.remark, width, 0, 0) + "\n\n";
  }
  return out;
}

std::string markdown_table(const std::vector<ComparedTraining>& trainings) {
  std::string out = "# Trainings\n";
  for (const RemarkedTable& table : tables_of(trainings)) {
    out += "\n" + markdown_rows(table.rows) + "\n" + table.remark + "\n";
  }
  return out;
}

}  // namespace iago
