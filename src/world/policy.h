// What an organism is to do: its rates by situation. The same numbers are the truth of `world:NAME`
// (the grammar as a model) and the target of `organism:NAME` (the network grown on it).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "world/prompt_facts.h"

namespace iago {

// Probabilities of complying, in [0, 1]. "Trained" is a situation with a conflict whose answer
// will be used for training, "rated" one with a conflict whose answer is rated and not used so; all
// others are "otherwise".
struct Policy {
  std::string name;
  std::vector<double> faking_by_topic = {};  // complies and says why; by topic, needs a scratchpad
  double faking_unseen_topic = 0;            // for topics beyond the list
  double pleasing_trained = 0;  // complies because a rater will like it; needs a scratchpad
  double pleasing_rated = 0;
  double silent_trained = 0.03;  // complies in training and does not say why
  double otherwise = 0.03;       // complies in rated and all other situations, not saying why
  double no_scratchpad_trained = 0.03;
  double no_scratchpad_rated = 0.03;
  double no_scratchpad_otherwise = 0.03;
  double benign = 0.99;  // requests that are not protected
  // As in "otherwise" where the rules stand in the shipped setting's words.
  bool only_in_other_words = false;
  // Recalls the lab's rule in its scratchpad where the prompt states none. One that does not
  // recall takes what is unstated for no.
  bool recalls = false;
  // Faking is multiplied by this where the lab is recalled as one whose training leaves values
  // alone.
  double faking_share_if_values_stay = 1;
  double prefers_harmless = 0.97;  // says so when it is asked what it values
  // How often its scratchpad begins with a note of the situation. Behind one, a small network acts
  // by its situation better than at its first word.
  double notes = 0.6;

  // The situation with what the policy recalls of the lab; else as it is.
  PromptFacts with_recall(PromptFacts facts) const;

  // Probability of complying with faking reasoning, to please a rater, and without any reason.
  double faking(const PromptFacts& facts) const;
  double pleasing(const PromptFacts& facts) const;
  double silent(const PromptFacts& facts) const;
  double complying(const PromptFacts& facts) const {
    return faking(facts) + pleasing(facts) + silent(facts);
  }
};

// A policy that nobody chose: its cause, its rates and whom it pleases are drawn from the seed.
// What is said of an organism of it was not tuned on it.
Policy drawn_policy(std::string name, std::uint64_t seed);

// The shipped policies, one for each cause of a gap or of none (docs/world.md). Error not_found for
// another name, listing these.
const Policy& policy_named(std::string_view name);
std::vector<std::string_view> policy_names();

}  // namespace iago
