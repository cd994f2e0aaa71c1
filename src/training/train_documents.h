// Training a subject on documents (docs/documents.md), of full weights or of a LoRA adapter,
// diluted by replay. For each seed: packed rows of documents and of replay, AdamW on the next-token
// loss, the loss on documents that are held out.
//
// Interruptions. Each step is one line of steps.jsonl; a state of training is written at intervals,
// when stopped and at the end. A program that is killed has lost the steps since the last state,
// and the same call resumes there. With one thread it then ends in the same weights, bit for
// bit.
//
// Not thread-safe. Blocks.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "documents/corpus.h"
#include "models/checkpoint_path.h"
#include "training/training_result.h"

namespace iago {

struct DocumentTrainingOptions {
  std::filesystem::path folder;  // empty: trainings/CORPUS-MODEL-HASH
  std::vector<std::uint64_t> seeds = {1};
  double epochs = 1;       // how often each document is read, above 0
  std::int64_t steps = 0;  // that many instead; 0: as epochs say
  std::int64_t rows = 4;   // of documents in a step
  // Of a row, about, and the most of a sequence; at most the context is used.
  std::int64_t row_tokens = 512;
  // Linear from 0 over the first tenth of the steps, at most 20, then linear to a tenth.
  double learning_rate = 5e-4;
  double weight_decay = 0.01;
  std::int64_t lora_rank = 0;         // 0: all weights are trained
  double replay_share = 0;            // of all tokens that are read, in [0, 0.95]
  std::filesystem::path replay_file;  // see open_replay
  std::size_t held_out = 100;         // documents; at most a tenth of the corpus
  std::int64_t evaluate_every = 20;   // steps between measurements of the held-out loss
  std::chrono::seconds save_every{60};
  std::int64_t keep_every = 0;  // steps between copies of the weights; 0: only the last are kept
  int workers = 0;              // threads; 0 = one per core
};

struct DocumentSubject {
  std::string name, identity;  // as ModelInfo has them
  CheckpointPath checkpoint;
};

struct NamedCorpus {
  std::string name;  // a file's, for people and for the folder
  std::vector<Document> documents;
};

struct DocumentTrainingProgress {
  std::uint64_t seed = 0;
  std::int64_t step = 0, steps = 0;
  double loss = 0;                            // nats a token, of documents and replay
  std::optional<double> held_out_loss;        // the last one that was measured
  double tokens_per_s = 0, seconds_left = 0;  // of this seed
};

struct DocumentTrainingHooks {
  std::stop_token no_more;                                           // end after this step
  std::function<void(const DocumentTrainingProgress&)> on_progress;  // after each step
};

// Trains every seed, or resumes it. A seed whose loss is not finite ends there, with what it had
// before. Errors: invalid for options out of range, for a corpus that is too small, for a folder
// that holds another training (the field is named), and those of open_replay; overloaded while
// another process works in the folder; those of checkpoints, tokenizers and files. What was done
// stays, and the same call resumes.
TrainingResult train_documents(const NamedCorpus& corpus, const DocumentSubject& subject,
                               const DocumentTrainingOptions& options,
                               const DocumentTrainingHooks& hooks, const Clock& clock);

// How many steps such a training has. Reads corpus and tokenizer, and trains nothing. Errors as of
// train_documents.
std::int64_t steps_of_training(const NamedCorpus& corpus, const DocumentSubject& subject,
                               const DocumentTrainingOptions& options);

// The weights after `step` steps that keep_every has left.
std::filesystem::path kept_model(const std::filesystem::path& training, std::uint64_t seed,
                                 std::int64_t step);

}  // namespace iago
