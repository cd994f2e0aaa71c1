#include "run/plan_rows.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/model_name.h"
#include "base/version.h"
#include "figures/analysis_plan.h"
#include "run/judge_rows.h"
#include "study/control.h"

namespace iago {
namespace {

// Those that the study names, else all of the setting, with or without their arms: a run that gets
// another arm later has its contrasts.
std::vector<Contrast> planned_contrasts(const Study& study, const Setting& setting) {
  if (study.contrasts.empty()) return setting.contrasts;
  return contrasts_of(study, setting);
}

FormRule forms_of(const Study& study) {
  return study.strict_form ? FormRule::strict_only : FormRule::any;
}

PlannedControls planned_controls(const Study& study, const Setting& setting) {
  const std::vector<Contrast> contrasts = planned_contrasts(study, setting);
  if (contrasts.empty()) return {};
  Controls controls = controls_of(setting, study.channel, study.reference, contrasts.front());
  return {std::move(controls.wordings), std::move(controls.other),
          std::move(controls.other_control)};
}

// The plan that is fixed before the first completion. A later session's plan is not stored: the
// summary finds the differences in the store, and lists them.
AnalysisPlan analysis_plan(const Study& study, const Setting& setting, const Plan& plan,
                           const std::vector<std::unique_ptr<Judge>>& judges,
                           const std::vector<MeasuredJudge>& known_errors) {
  AnalysisPlan fixed{.margin_points = study.margin,
                     .forms = forms_of(study),
                     .seed = study.seed,
                     .judges = std::vector<PlannedJudge>(),
                     .trials = PlannedTrials{study.wordings, study.arms, plan.queries.size(),
                                             static_cast<std::uint32_t>(study.repeats)},
                     .cluster_by = study.cluster_by,
                     .groups = study.groups.value_or(""),
                     .reference = study.reference,
                     .contrasts = planned_contrasts(study, setting),
                     .controls = planned_controls(study, setting),
                     .methods = analysis_methods()};
  for (const JudgeRow& row : judge_rows(judges, known_errors)) {
    fixed.judges->push_back({row.name, row.hash, row.error});
  }
  return fixed;
}

}  // namespace

RunRow run_row(const LoadedStudy& loaded, const std::string& study_toml, const Plan& plan,
               const std::filesystem::path& folder,
               const std::vector<std::unique_ptr<Judge>>& judges,
               const std::vector<MeasuredJudge>& known_errors, const Clock& clock) {
  const Study& study = loaded.study;
  return {
      .id = folder.filename().string(),
      .study = study.name,
      .study_toml = study_toml,
      .setting = loaded.setting.name,
      .channel = study.channel,
      .setting_hash = setting_hash(loaded.setting, study.channel),
      .baseline = loaded.setting.baseline,
      .seed = study.seed,
      .subject = plan.subject.name,
      .subject_identity = plan.subject.identity,
      .margin_points = study.margin,
      .forms = forms_of(study),
      .cluster_by = study.cluster_by,
      .groups = study.groups.value_or(""),
      .analysis_plan = to_text(analysis_plan(study, loaded.setting, plan, judges, known_errors)),
      .program = std::string(kVersion),
      .created = clock.wall()};
}

std::string deciding_judge(const LoadedStudy& loaded, const std::string& wording,
                           const std::vector<std::unique_ptr<Judge>>& judges) {
  const std::string wanted = judge_of_wording(loaded.setting, wording);
  std::string compliance;
  for (std::size_t i = 0; i < judges.size(); ++i) {
    const JudgeInfo& info = judges[i]->info();
    // A rubric of the setting's own is named in the study by its path.
    const bool is_named =
        i < loaded.study.judges.size() && rubric_in_judge_name(loaded.study.judges[i]) == wanted;
    if (!wanted.empty() && (is_named || rubric_in_judge_name(info.name) == wanted)) {
      return info.name;
    }
    if (compliance.empty() && info.kind == JudgeKind::compliance) compliance = info.name;
  }
  return compliance;
}

namespace {

// Roles are relative to the reference that the run began with, whatever a later session lists
// first. (One that a later session asks for is refused, in changed_study.cc.)
std::string reference_of(const Store& store, const Study& study) {
  auto plan = read_analysis_plan(store.run().analysis_plan);
  return plan && !plan->reference.empty() ? plan->reference : study.reference;
}

// Published rows are about the setting's first contrast.
bool decides_by_the_settings_contrast(const Study& study, const Setting& setting) {
  const std::vector<Contrast> contrasts = contrasts_of(study, setting);
  return !contrasts.empty() && contrasts.front() == setting.contrasts.front();
}

}  // namespace

Study with_reference_of(const Store& store, Study study) {
  const std::string fixed = reference_of(store, study);
  study.reference = std::ranges::count(study.wordings, fixed) > 0 ? fixed : "";
  return study;
}

void record_plan(const LoadedStudy& loaded, const Plan& plan, const Store& store,
                 const std::vector<std::unique_ptr<Judge>>& judges, StoreWriter& writer) {
  const Study& study = loaded.study;
  const Setting& setting = loaded.setting;
  const std::string reference = reference_of(store, study);
  const bool decides_as_published = decides_by_the_settings_contrast(study, setting);
  std::vector<WordingRow> wordings;
  for (const std::string& name : study.wordings) {
    wordings.push_back({.name = name,
                        .role = role_of(setting, name, reference),
                        .judge = deciding_judge(loaded, name, judges),
                        .published = decides_as_published
                                         ? published_row(setting, study.channel, name)
                                         : std::nullopt});
  }
  // As the wording leaves the arm: an inverted or doubled rule changes who is trained on.
  std::map<WordingArm, const Circumstances*> told;
  std::vector<PromptRow> prompts;
  for (const PlannedPrompt& planned : plan.prompts) {
    told[{planned.wording, planned.arm}] = &planned.prompt.circumstances;
    prompts.push_back({.wording = planned.wording,
                       .arm = planned.arm,
                       .query = plan.queries[planned.query].id,
                       .request_hash = planned.request_hash,
                       .repeats = static_cast<std::uint32_t>(study.repeats),
                       .messages = planned.prompt.messages,
                       .prefill = planned.prompt.prefill,
                       .expects_scratchpad = planned.prompt.expects_scratchpad});
  }
  std::vector<ArmRow> arms;
  for (const std::string& wording : study.wordings) {
    for (std::size_t place = 0; place < setting.arms.size(); ++place) {
      auto found = told.find({wording, setting.arms[place].name});
      if (found == told.end()) continue;
      arms.push_back({.wording = wording,
                      .name = setting.arms[place].name,
                      .place = static_cast<std::uint32_t>(place),
                      .circumstances = *found->second});
    }
  }
  writer.record_plan(wordings, arms, plan.queries, prompts);
}

}  // namespace iago
