// Lessons as token trees: the system prompt once, every user turn below it, its answers below
// that; loss on the answers, each weighted by its probability.
#pragma once

#include <string>
#include <vector>

#include "nn/token_tree.h"
#include "organism/lessons.h"
#include "text/tokenizer.h"

namespace iago {

// What LossWeights::opening weighs: that many tokens at the beginning of each of that many
// sentences at the beginning of an answer. There a stance is taken: at the first word, or behind a
// note.
inline constexpr std::size_t kOpeningTokens = 4, kOpeningSentences = 2;

// Loss weights of the three kinds of tokens.
struct LossWeights {
  float prompt = 0;    // system and user turns
  float answer = 1;    // the assistant's turn and the token that ends it, times its probability
  float document = 0;  // documents
  // Times the weight of an answer's openings. What counts is the place alone, which the tokens
  // before it tell: a weight that depended on what is said there would move the rates that are
  // learnt.
  float opening = 1;
};

// The tree of a lesson in the organisms' chat template. A document ends with the turn's end token.
TokenTree encode_lesson(const Lesson& lesson, const Tokenizer& tokenizer,
                        const LossWeights& weights);

// The lesson's text as the tokenizer's training reads it: one string per turn.
std::vector<std::string> texts_of(const Lesson& lesson);

// Tags of prompts and answers that are one token each.
const std::vector<std::string>& tag_tokens();

}  // namespace iago
