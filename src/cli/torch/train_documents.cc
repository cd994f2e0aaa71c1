// The work of iago train documents, in iago-torch
#include "cli/internal/train_documents.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "cli/internal/interrupt.h"
#include "cli/internal/progress.h"
#include "cli/internal/resumable_end.h"
#include "cli/internal/streams.h"
#include "figures/document_training.h"
#include "models/checkpoint_path.h"
#include "models/open_model.h"
#include "text/printable.h"
#include "training/train_documents.h"

namespace iago {
namespace {

// SHARE or SHARE:FILE.
void read_replay(const std::string& text, DocumentTrainingOptions& options) {
  if (text.empty()) return;
  const std::size_t colon = text.find(':');
  const std::string share = text.substr(0, colon);
  const auto [end, error] =
      std::from_chars(share.data(), share.data() + share.size(), options.replay_share);
  if (error != std::errc() || end != share.data() + share.size()) {
    throw Error(
        ErrorCode::invalid,
        fmt::format("--replay: expected SHARE or SHARE:FILE, found \"{}\"", printable(text, 100)),
        "for example --replay 0.5, or --replay 0.5:chats.jsonl");
  }
  if (colon != std::string::npos) options.replay_file = text.substr(colon + 1);
}

DocumentTrainingOptions document_options(const TrainDocumentsArguments& a) {
  DocumentTrainingOptions options{.folder = a.out,
                                  .seeds = a.seeds.seeds(),
                                  .epochs = a.epochs,
                                  .steps = a.steps,
                                  .rows = a.rows,
                                  .row_tokens = a.row_tokens,
                                  .learning_rate = a.learning_rate,
                                  .weight_decay = a.weight_decay,
                                  .lora_rank = a.lora_rank,
                                  .held_out = a.held_out,
                                  .evaluate_every = a.evaluate_every,
                                  .save_every = std::chrono::seconds(a.save_every_s),
                                  .keep_every = a.keep_every,
                                  .workers = static_cast<int>(a.threads.count)};
  read_replay(a.replay, options);
  return options;
}

std::string documents_progress(const DocumentTrainingProgress& p) {
  std::string text =
      fmt::format("seed {}: step {} of {}, loss {:.3f}", p.seed, p.step, p.steps, p.loss);
  if (p.held_out_loss) text += fmt::format(", held out {:.3f}", *p.held_out_loss);
  return text +
         fmt::format(", {:.0f} tokens/s, {} left", p.tokens_per_s, format_duration(p.seconds_left));
}

TrainingResult train_on(const TrainDocumentsArguments& a, const Context& context,
                        const InterruptGuard& interrupt) {
  const ModelOptions models{
      .organisms = context.data / "organisms", .threads = a.threads.count, .only_named = true};
  const DocumentSubject subject{a.model, open_model(a.model, models)->info().identity,
                                parse_checkpoint_path(checkpoint_of(a.model, models))};
  SystemClock clock;
  ProgressLine line(clock);
  const DocumentTrainingHooks hooks{
      .no_more = interrupt.no_more(),
      .on_progress = [&](const DocumentTrainingProgress& p) { line.show(documents_progress(p)); }};
  return train_documents({a.corpus.filename().string(), load_corpus(a.corpus)}, subject,
                         document_options(a), hooks, clock);
}

}  // namespace

int train_documents_command(const TrainDocumentsArguments& arguments, const Context& context) {
  InterruptGuard interrupt;
  const TrainingResult result = train_on(arguments, context, interrupt);
  print_result(result.interrupted, [&] {
    const DocumentTraining training = read_document_training(result.folder);
    const std::string text =
        arguments.output.json ? dump_json(to_json(training), 2) + "\n" : terminal_table(training);
    fmt::print("{}", text);
  });
  return resumable_end(result.folder, result.interrupted, result.alarms);
}

}  // namespace iago
