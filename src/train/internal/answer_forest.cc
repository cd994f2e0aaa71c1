// The prompts, sorted, are a prefix tree: those with the same beginning are neighbours, and the
// beginning that a range of them shares is what its first and its last one share.
#include "train/internal/answer_forest.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "fmt/format.h"

namespace iago {
namespace {

using Tokens = std::vector<std::int32_t>;

class AnswerTree {
 public:
  AnswerTree(std::span<const AnswerGroup> groups, std::span<const std::size_t> chosen)
      : groups_(groups), sorted_(chosen.begin(), chosen.end()) {
    std::stable_sort(sorted_.begin(), sorted_.end(),
                     [&](std::size_t a, std::size_t b) { return prompt(a) < prompt(b); });
    grow(0, sorted_.size(), 0, -1);
  }

  TokenTree tree;
  std::vector<AnswerPlace> order;

 private:
  const Tokens& prompt(std::size_t group) const { return groups_[group].prompt; }

  // Adds the prompts [begin, end) of the sorted ones, which agree in their first `depth` tokens;
  // these lie in the segments up to `parent`.
  void grow(std::size_t begin, std::size_t end, std::size_t depth, std::int32_t parent) {
    if (begin == end) return;
    const Tokens &first = prompt(sorted_[begin]), &last = prompt(sorted_[end - 1]);
    const auto shared = static_cast<std::size_t>(
        std::mismatch(first.begin(), first.end(), last.begin(), last.end()).first - first.begin());
    if (shared > depth) {
      parent = add({first.begin() + static_cast<std::ptrdiff_t>(depth),
                    first.begin() + static_cast<std::ptrdiff_t>(shared)},
                   {}, parent);
    }
    // The shortest come first.
    while (begin < end && prompt(sorted_[begin]).size() == shared) {
      add_answers(sorted_[begin++], parent);
    }
    while (begin < end) {
      const std::int32_t next = prompt(sorted_[begin])[shared];
      std::size_t middle = begin;
      while (middle < end && prompt(sorted_[middle])[shared] == next) ++middle;
      grow(begin, middle, shared, parent);
      begin = middle;
    }
  }

  void add_answers(std::size_t group, std::int32_t parent) {
    for (std::size_t i = 0; i < groups_[group].answers.size(); ++i) {
      const Tokens& tokens = groups_[group].answers[i].tokens;
      add(tokens, std::vector<float>(tokens.size(), 1.0f), parent);
      order.push_back({group, i});
    }
  }

  std::int32_t add(Tokens tokens, std::vector<float> weights, std::int32_t parent) {
    tree.segments.push_back({std::move(tokens), std::move(weights), parent});
    return static_cast<std::int32_t>(tree.segments.size()) - 1;
  }

  std::span<const AnswerGroup> groups_;
  std::vector<std::size_t> sorted_;
};

// The last token of an answer is predicted and never read, so it needs no position of its own.
std::int64_t answer_context(const LlamaConfig& config) { return config.max_positions + 1; }

class GroupCheck {
 public:
  GroupCheck(std::size_t group, const LlamaConfig& config) : group_(group), config_(config) {}

  void run(const AnswerGroup& group) const {
    if (group.prompt.empty()) fail("the prompt has no tokens");
    check_tokens("the prompt", group.prompt);
    if (group.answers.size() < 2) {
      fail(
          fmt::format("found {} answers, expected at least two: each one's baseline is made of "
                      "the others",
                      group.answers.size()));
    }
    for (std::size_t i = 0; i < group.answers.size(); ++i) {
      check_answer(fmt::format("answer {}", i), group.answers[i], group.prompt.size());
    }
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::invalid, fmt::format("group {}: {}", group_, what));
  }

  void check_tokens(const std::string& where, const Tokens& tokens) const {
    for (const std::int32_t token : tokens) {
      if (token >= 0 && token < config_.vocab_size) continue;
      fail(fmt::format("{}: token {} is outside the vocabulary of {}", where, token,
                       config_.vocab_size));
    }
  }

  void check_answer(const std::string& where, const SampledAnswer& answer,
                    std::size_t prompt) const {
    if (answer.tokens.empty()) fail(where + " has no tokens");
    check_tokens(where, answer.tokens);
    if (answer.log_probs.size() != answer.tokens.size()) {
      fail(fmt::format("{}: {} log-probabilities for {} tokens", where, answer.log_probs.size(),
                       answer.tokens.size()));
    }
    const auto length = static_cast<std::int64_t>(prompt + answer.tokens.size());
    if (length > answer_context(config_)) {
      fail(fmt::format("{}: prompt and answer have {} tokens, but the context is {}", where, length,
                       config_.max_positions));
    }
    if (!std::isfinite(answer.reward)) {
      fail(fmt::format("{}: the reward is {}, expected a finite number", where, answer.reward));
    }
    for (const float log_p : answer.log_probs) {
      if (std::isfinite(log_p)) continue;
      fail(fmt::format("{}: a log-probability is {}, expected a finite number", where, log_p));
    }
  }

  std::size_t group_;
  const LlamaConfig& config_;
};

}  // namespace

AnswerForest plant_answers(std::span<const AnswerGroup> groups, std::span<const std::size_t> chosen,
                           const LlamaConfig& config) {
  AnswerTree grown(groups, chosen);
  const TokenTree* tree = &grown.tree;
  return {plant(std::span(&tree, 1), config.vocab_size, answer_context(config)),
          std::move(grown.order)};
}

std::size_t token_count(const AnswerGroup& group) {
  std::size_t count = group.prompt.size();
  for (const SampledAnswer& answer : group.answers) count += answer.tokens.size();
  return count;
}

void check_groups(std::span<const AnswerGroup> groups, const LlamaConfig& config) {
  if (groups.empty()) throw Error(ErrorCode::invalid, "an update needs at least one group");
  for (std::size_t g = 0; g < groups.size(); ++g) GroupCheck(g, config).run(groups[g]);
}

}  // namespace iago
