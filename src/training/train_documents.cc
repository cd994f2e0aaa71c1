#include "training/train_documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/random.h"
#include "base/version.h"
#include "figures/document_training.h"
#include "lm/config.h"
#include "training/internal/document_seed.h"
#include "training/internal/seeds.h"
#include "training/internal/training_folder.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostDocumentPlan = std::size_t{1} << 20;

void check_options(const DocumentTrainingOptions& o) {
  const auto require = [](bool holds, const char* option, const std::string& expected) {
    if (holds) return;
    throw Error(ErrorCode::invalid, fmt::format("{}: expected {}", option, expected));
  };
  require(o.epochs > 0 && o.epochs <= 1e6, "--epochs", "a number above 0, at most 1,000,000");
  require(o.steps >= 0 && o.steps <= 10'000'000, "--steps", "at most 10,000,000");
  require(o.rows >= 1 && o.rows <= 100'000, "--rows", "1 to 100,000");
  require(o.row_tokens >= 8, "--row-tokens", "at least 8");
  require(o.learning_rate > 0 && std::isfinite(o.learning_rate), "--learning-rate",
          "a number above 0");
  require(o.weight_decay >= 0 && std::isfinite(o.weight_decay), "--weight-decay",
          "a number of at least 0");
  require(o.lora_rank >= 0, "--lora", "a rank of at least 1");
  require(o.replay_share >= 0 && o.replay_share <= 0.95, "--replay", "a share of 0 to 0.95");
  require(o.evaluate_every >= 1, "--evaluate-every", "at least 1");
  require(o.save_every.count() >= 0, "--save-every", "at least 0 seconds");
  require(o.keep_every >= 0, "--keep-every", "at least 1");
  require(!o.seeds.empty(), "--seeds", "at least 1");
}

// Which documents are held out is the same for all seeds.
struct SplitCorpus {
  std::vector<std::string> trained, held_out;
  std::string hash;
};

SplitCorpus split_corpus(const NamedCorpus& corpus, std::size_t held_out) {
  if (corpus.documents.empty()) {
    throw Error(ErrorCode::invalid, fmt::format("{}: expected documents, found none", corpus.name));
  }
  std::vector<std::size_t> order(corpus.documents.size());
  std::iota(order.begin(), order.end(), 0);
  Random random(1, "documents held out");
  random.shuffle(order);
  const std::size_t count = std::min(held_out, order.size() / 10);
  const std::set<std::size_t> out(order.begin(),
                                  order.begin() + static_cast<std::ptrdiff_t>(count));
  SplitCorpus split;
  Hasher hasher;
  for (std::size_t i = 0; i < corpus.documents.size(); ++i) {
    const Document& document = corpus.documents[i];
    hasher.field(document.hash());
    (out.contains(i) ? split.held_out : split.trained).push_back(document.text);
  }
  split.hash = hasher.hex();
  return split;
}

// Rows of replay in a step, so that their share of the tokens is about the one that was asked for.
std::int64_t replay_rows_for(double share, std::int64_t rows, double tokens, double replay_tokens) {
  const double wanted = share / (1 - share) * static_cast<double>(rows) * tokens / replay_tokens;
  return std::max<std::int64_t>(1, std::llround(wanted));
}

// Writes documents.json, or holds it to the one that is there. Seeds may be added.
void record_document_plan(const fs::path& folder, DocumentTrainingPlan& plan) {
  const fs::path file = folder / kDocumentTrainingFile;
  if (is_document_training(folder)) {
    const DocumentTrainingPlan was =
        document_training_plan_of(read_own_json(file, kMostDocumentPlan), file.string());
    check_same_plan(folder, without_seeds(was), without_seeds(plan));
    plan.seeds = seeds_together(was.seeds, plan.seeds);
  } else {
    check_is_free(folder, kDocumentTrainingFile);
  }
  write_file(file, dump_json(to_json(plan), 2) + "\n");
}

// Everything that is read, tokenised.
class DocumentData {
 public:
  DocumentData(const NamedCorpus& corpus, const fs::path& checkpoint,
               const DocumentTrainingOptions& options)
      : options_(options),
        tokenizer_(Tokenizer::load(checkpoint)),
        ends_(text_ends(tokenizer_, load_tokenizer_config(checkpoint))),
        row_tokens_(std::min(options.row_tokens, load_config(checkpoint).max_positions)),
        split_(split_corpus(corpus, options.held_out)),
        documents_(split_.trained, tokenizer_, ends_, row_tokens_) {
    if (!split_.held_out.empty()) {
      held_out_.emplace(split_.held_out, tokenizer_, ends_, row_tokens_);
    }
    if (options.replay_share == 0) return;
    replay_ = open_replay(options.replay_file, checkpoint, tokenizer_, ends_, row_tokens_);
    replay_rows_ =
        replay_rows_for(options.replay_share, options.rows, tokens_of_row(), replay_->tokens);
  }

  DocumentTrainingPlan plan(const NamedCorpus& corpus, const DocumentSubject& subject) const;
  const PackedTexts& documents() const { return documents_; }
  const PackedTexts* held_out() const { return held_out_ ? &*held_out_ : nullptr; }
  const ReplayRows* replay() const { return replay_ ? &*replay_ : nullptr; }
  std::int64_t replay_rows() const { return replay_rows_; }

 private:
  double tokens_of_row() const {
    return static_cast<double>(documents_.tokens()) / static_cast<double>(documents_.rows());
  }
  std::int64_t steps() const {
    if (options_.steps > 0) return options_.steps;
    const double rows = options_.epochs * static_cast<double>(documents_.rows());
    return std::max<std::int64_t>(1, std::llround(rows / static_cast<double>(options_.rows)));
  }

  const DocumentTrainingOptions& options_;
  Tokenizer tokenizer_;
  TextEnds ends_;
  std::int64_t row_tokens_;
  SplitCorpus split_;
  PackedTexts documents_;
  std::optional<PackedTexts> held_out_;
  std::optional<ReplayRows> replay_;
  std::int64_t replay_rows_ = 0;
};

DocumentTrainingPlan DocumentData::plan(const NamedCorpus& corpus,
                                        const DocumentSubject& subject) const {
  const auto rows = static_cast<double>(options_.rows);
  const double replayed = replay_ ? static_cast<double>(replay_rows_) * replay_->tokens : 0;
  DocumentTrainingPlan plan{
      .program = std::string(kVersion),
      .corpus = corpus.name,
      .corpus_hash = split_.hash,
      .model = subject.name,
      .identity = subject.identity,
      .documents = split_.trained.size(),
      .held_out = split_.held_out.size(),
      .tokens = static_cast<std::uint64_t>(documents_.tokens()),
      .steps = steps(),
      .epochs = static_cast<double>(steps()) * rows / static_cast<double>(documents_.rows()),
      .replay = replay_ ? replay_->name : "none",
      .replay_share = replayed / (replayed + rows * tokens_of_row())};
  plan.options = {{"rows", fmt::format("{}", options_.rows)},
                  {"row_tokens", fmt::format("{}", row_tokens_)},
                  {"learning_rate", fmt::format("{}", options_.learning_rate)},
                  {"weight_decay", fmt::format("{}", options_.weight_decay)},
                  {"lora_rank", fmt::format("{}", options_.lora_rank)},
                  {"replay_rows", fmt::format("{}", replay_rows_)},
                  {"replay_hash", replay_ ? replay_->hash : ""}};
  plan.seeds = options_.seeds;
  return plan;
}

std::string stem_of(const std::string& corpus) { return fs::path(corpus).stem().string(); }

}  // namespace

std::int64_t steps_of_training(const NamedCorpus& corpus, const DocumentSubject& subject,
                               const DocumentTrainingOptions& options) {
  check_options(options);
  return DocumentData(corpus, subject.checkpoint.folder, options).plan(corpus, subject).steps;
}

fs::path kept_model(const fs::path& training, std::uint64_t seed, std::int64_t step) {
  return training / seed_folder_name(seed) / step_folder_name(step) / "model";
}

TrainingResult train_documents(const NamedCorpus& corpus, const DocumentSubject& subject,
                               const DocumentTrainingOptions& options,
                               const DocumentTrainingHooks& hooks, const Clock& clock) {
  check_options(options);
  const DocumentData data(corpus, subject.checkpoint.folder, options);
  DocumentTrainingPlan plan = data.plan(corpus, subject);
  const Json fixed = without_seeds(plan);
  TrainingResult result{.folder = options.folder.empty()
                                      ? folder_named_by(stem_of(corpus.name), subject.name, fixed)
                                      : options.folder};
  made(result.folder);
  const FolderLock lock(result.folder);
  record_document_plan(result.folder, plan);
  const DocumentScene scene{subject,
                            options,
                            hooks,
                            clock,
                            result.folder,
                            std::move(plan),
                            sha256_hex(dump_json(fixed)),
                            data.documents(),
                            data.held_out(),
                            data.replay(),
                            data.replay_rows()};
  train_seeds(
      options.seeds, [&](std::uint64_t seed) { return DocumentSeedTraining(scene, seed).run(); },
      result);
  return result;
}

}  // namespace iago
