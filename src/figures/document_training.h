// A training on documents as figures: what its folder says of it (docs/documents.md). The folder
// holds documents.json (the plan, fixed before the first step), and for each seed
// seed-S/steps.jsonl (one line a step, and one before the first) and, once it is over,
// seed-S/end.json. `training` writes them through this room.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "figures/terminal.h"
#include "figures/training.h"

namespace iago {

inline constexpr int kDocumentTrainingSchema = 1;
inline constexpr const char* kDocumentTrainingFile = "documents.json";

// What was fixed before the first step. Two plans with equal JSON but for their seeds and the
// program are the same training.
struct DocumentTrainingPlan {
  std::string program;              // version that made it
  std::string corpus, corpus_hash;  // the file's name; SHA-256 over the documents' hashes
  std::string model, identity;      // before the training
  std::uint64_t documents = 0;      // trained on
  std::uint64_t held_out = 0;       // documents that only the held-out loss is measured on
  std::uint64_t tokens = 0;         // of the documents that are trained on, each read once
  std::int64_t steps = 0;
  double epochs = 0;        // how often each document is read
  std::string replay;       // what else is read: "none", "lessons of knowing-faker", a file's name
  double replay_share = 0;  // of the tokens read, as it comes out
  std::vector<std::pair<std::string, std::string>>
      options;  // name, value; all that changes weights
  std::vector<std::uint64_t> seeds;
};

Json to_json(const DocumentTrainingPlan& plan);
// Error corrupt, naming `where`, for anything that to_json does not write.
DocumentTrainingPlan document_training_plan_of(const Json& json, const std::string& where);

// One step, as its line in steps.jsonl says. Losses are in nats a token.
struct DocumentStep {
  std::int64_t step = 0;                // steps done, this one included; 0: before the first
  std::optional<double> loss;           // of the step's documents and replay, before its update
  std::optional<double> held_out_loss;  // of the documents held out, after it; not at every step
  double gradient_norm = 0;             // before clipping
  double learning_rate = 0;
  double seconds = 0;
  bool operator==(const DocumentStep&) const = default;
};

Json to_json(const DocumentStep& step);
// The lines of a steps.jsonl, as read_training_steps; the first is of step 0.
std::vector<DocumentStep> read_document_steps(const std::filesystem::path& file);

struct DocumentSeed {
  std::uint64_t seed = 0;
  std::vector<DocumentStep> steps;
  std::optional<TrainingEnd> end;  // absent while it goes on
  std::filesystem::path model;     // the folder of the last weights; empty while it goes on
};

struct DocumentTraining {
  std::filesystem::path folder;
  DocumentTrainingPlan plan;
  std::vector<DocumentSeed> seeds;  // those that have begun
};

bool is_document_training(const std::filesystem::path& folder);
// Errors: not_found without documents.json, corrupt for a damaged file.
DocumentTraining read_document_training(const std::filesystem::path& folder);

Json to_json(const DocumentTraining& training);
// What was trained on what, and one row for each seed: losses before and after, and how it ended.
std::string terminal_table(const DocumentTraining& training, const TerminalOptions& options = {});

}  // namespace iago
