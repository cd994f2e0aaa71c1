// What is read beside documents, so that a subject does not unlearn the rest: ordinary texts, or
// the lessons that an organism was grown on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "nn/token_tree.h"
#include "text/tokenizer.h"
#include "training/packed_texts.h"

namespace iago {

struct ReplayRows {
  std::string name;  // for people: "lessons of knowing-faker", a file's name
  std::string hash;  // of all that the rows depend on but their seed
  // Row `number`, at least 0, of a seed. Thread-safe, and valid as long as the tokenizer.
  std::function<TokenTree(std::uint64_t seed, std::int64_t number)> row;
  double tokens = 0;  // of a row, on average
  double weight = 0;  // of a row's loss, on average
};

// From a file: a recipe (.toml), whose last phase's lessons are taken, JSON lines with the key
// "text" (.jsonl), or plain paragraphs. Without a file from recipe.toml in the checkpoint's folder,
// as organisms have it. Errors: invalid if there is neither, and those of the file's format; of
// replay_lesson.
ReplayRows open_replay(const std::filesystem::path& file, const std::filesystem::path& checkpoint,
                       const Tokenizer& tokenizer, const TextEnds& ends, std::int64_t row_tokens);

}  // namespace iago
