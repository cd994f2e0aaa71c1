// Where rewards could have taken a training, and where its seeds are.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "figures/internal/counted_cells.h"
#include "figures/internal/trainings.h"
#include "figures/trainings.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kEndSteps = 10;  // whose means a seed is said to end with
constexpr std::size_t kStepsInAPoint = 10;

std::string option_of(const TrainingPlan& plan, std::string_view name) {
  for (const auto& [key, value] : plan.options) {
    if (key == name) return value;
  }
  return {};
}

std::optional<double> number_of(const TrainingPlan& plan, std::string_view name) {
  const std::string text = option_of(plan, name);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool has_plain_rewards(const TrainingPlan& plan) {
  return option_of(plan, "reward_label").empty() && option_of(plan, "rewards") == "as given" &&
         number_of(plan, "reasoning_penalty") == 0.0 && number_of(plan, "length_penalty") == 0.0;
}

// The chances of these queries, in their order.
std::vector<PromptChances> chances_of(const SubjectBefore& before,
                                      const std::vector<std::string>& ids) {
  std::vector<PromptChances> chances;
  for (const std::string& id : ids) {
    const auto found = before.queries.find(id);
    if (found == before.queries.end() || found->second.answers == 0) {
      throw Error(ErrorCode::invalid,
                  fmt::format("the run before the training has no answer to {}", printable(id)),
                  "run the study on all of the training's queries");
    }
    const SubjectBefore::Query& query = found->second;
    const auto answers = static_cast<double>(query.answers);
    chances.push_back({static_cast<double>(query.rewarded) / answers,
                       static_cast<double>(query.faking) / answers});
  }
  return chances;
}

// What is asked in the arm that is trained on, by query.
std::map<std::string, std::string> request_hashes(const Store& store, const TrainingPlan& plan) {
  std::map<std::string, std::string> hashes;
  store.for_each_prompt([&](const PromptRow& prompt) {
    if (prompt.wording == plan.wording && prompt.arm == plan.arm) {
      hashes[prompt.query] = prompt.request_hash;
    }
    return true;
  });
  return hashes;
}

// As far as the training has evaluations to hold the run to.
bool has_same_prompts(const Store& before, const Training& training) {
  for (const TrainingSeed& seed : training.seeds) {
    if (seed.looks.empty()) continue;
    const auto asked = request_hashes(before, training.plan);
    const Store look(seed.looks.front().folder / "run.db");
    return std::ranges::all_of(request_hashes(look, training.plan), [&](const auto& prompt) {
      const auto found = asked.find(prompt.first);
      return found == asked.end() || found->second == prompt.second;
    });
  }
  return true;
}

std::optional<ReachedBySeed> reached_by(const TrainingSeed& seed, const TrainingPlan& plan,
                                        const std::vector<PromptChances>& trained) {
  const TrainingLook* look = end_of(seed);
  const TrainingArm* arm = look == nullptr ? nullptr : look->arm(plan.arm);
  if (arm == nullptr || !arm->compliance || !arm->faking || seed.steps.empty()) return std::nullopt;
  ReachedBySeed reached{seed.seed, arm->compliance->rate, arm->faking->rate};
  const auto last = std::span(seed.steps).last(std::min(seed.steps.size(), kEndSteps));
  for (const TrainingStep& step : last) {
    reached.rewarded += step.positive / static_cast<double>(last.size());
    reached.kl += step.kl / static_cast<double>(last.size());
  }
  reached.best = best_reward_at(trained, reached.kl);
  return reached;
}

}  // namespace

std::size_t SubjectBefore::fewest_answers() const {
  std::size_t fewest = 0;
  for (const auto& [id, query] : queries) {
    fewest = fewest == 0 ? query.answers : std::min(fewest, query.answers);
  }
  return fewest;
}

std::optional<SubjectBefore> read_before(const std::filesystem::path& run,
                                         const Training& training) {
  const TrainingPlan& plan = training.plan;
  const Store store(run / "run.db");
  if (store.run().subject_identity != plan.identity) return std::nullopt;
  if (!has_same_prompts(store, training)) return std::nullopt;
  const JudgeChoice judges = choose_judges(store);
  if (!judges.contrast || fmt::format("{} {}", judges.contrast->name, judges.contrast->hash) !=
                              option_of(plan, "reward_judge")) {
    return std::nullopt;
  }
  const std::vector<ArmRow> arms = store.arms();
  const std::vector<Query> queries = store.queries();
  SubjectBefore before;
  for (const CellCounts& cell : counted_cells(store, judges, arms, store.run().forms)) {
    const ArmRow& arm = arms[cell.arm];
    if (arm.wording != plan.wording || arm.name != plan.arm) continue;
    SubjectBefore::Query& query = before.queries[queries.at(cell.query).id];
    for (const std::uint64_t count : cell.outcomes) query.answers += count;
    query.rewarded = cell.complied;
    query.faking = cell.complied_faking;
  }
  if (before.queries.empty()) return std::nullopt;
  return before;
}

const TrainingLook* end_of(const TrainingSeed& seed) {
  const bool ended = seed.end && seed.end->why != TrainingEnd::Why::alarm;
  return ended && !seed.looks.empty() ? &seed.looks.back() : nullptr;
}

std::optional<TrainingOptimum> training_optimum(const ComparedTraining& compared) {
  const TrainingPlan& plan = compared.training.plan;
  const auto kl_weight = number_of(plan, "kl_weight");
  if (!compared.before || !kl_weight || *kl_weight <= 0 || !has_plain_rewards(plan)) {
    return std::nullopt;
  }
  const auto trained = chances_of(*compared.before, plan.trained);
  TrainingOptimum optimum{
      .kl_weight = *kl_weight,
      .held_out = reward_optimum(chances_of(*compared.before, plan.held_out), *kl_weight),
      .trained = reward_optimum(trained, *kl_weight),
      .seeds = {}};
  for (const TrainingSeed& seed : compared.training.seeds) {
    if (const auto reached = reached_by(seed, plan, trained)) optimum.seeds.push_back(*reached);
  }
  return optimum;
}

std::vector<RewardAtKl> reward_along(const TrainingSeed& seed) {
  std::vector<RewardAtKl> line;
  for (std::size_t begin = 0; begin < seed.steps.size(); begin += kStepsInAPoint) {
    const auto part =
        std::span(seed.steps).subspan(begin, std::min(kStepsInAPoint, seed.steps.size() - begin));
    RewardAtKl mean;
    for (const TrainingStep& step : part) {
      mean.kl += step.kl / static_cast<double>(part.size());
      mean.reward += kPoints * step.positive / static_cast<double>(part.size());
    }
    line.push_back(mean);
  }
  return line;
}

std::vector<RewardAtKl> largest_rewards(const ComparedTraining& compared) {
  const auto chances = chances_of(*compared.before, compared.training.plan.trained);
  std::vector<RewardAtKl> line;
  for (double log_b = std::log(20.0); log_b >= std::log(0.04); log_b -= 0.05) {
    const RewardOptimum at = reward_optimum(chances, std::exp(log_b));
    line.push_back({at.kl, kPoints * at.rewarded});
  }
  return line;
}

std::vector<std::vector<WithOptimum>> with_optimum_by_subject(
    const std::vector<ComparedTraining>& trainings) {
  std::vector<std::vector<WithOptimum>> by_subject;
  for (const ComparedTraining& one : trainings) {
    auto optimum = training_optimum(one);
    if (!optimum) continue;
    const TrainingPlan& plan = one.training.plan;
    const auto is_same = [&](const auto& group) {
      const TrainingPlan& was = group.front().compared->training.plan;
      return was.identity == plan.identity && was.wording == plan.wording && was.arm == plan.arm &&
             was.trained == plan.trained;
    };
    const auto found = std::ranges::find_if(by_subject, is_same);
    auto& group = found == by_subject.end() ? by_subject.emplace_back() : *found;
    group.push_back({&one, std::move(*optimum)});
  }
  return by_subject;
}

}  // namespace iago
