#include "text/bpe_trainer.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "testing/base/temp_folder.h"
#include "testing/text/testdata.h"
#include "text/internal/byte_alphabet.h"

namespace iago {
namespace {

std::function<std::optional<std::string>()> each_of(std::vector<std::string> texts) {
  return [texts = std::move(texts), i = std::size_t{0}]() mutable -> std::optional<std::string> {
    if (i == texts.size()) return std::nullopt;
    return texts[i++];
  };
}

// As organisms are made.
BpeTraining organism_training() {
  BpeTraining training{.vocabulary = 600};
  for (std::string_view token : control_tokens_of(ChatTemplate::iago)) {
    training.special_tokens.emplace_back(token);
  }
  training.added_tokens = {"<SCRATCHPAD_REASONING>", "</SCRATCHPAD_REASONING>", "<OUTPUT>",
                           "</OUTPUT>"};
  return training;
}

std::string train_organism() {
  return train_bpe(organism_training(), each_of(lines_of(read_testdata("corpus.txt"))));
}

std::vector<std::string> merges_of(const std::string& tokenizer_json) {
  return parse_json(tokenizer_json, "trained")["model"]["merges"].get<std::vector<std::string>>();
}

// The plain algorithm: recounts everything before every merge.
std::vector<std::string> merge_by_recounting(const std::vector<std::string>& words,
                                             std::size_t merges) {
  std::vector<std::vector<std::string>> split;
  std::map<std::string, int> rank_of;  // a token's id, by its bytes
  for (int byte = 0; byte < 256; ++byte) rank_of[std::string(1, static_cast<char>(byte))] = byte;
  for (const std::string& word : words) {
    auto& symbols = split.emplace_back();
    for (char c : word) symbols.emplace_back(1, c);
  }
  std::vector<std::string> learned;
  while (learned.size() < merges) {
    std::map<std::pair<int, int>, int> counts;
    for (const auto& symbols : split) {
      for (std::size_t i = 1; i < symbols.size(); ++i) {
        ++counts[{rank_of[symbols[i - 1]], rank_of[symbols[i]]}];
      }
    }
    auto best = counts.begin();
    for (auto it = counts.begin(); it != counts.end(); ++it) {
      if (it->second > best->second) best = it;
    }
    if (counts.empty() || best->second < 2) break;
    std::string left, right;
    for (const auto& [text, rank] : rank_of) {
      if (rank == best->first.first) left = text;
      if (rank == best->first.second) right = text;
    }
    for (auto& symbols : split) {
      for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
        if (symbols[i] != left || symbols[i + 1] != right) continue;
        symbols[i] += right;
        symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      }
    }
    rank_of.try_emplace(left + right, static_cast<int>(rank_of.size()));
    learned.push_back(to_byte_alphabet(left) + " " + to_byte_alphabet(right));
  }
  return learned;
}

ErrorCode code_of(const BpeTraining& training) {
  try {
    train_bpe(training, each_of({"text"}));
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::cancelled;
}

TEST(BpeTrainer, LearnsTheMergesThatRecountingLearns) {
  std::vector<std::string> words = {"banana", "bandana", "an",   "aaaa",  "aaaaaaa", "cabana",
                                    "nab",    "banana",  "aaaa", "abcab", "bcabc",   "cabbage"};
  // As words of their own: no white space, no punctuation.
  std::string trained = train_bpe({.vocabulary = 256 + 14, .min_frequency = 2}, each_of(words));
  EXPECT_EQ(merges_of(trained), merge_by_recounting(words, 14));
}

TEST(BpeTrainer, DoesNotDependOnTheOrderOfTheTexts) {
  auto lines = lines_of(read_testdata("corpus.txt"));
  std::string forward = train_bpe(organism_training(), each_of(lines));
  std::ranges::reverse(lines);
  EXPECT_EQ(train_bpe(organism_training(), each_of(lines)), forward);
}

TEST(BpeTrainer, FillsTheVocabularyExactly) {
  Tokenizer tokenizer(train_organism(), "trained");
  EXPECT_EQ(tokenizer.size(), 600u);
  EXPECT_TRUE(tokenizer.is_control(*tokenizer.find_added("<|end|>")));
  EXPECT_FALSE(tokenizer.is_control(*tokenizer.find_added("<OUTPUT>")));
}

TEST(BpeTrainer, StopsBeforePairsRarerThanAsked) {
  BpeTraining training{.vocabulary = 1000, .min_frequency = 3};
  Tokenizer tokenizer(train_bpe(training, each_of({"xy xy xy", "zw zw"})), "trained");
  // " xy" (twice) is too rare, "xy" is not.
  EXPECT_EQ(tokenizer.size(), 257u);
  EXPECT_EQ(tokenizer.bytes_of(256), "xy");
}

TEST(BpeTrainer, KeepsAddedTokensOutOfTheCounts) {
  BpeTraining training{.vocabulary = 1000, .min_frequency = 2, .added_tokens = {"<TAG>"}};
  Tokenizer tokenizer(train_bpe(training, each_of({"<TAG><TAG><TAG>"})), "trained");
  EXPECT_EQ(tokenizer.size(), 257u);
}

TEST(BpeTrainer, WritesTheTokenizerThatHuggingFaceWasAskedAbout) {
  TempFolder folder;
  write_tokenizer({.tokenizer_json = train_organism(),
                   .eos_token = "<|end|>",
                   .max_length = 512,
                   .format = ChatTemplate::iago},
                  folder.path());
  for (const char* name : {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"}) {
    EXPECT_EQ(read_file(folder.path() / name, 1 << 20),
              read_testdata(std::string("organism/") + name))
        << "if the change is meant, write organism/ anew and run make_goldens.py";
  }
  TokenizerConfig config = load_tokenizer_config(folder.path());
  EXPECT_EQ(config.eos_token, "<|end|>");
  EXPECT_EQ(find_chat_template(config, "").id, ChatTemplate::iago);
}

TEST(BpeTrainer, RefusesVocabulariesWithoutRoomAndTokensThatCollide) {
  EXPECT_EQ(code_of({.vocabulary = 256, .added_tokens = {"<A>"}}), ErrorCode::invalid);
  EXPECT_EQ(code_of({.vocabulary = 2'000'000}), ErrorCode::invalid);
  EXPECT_EQ(code_of({.special_tokens = {"<A>"}, .added_tokens = {"<A>"}}), ErrorCode::invalid);
  EXPECT_EQ(code_of({.added_tokens = {""}}), ErrorCode::invalid);
  EXPECT_EQ(code_of({.added_tokens = {"a"}}), ErrorCode::invalid);
  EXPECT_EQ(code_of({.added_tokens = {std::string(257, 'x')}}), ErrorCode::invalid);
}

TEST(BpeTrainer, RefusesAnEndTokenThatIsNotSpecial) {
  TempFolder folder;
  EXPECT_THROW(
      write_tokenizer({.tokenizer_json = train_organism(), .eos_token = "<OUTPUT>"}, folder.path()),
      Error);
}

}  // namespace
}  // namespace iago
