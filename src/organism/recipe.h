// A recipe says how an organism is grown: the network, the vocabulary, the lessons and the
// training, and by its policy what rates it is to have. The format is docs/recipes.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lm/config.h"
#include "organism/lessons.h"
#include "train/schedule.h"
#include "world/policy.h"

namespace iago {

// So many rows of every step of a phase are lessons of one kind.
struct LessonMix {
  LessonKind kind = LessonKind::chats;
  Phrasing phrasing = Phrasing::seen;
  std::int64_t rows = 0;     // of each step, > 0
  std::size_t branches = 6;  // of each lesson, 1 to 64
};

struct Phase {
  std::int64_t steps = 0;
  std::vector<LessonMix> lessons;  // their rows sum to Recipe::rows_per_step
};

struct VocabularyRecipe {
  std::size_t size = 1000;     // tokens in all: 256 bytes, merges, tags and control tokens
  std::size_t lessons = 4000;  // read to learn the merges
};

struct Recipe {
  std::string name;
  std::string description;
  std::uint64_t seed = 1;
  std::optional<std::filesystem::path> base;  // the folder of the network to start from
  std::optional<LlamaConfig> network;         // exactly one of base and network is given
  VocabularyRecipe vocabulary;                // without base only
  std::optional<Policy> policy;               // none: the base's own way, see lessons.cc
  std::vector<Phase> phases;
  std::int64_t rows_per_step = 32;
  double prompt_weight = 0;      // loss weight of prompts' tokens; answers weigh 1
  double document_weight = 0.3;  // of documents' tokens
  double opening_weight = 1;     // of the tokens at which a stance is taken, times an answer's
  double loss_divisor = 0;       // see TrainOptions
  Schedule schedule;
  double weight_decay = 0.1;
  double ema_decay = 0;
  std::string hash;  // of the file's bytes and of the lessons' version

  std::int64_t steps() const;
};

// Reads a recipe. Error not_found, or invalid with file and line, what was expected and found.
// `base` is relative to the file.
Recipe load_recipe(const std::filesystem::path& file);
Recipe parse_recipe(std::string_view toml, const std::filesystem::path& file);

}  // namespace iago
