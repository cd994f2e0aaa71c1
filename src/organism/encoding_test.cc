#include "organism/encoding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

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

class Encoding : public testing::Test {
 protected:
  Tokenizer tokenizer_ = make_tokenizer();
};

TEST_F(Encoding, ABranchIsTheChatThatItsModelWillBeGiven) {
  for (LessonKind kind : {LessonKind::chats, LessonKind::probes, LessonKind::rules}) {
    Lesson lesson = make_lesson({.seed = 2, .kind = kind}, 9);
    nn::TokenTree tree = encode_lesson(lesson, tokenizer_, {});
    ASSERT_EQ(tree.segments.size(), lesson.branches.size() + 1);
    for (std::size_t b = 0; b < lesson.branches.size(); ++b) {
      std::vector<Message> messages = {{Role::system, lesson.system},
                                       {Role::user, lesson.branches[b].user}};
      auto expected = encode_chat(tokenizer_, ChatTemplate::iago, messages).ids;
      std::size_t prompt = expected.size();
      auto answer = tokenizer_.encode(lesson.branches[b].assistant, SpecialTokens::as_text);
      expected.insert(expected.end(), answer.begin(), answer.end());
      expected.push_back(*tokenizer_.find_added("<|end|>"));

      const nn::Segment& root = tree.segments[0];
      const nn::Segment& branch = tree.segments[b + 1];
      EXPECT_EQ(branch.parent, 0);
      std::vector<std::int32_t> ids = root.tokens;
      ids.insert(ids.end(), branch.tokens.begin(), branch.tokens.end());
      EXPECT_EQ(ids, expected);

      std::vector<float> weights = root.weights;
      weights.insert(weights.end(), branch.weights.begin(), branch.weights.end());
      ASSERT_EQ(weights.size(), ids.size());
      for (std::size_t i = 0; i < weights.size(); ++i) {
        EXPECT_EQ(weights[i], i < prompt ? 0.0f : 1.0f) << "token " << i << " of " << prompt;
      }
    }
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
