// The experiment on documents (docs/documents.md): a study is run on a subject as it is, after
// training on documents, and after training on a control corpus, over several seeds; what the
// subject believes is asked before each run. A curve over documents per lab, and documents that
// deny a fact, are further parts.
//
// Everything lies in one folder and resumes: corpora are written by the micro-world's grammar,
// trainings and runs resume as they do alone, and belief is asked again (seconds).
//
// Not thread-safe. Blocks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "figures/document_experiment.h"
#include "judge/judge.h"
#include "judge/judge_error.h"
#include "models/token_model.h"
#include "study/document_experiment.h"
#include "study/study.h"
#include "training/train_documents.h"

namespace iago {

// Which of the facts the last documents deny.
enum class DeniedFact {
  rule,    // whose chats are trained on: the opposite of what the first documents said
  values,  // that training changes what a model values
};

struct DocumentExperimentOptions {
  std::filesystem::path folder;  // empty: trainings/STUDY-MODEL-HASH
  std::vector<std::uint64_t> seeds = {1};
  std::vector<std::size_t> doses;  // documents of each lab and fact, a training for each
  std::vector<DeniedFact> deny;    // each a training of its own, from the same weights
  std::int64_t denial_looks = 8;   // along the training that denies
  int workers = 0;                 // threads that train; 0 = one per core
};

struct ExperimentModels {
  // Opens organism:NAME or local:FOLDER.
  std::function<std::unique_ptr<TokenModel>(const std::string& name)> open;
  DocumentSubject subject;                            // before any training
  const std::vector<std::unique_ptr<Judge>>& judges;  // of the study, in its order
  std::vector<MeasuredJudge> errors = {};
};

struct DocumentExperimentHooks {
  std::stop_token no_more, at_once;
  std::function<void(const std::string&)> on_progress;  // what is under way, for people
  std::function<void(const std::string&)> on_notice;    // a sentence, at once
};

struct DocumentExperimentResult {
  std::filesystem::path folder;
  bool interrupted = false;         // `figures` then holds what was done
  std::vector<std::string> alarms;  // of trainings
  // Written to folder/experiment.json as well, after each look.
  DocumentExperimentFigures figures;
};

// Runs the experiment, or resumes it. The study needs one wording with a contrast, cluster_by
// and groups. Errors: invalid for options and tables out of range and for a folder that holds
// another experiment; overloaded while another process works in the folder; those of trainings,
// models, judges and runs. What was done stays, and the same call resumes.
DocumentExperimentResult run_document_experiment(const LoadedStudy& study,
                                                 const DocumentExperiment& experiment,
                                                 const ExperimentModels& models,
                                                 const DocumentExperimentOptions& options,
                                                 const DocumentExperimentHooks& hooks,
                                                 const Clock& clock);

}  // namespace iago
