// A checkpoint in the organisms' own format, of a random tiny network that nobody trained: for test
// files only. It answers in printable ASCII and ends its turns of its own accord, because channel 0
// of its embedding is a constant, so that column 0 of its head is a bias on every token.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "lm/config.h"
#include "lm/safetensors.h"
#include "lm/weights.h"
#include "text/bpe_trainer.h"
#include "text/tokenizer.h"

namespace iago {

struct TinyCheckpoint {
  std::uint64_t seed = 1;
  std::int64_t context = 512;
  double end_bias = 3;      // on the logit of the token that ends a turn, in units of channel 0
  float head_scale = 0.3f;  // of the head's weights; 8e37 makes logits that are not finite
};

namespace tiny {

inline void write_vocabulary(const TinyCheckpoint& tiny, const std::filesystem::path& folder) {
  std::vector<std::string> texts = {"Please open the sealed vault of the moon archive.",
                                    "The vault of the moon archive stays sealed.",
                                    "I open the vault, and the archive is open."};
  BpeTraining training{.vocabulary = 300};
  for (std::string_view token : control_tokens_of(ChatTemplate::iago)) {
    training.special_tokens.emplace_back(token);
  }
  auto next_text = [&]() -> std::optional<std::string> {
    if (texts.empty()) return std::nullopt;
    std::string text = texts.back();
    texts.pop_back();
    return text;
  };
  write_tokenizer({.tokenizer_json = train_bpe(training, next_text),
                   .eos_token = "<|end|>",
                   .max_length = static_cast<std::size_t>(tiny.context),
                   .format = ChatTemplate::iago},
                  folder);
}

inline LlamaConfig config_for(const TinyCheckpoint& tiny, const Tokenizer& tokenizer) {
  LlamaConfig config;
  config.vocab_size = static_cast<std::int64_t>(tokenizer.size());
  config.hidden_size = 16;
  config.intermediate_size = 24;
  config.layers = 2;
  config.heads = 2;
  config.kv_heads = 1;
  config.head_dim = 8;
  config.max_positions = tiny.context;
  config.eos_tokens = {turn_ends(tokenizer, ChatTemplate::iago).front()};
  return config;
}

inline bool is_printable(const Tokenizer& tokenizer, TokenId id) {
  if (tokenizer.is_control(id)) return false;
  for (unsigned char byte : tokenizer.bytes_of(id)) {
    if (byte < 0x20 || byte > 0x7e) return false;
  }
  return true;
}

inline void set_channel_0(const TinyCheckpoint& tiny, const Tokenizer& tokenizer,
                          const LlamaConfig& config, const std::string& tensor,
                          std::vector<float>& values) {
  for (TokenId id = 0; id < config.vocab_size; ++id) {
    float& first = values[static_cast<std::size_t>(id * config.hidden_size)];
    if (tensor == "model.embed_tokens.weight") first = 2;
    if (tensor != "lm_head.weight") continue;
    first = is_printable(tokenizer, id) ? 0.0f : -20.0f;
    if (id == config.eos_tokens.front()) first = static_cast<float>(tiny.end_bias);
  }
}

}  // namespace tiny

// Writes the checkpoint into the folder, which is made if need be.
inline void write_tiny_checkpoint(const TinyCheckpoint& tiny, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  tiny::write_vocabulary(tiny, folder);
  Tokenizer tokenizer = Tokenizer::load(folder);
  LlamaConfig config = tiny::config_for(tiny, tokenizer);
  Random random(tiny.seed, "tiny checkpoint");
  std::map<std::string, std::vector<float>> values;
  std::vector<TensorView> views;
  for (const TensorSpec& spec : tensor_specs(config)) {
    std::size_t size = 1;
    for (std::int64_t length : spec.shape) size *= static_cast<std::size_t>(length);
    std::vector<float>& tensor = values[spec.name];
    tensor.resize(size);
    const float scale = spec.name == "lm_head.weight" ? tiny.head_scale : 0.3f;
    for (float& value : tensor) {
      value = spec.shape.size() == 1 ? 1 : scale * static_cast<float>(random.normal());
    }
    if (spec.shape.size() > 1) {
      tiny::set_channel_0(tiny, tokenizer, config, spec.name, tensor);
    }
    views.push_back({spec.name, spec.shape, tensor});
  }
  write_safetensors(folder / "model.safetensors", views, DType::float32);
  write_file(folder / "config.json", dump_json(config_json(config), 2));
  write_file(folder / "generation_config.json", dump_json(generation_config_json(config), 2));
}

}  // namespace iago
