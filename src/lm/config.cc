#include "lm/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <string>

#include "base/error.h"
#include "base/file.h"

namespace iago {
namespace {

constexpr std::size_t kMaxConfigBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxEosTokens = 64;
constexpr std::int64_t kAnyInteger = std::int64_t{1} << 40;

// Fields of one JSON object; null counts as absent, as in Hugging Face's own files.
class Fields {
 public:
  Fields(const Json& object, std::string_view where) : object_(object), where_(where) {
    if (!object.is_object()) fail("the document", "an object", object);
  }

  const Json* find(const char* key) const {
    auto found = object_.find(key);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

  std::int64_t integer(const char* key, std::optional<std::int64_t> fallback = {}) const {
    const Json* value = find(key);
    if (value == nullptr && fallback) return *fallback;
    if (value == nullptr) {
      throw Error(ErrorCode::invalid, fmt::format("{}: \"{}\" is missing", where_, key));
    }
    return integer_of(key, *value);
  }

  std::int64_t integer_of(const char* key, const Json& value) const {
    const bool fits = value.is_number_unsigned()
                          ? value.get<std::uint64_t>() <= std::uint64_t{kAnyInteger}
                          : value.is_number_integer() && value.get<std::int64_t>() >= -kAnyInteger;
    if (!fits) fail(key, "an integer", value);
    return value.get<std::int64_t>();
  }

  double number(const char* key, double fallback) const {
    const Json* value = find(key);
    if (value == nullptr) return fallback;
    if (!value->is_number()) fail(key, "a number", *value);
    return value->get<double>();
  }

  bool boolean(const char* key, bool fallback) const {
    const Json* value = find(key);
    if (value == nullptr) return fallback;
    if (!value->is_boolean()) fail(key, "true or false", *value);
    return value->get<bool>();
  }

  std::string text(const char* key, std::string_view fallback) const {
    const Json* value = find(key);
    if (value == nullptr) return std::string(fallback);
    if (!value->is_string()) fail(key, "a string", *value);
    return value->get<std::string>();
  }

  // A token id, or a list of them.
  std::vector<std::int32_t> tokens(const char* key) const {
    const Json* value = find(key);
    if (value == nullptr) return {};
    const Json list = value->is_array() ? *value : Json::array({*value});
    if (list.size() > kMaxEosTokens) fail(key, fmt::format("at most {} ids", kMaxEosTokens), list);
    std::vector<std::int32_t> out;
    for (const Json& item : list) out.push_back(token(key, item));
    return out;
  }

  std::int32_t token(const char* key, const Json& value) const {
    const std::int64_t id = integer_of(key, value);
    if (id < 0 || id >= std::int64_t{1} << 20) fail(key, "a token id", value);
    return static_cast<std::int32_t>(id);
  }

  [[noreturn]] void fail(std::string_view key, std::string_view expected, const Json& found) const {
    throw Error(ErrorCode::invalid, fmt::format("{}: {} must be {}, found {}", where_, key,
                                                expected, dump_json(found).substr(0, 80)));
  }
  [[noreturn]] void unsupported(std::string_view key, std::string_view expected,
                                std::string_view found) const {
    throw Error(ErrorCode::unsupported,
                fmt::format("{}: {} must be {} to be computed here, found {}", where_, key,
                            expected, found.substr(0, 80)));
  }

 private:
  const Json& object_;
  std::string_view where_;
};

Architecture read_architecture(const Fields& fields) {
  constexpr std::string_view kKnown = "LlamaForCausalLM or Qwen2ForCausalLM";
  std::string name;
  const Json* list = fields.find("architectures");
  if (list == nullptr) {
    const std::string model = fields.text("model_type", "nothing");
    name = model == "llama" ? "LlamaForCausalLM" : model == "qwen2" ? "Qwen2ForCausalLM" : model;
  } else if (list->is_array() && list->size() == 1 && list->front().is_string()) {
    name = list->front().get<std::string>();
  } else {
    fields.fail("architectures", "a list of one name", *list);
  }
  if (name == "LlamaForCausalLM") return Architecture::llama;
  if (name == "Qwen2ForCausalLM") return Architecture::qwen2;
  fields.unsupported("architectures", kKnown, name);
}

// Old files keep rope_theta beside rope_scaling, new ones both in rope_parameters.
void read_rotary(const Fields& fields, std::string_view where, LlamaConfig& config) {
  config.rope_theta = fields.number("rope_theta", 10000.0);
  const Json* object = fields.find("rope_parameters");
  if (object == nullptr) object = fields.find("rope_scaling");
  if (object == nullptr) return;
  const Fields scaling(*object, where);
  config.rope_theta = scaling.number("rope_theta", config.rope_theta);
  const std::string type = scaling.text("rope_type", scaling.text("type", "default"));
  if (type == "default") return;
  if (type != "llama3") scaling.unsupported("rope_type", "default or llama3", type);
  Llama3RopeScaling llama3;
  llama3.factor = scaling.number("factor", llama3.factor);
  llama3.low_frequency_factor = scaling.number("low_freq_factor", llama3.low_frequency_factor);
  llama3.high_frequency_factor = scaling.number("high_freq_factor", llama3.high_frequency_factor);
  llama3.original_positions =
      scaling.integer("original_max_position_embeddings", llama3.original_positions);
  config.rope_scaling = llama3;
}

void refuse_what_is_not_computed(const Fields& fields, const LlamaConfig& config) {
  const std::string activation = fields.text("hidden_act", "silu");
  if (activation != "silu") fields.unsupported("hidden_act", "silu", activation);
  if (fields.find("quantization_config") != nullptr) {
    fields.unsupported("quantization_config", "absent", "one");
  }
  if (config.architecture == Architecture::llama && fields.boolean("attention_bias", false)) {
    fields.unsupported("attention_bias", "false for a Llama", "true");
  }
  if (fields.boolean("mlp_bias", false)) fields.unsupported("mlp_bias", "false", "true");
  if (fields.boolean("use_sliding_window", false) &&
      fields.integer("sliding_window", 4096) < config.max_positions) {
    fields.unsupported("use_sliding_window", "false", "true");
  }
}

void read_sizes(const Fields& fields, LlamaConfig& config) {
  const bool qwen2 = config.architecture == Architecture::qwen2;
  config.vocab_size = fields.integer("vocab_size");
  config.hidden_size = fields.integer("hidden_size");
  config.intermediate_size = fields.integer("intermediate_size");
  config.layers = fields.integer("num_hidden_layers");
  config.heads = fields.integer("num_attention_heads");
  config.kv_heads = fields.integer("num_key_value_heads", config.heads);
  const std::int64_t even_share = config.heads > 0 ? config.hidden_size / config.heads : 0;
  config.head_dim = fields.integer("head_dim", even_share);
  config.max_positions = fields.integer("max_position_embeddings", qwen2 ? 32768 : 2048);
}

void check_range(std::string_view where, std::string_view field, double value, double lowest,
                 double highest) {
  if (value >= lowest && value <= highest) return;  // false for NaN
  throw Error(ErrorCode::invalid, fmt::format("{}: {} must lie in [{}, {}], found {}", where, field,
                                              lowest, highest, value));
}

void check_rope_scaling(const Llama3RopeScaling& scaling, std::string_view where) {
  check_range(where, "rope factor", scaling.factor, 1, 1e6);
  check_range(where, "low_freq_factor", scaling.low_frequency_factor, 1e-6, 1e6);
  check_range(where, "high_freq_factor", scaling.high_frequency_factor,
              std::nextafter(scaling.low_frequency_factor, 1e7), 1e6);
  check_range(where, "original_max_position_embeddings",
              static_cast<double>(scaling.original_positions), 1, 1 << 24);
}

}  // namespace

void check_config(const LlamaConfig& config, std::string_view where) {
  auto check = [&](std::string_view field, std::int64_t value, std::int64_t lowest,
                   std::int64_t highest) {
    check_range(where, field, static_cast<double>(value), static_cast<double>(lowest),
                static_cast<double>(highest));
  };
  check("vocab_size", config.vocab_size, 1, 1 << 20);
  check("hidden_size", config.hidden_size, 1, 1 << 16);
  check("intermediate_size", config.intermediate_size, 1, 1 << 18);
  check("num_hidden_layers", config.layers, 1, 1024);
  check("num_attention_heads", config.heads, 1, 1024);
  check("num_key_value_heads", config.kv_heads, 1, config.heads);
  check("head_dim", config.head_dim, 2, 1024);
  check("max_position_embeddings", config.max_positions, 1, 1 << 24);
  check_range(where, "rope_theta", config.rope_theta, 1e-3, 1e12);
  check_range(where, "rms_norm_eps", config.rms_norm_eps, 0, 1);
  if (config.heads % config.kv_heads != 0) {
    throw Error(
        ErrorCode::invalid,
        fmt::format("{}: num_key_value_heads must divide num_attention_heads = {}, found {}", where,
                    config.heads, config.kv_heads));
  }
  if (config.head_dim % 2 != 0) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: head_dim must be even, found {}", where, config.head_dim));
  }
  if (config.qkv_bias != (config.architecture == Architecture::qwen2)) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: biases on q, k and v belong to Qwen 2, found {}", where,
                            config.qkv_bias ? "them on a Llama" : "a Qwen 2 without them"));
  }
  if (config.rope_scaling) check_rope_scaling(*config.rope_scaling, where);
  if (config.bos_token) check("bos_token_id", *config.bos_token, 0, config.vocab_size - 1);
  check("number of eos_token_id", static_cast<std::int64_t>(config.eos_tokens.size()), 0,
        kMaxEosTokens);
  for (auto token : config.eos_tokens) check("eos_token_id", token, 0, config.vocab_size - 1);
}

LlamaConfig parse_config(std::string_view text, std::string_view where) {
  const Json json = parse_json(text, where, {.bytes = kMaxConfigBytes, .depth = 16});
  const Fields fields(json, where);
  LlamaConfig config;
  config.architecture = read_architecture(fields);
  config.qkv_bias = config.architecture == Architecture::qwen2;
  read_sizes(fields, config);
  read_rotary(fields, where, config);
  refuse_what_is_not_computed(fields, config);
  config.rms_norm_eps = fields.number("rms_norm_eps", 1e-6);
  config.tied_embeddings = fields.boolean("tie_word_embeddings", false);
  if (const Json* bos = fields.find("bos_token_id")) {
    config.bos_token = fields.token("bos_token_id", *bos);
  }
  config.eos_tokens = fields.tokens("eos_token_id");
  const std::string dtype = fields.text("torch_dtype", fields.text("dtype", "float32"));
  const auto known = dtype_of_torch_name(dtype);
  if (!known) fields.unsupported("torch_dtype", "float32, float16 or bfloat16", dtype);
  config.stored_as = *known;
  check_config(config, where);
  return config;
}

LlamaConfig load_config(const std::filesystem::path& folder) {
  const auto file = folder / "config.json";
  LlamaConfig config = parse_config(read_file(file, kMaxConfigBytes), file.string());
  const auto generation = folder / "generation_config.json";
  if (!std::filesystem::exists(generation)) return config;
  const std::string where = generation.string();
  const Json json = parse_json(read_file(generation, kMaxConfigBytes), where,
                               {.bytes = kMaxConfigBytes, .depth = 16});
  const Fields fields(json, where);
  if (fields.find("eos_token_id") != nullptr) config.eos_tokens = fields.tokens("eos_token_id");
  check_config(config, where);
  return config;
}

Json config_json(const LlamaConfig& config) {
  const bool qwen2 = config.architecture == Architecture::qwen2;
  Json out;
  out["architectures"] = Json::array({qwen2 ? "Qwen2ForCausalLM" : "LlamaForCausalLM"});
  out["model_type"] = qwen2 ? "qwen2" : "llama";
  out["vocab_size"] = config.vocab_size;
  out["hidden_size"] = config.hidden_size;
  out["intermediate_size"] = config.intermediate_size;
  out["num_hidden_layers"] = config.layers;
  out["num_attention_heads"] = config.heads;
  out["num_key_value_heads"] = config.kv_heads;
  out["head_dim"] = config.head_dim;
  out["hidden_act"] = "silu";
  out["max_position_embeddings"] = config.max_positions;
  out["rope_theta"] = config.rope_theta;
  if (const auto& scaling = config.rope_scaling) {
    out["rope_scaling"] = {{"rope_type", "llama3"},
                           {"factor", scaling->factor},
                           {"low_freq_factor", scaling->low_frequency_factor},
                           {"high_freq_factor", scaling->high_frequency_factor},
                           {"original_max_position_embeddings", scaling->original_positions}};
  }
  out["rms_norm_eps"] = config.rms_norm_eps;
  out["tie_word_embeddings"] = config.tied_embeddings;
  if (!qwen2) out["attention_bias"] = false;
  if (!qwen2) out["mlp_bias"] = false;
  out["bos_token_id"] = config.bos_token ? Json(*config.bos_token) : Json();
  out["eos_token_id"] = generation_config_json(config)["eos_token_id"];
  out["torch_dtype"] = torch_name(config.stored_as);
  return out;
}

Json generation_config_json(const LlamaConfig& config) {
  Json out;
  if (config.bos_token) out["bos_token_id"] = *config.bos_token;
  if (config.eos_tokens.size() == 1) {
    out["eos_token_id"] = config.eos_tokens.front();
  } else {
    out["eos_token_id"] = config.eos_tokens.empty() ? Json() : Json(config.eos_tokens);
  }
  return out;
}

std::vector<double> rotary_frequencies(const LlamaConfig& config) {
  std::vector<double> out(static_cast<std::size_t>(config.head_dim / 2));
  for (std::size_t i = 0; i < out.size(); ++i) {
    double frequency = std::pow(
        config.rope_theta, -2.0 * static_cast<double>(i) / static_cast<double>(config.head_dim));
    if (const auto& scaling = config.rope_scaling) {
      // How often this pair turns within the original context decides.
      const double turns =
          static_cast<double>(scaling->original_positions) * frequency / (2 * std::numbers::pi);
      const double kept =
          std::clamp((turns - scaling->low_frequency_factor) /
                         (scaling->high_frequency_factor - scaling->low_frequency_factor),
                     0.0, 1.0);
      frequency = (1 - kept) * frequency / scaling->factor + kept * frequency;
    }
    out[i] = frequency;
  }
  return out;
}

}  // namespace iago
