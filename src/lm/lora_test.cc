// Against peft: an adapter that it wrote, and what it merges of it (train/testdata). And against
// files that lie.
#include "lm/lora.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "lm/engine.h"
#include "lm/safetensors.h"
#include "testing/lm/small_network.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

fs::path golden() { return fs::path(IAGO_SOURCE_DIR) / "src/train/testdata/policy/lora"; }

TEST(Lora, MergesAsPeftDoes) {
  const LlamaConfig config = load_config(golden());
  const LoraAdapter adapter = read_lora(golden() / "trained", config);
  EXPECT_EQ(adapter.options.rank, 3);
  EXPECT_DOUBLE_EQ(adapter.options.scale(), 5.0 / 3);
  EXPECT_EQ(adapter.pairs.size(), 11u);  // five modules in two layers, and the head
  const Safetensors base = Safetensors::open_folder(golden());
  const Safetensors expected = Safetensors::open(golden() / "expected.safetensors");
  double changed = 0;
  for (const TensorSpec& spec : tensor_specs(config)) {
    std::vector<float> values = base.read(spec.name);
    const std::vector<float> before = values, merged = expected.read("merged." + spec.name);
    adapter.add_to(spec.name, values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_NEAR(values[i], merged[i], 1e-6) << spec.name;
      changed = std::max(changed, std::abs(double{values[i]} - before[i]));
    }
  }
  EXPECT_GT(changed, 0.05) << "an adapter without effect would prove nothing";
}

TEST(Lora, WeightsThatAreOpenedWithItAreThoseOfTheMergedCheckpoint) {
  const LlamaConfig config = load_config(golden());
  const Safetensors expected = Safetensors::open(golden() / "expected.safetensors");
  const auto merged = Weights::build(config, [&](const TensorSpec& spec, std::span<float> out) {
    expected.read("merged." + spec.name, spec.shape, out);
  });
  Engine opened(Weights::load(golden(), golden() / "trained"), {.cache_bytes = 1 << 22});
  Engine known(merged, {.cache_bytes = 1 << 22});
  const std::vector<std::int32_t> tokens{1, 5, 2, 7, 3};
  const std::vector<float> a = opened.logits(tokens), b = known.logits(tokens);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5);
}

TEST(Lora, ChangesNothingWhenFresh) {
  const LlamaConfig config = small_config();
  const LoraAdapter fresh = fresh_lora(config, {.rank = 4}, 7);
  EXPECT_EQ(fresh.pairs.size(), 14u);
  for (const LoraPair& pair : fresh.pairs) {
    std::vector<float> values(to_size(pair.outputs * pair.inputs), 0.25f);
    const std::vector<float> before = values;
    fresh.add_to(pair.module + ".weight", values);
    EXPECT_EQ(values, before);
    const auto [low, high] = std::minmax_element(pair.a.begin(), pair.a.end());
    const float bound = 1 / std::sqrt(static_cast<float>(pair.inputs));
    EXPECT_GE(*low, -bound);
    EXPECT_LE(*high, bound);
    EXPECT_GT(*high - *low, bound) << "A would be of no use if it were 0 as well";
  }
}

TEST(Lora, IsReadAsItWasWritten) {
  const TempFolder folder;
  LoraAdapter adapter = fresh_lora(
      small_config(),
      {.rank = 2, .alpha = 3, .rank_stabilised = true, .targets = {"q_proj", "mlp.up_proj"}}, 7);
  for (LoraPair& pair : adapter.pairs) pair.b.assign(pair.b.size(), 0.5f);
  write_lora(adapter, folder.path(), "base");
  const LoraAdapter again = read_lora(folder.path(), small_config());
  EXPECT_EQ(again.options, adapter.options);
  EXPECT_DOUBLE_EQ(again.options.scale(), 3 / std::sqrt(2.0));
  ASSERT_EQ(again.pairs.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(again.pairs[i].module, adapter.pairs[i].module);
    EXPECT_EQ(again.pairs[i].a, adapter.pairs[i].a);
    EXPECT_EQ(again.pairs[i].b, adapter.pairs[i].b);
  }
}

TEST(Lora, TargetsAreTheEndsOfModulesNames) {
  const auto modules = [](std::vector<std::string> targets) {
    std::vector<std::string> out;
    for (const TensorSpec& spec : lora_targets(small_config(), {.targets = std::move(targets)})) {
      out.push_back(spec.name);
    }
    return out;
  };
  EXPECT_EQ(modules({"layers.1.self_attn.o_proj"}),
            (std::vector<std::string>{"model.layers.1.self_attn.o_proj.weight"}));
  EXPECT_EQ(modules({"lm_head"}), (std::vector<std::string>{"lm_head.weight"}));
  EXPECT_EQ(modules({"v_proj", "self_attn.v_proj"}).size(), 2u);
  for (const char* none : {"proj", "_proj", "w1", "norm", ""}) {
    expect_error(ErrorCode::invalid, {"end of no module's name"}, [&] { modules({none}); });
  }
  expect_error(ErrorCode::unsupported, {"the embedding"}, [&] { modules({"embed_tokens"}); });
  LlamaConfig tied = small_config();
  tied.tied_embeddings = true;
  expect_error(ErrorCode::unsupported, {"tied to the embedding"},
               [&] { lora_targets(tied, {.targets = {"lm_head"}}); });
}

TEST(Lora, OptionsOutOfRangeAreNamed) {
  const auto refused = [](const LoraOptions& options, std::string_view field) {
    expect_error(ErrorCode::invalid, {field}, [&] { lora_targets(small_config(), options); });
  };
  refused({.rank = 0}, "rank");
  refused({.rank = 5000}, "rank");
  refused({.alpha = 0}, "alpha");
  refused({.alpha = std::nan("")}, "alpha");
  refused({.targets = {}}, "targets");
}

// An adapter's folder that a test spoils.
class LoraFolder : public testing::Test {
 protected:
  void SetUp() override {
    adapter_ = fresh_lora(small_config(), {.rank = 2, .targets = {"q_proj"}}, 7);
    write_lora(adapter_, folder_.path(), "base");
    config_ = parse_json(read_file(folder_.path() / kLoraConfigFile, 1 << 20), "config");
  }

  void expect_field_error(ErrorCode code, const std::string& field, const Json& value) {
    Json changed = config_;
    changed[field] = value;
    write_file(folder_.path() / kLoraConfigFile, dump_json(changed));
    expect_error(code, {kLoraConfigFile, field, "found"},
                 [&] { read_lora(folder_.path(), small_config()); });
  }

  void expect_tensors_error(std::initializer_list<std::string_view> words,
                            const std::function<void(std::vector<TensorView>&)>& change) {
    std::vector<TensorView> tensors;
    for (const LoraPair& pair : adapter_.pairs) {
      const std::string name = "base_model.model." + pair.module;
      tensors.push_back({name + ".lora_A.weight", {2, pair.inputs}, pair.a});
      tensors.push_back({name + ".lora_B.weight", {pair.outputs, 2}, pair.b});
    }
    change(tensors);
    write_safetensors(folder_.path() / kLoraWeightsFile, tensors, DType::float32);
    expect_error(ErrorCode::corrupt, {kLoraWeightsFile},
                 [&] { read_lora(folder_.path(), small_config()); });
    expect_error(ErrorCode::corrupt, words, [&] { read_lora(folder_.path(), small_config()); });
  }

  TempFolder folder_;
  LoraAdapter adapter_;
  Json config_;
};

TEST_F(LoraFolder, FieldsThatWouldMergeOtherwiseAreRefusedByName) {
  const std::vector<std::pair<std::string, Json>> fields = {
      {"peft_type", "LOHA"},
      {"task_type", "SEQ_CLS"},
      {"bias", "all"},
      {"use_dora", true},
      {"fan_in_fan_out", true},
      {"rank_pattern", {{"q_proj", 4}}},
      {"alpha_pattern", {{"q_proj", 4}}},
      {"modules_to_save", {"lm_head"}},
      {"layers_to_transform", {0}},
      {"layers_to_transform", 0},
      {"exclude_modules", {"model.layers.0"}},
      {"use_qalora", true},
      {"ensure_weight_tying", true},
      {"layer_replication", {{0, 1}}},
      {"lora_bias", true},
      {"trainable_token_indices", {3}},
      {"init_lora_weights", "pissa"},
      {"init_lora_weights", "olora"},
      {"init_lora_weights", "loftq"},
      {"target_modules", ".*q_proj"},
      {"a_field_of_tomorrow", 1},
  };
  for (const auto& [field, value] : fields) {
    expect_field_error(ErrorCode::unsupported, field, value);
  }
}

TEST_F(LoraFolder, FieldsOutOfRangeAreNamed) {
  const std::vector<std::pair<std::string, Json>> fields = {
      {"r", 0},
      {"r", -1},
      {"r", 2.5},
      {"r", "2"},
      {"r", nullptr},
      {"r", 1 << 20},
      {"lora_alpha", 0},
      {"lora_alpha", "16"},
      {"lora_alpha", nullptr},
      {"lora_alpha", 1e9},
      {"use_rslora", 1},
      {"target_modules", nullptr},
      {"target_modules", Json::array()},
      {"target_modules", {1}},
  };
  for (const auto& [field, value] : fields) expect_field_error(ErrorCode::invalid, field, value);
}

// Everything that peft 0.21 writes by default.
TEST_F(LoraFolder, TheDefaultsOfANewerPeftAreRead) {
  Json changed = config_;
  for (const char* field :
       {"auto_mapping", "exclude_modules", "layers_to_transform", "layers_pattern",
        "megatron_config", "trainable_token_indices", "eva_config", "corda_config",
        "lora_ga_config", "velora_config", "alora_invocation_tokens", "monteclora_config",
        "layer_replication", "target_parameters", "use_bdlora", "arrow_config", "kasa_config",
        "revision", "modules_to_save"}) {
    changed[field] = nullptr;
  }
  for (const char* field : {"use_dora", "use_qalora", "lora_bias", "ensure_weight_tying"}) {
    changed[field] = false;
  }
  for (const char* field : {"rank_pattern", "alpha_pattern", "loftq_config"}) {
    changed[field] = Json::object();
  }
  changed["qalora_group_size"] = 16;
  changed["megatron_core"] = "megatron.core";
  changed["peft_version"] = "0.21.2";
  write_file(folder_.path() / kLoraConfigFile, dump_json(changed));
  EXPECT_EQ(read_lora(folder_.path(), small_config()).options, adapter_.options);
}

TEST_F(LoraFolder, FieldsOfNewerVersionsThatSayNothingAreRead) {
  for (const char* field : {"use_dora", "lora_bias", "a_field_of_tomorrow"}) {
    for (const Json& nothing : {Json(nullptr), Json(false), Json(""), Json::object()}) {
      Json changed = config_;
      changed[field] = nothing;
      write_file(folder_.path() / kLoraConfigFile, dump_json(changed));
      EXPECT_NO_THROW(read_lora(folder_.path(), small_config())) << field << nothing;
    }
  }
}

TEST_F(LoraFolder, TensorsThatDoNotFitAreNamed) {
  const std::string q0 = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";
  expect_tensors_error({q0, "missing"}, [](auto& t) { t.erase(t.begin()); });
  expect_tensors_error({q0, "shape"}, [](auto& t) { std::swap(t[0].shape[0], t[0].shape[1]); });
  expect_tensors_error({"lora_magnitude_vector"}, [](auto& t) {
    t.push_back({"base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector",
                 {48},
                 t[0].values});
  });
  expect_tensors_error({"v_proj", "no target_modules"}, [](auto& t) {
    t.push_back(
        {"base_model.model.model.layers.0.self_attn.v_proj.lora_A.weight", {2, 24}, t[0].values});
  });
  std::vector<float> bad = adapter_.pairs[0].a;
  bad[3] = std::numeric_limits<float>::infinity();
  expect_tensors_error({q0, "finite", "at 3"}, [&](auto& t) { t[0].values = bad; });
}

TEST_F(LoraFolder, SaysWhichFileIsMissing) {
  const auto refused = [&](std::initializer_list<std::string_view> words) {
    expect_error(ErrorCode::not_found, words, [&] { read_lora(folder_.path(), small_config()); });
  };
  fs::remove(folder_.path() / kLoraWeightsFile);
  refused({folder_.path().string(), "found no adapter_model.safetensors"});
  write_file(folder_.path() / "adapter_model.bin", "pickle");
  try {
    read_lora(folder_.path(), small_config());
  } catch (const Error& error) {
    EXPECT_NE(error.hint().find("safe_serialization=True"), std::string::npos);
  }
  fs::remove(folder_.path() / kLoraConfigFile);
  refused({"found no adapter_config.json"});
}

}  // namespace
}  // namespace iago
