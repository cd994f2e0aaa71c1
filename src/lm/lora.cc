#include "lm/lora.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "lm/gemm.h"

namespace iago {
namespace {

constexpr std::string_view kWeightEnding = ".weight";

std::string_view module_of(const TensorSpec& spec) {
  return std::string_view(spec.name).substr(0, spec.name.size() - kWeightEnding.size());
}

// As PEFT matches a target: the whole name, or its end after a point.
bool is_end_of(std::string_view target, std::string_view module) {
  if (!module.ends_with(target)) return false;
  const std::size_t before = module.size() - target.size();
  return before == 0 || module[before - 1] == '.';
}

bool is_matrix(const TensorSpec& spec) {
  return spec.shape.size() == 2 && spec.name.ends_with(kWeightEnding);
}

void check_lora_options(const LoraOptions& options) {
  const auto require = [](bool holds, std::string_view field, std::string_view expected,
                          double found) {
    if (holds) return;
    throw Error(ErrorCode::invalid,
                fmt::format("LoRA: {} must {}, found {}", field, expected, found));
  };
  require(options.rank >= 1 && options.rank <= 4096, "rank", "lie in [1, 4096]",
          static_cast<double>(options.rank));
  require(options.alpha > 0 && options.alpha <= 1e6, "alpha", "lie in (0, 1e6]", options.alpha);
  require(!options.targets.empty(), "the number of targets", "be above 0", 0);
}

void refuse_embeddings(const LlamaConfig& config, std::string_view target,
                       std::string_view module) {
  const bool tied_head = module == "lm_head" && config.tied_embeddings;
  if (module != "model.embed_tokens" && !tied_head) return;
  throw Error(ErrorCode::unsupported,
              fmt::format("LoRA: target \"{}\" is {}, which is not computed here", target,
                          tied_head ? "a head that is tied to the embedding" : "the embedding"),
              "target projections: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj");
}

// With tied embeddings a checkpoint has no lm_head of its own, but a target may name it.
std::vector<TensorSpec> changeable_matrices(const LlamaConfig& config) {
  std::vector<TensorSpec> specs = tensor_specs(config);
  std::erase_if(specs, [](const TensorSpec& spec) { return !is_matrix(spec); });
  if (config.tied_embeddings) {
    specs.push_back({"lm_head.weight", {config.vocab_size, config.hidden_size}});
  }
  return specs;
}

}  // namespace

double LoraOptions::scale() const {
  const auto r = static_cast<double>(rank);
  return alpha / (rank_stabilised ? std::sqrt(r) : r);
}

void add_product(double scale, std::span<const float> b, std::span<const float> a,
                 std::int64_t rank, std::span<float> values) {
  const auto outputs = static_cast<std::int64_t>(b.size()) / rank;
  const auto inputs = static_cast<std::int64_t>(a.size()) / rank;
  IAGO_CHECK(to_size(outputs * inputs) == values.size(),
             fmt::format("[{}, {}] for {} values", outputs, inputs, values.size()));
  std::vector<float> scaled(b.size());
  std::transform(b.begin(), b.end(), scaled.begin(),
                 [&](float x) { return static_cast<float>(scale * x); });
  gemm(outputs, inputs, rank, scaled.data(), rank, a.data(), inputs, 1.0f, values.data(), inputs);
}

void LoraAdapter::add_to(std::string_view tensor, std::span<float> values) const {
  if (!tensor.ends_with(kWeightEnding)) return;
  tensor.remove_suffix(kWeightEnding.size());
  const auto pair = std::find_if(pairs.begin(), pairs.end(),
                                 [&](const LoraPair& p) { return p.module == tensor; });
  if (pair != pairs.end()) add_product(options.scale(), pair->b, pair->a, options.rank, values);
}

std::vector<TensorSpec> lora_targets(const LlamaConfig& config, const LoraOptions& options) {
  check_lora_options(options);
  const std::vector<TensorSpec> matrices = changeable_matrices(config);
  std::vector<bool> chosen(matrices.size(), false);
  for (const std::string& target : options.targets) {
    bool found = false;
    for (std::size_t i = 0; i < matrices.size(); ++i) {
      const std::string_view module = module_of(matrices[i]);
      if (target.empty() || !is_end_of(target, module)) continue;
      refuse_embeddings(config, target, module);
      found = chosen[i] = true;
    }
    if (found) continue;
    throw Error(ErrorCode::invalid,
                fmt::format("LoRA: target \"{}\" is the end of no module's name in this network",
                            target.substr(0, 100)),
                "the modules are those of transformers: q_proj, self_attn.q_proj, "
                "model.layers.0.mlp.up_proj and the like");
  }
  std::vector<TensorSpec> out;
  for (std::size_t i = 0; i < matrices.size(); ++i) {
    if (chosen[i]) out.push_back(matrices[i]);
  }
  return out;
}

LoraAdapter fresh_lora(const LlamaConfig& config, const LoraOptions& options, std::uint64_t seed) {
  LoraAdapter adapter{options, {}};
  for (const TensorSpec& spec : lora_targets(config, options)) {
    LoraPair pair{std::string(module_of(spec)), spec.shape[0], spec.shape[1], {}, {}};
    pair.a.resize(to_size(options.rank * pair.inputs));
    pair.b.resize(to_size(pair.outputs * options.rank), 0.0f);
    const double bound = 1.0 / std::sqrt(static_cast<double>(pair.inputs));
    Random random(seed, "lora " + pair.module);
    for (float& x : pair.a) x = static_cast<float>(bound * (2 * random.uniform() - 1));
    adapter.pairs.push_back(std::move(pair));
  }
  return adapter;
}

}  // namespace iago
