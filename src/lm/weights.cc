// A checkpoint stores matrices as [outputs, inputs], one tensor each. Here they are stored
// transposed, [inputs, outputs], so that a product walks along rows of both sides; and those that
// are applied to the same input (q, k, v; gate, up) stand side by side as one wider matrix, so that
// one product does for all.
//
// Intake hands tensors out in the order of tensor_specs, and `build` takes them in that order: the
// two must be changed together.
#include "lm/weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/error.h"
#include "lm/lora.h"
#include "lm/safetensors.h"

namespace iago {
namespace {

// Up to this size a tied head is kept a second time, transposed, for the faster product.
constexpr std::int64_t kCopiedHeadElements = std::int64_t{1} << 24;

std::int64_t element_count(const TensorSpec& spec) {
  std::int64_t count = 1;
  for (std::int64_t size : spec.shape) count *= size;
  return count;
}

// to[i, column + o] = from[o, i], in blocks that stay in the nearest cache.
void transpose_into(std::span<const float> from, std::int64_t outputs, std::int64_t inputs,
                    std::span<float> to, std::int64_t to_width, std::int64_t column) {
  constexpr std::int64_t kBlock = 32;
  for (std::int64_t o0 = 0; o0 < outputs; o0 += kBlock) {
    for (std::int64_t i0 = 0; i0 < inputs; i0 += kBlock) {
      for (std::int64_t o = o0; o < std::min(o0 + kBlock, outputs); ++o) {
        for (std::int64_t i = i0; i < std::min(i0 + kBlock, inputs); ++i) {
          to[to_size(i * to_width + column + o)] = from[to_size(o * inputs + i)];
        }
      }
    }
  }
}

std::vector<TensorSpec> layer_specs(const LlamaConfig& config, std::int64_t layer) {
  const std::int64_t D = config.hidden_size, I = config.intermediate_size;
  const std::int64_t Q = config.query_width(), K = config.kv_width();
  std::vector<TensorSpec> specs = {{"input_layernorm.weight", {D}},
                                   {"self_attn.q_proj.weight", {Q, D}},
                                   {"self_attn.k_proj.weight", {K, D}},
                                   {"self_attn.v_proj.weight", {K, D}}};
  if (config.qkv_bias) {
    specs.push_back({"self_attn.q_proj.bias", {Q}});
    specs.push_back({"self_attn.k_proj.bias", {K}});
    specs.push_back({"self_attn.v_proj.bias", {K}});
  }
  specs.push_back({"self_attn.o_proj.weight", {D, Q}});
  specs.push_back({"post_attention_layernorm.weight", {D}});
  specs.push_back({"mlp.gate_proj.weight", {I, D}});
  specs.push_back({"mlp.up_proj.weight", {I, D}});
  specs.push_back({"mlp.down_proj.weight", {D, I}});
  for (TensorSpec& spec : specs) spec.name = fmt::format("model.layers.{}.{}", layer, spec.name);
  return specs;
}

// Takes tensors from a source in the order of the specs, and refuses numbers that are not finite.
class Intake {
 public:
  Intake(const std::vector<TensorSpec>& specs, const Weights::Source& source)
      : next_(specs.begin()), source_(source) {}

  std::vector<float> vector() {
    std::vector<float> out(to_size(element_count(*next_)));
    fill(out);
    return out;
  }

  // The next `count` matrices [outputs, inputs], transposed, side by side.
  std::vector<float> joined(int count) {
    const std::int64_t inputs = next_->shape[1];
    std::int64_t width = 0;
    for (int i = 0; i < count; ++i) width += next_[i].shape[0];
    std::vector<float> out(to_size(inputs * width));
    for (std::int64_t column = 0; count > 0; --count) {
      const std::int64_t outputs = next_->shape[0];
      transpose_into(vector(), outputs, inputs, out, width, column);
      column += outputs;
    }
    return out;
  }

  // The next `count` vectors, one behind the other.
  std::vector<float> chained(int count) {
    std::vector<float> out;
    for (; count > 0; --count) {
      const std::vector<float> part = vector();
      out.insert(out.end(), part.begin(), part.end());
    }
    return out;
  }

 private:
  void fill(std::span<float> out) {
    const TensorSpec& spec = *next_++;
    source_(spec, out);
    const auto bad =
        std::find_if_not(out.begin(), out.end(), [](float v) { return std::isfinite(v); });
    if (bad != out.end()) {
      throw Error(ErrorCode::corrupt,
                  fmt::format("tensor \"{}\": finite numbers are expected, found {} at {}",
                              spec.name, *bad, bad - out.begin()));
    }
  }

  std::vector<TensorSpec>::const_iterator next_;
  const Weights::Source& source_;
};

[[noreturn]] void refuse(std::string_view tensor, std::string_view why) {
  throw Error(
      ErrorCode::invalid, fmt::format("weights in memory: tensor \"{}\": {}", tensor, why),
      "give each tensor of the network once, under the name that its checkpoint has for it");
}

void check_view(const TensorView& view, const TensorSpec& spec) {
  if (view.shape != spec.shape) {
    refuse(spec.name, fmt::format("expected shape {}, found {}", spec.shape, view.shape));
  }
  const auto count = to_size(element_count(spec));
  if (view.values.size() != count) {
    refuse(spec.name, fmt::format("expected {} numbers for shape {}, found {}", count, spec.shape,
                                  view.values.size()));
  }
}

using ViewsByName = std::map<std::string_view, const TensorView*>;

// Checked whole before anything is copied.
ViewsByName checked_views(const std::vector<TensorSpec>& specs,
                          std::span<const TensorView> tensors) {
  ViewsByName views;
  for (const TensorView& view : tensors) {
    if (!views.emplace(view.name, &view).second) refuse(view.name, "given twice");
  }
  std::set<std::string_view> known;
  for (const TensorSpec& spec : specs) {
    const auto found = views.find(spec.name);
    if (found == views.end()) {
      refuse(spec.name, fmt::format("missing among the {} that were given", tensors.size()));
    }
    check_view(*found->second, spec);
    known.insert(spec.name);
  }
  for (const auto& [name, view] : views) {
    if (!known.contains(name)) refuse(name, "the network has no such tensor");
  }
  return views;
}

}  // namespace

std::vector<TensorSpec> tensor_specs(const LlamaConfig& config) {
  const std::int64_t D = config.hidden_size, V = config.vocab_size;
  std::vector<TensorSpec> specs = {{"model.embed_tokens.weight", {V, D}}};
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    auto of_layer = layer_specs(config, layer);
    std::move(of_layer.begin(), of_layer.end(), std::back_inserter(specs));
  }
  specs.push_back({"model.norm.weight", {D}});
  if (!config.tied_embeddings) specs.push_back({"lm_head.weight", {V, D}});
  return specs;
}

std::shared_ptr<const Weights> Weights::build(const LlamaConfig& config, const Source& source) {
  check_config(config, "the network's config");
  const auto specs = tensor_specs(config);
  Intake intake(specs, source);
  std::shared_ptr<Weights> weights(new Weights(config));
  weights->embedding_ = intake.vector();
  for (std::int64_t i = 0; i < config.layers; ++i) {
    LayerWeights layer;
    layer.input_norm = intake.vector();
    layer.qkv = intake.joined(3);
    if (config.qkv_bias) layer.qkv_bias = intake.chained(3);
    layer.output = intake.joined(1);
    layer.feed_norm = intake.vector();
    layer.gate_up = intake.joined(2);
    layer.down = intake.joined(1);
    weights->layers_.push_back(std::move(layer));
  }
  weights->final_norm_ = intake.vector();
  if (!config.tied_embeddings) {
    weights->head_ = intake.joined(1);
  } else if (config.vocab_size * config.hidden_size <= kCopiedHeadElements) {
    weights->head_.resize(weights->embedding_.size());
    transpose_into(weights->embedding_, config.vocab_size, config.hidden_size, weights->head_,
                   config.vocab_size, 0);
  }
  return weights;
}

std::shared_ptr<const Weights> Weights::from_tensors(const LlamaConfig& config,
                                                     std::span<const TensorView> tensors) {
  check_config(config, "the network's config");
  const ViewsByName views = checked_views(tensor_specs(config), tensors);
  return build(config, [&](const TensorSpec& spec, std::span<float> out) {
    const std::span<const float> values = views.at(spec.name)->values;
    std::copy(values.begin(), values.end(), out.begin());
  });
}

std::shared_ptr<const Weights> Weights::load(const std::filesystem::path& folder,
                                             const std::filesystem::path& adapter) {
  const LlamaConfig config = load_config(folder);
  const LoraAdapter change = adapter.empty() ? LoraAdapter{} : read_lora(adapter, config);
  const Safetensors file = Safetensors::open_folder(folder);
  // All shapes are checked before anything of a size that config.json states is allocated.
  for (const TensorSpec& spec : tensor_specs(config)) file.check(spec.name, spec.shape);
  return build(config, [&](const TensorSpec& spec, std::span<float> out) {
    file.read(spec.name, spec.shape, out);
    change.add_to(spec.name, out);
  });
}

std::size_t Weights::parameter_count() const {
  std::int64_t count = 0;
  for (const TensorSpec& spec : tensor_specs(config_)) count += element_count(spec);
  return to_size(count);
}

std::size_t Weights::matmul_parameter_count() const {
  std::int64_t count = config_.vocab_size * config_.hidden_size;
  for (const TensorSpec& spec : layer_specs(config_, 0)) {
    if (spec.shape.size() == 2) count += config_.layers * element_count(spec);
  }
  return to_size(count);
}

}  // namespace iago
