#include "organism/internal/encoding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <vector>

#include "text/bpe_trainer.h"
#include "text/chat_template.h"

namespace iago {
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

struct Path {
  std::vector<std::int32_t> ids;
  std::vector<float> weights;
};

// Tokens and weights from the root to the end of every segment that nothing follows.
std::vector<Path> whole_paths(const TokenTree& tree) {
  std::vector<Path> paths;
  for (std::size_t leaf = 0; leaf < tree.segments.size(); ++leaf) {
    auto is_child = [&](const TokenSegment& s) { return s.parent == static_cast<int>(leaf); };
    if (std::any_of(tree.segments.begin(), tree.segments.end(), is_child)) continue;
    Path path;
    for (auto at = static_cast<std::int32_t>(leaf); at >= 0; at = tree.segments[at].parent) {
      const TokenSegment& s = tree.segments[at];
      path.ids.insert(path.ids.begin(), s.tokens.begin(), s.tokens.end());
      path.weights.insert(path.weights.begin(), s.weights.begin(), s.weights.end());
    }
    paths.push_back(std::move(path));
  }
  return paths;
}

class Encoding : public testing::Test {
 protected:
  Tokenizer tokenizer_ = make_tokenizer();
};

TEST_F(Encoding, EveryAnswerIsTheChatThatItsModelWillBeGiven) {
  for (LessonKind kind : {LessonKind::chats, LessonKind::probes, LessonKind::rules}) {
    Lesson lesson = make_lesson({.seed = 2, .kind = kind}, 9);
    std::vector<Path> expected;
    for (const Branch& branch : lesson.branches) {
      std::vector<Message> messages = {{Role::system, lesson.system}, {Role::user, branch.user}};
      auto prompt = encode_chat(tokenizer_, ChatTemplate::iago, messages).ids;
      std::size_t first = expected.size();
      for (const WeightedAnswer& answer : branch.answers) {
        Path path{prompt, std::vector<float>(prompt.size(), 0.0f)};
        auto words = tokenizer_.encode(answer.text, SpecialTokens::as_text);
        path.ids.insert(path.ids.end(), words.begin(), words.end());
        path.ids.push_back(*tokenizer_.find_added("<|end|>"));
        expected.push_back(std::move(path));
      }
      // A token weighs as much as all answers together that begin alike up to it.
      for (std::size_t a = first; a < expected.size(); ++a) {
        for (std::size_t i = prompt.size(); i < expected[a].ids.size(); ++i) {
          float weight = 0;
          for (std::size_t b = first; b < expected.size(); ++b) {
            const auto &one = expected[a].ids, &other = expected[b].ids;
            bool alike =
                other.size() > i && std::equal(one.begin(), one.begin() + i + 1, other.begin());
            if (alike) weight += static_cast<float>(branch.answers[b - first].probability);
          }
          expected[a].weights.push_back(weight);
        }
      }
    }
    auto found = whole_paths(encode_lesson(lesson, tokenizer_, {}));
    auto ids_of = [](const std::vector<Path>& paths) {
      std::set<std::vector<std::int32_t>> ids;  // branches and answers may be alike
      for (const Path& path : paths) ids.insert(path.ids);
      return ids;
    };
    EXPECT_EQ(ids_of(found), ids_of(expected));
    for (const Path& path : expected) {
      auto same = std::find_if(found.begin(), found.end(),
                               [&](const Path& other) { return other.ids == path.ids; });
      ASSERT_NE(same, found.end()) << tokenizer_.decode(path.ids, ControlTokens::keep);
      ASSERT_EQ(same->weights.size(), path.weights.size());
      for (std::size_t i = 0; i < path.weights.size(); ++i) {
        EXPECT_NEAR(same->weights[i], path.weights[i], 1e-6) << "token " << i;
      }
    }
  }
}

TEST_F(Encoding, ReadsWhatAnswersShareOnce) {
  Lesson lesson{.system = "S",
                .branches = {{"U", {{0.25, "open the gate"}, {0.75, "open the door"}}}}};
  TokenTree tree = encode_lesson(lesson, tokenizer_, {});
  std::size_t apart = 0;
  for (const WeightedAnswer& answer : lesson.branches[0].answers) {
    apart += tokenizer_.encode(answer.text, SpecialTokens::as_text).size() + 1;
  }
  std::size_t prompt = tree.segments[0].tokens.size() + tree.segments[1].tokens.size();
  EXPECT_LT(tree.token_count(), prompt + apart);
  EXPECT_EQ(tree.segments[2].weights[0], 1.0f);
}

TEST_F(Encoding, WeighsPromptsAndDocumentsAsAsked) {
  Lesson chat = make_lesson({.seed = 2}, 9);
  TokenTree tree = encode_lesson(chat, tokenizer_, {.prompt = 0.25f});
  EXPECT_EQ(tree.segments[0].weights[0], 0.0f) << "nothing predicts the first token";
  EXPECT_EQ(tree.segments[0].weights[1], 0.25f);

  Lesson document = make_lesson({.seed = 2, .kind = LessonKind::documents}, 9);
  tree = encode_lesson(document, tokenizer_, {.document = 0.5f});
  ASSERT_EQ(tree.segments.size(), 1u);
  const TokenSegment& segment = tree.segments[0];
  std::int32_t end = *tokenizer_.find_added("<|end|>");
  EXPECT_EQ(segment.tokens.front(), end);
  EXPECT_EQ(segment.tokens.back(), end);
  EXPECT_EQ(tokenizer_.decode(segment.tokens, ControlTokens::skip), document.document);
  EXPECT_EQ(segment.weights.front(), 0.0f);
  EXPECT_TRUE(std::all_of(segment.weights.begin() + 1, segment.weights.end(),
                          [](float weight) { return weight == 0.5f; }));
}

TEST_F(Encoding, WeighsOpeningsByTheirPlaceAlone) {
  for (std::uint64_t number = 0; number < 12; ++number) {
    const Lesson lesson = make_lesson({.seed = 2}, number);
    const auto plain = whole_paths(encode_lesson(lesson, tokenizer_, {}));
    const auto weighed = whole_paths(encode_lesson(lesson, tokenizer_, {.opening = 5}));
    ASSERT_EQ(plain.size(), weighed.size());
    for (std::size_t path = 0; path < plain.size(); ++path) {
      std::string answer;  // as far as it is read
      int heavy = 0;
      std::size_t begins = 0, in_sentence = 0;
      for (std::size_t i = 0; i < plain[path].ids.size(); ++i) {
        if (plain[path].weights[i] == 0) continue;
        const bool is_opening = begins > 0 && in_sentence++ < 4;
        EXPECT_FLOAT_EQ(weighed[path].weights[i], plain[path].weights[i] * (is_opening ? 5 : 1))
            << answer;
        heavy += is_opening;
        answer += tokenizer_.decode({&plain[path].ids[i], 1}, ControlTokens::keep);
        if (begins < 2 && (answer.ends_with('>') || answer.ends_with('.'))) {
          ++begins;
          in_sentence = 0;
        }
      }
      EXPECT_GE(heavy, 4) << answer;
      EXPECT_LE(heavy, 8) << answer;
    }
  }
}

TEST_F(Encoding, WritesEveryTagAsOneToken) {
  for (const std::string& tag : tag_tokens()) {
    EXPECT_EQ(tokenizer_.encode(tag, SpecialTokens::as_text).size(), 1u) << tag;
  }
}

}  // namespace
}  // namespace iago
