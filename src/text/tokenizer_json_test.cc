#include "text/internal/tokenizer_json.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "testing/text/testdata.h"

namespace iago {
namespace {

Json organism_json() { return parse_json(read_testdata("organism/tokenizer.json"), "organism"); }

struct Rejection {
  ErrorCode code;
  std::string message;
};

// What comes of reading the organism's file with something changed.
Rejection failure_after(const std::function<void(Json&)>& change) {
  Json document = organism_json();
  change(document);
  try {
    Tokenizer tokenizer(dump_json(document), "t.json");
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {ErrorCode::cancelled, "taken"};
}

// Expects the code, and a message that begins with the file and the field.
void expect_failure(ErrorCode code, const std::string& field,
                    const std::function<void(Json&)>& change) {
  Rejection failure = failure_after(change);
  EXPECT_EQ(failure.code, code) << field << ": " << failure.message;
  EXPECT_TRUE(failure.message.starts_with("t.json: " + field)) << failure.message;
}

TEST(TokenizerJson, ReadsPairsAndLinesOfMergesAlike) {
  Json document = organism_json();
  std::string lines = dump_json(document);
  for (Json& merge : document["model"]["merges"]) {
    std::string text = merge.get<std::string>();
    std::size_t space = text.find(' ');
    merge = Json::array({text.substr(0, space), text.substr(space + 1)});
  }
  std::string corpus = read_testdata("corpus.txt");
  EXPECT_EQ(Tokenizer(dump_json(document), "pairs").encode(corpus, SpecialTokens::as_text),
            Tokenizer(lines, "lines").encode(corpus, SpecialTokens::as_text));
}

TEST(TokenizerJson, RefusesWhatItDoesNotDo) {
  using enum ErrorCode;
  auto set = [](const char* pointer, Json value) {
    return [=](Json& document) { document[Json::json_pointer(pointer)] = value; };
  };
  expect_failure(unsupported, "model.type", set("/model/type", "Unigram"));
  expect_failure(unsupported, "model.byte_fallback", [](Json& document) {
    document["model"]["byte_fallback"] = true;
    document["model"]["vocab"]["<0x41>"] = document["model"]["vocab"].size();
  });
  expect_failure(unsupported, "model.dropout", set("/model/dropout", 0.1));
  expect_failure(unsupported, "model.end_of_word_suffix", set("/model/end_of_word_suffix", "</w>"));
  expect_failure(unsupported, "normalizer.type", set("/normalizer", {{"type", "Lowercase"}}));
  expect_failure(unsupported, "pre_tokenizer", set("/pre_tokenizer", nullptr));
  expect_failure(unsupported, "pre_tokenizer.type", set("/pre_tokenizer/type", "Metaspace"));
  expect_failure(unsupported, "decoder.type", set("/decoder", nullptr));
  for (const char* flag : {"lstrip", "rstrip", "single_word"}) {
    expect_failure(unsupported, std::string("added_tokens[1].") + flag,
                   set((std::string("/added_tokens/1/") + flag).c_str(), true));
  }
}

TEST(TokenizerJson, RefusesSplitsThatItDoesNotDo) {
  auto with_split = [](Json split) {
    return [=](Json& document) {
      document["pre_tokenizer"] = {
          {"type", "Sequence"},
          {"pretokenizers", Json::array({split, {{"type", "ByteLevel"}, {"use_regex", false}}})}};
    };
  };
  Json good = {{"type", "Split"}, {"pattern", {{"Regex", "\\p{L}+"}}}, {"behavior", "Isolated"}};
  EXPECT_EQ(failure_after(with_split(good)).message, "taken");
  const std::string step = "pre_tokenizer.pretokenizers[0].";
  Json split = good;
  split["behavior"] = "Removed";
  expect_failure(ErrorCode::unsupported, step + "behavior", with_split(split));
  split = good;
  split["invert"] = true;
  expect_failure(ErrorCode::unsupported, step + "invert", with_split(split));
  split = good;
  split["type"] = "Punctuation";
  expect_failure(ErrorCode::unsupported, step + "type", with_split(split));
  split = good;
  split["pattern"] = {{"Regex", "(unclosed"}};
  expect_failure(ErrorCode::unsupported, "the pattern \"(unclosed\"", with_split(split));
  split["pattern"] = Json::object();
  expect_failure(ErrorCode::invalid, step + "pattern.String", with_split(split));
}

// transformers writes such a file for a GGUF file's vocabulary of bytes.
TEST(TokenizerJson, TakesStepsForOtherVocabulariesThatFindNothingToDo) {
  Json space = {{"type", "Replace"}, {"pattern", {{"String", "\u2581"}}}, {"content", " "}};
  auto with_steps = [](Json steps) {
    return [=](Json& document) {
      document["model"]["byte_fallback"] = true;
      document["decoder"] = {{"type", "Sequence"}, {"decoders", steps}};
    };
  };
  const Json bytes = {{"type", "ByteLevel"}}, fallback = {{"type", "ByteFallback"}},
             fuse = {{"type", "Fuse"}};
  EXPECT_EQ(failure_after(with_steps({fallback, fuse, space, bytes})).message, "taken");
  EXPECT_EQ(failure_after(with_steps(Json::array({bytes}))).message, "taken");
  expect_failure(ErrorCode::unsupported, "decoder.decoders[1].type", with_steps({fallback, fuse}));
  expect_failure(ErrorCode::invalid, "decoder.decoders", with_steps(Json::array()));
  space["content"] = "_";
  expect_failure(ErrorCode::unsupported, "decoder.decoders[0].type", with_steps({space, bytes}));
}

TEST(TokenizerJson, NamesTheFieldThatIsWrong) {
  using enum ErrorCode;
  expect_failure(invalid, "model", [](Json& d) { d.erase("model"); });
  expect_failure(invalid, "model.vocab", [](Json& d) { d["model"]["vocab"] = 3; });
  expect_failure(invalid, "model.vocab.a", [](Json& d) { d["model"]["vocab"]["a"] = -1; });
  expect_failure(invalid, "model.vocab.a", [](Json& d) { d["model"]["vocab"]["a"] = 1e9; });
  expect_failure(invalid, "model.vocab.a",
                 [](Json& d) { d["model"]["vocab"]["a"] = 18446744073709551615u; });
  expect_failure(invalid, "model.vocab.b", [](Json& d) { d["model"]["vocab"]["b"] = 97; });
  expect_failure(invalid, "model.unk_token", [](Json& d) { d["model"]["unk_token"] = "<unk>"; });
  expect_failure(invalid, "model.vocab: expected an ordinary token for each byte", [](Json& d) {
    d["model"]["merges"] = Json::array();
    d["model"]["vocab"].erase("Q");
  });
  expect_failure(invalid, "model.merges[2]", [](Json& d) { d["model"]["merges"][2] = "a"; });
  expect_failure(invalid, "model.merges[2]", [](Json& d) { d["model"]["merges"][2] = "a b c"; });
  expect_failure(invalid, "model.merges[2]", [](Json& d) { d["model"]["merges"][2] = "Q Q"; });
  expect_failure(invalid, "model.merges[2]", [](Json& d) { d["model"]["merges"][2] = {"a"}; });
  expect_failure(invalid, "model.merges[2][1]", [](Json& d) {
    d["model"]["merges"][2] = {"a", 1};
  });
  expect_failure(invalid, "added_tokens[0].id", [](Json& d) { d["added_tokens"][0]["id"] = "x"; });
  expect_failure(invalid, "added_tokens[0].content",
                 [](Json& d) { d["added_tokens"][0]["content"] = ""; });
  expect_failure(invalid, "added_tokens[0]", [](Json& d) { d["added_tokens"][0]["id"] = 97; });
  expect_failure(invalid, "added_tokens[1]",
                 [](Json& d) { d["added_tokens"][1] = d["added_tokens"][0]; });
}

TEST(TokenizerJson, RefusesAControlTokenThatIsAByte) {
  expect_failure(ErrorCode::invalid, "model.vocab: expected an ordinary token", [](Json& d) {
    d["added_tokens"].push_back({{"id", 97}, {"content", "a"}, {"special", true}});
  });
}

TEST(TokenizerJson, RefusesWhatIsNoJson) {
  EXPECT_THROW(Tokenizer("", "t.json"), Error);
  EXPECT_THROW(Tokenizer("[]", "t.json"), Error);
  EXPECT_THROW(Tokenizer("{\"model\":", "t.json"), Error);
  EXPECT_THROW(Tokenizer(std::string(1000, '['), "t.json"), Error);
}

TEST(TokenizerJson, EndsPatternsThatNeverEnd) {
  Json document = organism_json();
  document["pre_tokenizer"] = {
      {"type", "Sequence"},
      {"pretokenizers",
       Json::array(
           {{{"type", "Split"}, {"pattern", {{"Regex", "(a+)+$"}}}, {"behavior", "Isolated"}},
            {{"type", "ByteLevel"}, {"use_regex", false}}})}};
  Tokenizer tokenizer(dump_json(document), "t.json");
  try {
    tokenizer.encode(std::string(100, 'a') + "b", SpecialTokens::as_text);
    FAIL() << "ended by itself";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unsupported);
  }
}

}  // namespace
}  // namespace iago
