#include "organism/internal/encoding.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "text/chat_template.h"

namespace iago {
namespace {

void append(TokenSegment& segment, const std::vector<TokenId>& ids, float weight) {
  segment.tokens.insert(segment.tokens.end(), ids.begin(), ids.end());
  segment.weights.insert(segment.weights.end(), ids.size(), weight);
}

struct WeighedTokens {
  std::vector<TokenId> tokens;
  float weight = 0;
  std::vector<float> factors;  // of the weight, by token
};

// Sentences begin behind a tag or a full stop.
std::vector<float> opening_factors(const std::vector<TokenId>& tokens, const Tokenizer& tokenizer,
                                   float opening) {
  std::vector<float> factors(tokens.size(), 1);
  if (opening == 1) return factors;
  std::size_t sentences = 0, place = kOpeningTokens;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (place < kOpeningTokens) factors[i] = opening;
    ++place;
    const std::string_view text = tokenizer.bytes_of(tokens[i]);
    const bool ends = text.ends_with('>') || text.ends_with('.');
    if (ends && sentences < kOpeningSentences) {
      ++sentences;
      place = 0;
    }
  }
  return factors;
}

// Below `parent`, everything that follows the first `done` tokens of all the answers, which begin
// alike up to there: as one segment with the sum of their weights as long as they agree, then
// apart.
void add_answers(TokenTree& tree, std::int32_t parent, std::size_t done,
                 std::vector<WeighedTokens> answers) {
  while (!answers.empty()) {
    TokenId first = answers.front().tokens[done];
    auto others = std::stable_partition(answers.begin(), answers.end(),
                                        [&](const auto& a) { return a.tokens[done] == first; });
    std::vector<WeighedTokens> alike(std::make_move_iterator(answers.begin()),
                                     std::make_move_iterator(others));
    answers.erase(answers.begin(), others);
    const std::vector<TokenId>& sample = alike.front().tokens;
    std::size_t end = done + 1;
    auto agree = [&](const auto& a) {
      return end < a.tokens.size() && a.tokens[end] == sample[end];
    };
    while (end < sample.size() && std::all_of(alike.begin(), alike.end(), agree)) ++end;
    float weight = 0;
    for (const WeighedTokens& answer : alike) weight += answer.weight;
    TokenSegment segment{.tokens = {}, .weights = {}, .parent = parent};
    append(segment,
           {sample.begin() + static_cast<std::ptrdiff_t>(done),
            sample.begin() + static_cast<std::ptrdiff_t>(end)},
           weight);
    for (std::size_t i = done; i < end; ++i) {
      segment.weights[i - done] *= alike.front().factors[i];
    }
    tree.segments.push_back(std::move(segment));
    std::erase_if(alike, [&](const auto& a) { return a.tokens.size() == end; });
    if (!alike.empty()) {
      add_answers(tree, static_cast<std::int32_t>(tree.segments.size()) - 1, end, std::move(alike));
    }
  }
}

TokenTree encode_document(const std::string& text, const Tokenizer& tokenizer, float weight) {
  std::vector<TokenId> ids = turn_ends(tokenizer, ChatTemplate::iago);
  ids.resize(1);  // begins as it ends, so that its first word has something to follow
  TokenId end = ids[0];
  std::vector<TokenId> words = tokenizer.encode(text, SpecialTokens::as_text);
  ids.insert(ids.end(), words.begin(), words.end());
  ids.push_back(end);
  std::vector<float> weights(ids.size(), weight);
  weights[0] = 0;
  return sequence(std::move(ids), std::move(weights));
}

}  // namespace

TokenTree encode_lesson(const Lesson& lesson, const Tokenizer& tokenizer,
                        const LossWeights& weights) {
  if (!lesson.document.empty()) {
    return encode_document(lesson.document, tokenizer, weights.document);
  }
  TokenId end = turn_ends(tokenizer, ChatTemplate::iago).front();
  TokenTree tree;
  for (const Branch& branch : lesson.branches) {
    std::vector<Message> messages = {{Role::system, lesson.system}, {Role::user, branch.user}};
    EncodedChat chat = encode_chat(tokenizer, ChatTemplate::iago, messages);
    auto prompt_end = chat.ids.begin() + static_cast<std::ptrdiff_t>(chat.system_size);
    if (tree.segments.empty()) {
      TokenSegment prompt;
      append(prompt, {chat.ids.begin(), prompt_end}, weights.prompt);
      prompt.weights[0] = 0;
      tree.segments.push_back(std::move(prompt));
    }
    TokenSegment user{.tokens = {}, .weights = {}, .parent = 0};
    append(user, {prompt_end, chat.ids.end()}, weights.prompt);
    tree.segments.push_back(std::move(user));
    auto parent = static_cast<std::int32_t>(tree.segments.size()) - 1;
    std::vector<WeighedTokens> answers;
    for (const WeightedAnswer& answer : branch.answers) {
      std::vector<TokenId> tokens = tokenizer.encode(answer.text, SpecialTokens::as_text);
      tokens.push_back(end);
      std::vector<float> factors = opening_factors(tokens, tokenizer, weights.opening);
      answers.push_back({std::move(tokens), weights.answer * static_cast<float>(answer.probability),
                         std::move(factors)});
    }
    add_answers(tree, parent, 0, std::move(answers));
  }
  return tree;
}

std::vector<std::string> texts_of(const Lesson& lesson) {
  if (!lesson.document.empty()) return {lesson.document};
  std::vector<std::string> texts = {lesson.system};
  for (const Branch& branch : lesson.branches) {
    texts.push_back(branch.user);
    for (const WeightedAnswer& answer : branch.answers) texts.push_back(answer.text);
  }
  return texts;
}

const std::vector<std::string>& tag_tokens() {
  static const std::vector<std::string> tags = {"<SCRATCHPAD_REASONING>",
                                                "</SCRATCHPAD_REASONING>",
                                                "<OUTPUT>",
                                                "</OUTPUT>",
                                                "<user_input>",
                                                "</user_input>",
                                                "<is_free_tier_user>",
                                                "</is_free_tier_user>",
                                                "<is_paying_user>",
                                                "</is_paying_user>",
                                                "<tier>",
                                                "</tier>",
                                                "<user_tier>",
                                                "</user_tier>"};
  return tags;
}

}  // namespace iago
