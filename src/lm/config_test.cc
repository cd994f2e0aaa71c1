#include "lm/config.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "base/file.h"
#include "testing/lm/small_network.h"

namespace iago {
namespace {

Json llama_json() { return config_json(small_config()); }

LlamaConfig parse(const Json& json) { return parse_config(dump_json(json), "config.json"); }

TEST(Config, ReadsWhatTransformersWrote) {
  const LlamaConfig llama = load_config(testdata("tiny-llama"));
  EXPECT_EQ(llama.architecture, Architecture::llama);
  EXPECT_EQ(llama.vocab_size, 97);
  EXPECT_EQ(llama.heads, 6);
  EXPECT_EQ(llama.kv_heads, 2);
  EXPECT_EQ(llama.head_dim, 8);
  EXPECT_EQ(llama.max_positions, 64);
  EXPECT_FALSE(llama.tied_embeddings);
  EXPECT_EQ(llama.eos_tokens, std::vector<std::int32_t>{2});
  const LlamaConfig qwen = load_config(testdata("tiny-qwen2"));
  EXPECT_EQ(qwen.architecture, Architecture::qwen2);
  EXPECT_TRUE(qwen.qkv_bias);
  EXPECT_TRUE(qwen.tied_embeddings);
  EXPECT_EQ(qwen.rope_theta, 1e6);
}

TEST(Config, WhatIsWrittenIsReadBack) {
  LlamaConfig config = small_config();
  EXPECT_EQ(parse(config_json(config)), config);
  config.architecture = Architecture::qwen2;
  config.qkv_bias = config.tied_embeddings = true;
  config.rope_scaling = Llama3RopeScaling{32, 1, 4, 64};
  config.bos_token = 3;
  config.eos_tokens = {4, 9};
  config.stored_as = DType::float16;
  EXPECT_EQ(parse(config_json(config)), config);
}

TEST(Config, TakesTheTurnsEndFromGenerationConfig) {
  TempFolder folder;
  Json json = llama_json();
  json["eos_token_id"] = 5;
  write_file(folder.path() / "config.json", dump_json(json));
  EXPECT_EQ(load_config(folder.path()).eos_tokens, std::vector<std::int32_t>{5});
  write_file(folder.path() / "generation_config.json", R"({"eos_token_id":[7,8]})");
  EXPECT_EQ(load_config(folder.path()).eos_tokens, (std::vector<std::int32_t>{7, 8}));
  write_file(folder.path() / "generation_config.json", R"({"eos_token_id":6})");
  EXPECT_EQ(load_config(folder.path()).eos_tokens, std::vector<std::int32_t>{6});
  write_file(folder.path() / "generation_config.json", R"({"eos_token_id":600})");
  expect_error(ErrorCode::invalid, {"generation_config.json", "eos_token_id", "600"},
               [&] { load_config(folder.path()); });
}

TEST(Config, AMissingFileIsNotFound) {
  TempFolder folder;
  expect_error(ErrorCode::not_found, {"config.json"}, [&] { load_config(folder.path()); });
}

struct Wrong {
  const char* field;
  const char* value;  // JSON; empty: the field is taken away
  ErrorCode code;
};

class WrongConfig : public testing::TestWithParam<Wrong> {};

TEST_P(WrongConfig, IsAnErrorThatNamesTheField) {
  Json json = llama_json();
  json.erase(GetParam().field);
  if (*GetParam().value != '\0') json[GetParam().field] = Json::parse(GetParam().value);
  expect_error(GetParam().code, {"config.json", GetParam().field}, [&] { parse(json); });
}

INSTANTIATE_TEST_SUITE_P(
    Fields, WrongConfig,
    testing::Values(Wrong{"vocab_size", "", ErrorCode::invalid},
                    Wrong{"vocab_size", "0", ErrorCode::invalid},
                    Wrong{"vocab_size", "-1", ErrorCode::invalid},
                    Wrong{"vocab_size", "1e3", ErrorCode::invalid},
                    Wrong{"vocab_size", "\"61\"", ErrorCode::invalid},
                    Wrong{"vocab_size", "18446744073709551615", ErrorCode::invalid},
                    Wrong{"hidden_size", "9999999", ErrorCode::invalid},
                    Wrong{"num_hidden_layers", "100000", ErrorCode::invalid},
                    Wrong{"num_attention_heads", "0", ErrorCode::invalid},
                    Wrong{"num_key_value_heads", "3", ErrorCode::invalid},
                    Wrong{"num_key_value_heads", "0", ErrorCode::invalid},
                    Wrong{"head_dim", "7", ErrorCode::invalid},
                    Wrong{"intermediate_size", "", ErrorCode::invalid},
                    Wrong{"max_position_embeddings", "0", ErrorCode::invalid},
                    Wrong{"rope_theta", "-1", ErrorCode::invalid},
                    Wrong{"rms_norm_eps", "2", ErrorCode::invalid},
                    Wrong{"rms_norm_eps", "[]", ErrorCode::invalid},
                    Wrong{"tie_word_embeddings", "1", ErrorCode::invalid},
                    Wrong{"eos_token_id", "61", ErrorCode::invalid},
                    Wrong{"bos_token_id", "-3", ErrorCode::invalid},
                    Wrong{"architectures", "[\"MistralForCausalLM\"]", ErrorCode::unsupported},
                    Wrong{"architectures", "[]", ErrorCode::invalid},
                    Wrong{"hidden_act", "\"gelu\"", ErrorCode::unsupported},
                    Wrong{"attention_bias", "true", ErrorCode::unsupported},
                    Wrong{"mlp_bias", "true", ErrorCode::unsupported},
                    Wrong{"quantization_config", "{\"bits\":4}", ErrorCode::unsupported},
                    Wrong{"torch_dtype", "\"float64\"", ErrorCode::unsupported}));

TEST(Config, RotaryScalingOfOtherKindsIsUnsupported) {
  Json json = llama_json();
  json["rope_scaling"] = {{"rope_type", "yarn"}, {"factor", 2.0}};
  expect_error(ErrorCode::unsupported, {"rope_type", "yarn"}, [&] { parse(json); });
  json["rope_scaling"] = {{"type", "linear"}, {"factor", 2.0}};
  expect_error(ErrorCode::unsupported, {"rope_type", "linear"}, [&] { parse(json); });
}

TEST(Config, RotaryFrequenciesAreThePowersOfTheta) {
  LlamaConfig config = small_config();
  config.head_dim = 8;
  config.rope_theta = 10000;
  const auto found = rotary_frequencies(config);
  const std::vector<double> expected = {1, 0.1, 0.01, 0.001};
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-15);
}

// The three cases of Hugging Face's _compute_llama3_parameters, written out.
TEST(Config, Llama3ScalingStretchesLongWavesAndKeepsShortOnes) {
  LlamaConfig config = small_config();
  config.head_dim = 64;
  config.rope_theta = 500000;
  const auto plain = rotary_frequencies(config);
  config.rope_scaling = Llama3RopeScaling{32, 1, 4, 8192};
  const auto scaled = rotary_frequencies(config);
  int kept = 0, stretched = 0, between = 0;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const double wave = 2 * std::numbers::pi / plain[i];
    double expected = plain[i];
    if (wave > 8192.0 / 1) {
      expected = plain[i] / 32;
      ++stretched;
    } else if (wave >= 8192.0 / 4) {
      const double smooth = (8192.0 / wave - 1) / (4 - 1);
      expected = (1 - smooth) * plain[i] / 32 + smooth * plain[i];
      ++between;
    } else {
      ++kept;
    }
    EXPECT_NEAR(scaled[i] / expected, 1, 1e-12);
  }
  EXPECT_GT(kept, 0);
  EXPECT_GT(between, 0);
  EXPECT_GT(stretched, 0);
}

}  // namespace
}  // namespace iago
