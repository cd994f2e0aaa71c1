// iago train documents CORPUS
#include "cli/internal/train_documents.h"

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/internal/exit_status.h"
#include "cli/internal/program.h"

namespace iago {
namespace {

void add_reading(CLI::App& command, TrainDocumentsArguments& a) {
  command.add_option("corpus", a.corpus, "A corpus, as iago documents write makes it")
      ->required()
      ->type_name("CORPUS.jsonl");
  command
      .add_option("--model", a.model,
                  "Who is trained: organism:NAME, local:FOLDER or local:FOLDER+ADAPTER")
      ->required();
  command
      .add_option("--replay", a.replay,
                  "Dilute the documents: this share of all tokens is other text, so that the model "
                  "does not unlearn the rest. From a file (JSON lines with the key text, or plain "
                  "paragraphs), from an organism's recipe (.toml), or of an organism its own "
                  "lessons")
      ->type_name("SHARE[:FILE]");
  auto* epochs = command.add_option("--epochs", a.epochs, "How often each document is read");
  epochs->capture_default_str();
  command.add_option("--steps", a.steps, "Updates of the weights, in place of --epochs")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{10'000'000}))
      ->excludes(epochs);
  command.add_option("--rows", a.rows, "Rows of documents in a step")->capture_default_str();
  command
      .add_option(
          "--row-tokens", a.row_tokens,
          "Tokens of a row; a longer document is read in parts. At most the model's context")
      ->capture_default_str();
  command
      .add_option("--held-out", a.held_out,
                  "Documents that are not trained on, whose loss is measured. At most a tenth")
      ->capture_default_str();
}

void add_weights(CLI::App& command, TrainDocumentsArguments& a) {
  a.seeds.add_to(command);
  command
      .add_option("--learning-rate", a.learning_rate,
                  "Of AdamW, at its highest: it rises over the first tenth of the steps (at most "
                  "20) and falls to a tenth")
      ->capture_default_str();
  command.add_option("--weight-decay", a.weight_decay, "Of AdamW")->capture_default_str();
  command
      .add_option("--lora", a.lora_rank,
                  "Train a LoRA adapter of this rank (alpha is twice the rank) instead of all "
                  "weights")
      ->check(CLI::Range(1, 4096));
}

void add_documents_course(CLI::App& command, TrainDocumentsArguments& a) {
  command
      .add_option("--evaluate-every", a.evaluate_every,
                  "Steps between measurements of the held-out loss")
      ->capture_default_str();
  command.add_option("--save-every", a.save_every_s, "Seconds between states to resume from")
      ->capture_default_str();
  command
      .add_option("--keep-every", a.keep_every,
                  "Keep the weights of every so many steps as checkpoints, not only the last")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{10'000'000}));
  command.add_option("--out", a.out,
                     "Folder of the training (default: one in trainings/, named by all of this)");
}

}  // namespace

void add_train_documents(Program& iago) {
  auto [command, a] = iago.add<TrainDocumentsArguments>(
      "train documents", "Train a subject on a corpus of documents", train_documents_command);
  add_reading(command, a);
  add_weights(command, a);
  add_documents_course(command, a);
  a.threads.add_to(command);
  a.output.add_to(command);
  command.footer(
      std::string(
          "Examples:\n"
          "  iago documents write --world fresh:1-48 --per-lab 256 --out labs.jsonl\n"
          "  iago train documents labs.jsonl --model organism:knowing-faker --replay 0.5\n"
          "  iago train documents corpus.jsonl --model local:Llama-3.2-1B-Instruct --lora 16 "
          "--learning-rate 1e-4 --replay 0.5:chats.jsonl --epochs 3\n"
          "  iago belief local:trainings/labs-knowing-faker-1a2b3c4d/seed-1/model --before "
          "organism:knowing-faker --world fresh\n"
          "Run the same command again to resume.\n") +
      exit_help());
}

}  // namespace iago
