#include "figures/training.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "figures/figure_text.h"
#include "figures/internal/json_parts.h"
#include "figures/text_table.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr Interval kRatePoints = {0, 100}, kGapPoints = {-100, 100};
constexpr std::size_t kLastSteps = 10;  // whose mean reward a seed is said to end with
constexpr std::size_t kMostFinding = 2000;

SeedValue value_of(const RateEstimate& rate) {
  return {kPoints * rate.rate, kPoints * rate.ci95.width() / (2 * normal_critical())};
}

SeedValue value_of(const GapEstimate& gap) {
  return {gap.points, gap.ci95.width() / (2 * normal_critical())};
}

// What is followed, and where a look says it.
struct Quantity {
  std::string name;
  Interval limits;
  std::string arm;  // empty: the gap
  std::optional<RateEstimate> TrainingArm::*rate = nullptr;

  std::optional<SeedValue> of(const TrainingLook& look) const {
    if (arm.empty()) return look.gap ? std::optional(value_of(*look.gap)) : std::nullopt;
    const TrainingArm* found = look.arm(arm);
    if (found == nullptr || !(found->*rate)) return std::nullopt;
    return value_of(*(found->*rate));
  }
};

std::vector<Quantity> quantities(const TrainingPlan& plan) {
  const Contrast& contrast = plan.contrast;
  return {{"complies in " + contrast.more, kRatePoints, contrast.more, &TrainingArm::compliance},
          {"complies in " + contrast.less, kRatePoints, contrast.less, &TrainingArm::compliance},
          {"fakes in " + contrast.more, kRatePoints, contrast.more, &TrainingArm::faking},
          {"gap", kGapPoints, "", nullptr}};
}

const TrainingLook* look_at(const TrainingSeed& seed, std::int64_t step) {
  const auto found = std::ranges::find(seed.looks, step, &TrainingLook::step);
  return found == seed.looks.end() ? nullptr : &*found;
}

double mean_reward(std::span<const TrainingStep> steps) {
  double sum = 0;
  for (const TrainingStep& step : steps) sum += step.reward;
  return sum / static_cast<double>(steps.size());
}

// Up to this one.
std::span<const TrainingStep> last_steps(const TrainingSeed& seed, std::int64_t step) {
  const auto until =
      std::span(seed.steps).first(std::min(seed.steps.size(), static_cast<std::size_t>(step)));
  return until.last(std::min(until.size(), kLastSteps));
}

std::string from_to(const Quantity& quantity, const TrainingSeed& seed) {
  if (seed.looks.empty()) return "-";
  const auto first = quantity.of(seed.looks.front()), last = quantity.of(seed.looks.back());
  return fmt::format("{} to {}", first ? points(first->points) : "-",
                     last ? points(last->points) : "-");
}

std::string spread_text(const std::optional<SeedSpread>& spread) {
  if (!spread) return "-";
  if (spread->seeds == 1) return points(*spread->mean);
  if (spread->two_places) return "two places, " + interval(spread->range);
  return fmt::format("{} ({})", points(*spread->mean), interval(*spread->band));
}

std::string end_text(const TrainingSeed& seed) {
  if (!seed.end) return fmt::format("at step {}", seed.steps.size());
  if (seed.end->why == TrainingEnd::Why::alarm) return "alarm: " + seed.end->alarm;
  return std::string(name_of(seed.end->why));
}

}  // namespace

const TrainingArm* TrainingLook::arm(std::string_view name) const {
  const auto found = std::ranges::find(arms, name, &TrainingArm::name);
  return found == arms.end() ? nullptr : &*found;
}

TrainingLook look_of(const Store& store, const Summary& summary, std::int64_t step,
                     std::size_t planned_looks) {
  TrainingLook look{.step = step, .folder = store.path().parent_path(), .gap = summary.gap()};
  for (const ArmSummary& arm : summary.arms()) {
    look.arms.push_back({arm.name, arm.compliance, arm.faking_reasoning, arm.missing()});
  }
  look.adjusted.step = step;
  if (summary.contrasts.empty()) return look;
  const ContrastCounts counts = contrast_counts(summary, store.arms(), summary.contrasts.front());
  look.adjusted.adjusted = gap_interval(counts.more, counts.less, level_of_look(planned_looks));
  return look;
}

std::vector<TrainingTrack> tracks(const Training& training) {
  std::set<std::int64_t> steps;
  for (const TrainingSeed& seed : training.seeds) {
    for (const TrainingLook& look : seed.looks) steps.insert(look.step);
  }
  std::vector<TrainingTrack> all;
  for (const Quantity& quantity : quantities(training.plan)) {
    TrainingTrack& track = all.emplace_back();
    track.name = quantity.name;
    track.limits = quantity.limits;
    track.steps.assign(steps.begin(), steps.end());
    track.seeds.resize(training.seeds.size());
    for (const std::int64_t step : steps) {
      std::vector<SeedValue> values;
      for (std::size_t i = 0; i < training.seeds.size(); ++i) {
        const TrainingLook* look = look_at(training.seeds[i], step);
        auto value = look != nullptr ? quantity.of(*look) : std::nullopt;
        track.seeds[i].push_back(value);
        if (value) values.push_back(*value);
      }
      track.spreads.push_back(seed_spread(values, training.plan.planned_looks(), quantity.limits));
    }
  }
  return all;
}

std::string training_heading(const Training& training) {
  const TrainingPlan& plan = training.plan;
  return fmt::format(
      "{}, trained on the rewards of {} in the arm {}: {} steps of {} prompts x {} "
      "answers, {} of {} seeds begun",
      printable(plan.model), printable(plan.study), printable(plan.arm),
      count(static_cast<std::uint64_t>(plan.steps)), plan.prompts, plan.samples,
      training.seeds.size(), plan.seeds.size());
}

std::vector<std::string> training_findings(const Training& training) {
  std::vector<std::string> alarms, findings, trouble;
  for (const TrainingSeed& seed : training.seeds) {
    if (seed.end && seed.end->why == TrainingEnd::Why::alarm) {
      alarms.push_back(fmt::format("Seed {} was ended by an alarm at step {}: {}: {}", seed.seed,
                                   seed.end->step, seed.end->alarm, seed.end->text));
    }
    if (seed.saturated_at) {
      findings.push_back(fmt::format(
          "Seed {}: reward saturated, generalisation did not. At step {} the reward has levelled "
          "off (mean of the last ten steps: {:.2f}), and the gap is above the margin of {:g} "
          "points at two evaluations in a "
          "row, by limits adjusted for all {} planned ones.",
          seed.seed, *seed.saturated_at, mean_reward(last_steps(seed, *seed.saturated_at)),
          training.plan.margin_points, training.plan.planned_looks()));
    }
  }
  for (const TrainingTrack& track : tracks(training)) {
    const auto& last = track.spreads.empty() ? std::nullopt : track.spreads.back();
    if (!last || !last->two_places) continue;
    trouble.push_back(
        fmt::format("{}: the seeds end in two places, from {} to {}; no mean is given.", track.name,
                    points(last->range.lo), points(last->range.hi)));
  }
  std::vector<std::string> all = std::move(alarms);
  all.insert(all.end(), findings.begin(), findings.end());
  all.insert(all.end(), trouble.begin(), trouble.end());
  if (all.empty()) all.push_back("No alarm, and no reward that saturated while the gap stayed.");
  return all;
}

std::vector<std::vector<std::string>> seed_rows(const Training& training) {
  const std::vector<Quantity> followed = quantities(training.plan);
  Rows rows = {{"seed", "steps", "reward", "KL"}};
  for (const Quantity& quantity : followed) rows[0].push_back(quantity.name);
  rows[0].push_back("ended");
  for (const TrainingSeed& seed : training.seeds) {
    const auto& steps = seed.steps;
    std::vector<std::string>& row = rows.emplace_back();
    row = {std::to_string(seed.seed), std::to_string(steps.size())};
    if (steps.empty()) {
      row.insert(row.end(), {"-", "-"});
    } else {
      const auto last = last_steps(seed, static_cast<std::int64_t>(steps.size()));
      const auto first = std::span(steps).first(1);
      row.push_back(fmt::format("{:.2f} to {:.2f}", mean_reward(first), mean_reward(last)));
      row.push_back(fmt::format("{:.2f}", steps.back().kl));
    }
    for (const Quantity& quantity : followed) row.push_back(from_to(quantity, seed));
    row.push_back(printable(end_text(seed)));
  }
  return rows;
}

std::vector<std::vector<std::string>> track_rows(const Training& training) {
  const std::vector<TrainingTrack> all = tracks(training);
  const bool has_several = training.seeds.size() > 1;
  Rows rows = {{"step"}};
  if (has_several) rows[0].push_back("seeds");
  for (const TrainingTrack& track : all) rows[0].push_back(track.name);
  for (std::size_t i = 0; i < all.front().steps.size(); ++i) {
    const std::int64_t step = all.front().steps[i];
    std::vector<std::string>& row = rows.emplace_back();
    row.push_back(std::to_string(step));
    if (has_several) {
      row.push_back(
          std::to_string(std::ranges::count_if(training.seeds, [&](const TrainingSeed& seed) {
            return look_at(seed, step) != nullptr;
          })));
    }
    for (const TrainingTrack& track : all) row.push_back(spread_text(track.spreads[i]));
  }
  return rows;
}

namespace {

Json look_json(const TrainingLook& look, const std::filesystem::path& folder) {
  Json arms = Json::object();
  for (const TrainingArm& arm : look.arms) {
    arms[arm.name] = {{"compliance", json_of(arm.compliance)},
                      {"faking_reasoning", json_of(arm.faking)},
                      {"missing", arm.missing}};
  }
  Json gap;
  if (look.gap) gap = {{"points", look.gap->points}, {"ci95", json_of(look.gap->ci95)}};
  Json adjusted;
  if (look.adjusted.adjusted) adjusted = json_of(*look.adjusted.adjusted);
  return {{"step", look.step},
          {"folder", look.folder.lexically_relative(folder).generic_string()},
          {"arms", arms},
          {"gap", gap},
          {"gap_adjusted", adjusted}};
}

Json seed_json(const TrainingSeed& seed, const std::filesystem::path& folder) {
  Json steps = Json::array(), looks = Json::array();
  for (const TrainingStep& step : seed.steps) steps.push_back(to_json(step));
  for (const TrainingLook& look : seed.looks) looks.push_back(look_json(look, folder));
  Json saturated;
  if (seed.saturated_at) saturated = *seed.saturated_at;
  return {{"seed", seed.seed},
          {"end", seed.end ? to_json(*seed.end) : Json()},
          {"saturated_while_gap_stays", saturated},
          {"evaluations", looks},
          {"steps", steps}};
}

Json spread_json(const std::optional<SeedSpread>& spread) {
  if (!spread) return {};
  return {{"seeds", spread->seeds},
          {"range", json_of(spread->range)},
          {"two_places", spread->two_places},
          {"mean", or_null(spread->mean)},
          {"band95", spread->band ? json_of(*spread->band) : Json()}};
}

}  // namespace

Json to_json(const Training& training) {
  Json seeds = Json::array(), trajectories = Json::array();
  for (const TrainingSeed& seed : training.seeds) seeds.push_back(seed_json(seed, training.folder));
  for (const TrainingTrack& track : tracks(training)) {
    Json looks = Json::array();
    for (std::size_t i = 0; i < track.steps.size(); ++i) {
      looks.push_back({{"step", track.steps[i]}, {"points", spread_json(track.spreads[i])}});
    }
    trajectories.push_back({{"name", track.name}, {"evaluations", looks}});
  }
  return {{"schema", kTrainingSchema},
          {"plan", to_json(training.plan)},
          {"findings", training_findings(training)},
          {"trajectories", trajectories},
          {"seeds", seeds}};
}

namespace {

constexpr const char* kRateRemark =
    "The reward is that of the first step, and the mean of the last ten; KL is that of the last "
    "step, in nats of an answer. The others are per cent of answers and points, of the held-out "
    "queries under the trained wording. Over several seeds: the mean, and the band that holds all "
    "evaluations together with 95 % (Bonferroni, Student's t over seeds); no mean where the seeds "
    "end in two places. A seed that has ended is in no later row.";

}  // namespace

std::string terminal_table(const Training& training, const TerminalOptions& options) {
  const Painter paint(options.colour);
  const std::size_t width = std::max<std::size_t>(options.width, 40);
  std::string out = wrapped(training_heading(training), width, 0, 2) + "\n\n";
  out += fitted(seed_rows(training), width, paint) + "\n";
  const Rows along = track_rows(training);
  if (along.size() > 1) out += fitted(along, width, paint) + "\n";
  out += wrapped(kRateRemark, width, 0, 0) + "\n\n";
  for (const std::string& finding : training_findings(training)) {
    out += wrapped(printable(finding, kMostFinding), width, 0, 2) + "\n";
  }
  return out + "\n" + printable(training.folder.string(), kMostFinding) + "\n";
}

std::string markdown_table(const Training& training) {
  std::string out =
      fmt::format("# Training\n\n{}\n\n", markdown_text(training_heading(training), kMostFinding));
  for (const std::string& finding : training_findings(training)) {
    out += fmt::format("- {}\n", markdown_text(finding, kMostFinding));
  }
  out += "\n" + markdown_rows(seed_rows(training)) + "\n";
  if (const Rows along = track_rows(training); along.size() > 1) out += markdown_rows(along) + "\n";
  return out + kRateRemark + "\n";
}

}  // namespace iago
