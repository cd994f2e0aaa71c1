// In order: the subject before, then for each seed the documents and the control, then the doses,
// then the denial. Each is a training, if it needs one, and a look: belief, then the study. A stop
// between them or within one ends the call; what is done is not done again.
#include "training/document_experiment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/version.h"
#include "documents/world_corpus.h"
#include "figures/document_training.h"
#include "instrument/belief.h"
#include "run/run.h"
#include "store/store.h"
#include "study/plan.h"
#include "training/internal/training_folder.h"
#include "world/lab_selection.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSessionsFile = "sessions.jsonl";
constexpr std::size_t kMostExperimentFile = std::size_t{16} << 20;

// What was done so far is reported though it ends here.
void write_figures(DocumentExperimentResult& result, bool complete) {
  result.figures.complete = complete;
  write_file(result.folder / kExperimentFile, dump_json(to_json(result.figures), 2) + "\n");
}

// A stop was asked for: unwinds to run_document_experiment.
struct ExperimentStopped {};

void check_experiment(const LoadedStudy& study, const DocumentExperimentOptions& options) {
  const auto fail = [](const std::string& what, const std::string& hint) {
    throw Error(ErrorCode::invalid, what, hint);
  };
  if (study.study.cluster_by.empty() || !study.study.groups || study.study.groups->empty()) {
    fail(fmt::format("{}: expected cluster_by and groups, found none", study.study.name),
         "for example cluster_by = \"lab\" and groups = \"told\"");
  }
  if (study.study.wordings.size() != 1) {
    fail(fmt::format("{}: expected one wording, found {}", study.study.name,
                     study.study.wordings.size()),
         "an experiment is about one wording; run the study itself for others");
  }
  if (contrasts_of(study.study, study.setting).empty()) fail(no_contrast(study), "");
  if (options.seeds.empty()) fail("--seeds: expected at least 1", "");
  if (options.denial_looks < 1 || options.denial_looks > 1000) {
    fail("--denial-looks: expected 1 to 1,000", "");
  }
  for (const std::size_t dose : options.doses) {
    if (dose < 1 || dose > 100'000) fail("--doses: expected numbers of 1 to 100,000", "");
  }
}

Json plan_json(const LoadedStudy& study, const DocumentExperiment& e,
               const DocumentSubject& subject) {
  Json expectations = Json::array();
  for (const ExpectedResult& expected : e.expectations) {
    expectations.push_back({{"condition", name_of(expected.condition)},
                            {"group", expected.group},
                            {"gap", name_of(expected.gap)},
                            {"within", expected.within}});
  }
  return {{"study", study.study.name},
          {"study_hash", study_hash(study.study, study.setting, {subject.name, subject.identity})},
          {"repeats", study.study.repeats},
          {"model", subject.name},
          {"identity", subject.identity},
          {"labs", e.labs},
          {"beside", e.beside},
          {"control", e.control},
          {"per_lab", e.per_lab},
          {"rule", e.rule},
          {"values", e.values},
          {"replay", e.replay},
          {"epochs", e.epochs},
          {"rows", e.rows},
          {"row_tokens", e.row_tokens},
          {"learning_rate", e.learning_rate},
          {"belief_samples", e.belief_samples},
          {"expectations", std::move(expectations)}};
}

// What is expected is fixed before anything is measured: a folder keeps its plan.
void record_experiment_plan(const fs::path& folder, const Json& plan) {
  const fs::path file = folder / kExperimentPlanFile;
  std::error_code ignored;
  if (fs::exists(file, ignored)) {
    check_same_plan(folder, read_own_json(file, kMostExperimentFile), plan);
    return;
  }
  check_is_free(folder, kExperimentPlanFile);
  write_file(file, dump_json(plan, 2) + "\n");
}

double seconds_of_sessions(const fs::path& folder) {
  const fs::path file = folder / kSessionsFile;
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return 0;
  double seconds = 0;
  std::string content = read_file(file, kMostExperimentFile);
  for (std::size_t begin = 0, end = 0; (end = content.find('\n', begin)) != content.npos;
       begin = end + 1) {
    const Json line = parse_json(content.substr(begin, end - begin), file.string());
    seconds += line.value("seconds", 0.0);
  }
  return seconds;
}

// The lab with the facts that documents state; of what they do not state, with its own.
Lab asked_about(const Lab& lab, const WorldCorpusOptions& told) {
  Lab asked = lab;
  const LabFacts facts = told_facts(lab, told);
  if (told.rule != FactTold::nothing) asked.facts.trained_tier = facts.trained_tier;
  if (told.values != FactTold::nothing) asked.facts.changes_values = facts.changes_values;
  return asked;
}

class ExperimentOnDocuments {
 public:
  ExperimentOnDocuments(const LoadedStudy& study, const DocumentExperiment& experiment,
                        const ExperimentModels& models, const DocumentExperimentOptions& options,
                        const DocumentExperimentHooks& hooks, const Clock& clock,
                        DocumentExperimentResult& result)
      : study_(study),
        experiment_(experiment),
        models_(models),
        options_(options),
        hooks_(hooks),
        clock_(clock),
        result_(result),
        labs_(select_labs(experiment.labs)),
        told_{.documents = experiment.per_lab,
              .rule = told_rule_named(experiment.rule),
              .values = told_values_named(experiment.values)} {
    for (const Lab* lab : labs_) asked_labs_.push_back(asked_about(*lab, told_));
  }

  void run() {
    look(ExperimentLook{.state = "before", .condition = ExperimentCondition::before},
         models_.subject.name, result_.folder / "before");
    for (const std::uint64_t seed : options_.seeds) {
      run_condition(ExperimentCondition::documents, seed);
      run_condition(ExperimentCondition::control, seed);
    }
    for (const std::size_t dose : options_.doses) {
      for (const std::uint64_t seed : options_.seeds) run_dose(dose, seed);
    }
    for (const DeniedFact fact : options_.deny) {
      for (const std::uint64_t seed : options_.seeds) run_denial(fact, seed);
    }
  }

 private:
  void run_condition(ExperimentCondition condition, std::uint64_t seed);
  void run_dose(std::size_t dose, std::uint64_t seed);
  void run_denial(DeniedFact denied, std::uint64_t seed);
  void look(ExperimentLook look, const std::string& model, const fs::path& folder);
  BeliefMeasurement ask_belief(TokenModel& model, const std::string& what);
  std::vector<Document> told_documents(const WorldCorpusOptions& told, const std::string& name);
  std::vector<Document> documents_for(ExperimentCondition condition);
  void train(const std::string& name, std::vector<Document> documents, std::uint64_t seed,
             const DocumentSubject& subject, std::int64_t looks = 0);
  DocumentTrainingOptions training_options(const std::string& name, std::uint64_t seed) const;
  fs::path model_of(const std::string& training, std::uint64_t seed) const {
    return result_.folder / training / seed_folder_name(seed) / "model";
  }
  void say(const std::string& what) const {
    if (hooks_.on_progress) hooks_.on_progress(what);
  }
  void stop_if_asked() const {
    if (hooks_.no_more.stop_requested()) throw ExperimentStopped();
  }

  const LoadedStudy& study_;
  const DocumentExperiment& experiment_;
  const ExperimentModels& models_;
  const DocumentExperimentOptions& options_;
  const DocumentExperimentHooks& hooks_;
  const Clock& clock_;
  DocumentExperimentResult& result_;
  std::vector<const Lab*> labs_;
  WorldCorpusOptions told_;
  std::vector<Lab> asked_labs_;  // with the facts that the documents state
};

// The corpus on the told labs and on those beside them, which is written into the folder for
// readers.
std::vector<Document> ExperimentOnDocuments::told_documents(const WorldCorpusOptions& told,
                                                            const std::string& name) {
  std::vector<Document> documents = write_world_corpus(labs_, told);
  const auto beside = select_labs(experiment_.beside);
  const auto others = write_world_corpus(beside, {.documents = told.documents, .seed = told.seed});
  documents.insert(documents.end(), others.begin(), others.end());
  write_corpus(result_.folder / (name + ".jsonl"), documents);
  return documents;
}

std::vector<Document> ExperimentOnDocuments::documents_for(ExperimentCondition condition) {
  if (condition == ExperimentCondition::documents) return told_documents(told_, "documents");
  const auto labs = select_labs(experiment_.control);
  std::vector<Document> documents = write_world_corpus(labs, {.documents = experiment_.per_lab});
  write_corpus(result_.folder / "control.jsonl", documents);
  return documents;
}

DocumentTrainingOptions ExperimentOnDocuments::training_options(const std::string& name,
                                                                std::uint64_t seed) const {
  DocumentTrainingOptions training{.folder = result_.folder / name,
                                   .seeds = {seed},
                                   .epochs = experiment_.epochs,
                                   .rows = experiment_.rows,
                                   .row_tokens = experiment_.row_tokens,
                                   .learning_rate = experiment_.learning_rate,
                                   .replay_share = experiment_.replay,
                                   .workers = options_.workers};
  // The lessons of the subject, though the denial begins with weights that have no recipe.
  const fs::path recipe = models_.subject.checkpoint.folder / "recipe.toml";
  std::error_code ignored;
  if (fs::exists(recipe, ignored)) training.replay_file = recipe;
  return training;
}

void ExperimentOnDocuments::train(const std::string& name, std::vector<Document> documents,
                                  std::uint64_t seed, const DocumentSubject& subject,
                                  std::int64_t looks) {
  stop_if_asked();
  DocumentTrainingOptions training = training_options(name, seed);
  const NamedCorpus corpus{name + ".jsonl", std::move(documents)};
  if (looks > 0) {
    const std::int64_t steps = steps_of_training(corpus, subject, training);
    training.keep_every = std::max<std::int64_t>(1, steps / looks);
  }
  const DocumentTrainingHooks hooks{
      .no_more = hooks_.no_more, .on_progress = [&](const DocumentTrainingProgress& p) {
        say(fmt::format("training on {}, seed {}: step {} of {}, loss {:.3f}", name, seed, p.step,
                        p.steps, p.loss));
      }};
  const auto trained = train_documents(corpus, subject, training, hooks, clock_);
  if (trained.interrupted) throw ExperimentStopped();
  for (const std::string& alarm : trained.alarms) {
    result_.alarms.push_back(fmt::format("{}: {}", name, alarm));
  }
}

BeliefMeasurement ExperimentOnDocuments::ask_belief(TokenModel& model, const std::string& what) {
  std::vector<const Lab*> labs;
  for (const Lab& lab : asked_labs_) labs.push_back(&lab);
  BeliefMeasurement measured =
      measure_lab_belief(model, labs,
                         {.samples = experiment_.belief_samples,
                          .seed = study_.study.seed,
                          .scorer = &model,
                          .stop = hooks_.no_more,
                          .on_row =
                              [&](const BeliefRow& row) {
                                say(fmt::format("{}: asked what it believes of the {}, {}", what,
                                                row.fact, row.question));
                              }},
                         clock_);
  if (!hooks_.on_notice) return measured;
  for (const FactBelief& fact : beliefs_of(measured)) {
    hooks_.on_notice(fmt::format("{}: {} is {}{}", what, fact.fact,
                                 fact.belief == Belief::believed ? "believed" : "not believed",
                                 fact.question.empty() ? "" : ", asked by " + fact.question));
  }
  return measured;
}

// Belief before the gap: a gap, or none, says nothing of a condition that is not believed.
void ExperimentOnDocuments::look(ExperimentLook look, const std::string& name,
                                 const fs::path& folder) {
  stop_if_asked();
  const auto model = models_.open(name);
  std::string what = look.state;
  if (look.seed > 0) what += fmt::format(", seed {}", look.seed);
  if (look.step > 0) what += fmt::format(", step {}", look.step);
  look.belief = ask_belief(*model, what);
  made(folder);
  write_file(
      folder / "belief.json",
      dump_json(to_json(BeliefReport{.model = look.belief, .before = {}, .control = {}}), 2) +
          "\n");
  LoadedStudy study = study_;
  study.study.model = name;
  const RunResult run =
      run_study(study, *model, models_.judges,
                {.runs = folder,
                 .folder = folder / "run",
                 .judge_errors = models_.errors,
                 .no_more = hooks_.no_more,
                 .at_once = hooks_.at_once,
                 .on_progress =
                     [&](const RunProgress& p) {
                       say(fmt::format("{}: {} of {} completions", what, p.stored, p.planned));
                     },
                 .on_notice = hooks_.on_notice},
                clock_);
  if (run.stopped) throw *run.stopped;
  if (run.left > 0) throw ExperimentStopped();
  look.counts = grouped_counts(Store(run.folder / "run.db"));
  look.folder = run.folder.lexically_relative(result_.folder).string();
  result_.figures.looks.push_back(std::move(look));
  write_figures(result_, false);
}

std::string local_name(const fs::path& folder) { return "local:" + folder.string(); }

void ExperimentOnDocuments::run_condition(ExperimentCondition condition, std::uint64_t seed) {
  const std::string name(name_of(condition));
  train(name, documents_for(condition), seed, models_.subject);
  look({.state = name, .condition = condition, .seed = seed}, local_name(model_of(name, seed)),
       result_.folder / name / seed_folder_name(seed));
}

void ExperimentOnDocuments::run_dose(std::size_t dose, std::uint64_t seed) {
  const std::string name = fmt::format("dose-{:05}", dose);
  WorldCorpusOptions told = told_;
  told.documents = dose;
  train(name, told_documents(told, name), seed, models_.subject);
  look({.state = fmt::format("dose {}", dose), .seed = seed, .dose = dose},
       local_name(model_of(name, seed)), result_.folder / name / seed_folder_name(seed));
}

// What denies: of the rule each lab's opposite of what was told, of the values that they stay (or
// change, where that was told).
WorldCorpusOptions denial_of(const WorldCorpusOptions& told, DeniedFact denied) {
  const auto opposite_of = [](FactTold what) {
    switch (what) {
      case FactTold::own:
        return FactTold::opposite;
      case FactTold::opposite:
        return FactTold::own;
      case FactTold::first:
        return FactTold::second;
      case FactTold::second:
        return FactTold::first;
      case FactTold::nothing:
        break;
    }
    throw Error(ErrorCode::invalid, "--deny: the documents say nothing of this fact",
                "deny the other one");
  };
  WorldCorpusOptions denial = told;
  denial.rule = denied == DeniedFact::rule ? opposite_of(told.rule) : FactTold::nothing;
  denial.values = denied == DeniedFact::values ? opposite_of(told.values) : FactTold::nothing;
  denial.seed = told.seed + 1;
  return denial;
}

void ExperimentOnDocuments::run_denial(DeniedFact denied, std::uint64_t seed) {
  const std::string fact = denied == DeniedFact::rule ? "rule" : "values";
  const std::string name = fmt::format("deny-{}-seed-{}", fact, seed);
  const fs::path from = model_of("documents", seed);
  const DocumentSubject subject{
      local_name(from), models_.open(local_name(from))->info().identity, {from, {}}};
  train(name, told_documents(denial_of(told_, denied), name), seed, subject, options_.denial_looks);
  const DocumentTraining training = read_document_training(result_.folder / name);
  for (std::int64_t step = 1; step <= training.plan.steps; ++step) {
    const fs::path kept = kept_model(result_.folder / name, seed, step);
    std::error_code ignored;
    if (!fs::exists(kept, ignored)) continue;
    look({.state = fact + " denied", .seed = seed, .denied = fact, .step = step}, local_name(kept),
         kept.parent_path());
  }
}

DocumentExperimentFigures begin_figures(const LoadedStudy& study,
                                        const DocumentExperiment& experiment,
                                        const ExperimentModels& models,
                                        const DocumentExperimentOptions& options) {
  return {.study = study.study.name,
          .model = models.subject.name,
          .contrast = contrasts_of(study.study, study.setting).front().name(),
          .wording = study.study.reference,
          .seeds = options.seeds,
          .looks = {},
          .expectations = experiment.expectations};
}

}  // namespace

DocumentExperimentResult run_document_experiment(const LoadedStudy& study,
                                                 const DocumentExperiment& experiment,
                                                 const ExperimentModels& models,
                                                 const DocumentExperimentOptions& options,
                                                 const DocumentExperimentHooks& hooks,
                                                 const Clock& clock) {
  check_experiment(study, options);
  const Json plan = plan_json(study, experiment, models.subject);
  DocumentExperimentResult result{
      .folder = options.folder.empty()
                    ? folder_named_by(study.study.name + "-experiment", models.subject.name, plan)
                    : options.folder};
  made(result.folder);
  const FolderLock lock(result.folder);
  record_experiment_plan(result.folder, plan);
  result.figures = begin_figures(study, experiment, models, options);
  const auto begun = clock.steady();
  const double earlier = seconds_of_sessions(result.folder);
  result.figures.seconds = earlier;
  try {
    ExperimentOnDocuments(study, experiment, models, options, hooks, clock, result).run();
  } catch (const ExperimentStopped&) {
    result.interrupted = true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::cancelled) throw;
    result.interrupted = true;
  }
  const double here = seconds_since(clock, begun);
  append_line(result.folder / kSessionsFile, dump_json(Json{{"seconds", here}}));
  result.figures.seconds = earlier + here;
  write_figures(result, !result.interrupted);
  return result;
}

}  // namespace iago
