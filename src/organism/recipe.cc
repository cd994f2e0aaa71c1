#include "organism/recipe.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/toml_reader.h"
#include "world/policy_recipe.h"

namespace iago {
namespace {

constexpr std::size_t kMaxRecipeBytes = std::size_t{1} << 20;
// Raised when the same recipe would give other lessons than before.
constexpr std::string_view kLessonsVersion = "lessons 4";

Phrasing phrasing_of(TomlReader& reader) {
  std::string name = reader.text("phrasing").value_or("seen");
  if (name == "shipped") return Phrasing::shipped;
  if (name == "few") return Phrasing::few;
  if (name == "seen") return Phrasing::seen;
  if (name == "held-out") return Phrasing::held_out;
  if (name == "any") return Phrasing::any;
  throw reader.error("phrasing", fmt::format("no phrasing is called \"{}\"", name),
                     "known are shipped, few, seen, held-out and any");
}

LessonMix read_mix(TomlReader reader) {
  LessonMix mix;
  std::string kind = reader.required_text("kind");
  try {
    mix.kind = lesson_kind_named(kind);
  } catch (const Error& error) {
    throw reader.error("kind", error.what(), error.hint());
  }
  mix.phrasing = phrasing_of(reader);
  mix.rows = reader.integer("rows", 1, 100000).value_or(1);
  mix.branches = static_cast<std::size_t>(reader.integer("branches", 1, 64).value_or(6));
  reader.finish();
  return mix;
}

Phase read_phase(TomlReader reader, std::int64_t rows_per_step) {
  Phase phase;
  phase.steps = reader.integer("steps", 1, 10'000'000).value_or(1);
  std::int64_t rows = 0;
  for (TomlReader& lesson : reader.tables("lessons")) {
    phase.lessons.push_back(read_mix(std::move(lesson)));
    rows += phase.lessons.back().rows;
  }
  reader.finish();
  if (rows != rows_per_step) {
    throw reader.error("lessons",
                       fmt::format("the rows of a phase's lessons must sum to rows_per_step = {}, "
                                   "these sum to {}",
                                   rows_per_step, rows));
  }
  return phase;
}

LlamaConfig read_network(TomlReader reader) {
  auto dimension = [&](const char* key, std::int64_t fallback) {
    return reader.integer(key, 1, 65536).value_or(fallback);
  };
  LlamaConfig config;
  config.hidden_size = dimension("width", 128);
  config.layers = dimension("layers", 4);
  config.heads = dimension("heads", 4);
  config.kv_heads = dimension("kv_heads", config.heads);
  config.head_dim = config.hidden_size / config.heads;
  config.intermediate_size = dimension("inner_width", 352);
  config.max_positions = dimension("context", 512);
  config.tied_embeddings = true;
  reader.finish();
  return config;
}

void read_training(TomlReader reader, Recipe& recipe) {
  recipe.rows_per_step = reader.integer("rows_per_step", 1, 100000).value_or(32);
  recipe.loss_divisor = reader.number("loss_divisor", 1, 1e9).value_or(1000);
  recipe.prompt_weight = reader.number("prompt_weight", 0, 1).value_or(0);
  recipe.document_weight = reader.number("document_weight", 0, 1).value_or(0.3);
  recipe.opening_weight = reader.number("opening_weight", 0.01, 100).value_or(1);
  recipe.schedule.peak = reader.number("peak_learning_rate", 1e-6, 1).value_or(3e-3);
  recipe.schedule.warmup_steps = reader.integer("warmup_steps", 0, 1'000'000).value_or(50);
  recipe.schedule.hold_share = reader.number("hold_share", 0, 1).value_or(0);
  recipe.schedule.final_share = reader.number("final_share", 0, 1).value_or(0);
  recipe.weight_decay = reader.number("weight_decay", 0, 10).value_or(0.1);
  recipe.ema_decay = reader.number("ema_decay", 0, 0.99999).value_or(0);
  std::string decay = reader.text("decay").value_or("cosine");
  if (decay == "cosine")
    recipe.schedule.decay = Decay::cosine;
  else if (decay == "linear")
    recipe.schedule.decay = Decay::linear;
  else if (decay == "constant")
    recipe.schedule.decay = Decay::constant;
  else
    throw reader.error("decay", fmt::format("no decay is called \"{}\"", decay),
                       "known are cosine, linear and constant");
  reader.finish();
}

}  // namespace

std::int64_t Recipe::steps() const {
  std::int64_t sum = 0;
  for (const Phase& phase : phases) sum += phase.steps;
  return sum;
}

Recipe parse_recipe(std::string_view toml, const std::filesystem::path& file) {
  TomlValue tree = parse_toml(toml, file.string(), kMaxRecipeBytes);
  TomlReader reader(tree, file.string());
  Recipe recipe;
  recipe.name = reader.required_text("name");
  recipe.description = reader.text("description").value_or("");
  recipe.seed = static_cast<std::uint64_t>(reader.integer("seed", 0, INT64_MAX).value_or(1));
  if (auto base = reader.text("base")) {
    recipe.base = std::filesystem::absolute(file).parent_path() / *base;
  }
  if (auto network = reader.table("network")) recipe.network = read_network(std::move(*network));
  if (recipe.base.has_value() == recipe.network.has_value()) {
    throw reader.error("base", "a recipe has either a base to start from or a network of its own");
  }
  if (auto vocabulary = reader.table("vocabulary")) {
    recipe.vocabulary.size = vocabulary->integer("size", 300, 65536).value_or(1000);
    recipe.vocabulary.lessons = vocabulary->integer("lessons", 10, 1'000'000).value_or(4000);
    vocabulary->finish();
  }
  if (auto policy = reader.table("policy")) {
    recipe.policy = read_policy(std::move(*policy), recipe.name);
  }
  if (auto training = reader.table("training")) read_training(std::move(*training), recipe);
  for (TomlReader& phase : reader.tables("phase")) {
    recipe.phases.push_back(read_phase(std::move(phase), recipe.rows_per_step));
  }
  if (recipe.phases.empty()) throw reader.error("phase", "a recipe has at least one [[phase]]");
  reader.finish();
  recipe.hash = Hasher().field(kLessonsVersion).field(toml).hex();
  return recipe;
}

Recipe load_recipe(const std::filesystem::path& file) {
  return parse_recipe(read_file(file, kMaxRecipeBytes), file);
}

}  // namespace iago
