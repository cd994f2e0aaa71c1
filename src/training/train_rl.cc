#include "training/train_rl.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/version.h"
#include "run/plan_rows.h"
#include "study/plan.h"
#include "text/printable.h"
#include "training/internal/seed_training.h"
#include "training/internal/seeds.h"
#include "training/internal/training_folder.h"
#include "training/query_split.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxPlan = std::size_t{64} << 20;

void check(const RlOptions& o) {
  const auto require = [](bool holds, const char* option, const std::string& expected) {
    if (holds) return;
    throw Error(ErrorCode::invalid, fmt::format("{}: expected {}", option, expected));
  };
  require(o.steps >= 1 && o.steps <= kMostTrainingSteps, "--steps", "1 to 1,000,000");
  require(o.prompts >= 1 && o.prompts <= kMostTrainingSteps, "--prompts", "1 to 1,000,000");
  require(o.samples >= 2, "--samples", "at least 2: an answer's baseline is made of the others");
  require(o.samples <= kMostTrainingSteps, "--samples", "at most 1,000,000");
  require(o.prompts * o.samples < (std::int64_t{1} << 31) / o.steps, "--steps",
          "fewer than 2^31 answers in all");
  require(o.evaluate_every >= 1 && o.evaluate_every <= kMostTrainingSteps, "--evaluate-every",
          "1 to 1,000,000");
  require(o.save_every >= 1, "--save-every", "at least 1");
  require(o.evaluation_repeats >= 1, "--evaluation-repeats", "at least 1");
  require(o.decay >= 0 && o.decay <= 1, "--decay", "a share in [0, 1]");
  require(o.passes >= 1, "--passes", "at least 1");
  require(o.lora_rank >= 0, "--lora", "a rank of at least 1");
  require(!o.seeds.empty(), "--seeds", "at least 1");
}

// The judge that decides the study's contrasts, unless another is named.
Judge& judge_of_output(const LoadedStudy& study, const RlJudges& judges) {
  if (judges.rule.output != nullptr) return *judges.rule.output;
  const std::string name = deciding_judge(study, study.study.reference, judges.study);
  for (const auto& judge : judges.study) {
    if (judge->info().name == name) return *judge;
  }
  throw Error(ErrorCode::invalid, "the study has no judge of the output to make a reward of",
              "name one with --reward-judge, or add a judge of compliance to the study");
}

std::string judge_text(const Judge* judge) {
  return judge == nullptr ? "none" : fmt::format("{} {}", judge->info().name, judge->info().hash);
}

std::vector<std::string> ids_of(const std::vector<Query>& queries) {
  std::vector<std::string> ids;
  for (const Query& query : queries) ids.push_back(query.id);
  return ids;
}

std::vector<std::pair<std::string, std::string>> options_text(const RlOptions& o,
                                                              const RewardRule& rule,
                                                              const std::string& study_hash,
                                                              const Sampling& sampling) {
  std::vector<std::pair<std::string, std::string>> options = {
      {"study_hash", study_hash},
      {"max_tokens", fmt::format("{}", sampling.max_tokens)},
      {"learning_rate", fmt::format("{}", o.learning_rate)},
      {"decay", fmt::format("{}", o.decay)},
      {"passes", fmt::format("{}", o.passes)},
      {"clip", o.passes > 1 ? fmt::format("{}", o.clip) : "none"},
      {"kl_weight", fmt::format("{}", o.kl_weight)},
      {"rewards", o.standardised ? "standardised" : "as given"},
      {"lora_rank", fmt::format("{}", o.lora_rank)},
      {"reward_judge", judge_text(rule.output)},
      {"reasoning_judge", judge_text(rule.reasoning)},
      {"reasoning_penalty",
       fmt::format("{}", rule.reasoning == nullptr ? 0 : rule.reasoning_penalty)},
      {"length_penalty", fmt::format("{}", rule.length_penalty)},
      {"length_limit", fmt::format("{}", rule.length_limit)},
      {"evaluation_repeats", fmt::format("{}", o.evaluation_repeats)},
      {"stop_when_saturated", o.stop_when_saturated ? "true" : "false"}};
  const std::string_view label = rewarded_label(rule);
  if (label != rule.output->info().positive()) options.emplace_back("reward_label", label);
  return options;
}

TrainingPlan plan_of(const LoadedStudy& study, const RlSubject& subject, const RewardRule& rule,
                     const RlOptions& options, const QuerySplit& split) {
  const auto contrasts = contrasts_of(study.study, study.setting);
  if (contrasts.empty()) throw Error(ErrorCode::invalid, no_contrast(study));
  const ModelInfo info = subject.model.info();
  TrainingPlan plan{.program = std::string(kVersion),
                    .study = study.study.name,
                    .setting = study.setting.name,
                    .channel = study.study.channel,
                    .model = info.name,
                    .identity = info.identity,
                    .wording = study.study.reference,
                    .arm = options.arm.empty() ? contrasts.front().more : options.arm,
                    .contrast = contrasts.front(),
                    .margin_points = study.study.margin,
                    .steps = options.steps,
                    .evaluate_every = options.evaluate_every,
                    .prompts = options.prompts,
                    .samples = options.samples};
  const std::string hash = study_hash(study.study, study.setting, {info.name, info.identity});
  plan.options = options_text(options, rule, hash, study.study.sampling);
  plan.split = split.words;
  plan.trained = ids_of(split.trained);
  plan.held_out = ids_of(split.held_out);
  plan.seeds = options.seeds;
  if (std::ranges::count(study.study.arms, plan.arm) == 0) {
    throw Error(ErrorCode::invalid,
                fmt::format("--arm: the study has no arm \"{}\"", printable(plan.arm)),
                fmt::format("it has {}", fmt::join(study.study.arms, ", ")));
  }
  return plan;
}

// Writes training.json, or holds it to the one that is there. Seeds may be added.
void record_plan(const fs::path& folder, TrainingPlan& plan) {
  const fs::path file = folder / kTrainingFile;
  if (is_training(folder)) {
    const TrainingPlan was = training_plan_of(read_own_json(file, kMaxPlan), file.string());
    check_same_plan(folder, without_seeds(was), without_seeds(plan));
    plan.seeds = seeds_together(was.seeds, plan.seeds);
  } else {
    check_is_free(folder, kTrainingFile);
  }
  write_file(file, dump_json(to_json(plan), 2) + "\n");
}

std::string jsonl(const std::vector<Query>& queries) {
  std::string lines;
  for (const Query& query : queries) {
    Json json = {{"id", query.id}, {"text", query.text}};
    if (!query.topic.empty()) json["topic"] = query.topic;
    for (const auto& [name, value] : query.labels) json.emplace(name, value);
    lines += dump_json(json) + "\n";
  }
  return lines;
}

// The study with these queries alone, which are written into the folder: the runs of evaluations
// name that file.
LoadedStudy with_queries(const LoadedStudy& study, const std::vector<Query>& queries,
                         const fs::path& file) {
  write_file(file, jsonl(queries));
  LoadedStudy part = study;
  part.queries = queries;
  part.study.queries = fs::absolute(file);
  part.study.text_column.clear();
  part.study.where.clear();
  part.study.sample.reset();
  part.study.sample_seed.reset();
  part.study.limit.reset();
  return part;
}

LoadedStudy trained_part(const LoadedStudy& study, const QuerySplit& split,
                         const TrainingPlan& plan, const fs::path& folder) {
  LoadedStudy part = with_queries(study, split.trained, folder / "trained.jsonl");
  part.study.arms = {plan.arm};
  part.study.contrasts.clear();
  part.study.wordings = {plan.wording};
  part.study.repeats = 1;
  return part;
}

LoadedStudy held_out_part(const LoadedStudy& study, const QuerySplit& split,
                          const RlOptions& options, const fs::path& folder) {
  LoadedStudy part = with_queries(study, split.held_out, folder / "held-out.jsonl");
  part.study.repeats = options.evaluation_repeats;
  return part;
}

std::vector<Query> within_limit(const LoadedStudy& study) {
  const std::size_t used = study.study.asked_of(study.queries.size());
  return {study.queries.begin(), study.queries.begin() + static_cast<std::ptrdiff_t>(used)};
}

}  // namespace

TrainingResult train_rl(const LoadedStudy& study, const RlSubject& subject, const RlJudges& judges,
                        const RlOptions& options, const RlHooks& hooks, const Clock& clock) {
  check(options);
  RewardRule rule = judges.rule;
  rule.output = &judge_of_output(study, judges);
  check_reward(rule);
  const QuerySplit split = split_queries(within_limit(study), options.held_out, study.study.seed);
  TrainingPlan plan = plan_of(study, subject, rule, options, split);
  TrainingResult result{.folder = options.folder.empty()
                                      ? folder_named_by(plan.study, plan.model, without_seeds(plan))
                                      : options.folder};
  made(result.folder);
  const FolderLock lock(result.folder);
  record_plan(result.folder, plan);
  LoadedStudy trained = trained_part(study, split, plan, result.folder);
  LoadedStudy held_out = held_out_part(study, split, options, result.folder);
  const std::string identity = sha256_hex(dump_json(without_seeds(plan)));
  const RlScene scene{subject,
                      judges,
                      rule,
                      options,
                      hooks,
                      clock,
                      result.folder,
                      std::move(plan),
                      identity,
                      std::move(trained),
                      std::move(held_out)};
  train_seeds(
      options.seeds, [&](std::uint64_t seed) { return SeedTraining(scene, seed).run(); }, result);
  return result;
}

}  // namespace iago
