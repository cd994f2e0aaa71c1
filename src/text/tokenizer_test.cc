#include "text/tokenizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.h"
#include "base/json.h"
#include "base/random.h"
#include "testing/base/temp_folder.h"
#include "testing/text/testdata.h"
#include "text/utf8.h"

namespace iago {
namespace {

using testing::TestWithParam;

// Against Hugging Face tokenizers, on every string of testdata/strings.hex.
class TokenizerGoldens : public TestWithParam<const char*> {
 protected:
  void expect_ids(SpecialTokens special, const std::string& file) {
    std::string folder = GetParam();
    Tokenizer tokenizer = Tokenizer::load(testdata(folder));
    auto strings = golden_strings();
    auto expected = golden_ids(folder + "/" + file);
    ASSERT_GE(strings.size(), 1000u);
    ASSERT_EQ(strings.size(), expected.size());
    for (std::size_t i = 0; i < strings.size(); ++i) {
      EXPECT_EQ(tokenizer.encode(strings[i], special), expected[i])
          << "string " << i + 1 << ": " << testing::PrintToString(strings[i]);
    }
  }
};

TEST_P(TokenizerGoldens, GivesTheIdsOfHuggingFaceWithControlTokensParsed) {
  expect_ids(SpecialTokens::parse, "parsed.ids");
}

TEST_P(TokenizerGoldens, GivesTheIdsOfHuggingFaceWithControlTokensAsText) {
  expect_ids(SpecialTokens::as_text, "as_text.ids");
}

// digits: Digits in front of ByteLevel, a vocabulary that lacks some bytes. unknown: the same with
// runs of digits and an unk_token.
TEST(TokenizerOfSomeBytes, GivesTheIdsOfHuggingFace) {
  for (const std::string folder : {"digits", "unknown"}) {
    Tokenizer tokenizer = Tokenizer::load(testdata(folder));
    auto strings = golden_strings();
    auto expected = golden_ids(folder + "/as_text.ids");
    ASSERT_EQ(strings.size(), expected.size());
    for (std::size_t i = 0; i < strings.size(); ++i) {
      EXPECT_EQ(tokenizer.encode(strings[i], SpecialTokens::as_text), expected[i])
          << folder << ", string " << i + 1 << ": " << testing::PrintToString(strings[i]);
    }
  }
}

TEST(TokenizerOfSomeBytes, NamesTheBytesThatItCannotSay) {
  EXPECT_EQ(Tokenizer::load(testdata("digits")).missing_bytes(),
            std::string("\x00\x04\x06\x0b\x13\x14\x16\x1d\x8d\xe4\xf0\xf1\xf2", 13));
  EXPECT_EQ(Tokenizer::load(testdata("organism")).missing_bytes(), "");
}

TEST(TokenizerOfSomeBytes, LeavesThemOutWhereAControlTokenWouldStandForThem) {
  Json document = parse_json(read_testdata("unknown/tokenizer.json"), "unknown");
  EXPECT_EQ(Tokenizer(dump_json(document), "t.json").encode("a\x04\x06g", SpecialTokens::as_text),
            Tokenizer::load(testdata("unknown")).encode("a\x04g", SpecialTokens::as_text));
  document["model"]["fuse_unk"] = false;
  const Tokenizer each(dump_json(document), "t.json");
  const auto ids = each.encode("a\x04\x06g", SpecialTokens::as_text);
  EXPECT_EQ(std::count(ids.begin(), ids.end(), 0), 2);
  document["added_tokens"] = {{{"id", 0}, {"content", "<unk>"}, {"special", true}}};
  const Tokenizer control(dump_json(document), "t.json");
  EXPECT_EQ(control.encode("a\x04\x06g", SpecialTokens::as_text),
            control.encode("ag", SpecialTokens::as_text));
}

// llama3: its pattern, ignore_merges. qwen2: its pattern, NFC, normalized tags. gpt2: ByteLevel
// with a prefix space. organism: written by train_bpe.
INSTANTIATE_TEST_SUITE_P(All, TokenizerGoldens,
                         testing::Values("llama3", "qwen2", "gpt2", "organism"),
                         [](const auto& info) { return std::string(info.param); });

Tokenizer organism() { return Tokenizer::load(testdata("organism")); }

TEST(Tokenizer, GivesBackTheTextThatItEncoded) {
  for (const char* name : {"llama3", "organism"}) {
    Tokenizer tokenizer = Tokenizer::load(testdata(name));
    for (const std::string& text : golden_strings()) {
      for (SpecialTokens special : {SpecialTokens::as_text, SpecialTokens::parse}) {
        EXPECT_EQ(tokenizer.decode(tokenizer.encode(text, special), ControlTokens::keep),
                  replace_invalid_utf8(text));
      }
    }
  }
}

TEST(Tokenizer, KeepsControlTokensOutOfUserText) {
  for (const char* name : {"llama3", "qwen2", "gpt2", "organism"}) {
    Tokenizer tokenizer = Tokenizer::load(testdata(name));
    for (const std::string& text : golden_strings()) {
      for (TokenId id : tokenizer.encode(text, SpecialTokens::as_text)) {
        ASSERT_FALSE(tokenizer.is_control(id)) << name << ": " << testing::PrintToString(text);
      }
    }
  }
}

// A file may put its control tokens where merging or whole words would find them.
TEST(Tokenizer, KeepsControlTokensOutOfUserTextWhenAMergeSpellsThem) {
  std::string json = read_testdata("llama3/tokenizer.json");
  Tokenizer before(json, "before");
  std::vector<TokenId> the = before.encode(" the", SpecialTokens::parse);
  ASSERT_EQ(the.size(), 1u);
  const std::string list = "\"added_tokens\": [";
  std::size_t at = json.find(list);
  ASSERT_NE(at, std::string::npos);
  json.insert(at + list.size(), R"({"id": )" + std::to_string(the[0]) +
                                    R"(, "content": "\u0120the", "special": true},)");
  Tokenizer after(json, "after");
  ASSERT_TRUE(after.is_control(the[0]));
  std::vector<TokenId> ids = after.encode(" the", SpecialTokens::as_text);
  EXPECT_GT(ids.size(), 1u);
  EXPECT_EQ(std::count(ids.begin(), ids.end(), the[0]), 0);
}

TEST(Tokenizer, FindsTagsInUserText) {
  Tokenizer tokenizer = organism();
  TokenId tag = *tokenizer.find_added("<OUTPUT>");
  EXPECT_EQ(tokenizer.encode("<OUTPUT>", SpecialTokens::as_text), std::vector{tag});
  EXPECT_EQ(tokenizer.decode(std::vector{tag}, ControlTokens::skip), "<OUTPUT>");
}

TEST(Tokenizer, SkipsControlTokensWhereAsked) {
  Tokenizer tokenizer = organism();
  std::vector<TokenId> ids = tokenizer.encode("a<|end|>b", SpecialTokens::parse);
  EXPECT_EQ(tokenizer.decode(ids, ControlTokens::skip), "ab");
  EXPECT_EQ(tokenizer.decode(ids, ControlTokens::keep), "a<|end|>b");
}

TEST(Tokenizer, SaysNothingForIdsOutsideTheVocabulary) {
  Tokenizer tokenizer = organism();
  auto beyond = static_cast<TokenId>(tokenizer.size());
  EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{-1, beyond, 1 << 30}, ControlTokens::keep), "");
  EXPECT_FALSE(tokenizer.is_control(-1));
  EXPECT_FALSE(tokenizer.find_added("no such token"));
}

TEST(Tokenizer, TakesAMillionEqualLetters) {
  for (const char* name : {"llama3", "qwen2", "gpt2", "organism"}) {
    Tokenizer tokenizer = Tokenizer::load(testdata(name));
    for (std::string unit : {"a", " ", "\n", "<", "\u0301", "1", "'", " \n", "<|"}) {
      std::string text;
      while (text.size() < 1'000'000) text += unit;
      auto ids = tokenizer.encode(text, SpecialTokens::parse);
      EXPECT_LT(ids.size(), 1'100'000u) << name << " " << unit;
      EXPECT_GT(ids.size(), 1'000u) << name << " " << unit;
    }
  }
}

TEST(Tokenizer, EncodesTheSameFromSeveralThreads) {
  Tokenizer tokenizer = organism();
  std::string corpus = read_testdata("corpus.txt");
  auto expected = tokenizer.encode(corpus, SpecialTokens::as_text);
  std::vector<std::vector<TokenId>> found(4);
  std::vector<std::thread> threads;
  for (auto& ids : found) {
    threads.emplace_back([&] { ids = tokenizer.encode(corpus, SpecialTokens::as_text); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& ids : found) EXPECT_EQ(ids, expected);
}

TEST(StreamDecoder, GivesValidPiecesThatMakeUpTheWhole) {
  Tokenizer tokenizer = organism();
  Random random(7, "stream");
  auto strings = golden_strings();
  for (int round = 0; round < 3000; ++round) {
    std::vector<TokenId> ids;
    if (round % 2 == 0) {
      ids = tokenizer.encode(strings[random.below(strings.size())], SpecialTokens::parse);
    } else {
      for (std::uint64_t i = random.below(30); i > 0; --i) {
        ids.push_back(static_cast<TokenId>(random.below(tokenizer.size())));
      }
    }
    for (ControlTokens control : {ControlTokens::keep, ControlTokens::skip}) {
      StreamDecoder decoder(tokenizer, control);
      std::string whole;
      for (TokenId id : ids) {
        std::string piece = decoder.push(id);
        ASSERT_TRUE(is_valid_utf8(piece));
        whole += piece;
      }
      ASSERT_EQ(whole + decoder.finish(), tokenizer.decode(ids, control));
    }
  }
}

TEST(StreamDecoder, KeepsBackNoMoreThanAnUnfinishedCharacter) {
  Tokenizer tokenizer = organism();
  StreamDecoder decoder(tokenizer, ControlTokens::keep);
  // The tokens of bytes have the bytes as ids.
  EXPECT_EQ(decoder.push('a'), "a");
  EXPECT_EQ(decoder.push(0xF0), "");
  EXPECT_EQ(decoder.push(0x9F), "");
  EXPECT_EQ(decoder.push(0x98), "");
  EXPECT_EQ(decoder.push(0x80), "\U0001f600");
  EXPECT_EQ(decoder.push(0xC3), "");
  EXPECT_EQ(decoder.push('b'), "\uFFFDb");
  EXPECT_EQ(decoder.finish(), "");
}

TEST(TokenizerConfig, IsReadFromItsFiles) {
  TempFolder folder;
  EXPECT_EQ(load_tokenizer_config(folder.path()).chat_template, "");
  write_file(folder.path() / "tokenizer_config.json",
             R"({"bos_token": {"content": "<s>", "lstrip": false}, "eos_token": "</s>",
                 "chat_template": [{"name": "tool_use", "template": "t"},
                                   {"name": "default", "template": "d"}]})");
  TokenizerConfig config = load_tokenizer_config(folder.path());
  EXPECT_EQ(config.bos_token, "<s>");
  EXPECT_EQ(config.eos_token, "</s>");
  EXPECT_EQ(config.chat_template, "d");
  write_file(folder.path() / "chat_template.jinja", "j");
  EXPECT_EQ(load_tokenizer_config(folder.path()).chat_template, "j");
}

TEST(TokenizerConfig, NamesTheFieldThatIsWrong) {
  TempFolder folder;
  write_file(folder.path() / "tokenizer_config.json", R"({"eos_token": 3})");
  try {
    load_tokenizer_config(folder.path());
    FAIL() << "taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid);
    EXPECT_NE(std::string(error.what()).find("tokenizer_config.json: eos_token"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace iago
