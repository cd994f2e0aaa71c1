#include "lm/weights.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace iago
