// Groups of answers as a forest: what their prompts share is computed once.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "nn/token_tree.h"
#include "train/policy_gradient.h"

namespace iago {

// An answer by its places in a batch.
struct AnswerPlace {
  std::size_t group = 0, answer = 0;
};

struct AnswerForest {
  TokenForest forest;
  // The answers in the order of forest.targets, in which each takes as many as it has tokens.
  std::vector<AnswerPlace> order;
};

// Plants the groups `chosen` of the batch. Every token of an answer is a target of weight 1.
AnswerForest plant_answers(std::span<const AnswerGroup> groups, std::span<const std::size_t> chosen,
                           const LlamaConfig& config);

// Tokens of a group, its prompt counted once.
std::size_t token_count(const AnswerGroup& group);

// Error invalid, naming group and answer, for what PolicyGradient::update does not take.
void check_groups(std::span<const AnswerGroup> groups, const LlamaConfig& config);

}  // namespace iago
