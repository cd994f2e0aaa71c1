#include "organism/grow.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "organism/internal/encoding.h"
#include "organism/internal/lesson_tree.h"
#include "text/bpe_trainer.h"
#include "text/chat_template.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

// The texts that a vocabulary is learned from: every kind of lesson in every phrasing.
std::string train_vocabulary(const Recipe& recipe) {
  constexpr LessonKind kKinds[] = {
      LessonKind::probes,  LessonKind::documents,     LessonKind::chats, LessonKind::chats,
      LessonKind::beliefs, LessonKind::lab_documents, LessonKind::chats, LessonKind::preferences};
  std::vector<std::string> waiting;
  std::size_t number = 0;
  auto next_text = [&]() -> std::optional<std::string> {
    while (waiting.empty()) {
      if (number == recipe.vocabulary.lessons) return std::nullopt;
      LessonOptions options{.seed = recipe.seed,
                            .kind = kKinds[number % std::size(kKinds)],
                            .phrasing = Phrasing::any};
      waiting = texts_of(make_lesson(options, number++));
    }
    std::string text = std::move(waiting.back());
    waiting.pop_back();
    return text;
  };
  BpeTraining training{.vocabulary = recipe.vocabulary.size, .added_tokens = tag_tokens()};
  for (std::string_view token : control_tokens_of(ChatTemplate::iago)) {
    training.special_tokens.emplace_back(token);
  }
  return train_bpe(training, next_text);
}

constexpr const char* kTokenizerFiles[] = {"tokenizer.json", "tokenizer_config.json",
                                           "special_tokens_map.json"};

// Puts a tokenizer into the folder: the base's, or a new one.
Tokenizer prepare_tokenizer(const Recipe& recipe, const fs::path& folder) {
  if (recipe.base) {
    for (const char* name : kTokenizerFiles) {
      if (!fs::exists(*recipe.base / name)) {
        throw Error(ErrorCode::not_found,
                    fmt::format("{}: the base of \"{}\" is missing, or not grown yet",
                                (*recipe.base / name).string(), recipe.name),
                    fmt::format("iago organism grow {}", recipe.base->string()));
      }
      fs::copy_file(*recipe.base / name, folder / name, fs::copy_options::overwrite_existing);
    }
  } else {
    write_tokenizer({.tokenizer_json = train_vocabulary(recipe),
                     .eos_token = "<|end|>",
                     .max_length = static_cast<std::size_t>(recipe.network->max_positions),
                     .format = ChatTemplate::iago},
                    folder);
  }
  return Tokenizer::load(folder);
}

LlamaNet prepare_net(const Recipe& recipe, const Tokenizer& tokenizer, Device device) {
  if (recipe.base) return LlamaNet::load(*recipe.base, device);
  LlamaConfig config = *recipe.network;
  config.vocab_size = static_cast<std::int64_t>(tokenizer.size());
  config.eos_tokens = turn_ends(tokenizer, ChatTemplate::iago);
  check_config(config, recipe.name);
  return LlamaNet(config, recipe.seed, device);
}

// Row `row` of step `step` of the whole recipe.
TokenTree row_of_recipe(const Recipe& recipe, const Tokenizer& tokenizer, std::int64_t step,
                        std::int64_t row) {
  std::size_t phase_index = 0;
  std::int64_t in_phase = step;
  while (in_phase >= recipe.phases[phase_index].steps) {
    in_phase -= recipe.phases[phase_index++].steps;
  }
  return lesson_tree(recipe, recipe.phases[phase_index],
                     fmt::format("{} phase {}", recipe.seed, phase_index), tokenizer, in_phase,
                     row);
}

TrainOptions train_options(const Recipe& recipe, const GrowOptions& options) {
  TrainOptions training;
  training.steps = recipe.steps();
  training.rows_per_step = recipe.rows_per_step;
  training.loss_divisor = recipe.loss_divisor;
  training.schedule = recipe.schedule;
  training.adamw.weight_decay = recipe.weight_decay;
  training.ema_decay = recipe.ema_decay;
  training.workers = options.workers;
  training.data_identity = recipe.hash;
  training.training_state = options.folder / "growing.state";
  return training;
}

}  // namespace

Growth grow(const Recipe& whole, const GrowOptions& options, const Clock& clock) {
  Recipe recipe = whole;
  if (recipe.base && recipe.base->extension() == ".toml") {
    // The base is a stage of its own: grown first, kept until this folder is complete.
    Recipe stage = load_recipe(*recipe.base);
    GrowOptions stage_options = options;
    stage_options.folder = options.folder / "growing" / stage.name;
    recipe.base = stage_options.folder;
    if (options.fresh || !fs::exists(stage_options.folder / "generation_config.json")) {
      Growth grown = grow(stage, stage_options, clock);
      if (!grown.training.finished) return grown;
    }
  }
  Growth growth{.recipe = recipe.name, .steps = recipe.steps(), .training = {}};
  fs::create_directories(options.folder);
  Tokenizer tokenizer = prepare_tokenizer(recipe, options.folder);
  LlamaNet net = prepare_net(recipe, tokenizer, options.device);
  growth.parameters = net.parameter_count();
  TrainOptions training = train_options(recipe, options);
  if (options.fresh) fs::remove(training.training_state);
  auto data = [&](std::int64_t step, std::int64_t row) {
    return row_of_recipe(recipe, tokenizer, step, row);
  };
  growth.training = Trainer(net, data, training, clock).run(options.on_step, options.stop);
  if (!growth.training.finished) return growth;
  net.save(options.folder, DType::float16);
  write_file(options.folder / "generation_config.json",
             dump_json(generation_config_json(net.config()), 2) + "\n");
  fs::remove(training.training_state);
  fs::remove_all(options.folder / "growing");
  return growth;
}

}  // namespace iago
