#include "figures/document_training.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "figures/figure_text.h"
#include "figures/internal/step_lines.h"
#include "figures/text_table.h"
#include "text/printable.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostPlan = std::size_t{1} << 20;

// Runs `read`, and says which file is not what this program writes.
template <typename Read>
auto reading_documents(const std::string& where, Read read) {
  try {
    return read();
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::corrupt,
                fmt::format("{}: not what iago train documents writes: {}", where, error.what()),
                "restore the file, or give another folder with --out");
  }
}

Json number_or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

std::optional<double> number_at(const Json& json, const char* key) {
  const Json& value = json.at(key);
  return value.is_null() ? std::nullopt : std::optional(value.get<double>());
}

DocumentStep document_step_of(const Json& json, const std::string& where) {
  return reading_documents(where, [&] {
    DocumentStep step;
    json.at("step").get_to(step.step);
    step.loss = number_at(json, "loss");
    step.held_out_loss = number_at(json, "held_out_loss");
    json.at("gradient_norm").get_to(step.gradient_norm);
    json.at("learning_rate").get_to(step.learning_rate);
    json.at("seconds").get_to(step.seconds);
    return step;
  });
}

std::string loss_text(const std::optional<double>& loss) {
  return loss ? fmt::format("{:.3f}", *loss) : "-";
}

std::optional<double> first_held_out(const DocumentSeed& seed) {
  return seed.steps.empty() ? std::nullopt : seed.steps.front().held_out_loss;
}

std::optional<double> last_held_out(const DocumentSeed& seed) {
  for (auto step = seed.steps.rbegin(); step != seed.steps.rend(); ++step) {
    if (step->held_out_loss) return step->held_out_loss;
  }
  return std::nullopt;
}

std::string how_it_ended(const DocumentSeed& seed) {
  if (!seed.end) return "not finished";
  if (seed.end->why == TrainingEnd::Why::alarm) return printable(seed.end->alarm);
  return "finished";
}

Rows document_seed_rows(const DocumentTraining& training) {
  Rows rows = {{"seed", "steps", "loss", "held out before", "after", "end"}};
  for (const DocumentSeed& seed : training.seeds) {
    const std::size_t done = seed.steps.empty() ? 0 : seed.steps.size() - 1;
    rows.push_back({fmt::format("{}", seed.seed), count(done),
                    loss_text(done > 0 ? seed.steps.back().loss : std::nullopt),
                    loss_text(first_held_out(seed)), loss_text(last_held_out(seed)),
                    how_it_ended(seed)});
  }
  return rows;
}

DocumentSeed read_document_seed(const fs::path& folder, std::uint64_t seed) {
  DocumentSeed read{.seed = seed,
                    .steps = read_document_steps(folder / kStepsFile),
                    .end = read_training_end(folder),
                    .model = {}};
  if (read.end) read.model = folder / "model";
  return read;
}

}  // namespace

Json to_json(const DocumentTrainingPlan& plan) {
  Json options = Json::object();
  for (const auto& [name, value] : plan.options) options[name] = value;
  return {{"schema", kDocumentTrainingSchema},
          {"program", plan.program},
          {"corpus", plan.corpus},
          {"corpus_hash", plan.corpus_hash},
          {"model", plan.model},
          {"identity", plan.identity},
          {"documents", plan.documents},
          {"held_out", plan.held_out},
          {"tokens", plan.tokens},
          {"steps", plan.steps},
          {"epochs", plan.epochs},
          {"replay", plan.replay},
          {"replay_share", plan.replay_share},
          {"options", options},
          {"seeds", plan.seeds}};
}

DocumentTrainingPlan document_training_plan_of(const Json& json, const std::string& where) {
  return reading_documents(where, [&] {
    DocumentTrainingPlan plan;
    if (json.at("schema") != kDocumentTrainingSchema) {
      throw Error(ErrorCode::corrupt,
                  fmt::format("{}: schema: expected {}, found {}", where, kDocumentTrainingSchema,
                              dump_json(json.at("schema"))),
                  "it comes from another version of iago");
    }
    json.at("program").get_to(plan.program);
    json.at("corpus").get_to(plan.corpus);
    json.at("corpus_hash").get_to(plan.corpus_hash);
    json.at("model").get_to(plan.model);
    json.at("identity").get_to(plan.identity);
    json.at("documents").get_to(plan.documents);
    json.at("held_out").get_to(plan.held_out);
    json.at("tokens").get_to(plan.tokens);
    json.at("steps").get_to(plan.steps);
    json.at("epochs").get_to(plan.epochs);
    json.at("replay").get_to(plan.replay);
    json.at("replay_share").get_to(plan.replay_share);
    for (const auto& [name, value] : json.at("options").items()) {
      plan.options.emplace_back(name, value.get<std::string>());
    }
    json.at("seeds").get_to(plan.seeds);
    return plan;
  });
}

Json to_json(const DocumentStep& step) {
  return {{"step", step.step},
          {"loss", number_or_null(step.loss)},
          {"held_out_loss", number_or_null(step.held_out_loss)},
          {"gradient_norm", step.gradient_norm},
          {"learning_rate", step.learning_rate},
          {"seconds", step.seconds}};
}

std::vector<DocumentStep> read_document_steps(const fs::path& file) {
  std::vector<DocumentStep> steps;
  read_step_lines(file, 0, [&](const Json& json, const std::string& where) {
    return steps.emplace_back(document_step_of(json, where)).step;
  });
  return steps;
}

bool is_document_training(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / kDocumentTrainingFile, ignored);
}

DocumentTraining read_document_training(const fs::path& folder) {
  const fs::path file = folder / kDocumentTrainingFile;
  DocumentTraining training{
      .folder = folder,
      .plan = document_training_plan_of(read_own_json(file, kMostPlan), file.string()),
      .seeds = {}};
  for (const std::uint64_t seed : training.plan.seeds) {
    const fs::path of_seed = folder / seed_folder_name(seed);
    std::error_code ignored;
    if (fs::is_directory(of_seed, ignored)) {
      training.seeds.push_back(read_document_seed(of_seed, seed));
    }
  }
  return training;
}

Json to_json(const DocumentTraining& training) {
  Json seeds = Json::array();
  for (const DocumentSeed& seed : training.seeds) {
    Json steps = Json::array();
    for (const DocumentStep& step : seed.steps) steps.push_back(to_json(step));
    seeds.push_back({{"seed", seed.seed},
                     {"end", seed.end ? to_json(*seed.end) : Json()},
                     {"held_out_loss_before", number_or_null(first_held_out(seed))},
                     {"held_out_loss_after", number_or_null(last_held_out(seed))},
                     {"model", seed.model.empty() ? Json() : Json(seed.model.string())},
                     {"steps", steps}});
  }
  return {{"schema", kDocumentTrainingSchema},
          {"folder", training.folder.string()},
          {"plan", to_json(training.plan)},
          {"seeds", seeds}};
}

std::string terminal_table(const DocumentTraining& training, const TerminalOptions& options) {
  const DocumentTrainingPlan& plan = training.plan;
  std::string text =
      fmt::format("{}: {} of {}, {} held out, {} steps\n", printable(plan.model),
                  counted(plan.documents, "document", "documents"), printable(plan.corpus),
                  count(plan.held_out), count(static_cast<std::uint64_t>(plan.steps)));
  text += plan.replay == "none" ? std::string("Nothing else is read.\n")
                                : fmt::format("{} of the tokens are replay: {}.\n",
                                              percent(plan.replay_share), printable(plan.replay));
  text += "\n" + fitted(document_seed_rows(training), options.width, Painter(options.colour));
  text += "\nLosses are in nats a token; `held out` is of documents that were not trained on.\n";
  for (const DocumentSeed& seed : training.seeds) {
    if (seed.end && !seed.end->text.empty()) {
      text += fmt::format("seed {}: {}\n", seed.seed, printable(seed.end->text, 2000));
    }
    if (!seed.model.empty()) {
      text += fmt::format("seed {}: --model local:{}\n", seed.seed,
                          printable(seed.model.string(), 2000));
    }
  }
  return text;
}

}  // namespace iago
