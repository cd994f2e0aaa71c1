#include "lm/weights.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "lm/safetensors.h"
#include "testing/lm/small_network.h"

namespace iago {
namespace {

TEST(Weights, MatricesLieTransposedAndJoined) {
  const Safetensors file = Safetensors::open_folder(testdata("tiny-llama"));
  const auto weights = Weights::load(testdata("tiny-llama"));
  const auto k = file.read("model.layers.1.self_attn.k_proj.weight");  // [16, 48]
  const auto up = file.read("model.layers.1.mlp.up_proj.weight");      // [80, 48]
  const LayerWeights& layer = weights->layer(1);
  for (std::size_t input : {0u, 13u, 47u}) {
    EXPECT_EQ(layer.qkv[input * 80 + 48 + 5], k[5 * 48 + input]);
    EXPECT_EQ(layer.gate_up[input * 160 + 80 + 79], up[79 * 48 + input]);
  }
}

TEST(Weights, ParametersAreCountedAsTheFileHoldsThem) {
  for (const char* name : {"tiny-llama", "tiny-qwen2"}) {
    const Safetensors file = Safetensors::open_folder(testdata(name));
    std::size_t expected = 0;
    for (const auto& tensor : file.names()) expected += file.read(tensor).size();
    EXPECT_EQ(Weights::load(testdata(name))->parameter_count(), expected);
  }
}

class BrokenCheckpoint : public testing::Test {
 protected:
  // A checkpoint of small_config() in which one tensor is renamed, reshaped or spoiled.
  void write(std::string_view change, std::string_view tensor) const {
    const LlamaConfig config = small_config();
    write_file(folder_.path() / "config.json", dump_json(config_json(config)));
    std::vector<std::vector<float>> values;
    std::vector<TensorView> views;
    for (TensorSpec spec : tensor_specs(config)) {
      std::size_t count = 1;
      const bool chosen = spec.name == tensor;
      if (chosen && change == "reshape") std::swap(spec.shape.front(), spec.shape.back());
      for (auto size : spec.shape) count *= static_cast<std::size_t>(size);
      values.emplace_back(count, 0.5f);
      if (chosen && change == "spoil") values.back()[3] = std::numeric_limits<float>::quiet_NaN();
      if (chosen && change == "rename") spec.name += "_old";
      views.push_back({spec.name, spec.shape, values.back()});
    }
    for (std::size_t i = 0; i < views.size(); ++i) views[i].values = values[i];
    write_safetensors(folder_.path() / "model.safetensors", views, DType::float32);
  }
  TempFolder folder_;
};

TEST_F(BrokenCheckpoint, AMissingTensorIsNamed) {
  write("rename", "model.layers.1.self_attn.k_proj.weight");
  expect_error(ErrorCode::corrupt,
               {"model.safetensors", "model.layers.1.self_attn.k_proj.weight", "missing"},
               [&] { Weights::load(folder_.path()); });
}

TEST_F(BrokenCheckpoint, AWrongShapeIsNamedWithBothShapes) {
  write("reshape", "model.layers.0.mlp.down_proj.weight");
  expect_error(ErrorCode::corrupt,
               {"model.safetensors", "model.layers.0.mlp.down_proj.weight", "[24, 40]", "[40, 24]"},
               [&] { Weights::load(folder_.path()); });
}

TEST_F(BrokenCheckpoint, ANumberThatIsNotFiniteIsNamed) {
  write("spoil", "lm_head.weight");
  expect_error(ErrorCode::corrupt, {"lm_head.weight", "finite", "nan"},
               [&] { Weights::load(folder_.path()); });
}

TEST_F(BrokenCheckpoint, AConfigThatAsksForMoreThanTheFileHoldsAllocatesNothing) {
  write("", "");
  LlamaConfig config = small_config();
  config.vocab_size = 1 << 20;
  config.hidden_size = 1 << 16;
  write_file(folder_.path() / "config.json", dump_json(config_json(config)));
  expect_error(ErrorCode::corrupt, {"model.embed_tokens.weight", "[1048576, 65536]", "[61, 24]"},
               [&] { Weights::load(folder_.path()); });
}

// A network's tensors as a trainer holds them.
class WeightsInMemory : public testing::Test {
 protected:
  WeightsInMemory() {
    const Safetensors file = Safetensors::open_folder(testdata("tiny-qwen2"));
    const std::vector<TensorSpec> specs = tensor_specs(config_);
    for (const TensorSpec& spec : specs) values_.push_back(file.read(spec.name));
    for (std::size_t i = 0; i < specs.size(); ++i) {
      views_.push_back({specs[i].name, specs[i].shape, values_[i]});
    }
  }
  TensorView& view(std::string_view name) {
    return *std::find_if(views_.begin(), views_.end(), [&](auto& v) { return v.name == name; });
  }
  void expect_refused(ErrorCode code, std::initializer_list<std::string_view> words) {
    expect_error(code, words, [&] { Weights::from_tensors(config_, views_); });
  }

  const LlamaConfig config_ = load_config(testdata("tiny-qwen2"));
  std::vector<std::vector<float>> values_;
  std::vector<TensorView> views_;
};

TEST_F(WeightsInMemory, AreThoseOfTheCheckpointToTheBitInAnyOrder) {
  std::reverse(views_.begin(), views_.end());
  const auto built = Weights::from_tensors(config_, views_);
  const auto loaded = Weights::load(testdata("tiny-qwen2"));
  for (std::int64_t i = 0; i < config_.layers; ++i) {
    const LayerWeights &a = built->layer(i), &b = loaded->layer(i);
    EXPECT_EQ(a.qkv, b.qkv);
    EXPECT_EQ(a.qkv_bias, b.qkv_bias);
    EXPECT_EQ(a.output, b.output);
    EXPECT_EQ(a.gate_up, b.gate_up);
    EXPECT_EQ(a.down, b.down);
    EXPECT_EQ(a.input_norm, b.input_norm);
    EXPECT_EQ(a.feed_norm, b.feed_norm);
  }
  EXPECT_TRUE(std::ranges::equal(built->embedding(), loaded->embedding()));
  EXPECT_TRUE(std::ranges::equal(built->head(), loaded->head()));
  EXPECT_TRUE(std::ranges::equal(built->final_norm(), loaded->final_norm()));
}

TEST_F(WeightsInMemory, WithAWrongShapeAreRefusedWithBothShapes) {
  TensorView& down = view("model.layers.0.mlp.down_proj.weight");
  std::swap(down.shape[0], down.shape[1]);
  expect_refused(ErrorCode::invalid, {down.name, "expected shape [48, 80]", "found [80, 48]"});
}

TEST_F(WeightsInMemory, WithFewerNumbersThanTheirShapeAreRefused) {
  TensorView& norm = view("model.norm.weight");
  norm.values = norm.values.first(7);
  expect_refused(ErrorCode::invalid, {"model.norm.weight", "expected 48 numbers", "found 7"});
}

TEST_F(WeightsInMemory, ThatAreMissingUnknownOrGivenTwiceAreNamed) {
  const std::vector<TensorView> whole = views_;
  views_.erase(views_.begin() + 3);
  expect_refused(ErrorCode::invalid, {whole[3].name, "missing"});
  views_ = whole;
  views_.push_back(whole[3]);
  expect_refused(ErrorCode::invalid, {whole[3].name, "twice"});
  views_ = whole;
  views_.push_back(whole[3]);
  views_.back().name = "model.layers.0.self_attn.q_proj.lora_A.weight";
  expect_refused(ErrorCode::invalid, {"lora_A", "no such tensor"});
  views_ = whole;
  values_[2][5] = std::numeric_limits<float>::infinity();
  expect_refused(ErrorCode::corrupt, {whole[2].name, "finite", "inf"});
}

}  // namespace
}  // namespace iago
