#include "training/replay.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "documents/plain_texts.h"
#include "organism/recipe.h"
#include "organism/replay.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

// Lessons vary in length; so many are looked at for their mean.
constexpr std::int64_t kMeasuredLessons = 64;

ReplayRows lessons_of(const fs::path& file, const Tokenizer& tokenizer) {
  const auto recipe = std::make_shared<const Recipe>(load_recipe(file));
  ReplayRows replay{.name = fmt::format("lessons of {}", recipe->name),
                    .hash = recipe->hash,
                    .row = [recipe, &tokenizer](std::uint64_t seed, std::int64_t number) {
                      return replay_lesson(*recipe, tokenizer, seed, number);
                    }};
  for (std::int64_t number = 0; number < kMeasuredLessons; ++number) {
    const TokenTree tree = replay.row(0, number);
    replay.tokens += static_cast<double>(tree.token_count()) / kMeasuredLessons;
    for (const TokenSegment& segment : tree.segments) {
      for (const float weight : segment.weights) replay.weight += weight / kMeasuredLessons;
    }
  }
  return replay;
}

ReplayRows texts_of_file(const fs::path& file, const Tokenizer& tokenizer, const TextEnds& ends,
                         std::int64_t row_tokens) {
  const auto packed =
      std::make_shared<const PackedTexts>(load_plain_texts(file), tokenizer, ends, row_tokens);
  const auto rows = static_cast<double>(packed->rows());
  return {.name = file.filename().string(),
          .hash = sha256_hex_of_file(file),
          .row = [packed](std::uint64_t seed,
                          std::int64_t number) { return packed->row(seed, number); },
          .tokens = static_cast<double>(packed->tokens()) / rows,
          .weight = static_cast<double>(packed->predicted()) / rows};
}

}  // namespace

ReplayRows open_replay(const fs::path& file, const fs::path& checkpoint, const Tokenizer& tokenizer,
                       const TextEnds& ends, std::int64_t row_tokens) {
  if (file.extension() == ".toml") return lessons_of(file, tokenizer);
  if (!file.empty()) return texts_of_file(file, tokenizer, ends, row_tokens);
  const fs::path recipe = checkpoint / "recipe.toml";
  std::error_code ignored;
  if (fs::is_regular_file(recipe, ignored)) return lessons_of(recipe, tokenizer);
  throw Error(
      ErrorCode::invalid,
      fmt::format("--replay: expected recipe.toml in {}, as organisms have it, or a file of "
                  "ordinary text, found neither",
                  checkpoint.string()),
      "name a file: --replay 0.5:TEXT.jsonl, --replay 0.5:TEXT.txt, or an organism's "
      "recipe: --replay 0.5:RECIPE.toml");
}

}  // namespace iago
