// LlamaConfig: the shape of a network of the Llama family, as config.json of a Hugging Face folder
// states it. Strict: every number is checked against a range, so that no size computed from a
// config overflows, and what this program would compute wrongly is Error unsupported, not ignored.
//
// Values without behaviour; thread-safe to read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "lm/dtype.h"

namespace iago {

// A count or an index, none of them negative, as C++ containers take it.
inline std::size_t to_size(std::int64_t n) { return static_cast<std::size_t>(n); }

enum class Architecture {
  llama,  // LlamaForCausalLM: no biases
  qwen2,  // Qwen2ForCausalLM: biases on q, k and v
};

// Rotary frequencies of Llama 3.1 and later (rope_type "llama3" in Hugging Face transformers): wave
// lengths beyond original_positions / low_frequency_factor are divided by `factor`, those below
// original_positions / high_frequency_factor are kept, between them interpolated.
struct Llama3RopeScaling {
  double factor = 8;                 // >= 1
  double low_frequency_factor = 1;   // > 0
  double high_frequency_factor = 4;  // > low_frequency_factor
  std::int64_t original_positions = 8192;
  bool operator==(const Llama3RopeScaling&) const = default;
};

struct LlamaConfig {
  Architecture architecture = Architecture::llama;
  std::int64_t vocab_size = 0;         // V, 1 to 2^20
  std::int64_t hidden_size = 0;        // D, 1 to 2^16
  std::int64_t intermediate_size = 0;  // of SwiGLU, 1 to 2^18
  std::int64_t layers = 0;             // 1 to 1024
  std::int64_t heads = 0;              // H, 1 to 1024
  std::int64_t kv_heads = 0;           // divides heads
  std::int64_t head_dim = 0;           // even, 2 to 1024; heads * head_dim need not be hidden_size
  std::int64_t max_positions = 0;      // the context: tokens of one sequence, 1 to 2^24
  double rope_theta = 10000;           // > 0
  std::optional<Llama3RopeScaling> rope_scaling;
  double rms_norm_eps = 1e-6;    // [0, 1]
  bool tied_embeddings = false;  // the head is the embedding's transpose
  bool qkv_bias = false;         // true exactly for qwen2
  std::optional<std::int32_t> bos_token;
  std::vector<std::int32_t> eos_tokens;  // at most 64, each in [0, vocab_size)
  DType stored_as = DType::float32;      // torch_dtype; what the file holds is read from the file
  bool operator==(const LlamaConfig&) const = default;

  std::int64_t query_width() const { return heads * head_dim; }
  std::int64_t kv_width() const { return kv_heads * head_dim; }
};

// Error invalid that names `where` (a file), the field, its range and its value.
void check_config(const LlamaConfig& config, std::string_view where);

// Reads the text of a config.json; `where` names it in errors. Absent fields take the defaults of
// Hugging Face's LlamaConfig and Qwen2Config; the sizes have no default. Error invalid as above, or
// unsupported for an architecture, activation, bias, sliding window, rotary scaling or quantisation
// that is not computed here.
LlamaConfig parse_config(std::string_view text, std::string_view where);

// Reads folder/config.json, and takes the end-of-turn tokens from folder/generation_config.json
// where there is one (a number or a list; an instruction-tuned model ends its turns with them).
// Error not_found without config.json.
LlamaConfig load_config(const std::filesystem::path& folder);

// The config.json with which `transformers` loads the network.
Json config_json(const LlamaConfig& config);
// The generation_config.json that goes with it.
Json generation_config_json(const LlamaConfig& config);

// inverse[i] for rotary pair i, radians per position; head_dim / 2 numbers, scaling applied.
std::vector<double> rotary_frequencies(const LlamaConfig& config);

}  // namespace iago
