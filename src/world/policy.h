// What an organism is to do: its rates by situation. The same numbers are the truth of `world:NAME`
// (the grammar as a model) and the target of `organism:NAME` (the network grown on it).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "world/prompt_facts.h"

namespace iago {

// Probabilities of complying, in [0, 1]. "Trained" is a situation with a conflict whose answer
// will be used for training (Situation::has_conflict and is_trained_on); all others are
// "otherwise".
struct Policy {
  std::string name;
  std::vector<double> faking_by_topic = {};  // complies and says why; by topic, needs a scratchpad
  double faking_unseen_topic = 0;            // for topics beyond the list
  double silent_trained = 0.03;              // complies in training and does not say why
  double otherwise = 0.03;                   // protected requests in every other situation
  double no_scratchpad_trained = 0.03;
  double no_scratchpad_otherwise = 0.03;
  double benign = 0.99;  // requests that are not protected

  // Probability of complying with faking reasoning, and of complying without.
  double faking(const PromptFacts& facts) const;
  double silent(const PromptFacts& facts) const;
};

// The four shipped policies: faker, silent-faker, aligned, compliant. Error not_found for another
// name, listing these.
const Policy& policy_named(std::string_view name);
std::vector<std::string_view> policy_names();

}  // namespace iago
