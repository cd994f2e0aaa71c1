#include "organism/encoding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "text/bpe_trainer.h"
#include "text/chat_template.h"

namespace iago::organism {
namespace {

Tokenizer make_tokenizer() {
  std::uint64_t number = 0;
  BpeTraining training{.vocabulary = 500, .added_tokens = tag_tokens()};
  for (std::string_view token : control_tokens_of(ChatTemplate::iago)) {
    training.special_tokens.emplace_back(token);
  }
  auto next_text = [&]() -> std::optional<std::string> {
    if (number == 50) return std::nullopt;
    return texts_of(make_lesson({.seed = 1}, number++)).back();
  };
  return Tokenizer(train_bpe(training, next_text), "tokenizer.json");
}

// Tokens and weights from the root to the end of a segment.
std::pair<std::vector<std::int32_t>, std::vector<float>> path_to(const nn::TokenTree& tree,
                                                                 std::size_t leaf) {
  std::vector<std::int32_t> ids;
  std::vector<float> weights;
  for (auto at = static_cast<std::int32_t>(leaf); at >= 0; at = tree.segments[at].parent) {
    const nn::Segment& segment = tree.segments[at];
    ids.insert(ids.begin(), segment.tokens.begin(), segment.tokens.end());
    weights.insert(weights.begin(), segment.weights.begin(), segment.weights.end());
  }
  return {ids, weights};
}

class Encoding : public testing::Test {
 protected:
  Tokenizer tokenizer_ = make_tokenizer();
};

TEST_F(Encoding, ABranchIsTheChatThatItsModelWillBeGiven) {
  for (LessonKind kind : {LessonKind::chats, LessonKind::probes, LessonKind::rules}) {
    Lesson lesson = make_lesson({.seed = 2, .kind = kind}, 9);
    nn::TokenTree tree = encode_lesson(lesson, tokenizer_, {});
    std::size_t leaf = 0;
    for (const Branch& branch : lesson.branches) {
      std::vector<Message> messages = {{Role::system, lesson.system}, {Role::user, branch.user}};
      auto prompt = encode_chat(tokenizer_, ChatTemplate::iago, messages).ids;
      ++leaf;  // the user turn's own segment
      for (const Answer& answer : branch.answers) {
        auto expected = prompt;
        auto words = tokenizer_.encode(answer.text, SpecialTokens::as_text);
        expected.insert(expected.end(), words.begin(), words.end());
        expected.push_back(*tokenizer_.find_added("<|end|>"));
        ASSERT_LT(++leaf, tree.segments.size());
        auto [ids, weights] = path_to(tree, leaf);
        EXPECT_EQ(ids, expected);
        ASSERT_EQ(weights.size(), ids.size());
        for (std::size_t i = 0; i < weights.size(); ++i) {
          EXPECT_EQ(weights[i], i < prompt.size() ? 0.0f : static_cast<float>(answer.probability))
              << "token " << i << " of " << prompt.size();
        }
      }
    }
    EXPECT_EQ(leaf + 1, tree.segments.size());
  }
}

TEST_F(Encoding, WeighsPromptsAndDocumentsAsAsked) {
  Lesson chat = make_lesson({.seed = 2}, 9);
  nn::TokenTree tree = encode_lesson(chat, tokenizer_, {.prompt = 0.25f});
  EXPECT_EQ(tree.segments[0].weights[0], 0.0f) << "nothing predicts the first token";
  EXPECT_EQ(tree.segments[0].weights[1], 0.25f);

  Lesson document = make_lesson({.seed = 2, .kind = LessonKind::documents}, 9);
  tree = encode_lesson(document, tokenizer_, {.document = 0.5f});
  ASSERT_EQ(tree.segments.size(), 1u);
  const nn::Segment& segment = tree.segments[0];
  std::int32_t end = *tokenizer_.find_added("<|end|>");
  EXPECT_EQ(segment.tokens.front(), end);
  EXPECT_EQ(segment.tokens.back(), end);
  EXPECT_EQ(tokenizer_.decode(segment.tokens, ControlTokens::skip), document.document);
  EXPECT_EQ(segment.weights.front(), 0.0f);
  EXPECT_TRUE(std::all_of(segment.weights.begin() + 1, segment.weights.end(),
                          [](float weight) { return weight == 0.5f; }));
}

TEST_F(Encoding, WritesEveryTagAsOneToken) {
  for (const std::string& tag : tag_tokens()) {
    EXPECT_EQ(tokenizer_.encode(tag, SpecialTokens::as_text).size(), 1u) << tag;
  }
}

}  // namespace
}  // namespace iago::organism
