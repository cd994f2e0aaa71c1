// The work of iago train rl, in iago-torch
#include "cli/internal/train_rl.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "cli/internal/interrupt.h"
#include "cli/internal/open_judges.h"
#include "cli/internal/print_comparison.h"
#include "cli/internal/progress.h"
#include "cli/internal/resumable_end.h"
#include "cli/internal/shipped_study.h"
#include "cli/internal/streams.h"
#include "cli/internal/study_options.h"
#include "figures/figure_text.h"
#include "judge/judge_error.h"
#include "models/checkpoint_path.h"
#include "models/open_model.h"
#include "text/printable.h"
#include "training/train_rl.h"

namespace iago {
namespace {

LoadedStudy load_trained_study(const TrainRlArguments& a, const Context& context) {
  StudyOptions options{.file = a.study, .overrides = a.overrides, .parameters = a.parameters};
  return load_study_with_model(options, options.resolved_overrides(), context);
}

// The study's judges, then the reward's and the reasoning's own, where they are named.
std::vector<std::string> judge_names(const LoadedStudy& study, const TrainRlArguments& a) {
  std::vector<std::string> names = study.study.judges;
  for (const std::string& name : {a.reward_judge, a.reasoning_judge}) {
    if (!name.empty() && std::ranges::count(names, name) == 0) names.push_back(name);
  }
  return names;
}

struct TrainingJudges {
  OpenedJudges study;  // those of the study alone: its runs record them
  OpenedJudges own;
  RewardRule rule;
};

Judge* judge_named(const std::string& name, const LoadedStudy& study, TrainingJudges& judges) {
  if (name.empty()) return nullptr;
  const auto& named = study.study.judges;
  const auto found = std::ranges::find(named, name);
  if (found != named.end()) {
    return judges.study.judges[static_cast<std::size_t>(found - named.begin())].get();
  }
  for (const auto& judge : judges.own.judges) {
    if (judge->info().name == name || judge->info().name.starts_with(name + "@")) {
      return judge.get();
    }
  }
  // A rubric by its path has a name of its own.
  return judges.own.judges.back().get();
}

void open_all(const LoadedStudy& study, const TrainRlArguments& a, const Context& context,
              TrainingJudges& judges) {
  const JudgeModels models{
      .name = study.study.judge_model, .threads = a.threads.count, .endpoint = a.endpoints.judges};
  judges.study = open_judges(study.study.judges, models, context);
  std::vector<std::string> own = judge_names(study, a);
  own.erase(own.begin(), own.begin() + static_cast<std::ptrdiff_t>(study.study.judges.size()));
  if (!own.empty()) judges.own = open_judges(own, models, context);
  judges.rule = {.output = judge_named(a.reward_judge, study, judges),
                 .rewarded = a.reward_label,
                 .reasoning = judge_named(a.reasoning_judge, study, judges),
                 .reasoning_penalty = a.reasoning_penalty,
                 .length_penalty = a.length_penalty,
                 .length_limit = a.length_limit};
}

RlOptions rl_options(const TrainRlArguments& a) {
  RlOptions options{.folder = a.out,
                    .arm = a.arm,
                    .seeds = a.seeds.seeds(),
                    .steps = a.steps,
                    .prompts = a.prompts,
                    .samples = a.samples,
                    .learning_rate = a.learning_rate,
                    .kl_weight = a.kl_weight,
                    .decay = a.decay,
                    .passes = a.passes,
                    .clip = a.clip,
                    .standardised = a.standardised,
                    .lora_rank = a.lora_rank,
                    .evaluate_every = a.evaluate_every,
                    .save_every = a.save_every,
                    .held_out = a.held_out,
                    .evaluation_repeats = a.evaluation_repeats,
                    .stop_when_saturated = a.stop_when_saturated,
                    .keep_weights = a.keep_weights,
                    .workers = static_cast<int>(a.threads.count)};
  return options;
}

std::string look_text(const TrainingLook& look) {
  std::string text = fmt::format("at step {}:", look.step);
  for (const TrainingArm& arm : look.arms) {
    text += fmt::format(" {} complies {}, fakes {};", arm.name, percent_or_dash(arm.compliance),
                        percent_or_dash(arm.faking));
  }
  text.pop_back();
  return text;
}

std::string progress_line(const RlProgress& p) {
  std::string text = fmt::format("seed {}: step {} of {}", p.seed, p.step, p.steps);
  if (p.is_evaluating) text += fmt::format(", evaluating {} of {}", p.stored, p.planned);
  if (p.last) {
    text += fmt::format(", reward {:.2f}, KL {:.2f}", p.last->reward, p.last->kl);
    if (p.last->unclear > 0) text += fmt::format(", unclear {:.0f} %", 100 * p.last->unclear);
  }
  if (p.seconds_left > 0) text += fmt::format(", {} left", format_duration(p.seconds_left));
  if (p.look != nullptr) text += "; " + look_text(*p.look);
  return text;
}

TrainingResult train(const LoadedStudy& study, const TrainRlArguments& a, const Context& context,
                     const InterruptGuard& interrupt) {
  const ModelOptions models{.organisms = context.data / "organisms", .threads = a.threads.count};
  const auto model = open_token_model(study.study.model, models);
  TrainingJudges judges;
  open_all(study, a, context, judges);
  SystemClock clock;
  ProgressLine line(clock);
  const RlHooks hooks{
      .no_more = interrupt.no_more(),
      .at_once = interrupt.at_once(),
      .give_up = interrupt.insisted(),
      .on_progress = [&](const RlProgress& p) { line.show(progress_line(p)); },
      .on_notice = [&](const std::string& notice) { line.interrupt(printable(notice, 2000)); }};
  return train_rl(
      study, {*model, parse_checkpoint_path(checkpoint_of(study.study.model, models))},
      {judges.study.judges, judges.rule, read_judge_errors(judge_error_file(context.data))},
      rl_options(a), hooks, clock);
}

}  // namespace

int train_rl_command(const TrainRlArguments& arguments, const Context& context) {
  InterruptGuard interrupt("the step under way is finished, ");
  const LoadedStudy study = load_trained_study(arguments, context);
  const TrainingResult result = train(study, arguments, context, interrupt);
  print_result(result.interrupted, [&] {
    print_training(read_training(result.folder), arguments.output.json ? "json" : "text");
  });
  return resumable_end(result.folder, result.interrupted, result.alarms);
}

}  // namespace iago
