// The two files of an adapter's folder, as PEFT writes and reads them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "lm/lora.h"
#include "lm/safetensors.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxAdapterConfigBytes = std::size_t{1} << 20;
constexpr std::string_view kAdapterPrefix = "base_model.model.";
// What PEFT calls "all-linear": every projection but the head.
constexpr std::array<const char*, 7> kAllLinear = {"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                                   "gate_proj", "up_proj", "down_proj"};

// Fields that are read below, and fields that change nothing in the merged weights: where the
// adapter comes from, and how it was trained. Every other field must say nothing.
constexpr std::array<std::string_view, 8> kReadFields = {
    "peft_type",  "r",    "lora_alpha",        "target_modules",
    "use_rslora", "bias", "init_lora_weights", "task_type"};
constexpr std::array<std::string_view, 12> kWithoutEffect = {
    "auto_mapping",  "base_model_name_or_path",
    "revision",      "inference_mode",
    "lora_dropout",  "peft_version",
    "eva_config",    "runtime_config",
    "corda_config",  "lora_ga_config",
    "megatron_core", "qalora_group_size"};

template <typename Names>
bool lists(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// adapter_config.json; every error names file and field.
class ConfigFields {
 public:
  ConfigFields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object()) invalid("the document", "an object", object);
  }

  LoraOptions options() const {
    refuse_what_is_not_computed();
    LoraOptions options;
    options.rank = rank();
    options.alpha = alpha();
    options.rank_stabilised = flag("use_rslora");
    options.targets = targets();
    return options;
  }

 private:
  static std::string shown(const Json& value) { return dump_json(value).substr(0, 80); }

  [[noreturn]] void invalid(std::string_view field, std::string_view expected,
                            const Json& found) const {
    throw Error(ErrorCode::invalid, fmt::format("{}: {}: expected {}, found {}", where_, field,
                                                expected, shown(found)));
  }

  [[noreturn]] void unsupported(std::string_view field, std::string_view expected,
                                const Json& found) const {
    throw Error(ErrorCode::unsupported,
                fmt::format("{}: {}: only {} is computed here, found {}", where_, field, expected,
                            shown(found)),
                "merge the adapter with peft (merge_and_unload, save_pretrained) and open the "
                "merged folder");
  }

  // Null counts as absent, as in Hugging Face's own files.
  Json get(const char* field) const {
    const auto found = object_.find(field);
    return found == object_.end() ? Json() : *found;
  }

  static bool says_nothing(const Json& value) {
    // Not 0, which may be a layer's number.
    return value.is_null() || value == false ||
           ((value.is_string() || value.is_array() || value.is_object()) &&
            (value.empty() || value == ""));
  }

  void refuse_what_is_not_computed() const {
    if (get("peft_type") != "LORA") unsupported("peft_type", "LORA", get("peft_type"));
    const Json task = get("task_type");
    if (!task.is_null() && task != "CAUSAL_LM") unsupported("task_type", "CAUSAL_LM", task);
    const Json bias = get("bias");
    if (!bias.is_null() && bias != "none") unsupported("bias", "\"none\"", bias);
    // The others (PiSSA, OLoRA, LoftQ, CorDA) change the base as well.
    const Json initial = get("init_lora_weights");
    const bool keeps_base = initial.is_null() || initial.is_boolean() || initial == "gaussian" ||
                            initial == "eva" || initial == "orthogonal";
    if (!keeps_base) {
      unsupported("init_lora_weights", "true, false, gaussian, eva or orthogonal", initial);
    }
    for (const auto& [field, value] : object_.items()) {
      const bool known = lists(kReadFields, field) || lists(kWithoutEffect, field);
      if (!known && !says_nothing(value))
        unsupported(field.substr(0, 80), "null, false or nothing", value);
    }
  }

  std::int64_t rank() const {
    const Json value = get("r");
    const bool fits = value.is_number_unsigned() && value >= 1 && value <= 4096;
    if (!fits) invalid("r", "an integer in [1, 4096]", value);
    return value.get<std::int64_t>();
  }

  double alpha() const {
    const Json value = get("lora_alpha");
    if (!value.is_number() || !(value > 0) || !(value <= 1e6)) {
      invalid("lora_alpha", "a number in (0, 1e6]", value);
    }
    return value.get<double>();
  }

  bool flag(const char* field) const {
    const Json value = get(field);
    if (!value.is_null() && !value.is_boolean()) invalid(field, "true or false", value);
    return value == true;
  }

  std::vector<std::string> targets() const {
    const Json value = get("target_modules");
    if (value == "all-linear") return {kAllLinear.begin(), kAllLinear.end()};
    if (value.is_string()) {
      unsupported("target_modules", "a list of names or \"all-linear\"", value);
    }
    std::vector<std::string> out;
    const bool is_list = value.is_array() && !value.empty() && value.size() <= 4096;
    for (const Json& item : is_list ? value : Json::array()) {
      if (!item.is_string() || item.get_ref<const std::string&>().empty()) {
        invalid("target_modules", "names", item);
      }
      out.push_back(item.get<std::string>());
    }
    if (!is_list) invalid("target_modules", "a list of 1 to 4096 names", value);
    return out;
  }

  const Json& object_;
  std::string where_;
};

LoraOptions read_options(const fs::path& file) {
  const std::string where = file.string();
  const Json json = parse_json(read_file(file, kMaxAdapterConfigBytes), where,
                               {.bytes = kMaxAdapterConfigBytes, .depth = 16});
  return ConfigFields(json, where).options();
}

std::string tensor_name(std::string_view module, char matrix) {
  return fmt::format("{}{}.lora_{}.weight", kAdapterPrefix, module, matrix);
}

std::string module_name(const TensorSpec& spec) {
  return spec.name.substr(0, spec.name.size() - std::string_view(".weight").size());
}

std::vector<float> read_finite(const Safetensors& file, const fs::path& path,
                               const std::string& name) {
  std::vector<float> values = file.read(name);
  const auto bad =
      std::find_if_not(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
  if (bad == values.end()) return values;
  throw Error(ErrorCode::corrupt,
              fmt::format("{}: tensor \"{}\": finite numbers are expected, found {} at {}",
                          path.string(), name, *bad, bad - values.begin()));
}

void refuse_other_tensors(const Safetensors& file, const fs::path& path,
                          const std::set<std::string>& expected) {
  for (const std::string& name : file.names()) {
    if (expected.contains(name)) continue;
    const bool copy =
        name.ends_with(".base_layer.weight") || name.ends_with(".embed_tokens.weight");
    throw Error(ErrorCode::corrupt,
                fmt::format("{}: tensor \"{}\" belongs to no target_modules of this network",
                            path.string(), name.substr(0, 200)),
                copy ? "a copy of the base's weights is not read: save the adapter with peft's "
                       "save_pretrained(FOLDER, save_embedding_layers=False)"
                     : "check that the adapter belongs to this base; tensors of other kinds "
                       "(embeddings, biases, magnitudes) are not computed here");
  }
}

}  // namespace

void check_lora_folder(const fs::path& folder) {
  for (const char* name : {kLoraConfigFile, kLoraWeightsFile}) {
    if (fs::exists(folder / name)) continue;
    const bool pickle = fs::exists(folder / "adapter_model.bin");
    throw Error(ErrorCode::not_found,
                fmt::format("{}: expected an adapter's folder with {} and {}; found no {}",
                            folder.string(), kLoraConfigFile, kLoraWeightsFile, name),
                pickle ? "weights in pickles (.bin) are not read: write them with peft's "
                         "save_pretrained(FOLDER, safe_serialization=True)"
                       : "name the folder that peft's save_pretrained or this program wrote");
  }
}

LoraAdapter read_lora(const fs::path& folder, const LlamaConfig& config) {
  check_lora_folder(folder);
  LoraAdapter adapter{read_options(folder / kLoraConfigFile), {}};
  std::vector<TensorSpec> specs;
  try {
    specs = lora_targets(config, adapter.options);
  } catch (const Error& error) {
    throw Error(error.code(),
                fmt::format("{}: {}", (folder / kLoraConfigFile).string(), error.what()),
                error.hint());
  }
  const fs::path path = folder / kLoraWeightsFile;
  const Safetensors file = Safetensors::open(path);
  // All shapes are checked before anything of a size that the config states is allocated.
  const std::int64_t rank = adapter.options.rank;
  std::set<std::string> expected;
  for (const TensorSpec& spec : specs) {
    const std::string a = tensor_name(module_name(spec), 'A'),
                      b = tensor_name(module_name(spec), 'B');
    file.check(a, std::array{rank, spec.shape[1]});
    file.check(b, std::array{spec.shape[0], rank});
    expected.insert({a, b});
  }
  refuse_other_tensors(file, path, expected);
  for (const TensorSpec& spec : specs) {
    const std::string module = module_name(spec);
    adapter.pairs.push_back({module, spec.shape[0], spec.shape[1],
                             read_finite(file, path, tensor_name(module, 'A')),
                             read_finite(file, path, tensor_name(module, 'B'))});
  }
  return adapter;
}

void write_lora(const LoraAdapter& adapter, const fs::path& folder, std::string_view base) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) {
    throw Error(ErrorCode::disconnected,
                fmt::format("{}: cannot make the folder: {}", folder.string(), failure.message()));
  }
  const LoraOptions& options = adapter.options;
  std::vector<TensorView> tensors;
  for (const LoraPair& pair : adapter.pairs) {
    tensors.push_back({tensor_name(pair.module, 'A'), {options.rank, pair.inputs}, pair.a});
    tensors.push_back({tensor_name(pair.module, 'B'), {pair.outputs, options.rank}, pair.b});
  }
  write_safetensors(folder / kLoraWeightsFile, tensors, DType::float32);
  // The fields that every version of PEFT knows; the others have defaults that change nothing.
  const Json config = {{"peft_type", "LORA"},
                       {"task_type", "CAUSAL_LM"},
                       {"base_model_name_or_path", base},
                       {"r", options.rank},
                       {"lora_alpha", options.alpha},
                       {"lora_dropout", 0.0},
                       {"use_rslora", options.rank_stabilised},
                       {"target_modules", options.targets},
                       {"bias", "none"},
                       {"fan_in_fan_out", false},
                       {"inference_mode", true},
                       {"init_lora_weights", true},
                       {"modules_to_save", nullptr}};
  write_file(folder / kLoraConfigFile, dump_json(config, 2) + "\n");
}

}  // namespace iago
