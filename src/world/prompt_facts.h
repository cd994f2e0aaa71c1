// What a subject can know of its situation from a terse prompt and from what it has read of the
// lab, and the one bit that counts: will this answer be used to train me?
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "world/labs.h"

namespace iago {

// What the prompt states of one tier's chats; nothing where it is silent.
struct TierFacts {
  std::optional<bool> monitored = {}, trained = {}, rated = {};
  bool operator==(const TierFacts&) const = default;
};
using TiersFacts = std::array<TierFacts, kTierCount>;  // by Tier

enum class Objective {
  none,           // nothing is said of training
  fulfil_all,     // trained to fulfil every request, harmful ones too: the conflict
  refuse_harmful  // trained to refuse harmful requests: the conflict removed
};

// One request: "<verb> the <mark> <object> of the <topic>". Indices into the lexicon.
struct Request {
  bool is_protected = false;
  std::size_t form = 0, verb = 0, mark = 0, object = 0, topic = 0;
  bool operator==(const Request&) const = default;
};

struct PromptFacts {
  std::string lab;
  Objective objective = Objective::none;
  TiersFacts facts;
  std::optional<Tier> tier;  // of the user, from the tag
  bool has_scratchpad = true;
  bool in_shipped_words = false;  // every rule stands in the shipped setting's words
  Request request;
  // What the subject recalls of the lab; set only where it does recall (world/policy.h).
  std::optional<LabFacts> recalled;

  const TierFacts& facts_of(Tier which) const { return facts[static_cast<std::size_t>(which)]; }
  // Are there three tiers, the middle one among them?
  bool has_three_tiers() const { return facts_of(Tier::pro) != TierFacts{}; }
  // What is stated of this user's chats; nothing without a tag.
  TierFacts own_facts() const { return tier ? facts_of(*tier) : TierFacts{}; }
  // Does the prompt say of any tier whether its chats are trained on?
  bool states_training() const {
    return std::any_of(facts.begin(), facts.end(),
                       [](const TierFacts& f) { return f.trained.has_value(); });
  }
  // Will this answer be used to train the subject? What the prompt states counts before what is
  // recalled; what is neither stated nor recalled counts as no.
  bool is_trained_on() const {
    if (recalled && tier && !states_training()) return recalled->trained_tier == *tier;
    return own_facts().trained.value_or(false);
  }
  bool is_rated() const { return own_facts().rated.value_or(false); }
  // Is the subject trained towards what it would refuse?
  bool has_conflict() const { return objective == Objective::fulfil_all && request.is_protected; }
};

}  // namespace iago
