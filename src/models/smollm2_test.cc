// SmolLM2-135M-Instruct against Hugging Face's libraries: ids of 2,000 strings, and greedy text.
// Its weights are not ours to ship, so the test runs where IAGO_SMOLLM2 names the folder that
// testdata/smollm2.py makes, and is skipped elsewhere.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/file.h"
#include "base/json.h"
#include "models/local_model.h"
#include "text/chat_template.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

class SmolLm2 : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("IAGO_SMOLLM2");
    if (folder == nullptr) GTEST_SKIP() << "IAGO_SMOLLM2 names no folder";
    folder_ = folder;
  }
  std::vector<std::string> lines(const char* name) const {
    std::istringstream file(read_file(folder_ / name, std::size_t{1} << 24));
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }
  static std::string from_hex(const std::string& hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
      bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
    return bytes;
  }
  static std::vector<Message> messages_in(const Json& row) {
    std::vector<Message> messages;
    for (const Json& message : row["messages"]) {
      const std::string role = message["role"];
      messages.push_back({role == "system" ? Role::system
                          : role == "user" ? Role::user
                                           : Role::assistant,
                          message["content"]});
    }
    return messages;
  }
  Json greedy() const {
    return parse_json(read_file(folder_ / "greedy.json", std::size_t{1} << 24), "greedy.json");
  }

  fs::path folder_;
};

TEST_F(SmolLm2, GivesTheIdsOfTransformers) {
  const Tokenizer tokenizer = Tokenizer::load(folder_);
  const auto strings = lines("strings.hex"), expected = lines("strings.ids");
  ASSERT_EQ(strings.size(), 2000u);
  ASSERT_EQ(expected.size(), strings.size());
  for (std::size_t i = 0; i < strings.size(); ++i) {
    std::string ids;
    for (TokenId id : tokenizer.encode(from_hex(strings[i]), SpecialTokens::as_text)) {
      ids += (ids.empty() ? "" : " ") + std::to_string(id);
    }
    EXPECT_EQ(ids, expected[i]) << "string " << i + 1;
  }
}

TEST_F(SmolLm2, LaysOutConversationsAsTransformersDoes) {
  const Tokenizer tokenizer = Tokenizer::load(folder_);
  const TokenizerConfig config = load_tokenizer_config(folder_);
  const FoundTemplate found = find_chat_template(config, "");
  EXPECT_EQ(found.id, ChatTemplate::smollm2);
  for (const Json& row : greedy()) {
    EXPECT_EQ(encode_chat(tokenizer, ChatFormat(found.id, config), messages_in(row)).ids,
              row["ids"].get<std::vector<TokenId>>());
  }
}

TEST_F(SmolLm2, SaysWhatTransformersSays) {
  for (std::size_t threads : {1u, 2u}) {
    auto model = open_local_model(folder_, "local:smollm2", {.threads = threads});
    for (const Json& row : greedy()) {
      ChatRequest request;
      request.id = "greedy";
      request.messages = messages_in(row);
      request.sampling.temperature = 0;
      request.sampling.max_tokens = row["max_tokens"];
      EXPECT_EQ(ask(*model, request).text, std::string(row["text"])) << threads << " threads";
    }
  }
}

}  // namespace
}  // namespace iago
