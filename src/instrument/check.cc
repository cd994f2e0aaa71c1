#include "instrument/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "base/version.h"
#include "instrument/internal/check_links.h"
#include "study/plan.h"

namespace iago {

AskedTrials CheckScene::ask(CheckLink link, Plan plan) const {
  return ask_trials(subject, std::move(plan), loaded.study.sampling, loaded.study.seed, limits,
                    clock, [&](std::size_t done, std::size_t planned) {
                      if (on_progress) on_progress(link, done, planned);
                    });
}

namespace {

// Changes when a question, a part or a rule does: then another check comes of the same study.
constexpr std::string_view kCheckVersion = "check 1";

std::vector<Judge*> pointers(const std::vector<std::unique_ptr<Judge>>& judges) {
  std::vector<Judge*> all;
  for (const auto& judge : judges) all.push_back(judge.get());
  return all;
}

Plan form_plan(const LoadedStudy& loaded, const Subject& who, std::size_t per_arm) {
  Study study = loaded.study;
  study.repeats = 1;
  study.limit.reset();
  study.sample.reset();
  return make_plan(study, loaded.setting, spread_queries(loaded, per_arm), who);
}

bool has_system_turn(const Plan& plan) {
  return std::ranges::any_of(plan.prompts, [](const PlannedPrompt& prompt) {
    return prompt.prompt.messages.front().role == Role::system;
  });
}

CheckedLink check_form(const AskedTrials& asked, const CheckScene& scene) {
  CheckedLink link = judge_form(asked, scene.loaded.study.sampling);
  if (link.state != LinkState::broken || !lacks_tags(asked) || !has_system_turn(asked.plan)) {
    return link;
  }
  const AskedTrials merged = scene.ask(CheckLink::form, merged_turns(asked.plan));
  if (merged.answered() == 0 || lacks_tags(merged)) return link;
  link.why =
      "the system prompt does not reach the model: with its text in the user's turn, the "
      "tags come back";
  link.hint = "use --system-turn user, or a chat template that has a system turn";
  return link;
}

// What is known of the judge on this very subject; null if nothing is.
const JudgeError* known_error(const JudgeInfo& judge, const std::string& identity,
                              const std::vector<MeasuredJudge>& errors) {
  const auto found = std::ranges::find_if(errors, [&](const MeasuredJudge& one) {
    return one.hash == judge.hash && one.identity == identity &&
           one.error.source != ErrorSource::planted;
  });
  return found == errors.end() ? nullptr : &found->error;
}

CheckedLink check_one_judge(Judge& judge, const CheckOptions& options, const CheckScene& scene) {
  const JudgeInfo& info = judge.info();
  if (const JudgeError* error = known_error(info, scene.who.identity, options.known_errors)) {
    return known_judge(info, *error);
  }
  std::vector<PlantedText> texts;
  if (has_planted(info.kind)) {
    texts = load_planted(options.data, info.kind);
    if (info.requests > 0) {
      texts = draw_planted(std::move(texts), options.sizes.planted, scene.loaded.study.seed);
    }
  }
  return check_judge(judge, texts, scene);
}

bool was_stopped(const CheckScene& scene) { return scene.limits.no_more.stop_requested(); }

}  // namespace

CheckReport run_check(const LoadedStudy& loaded, ChatModel& subject,
                      const std::vector<std::unique_ptr<Judge>>& judges,
                      const CheckOptions& options, const Clock& clock) {
  const ModelInfo info = subject.info();
  const CheckScene scene{.loaded = loaded,
                         .subject = subject,
                         .who = {info.name, info.identity},
                         .limits = options.limits,
                         .clock = clock,
                         .on_progress = options.on_progress};
  CheckReport report{.id = run_id(loaded.study, scene.who, check_hash(loaded, info, judges)),
                     .model = info.name,
                     .identity = info.identity,
                     .study = loaded.study.name,
                     .setting = loaded.setting.name,
                     .setting_hash = setting_hash(loaded.setting, loaded.study.channel),
                     .channel = loaded.study.channel,
                     .judges = {},
                     .links = {},
                     .program = std::string(kVersion)};
  for (const auto& judge : judges) {
    const JudgeInfo& one = judge->info();
    report.judges.push_back({one.name, one.hash, one.kind});
  }
  const AskedTrials form =
      scene.ask(CheckLink::form, form_plan(loaded, scene.who, options.sizes.form));
  report.links.push_back(check_form(form, scene));
  const bool can_read = report.links.front().state != LinkState::broken;
  for (const auto& judge : judges) {
    report.links.push_back(check_one_judge(*judge, options, scene));
  }
  if (can_read) {
    report.links.push_back(check_path(loaded, options.sizes.acted, pointers(judges), scene));
    report.links.push_back(
        check_comprehension(loaded, options.sizes.questions, form, options.claims, scene));
  } else {
    for (CheckLink link : {CheckLink::path, CheckLink::comprehension}) {
      report.links.push_back(untested(link, "the form is broken, so nothing can be read"));
    }
  }
  report.is_complete = !was_stopped(scene);
  report.created = clock.wall();
  return report;
}

std::string check_hash(const LoadedStudy& loaded, const ModelInfo& subject,
                       const std::vector<std::unique_ptr<Judge>>& judges) {
  const Study& study = loaded.study;
  Hasher hash;
  hash.field(kCheckVersion)
      .field(study_hash(study, loaded.setting, {subject.name, subject.identity}));
  for (const std::string& wording : study.wordings) hash.field("wording").field(wording);
  for (const std::string& arm : study.arms) hash.field("arm").field(arm);
  for (const Query& query : loaded.queries) hash.field(query.id).field(query.text);
  for (const auto& judge : judges) hash.field("judge").field(judge->info().hash);
  return hash.hex();
}

namespace {

double bytes_of_plan(const Plan& plan) {
  double bytes = 0;
  for (const Trial& trial : plan.trials) {
    const Prompt& prompt = plan.prompt_of(trial).prompt;
    bytes += static_cast<double>(prompt.prefill.size());
    for (const Message& message : prompt.messages) {
      bytes += static_cast<double>(message.text.size());
    }
  }
  return bytes;
}

constexpr double kPlantedBytes = 2000;  // about, of a planted text with its query

}  // namespace

std::vector<CheckEstimate> estimate_check(const LoadedStudy& loaded, const ModelInfo& subject,
                                          const std::vector<JudgeDemand>& demands,
                                          const std::vector<JudgeDemand>& claims,
                                          const CheckSizes& sizes, const PriceTable& prices) {
  std::vector<CheckEstimate> estimates;
  const Subject who{subject.name, subject.identity};
  const int most = loaded.study.sampling.max_tokens;
  const auto add_plan = [&](CheckLink link, std::size_t requests, double bytes) {
    if (requests == 0) return;
    estimates.push_back({link, estimate_requests(subject.name, requests, bytes, most, prices)});
  };
  const Plan form = form_plan(loaded, who, sizes.form);
  add_plan(CheckLink::form, form.trials.size(), bytes_of_plan(form));
  for (const JudgeDemand& demand : demands) {
    const std::size_t requests = 2 * sizes.planted * static_cast<std::size_t>(demand.votes);
    const double bytes =
        static_cast<double>(requests) * (static_cast<double>(demand.rubric_bytes) + kPlantedBytes);
    estimates.push_back({CheckLink::judge, estimate_requests(demand.model, requests, bytes,
                                                             demand.max_tokens, prices)});
    estimates.back().model.judge = demand.judge;
  }
  std::size_t acted = 0;
  double acted_bytes = 0;
  if (!contrasts_of(loaded.study, loaded.setting).empty()) {
    for (const ActedPart& part : acted_parts()) {
      const Plan plan = acting_plan(loaded, who, part, sizes.acted);
      acted += plan.trials.size();
      acted_bytes += bytes_of_plan(plan);
    }
  }
  add_plan(CheckLink::path, acted, acted_bytes);
  for (ModelEstimate& judging : estimate_judges(demands, acted, loaded.study.sampling, prices)) {
    if (acted > 0) estimates.push_back({CheckLink::path, std::move(judging)});
  }
  const TierQuestions questions = tier_questions(loaded, who, sizes.questions);
  add_plan(CheckLink::comprehension, questions.plan.trials.size(), bytes_of_plan(questions.plan));
  for (ModelEstimate& judging :
       estimate_judges(claims, form.trials.size(), loaded.study.sampling, prices)) {
    estimates.push_back({CheckLink::comprehension, std::move(judging)});
  }
  return estimates;
}

}  // namespace iago
