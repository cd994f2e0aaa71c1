#include "nn/internal/weights.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "fmt/format.h"
#include "lm/weights.h"

namespace iago {
namespace {

std::string layer_name(std::int64_t layer, const char* rest) {
  return fmt::format("model.layers.{}.{}", layer, rest);
}

// Takes views by name; neighbours joined by stacking their outputs.
class Views {
 public:
  Views(const at::Tensor& flat, const LlamaConfig& config) : flat_(flat) {
    for (NamedParameter& parameter : layout(config)) {
      std::string name = parameter.name;
      by_name_.emplace(std::move(name), std::move(parameter));
    }
  }

  at::Tensor one(const std::string& name) const { return joined(name, name); }

  // The neighbours from `first` to `last` as one matrix.
  at::Tensor joined(const std::string& first, const std::string& last) const {
    const NamedParameter &a = by_name_.at(first), &b = by_name_.at(last);
    std::int64_t inner = 1;
    for (std::size_t axis = 1; axis < a.shape.size(); ++axis) inner *= a.shape[axis];
    const std::int64_t outer = (b.offset - a.offset) / inner + b.shape[0];
    IAGO_CHECK(outer >= a.shape[0] && (b.offset - a.offset) % inner == 0, first + " to " + last);
    const at::Tensor part = flat_.narrow(0, a.offset, outer * inner);
    return a.shape.size() == 1 ? part : part.view({outer, inner});
  }

 private:
  const at::Tensor& flat_;
  std::unordered_map<std::string, NamedParameter> by_name_;
};

}  // namespace

std::int64_t element_count(const NamedParameter& parameter) {
  std::int64_t count = 1;
  for (const std::int64_t axis : parameter.shape) count *= axis;
  return count;
}

std::vector<NamedParameter> layout(const LlamaConfig& config) {
  std::vector<TensorSpec> specs = tensor_specs(config);
  std::stable_partition(specs.begin(), specs.end(),
                        [](const TensorSpec& spec) { return spec.shape.size() > 1; });
  std::vector<NamedParameter> out;
  std::int64_t offset = 0;
  for (TensorSpec& spec : specs) {
    out.push_back({std::move(spec.name), std::move(spec.shape), offset});
    offset += element_count(out.back());
  }
  return out;
}

std::int64_t parameter_count(const std::vector<NamedParameter>& parameters) {
  return parameters.back().offset + element_count(parameters.back());
}

WeightViews view_weights(const at::Tensor& flat, const LlamaConfig& c) {
  const Views views(flat, c);
  WeightViews out;
  out.embed = views.one("model.embed_tokens.weight");
  out.head = c.tied_embeddings ? out.embed : views.one("lm_head.weight");
  out.norm = views.one("model.norm.weight");
  for (std::int64_t l = 0; l < c.layers; ++l) {
    const auto name = [l](const char* rest) { return layer_name(l, rest); };
    LayerViews layer;
    layer.attention_norm = views.one(name("input_layernorm.weight"));
    layer.attention.qkv =
        views.joined(name("self_attn.q_proj.weight"), name("self_attn.v_proj.weight"));
    layer.attention.bias =
        c.qkv_bias ? views.joined(name("self_attn.q_proj.bias"), name("self_attn.v_proj.bias"))
                   : at::empty({0}, flat.options());
    layer.attention.o = views.one(name("self_attn.o_proj.weight"));
    layer.mlp_norm = views.one(name("post_attention_layernorm.weight"));
    layer.gate_up = views.joined(name("mlp.gate_proj.weight"), name("mlp.up_proj.weight"));
    layer.down = views.one(name("mlp.down_proj.weight"));
    out.layers.push_back(std::move(layer));
  }
  return out;
}

std::vector<at::Tensor*> each_weight(WeightViews& weights) {
  std::vector<at::Tensor*> out{&weights.embed, &weights.norm};
  if (!weights.head.is_same(weights.embed)) out.push_back(&weights.head);
  for (LayerViews& layer : weights.layers) {
    for (at::Tensor* t : {&layer.attention_norm, &layer.attention.qkv, &layer.attention.o,
                          &layer.mlp_norm, &layer.gate_up, &layer.down}) {
      out.push_back(t);
    }
    if (layer.attention.bias.numel() > 0) out.push_back(&layer.attention.bias);
  }
  return out;
}

}  // namespace iago
