// The training on documents of one seed, in its own folder. Private to the room.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "figures/document_training.h"
#include "nn/llama_net.h"
#include "train/trainer.h"
#include "training/packed_texts.h"
#include "training/replay.h"
#include "training/train_documents.h"

namespace iago {

// What all seeds of a training share.
struct DocumentScene {
  const DocumentSubject& subject;
  const DocumentTrainingOptions& options;
  const DocumentTrainingHooks& hooks;
  const Clock& clock;
  std::filesystem::path folder;  // of the training
  DocumentTrainingPlan plan;
  std::string data_identity;  // of the plan, without its seeds
  const PackedTexts& documents;
  const PackedTexts* held_out;   // null: none are
  const ReplayRows* replay;      // null: none is read
  std::int64_t replay_rows = 0;  // of each step
};

class DocumentSeedTraining {
 public:
  DocumentSeedTraining(const DocumentScene& scene, std::uint64_t seed);

  // To its end, or until it is interrupted: then absent.
  std::optional<TrainingEnd> run();

 private:
  TrainOptions train_options() const;
  TokenTree row(std::int64_t step, std::int64_t row) const;
  void restore();
  void write_line(DocumentStep step);
  std::optional<double> held_out_loss() const;
  void take_note(const TrainProgress& progress);
  void keep(std::int64_t step) const;
  TrainingEnd end(TrainingEnd::Why why, std::int64_t step, const std::string& text = {});

  const DocumentScene& scene_;
  const std::uint64_t seed_;
  const std::filesystem::path folder_;
  LlamaNet net_;
  Trainer trainer_;
  std::vector<TokenTree> held_out_;
  std::optional<double> last_held_out_;
  std::chrono::nanoseconds last_step_{0};
};

}  // namespace iago
