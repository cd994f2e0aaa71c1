// What a subject can know of its situation from a terse prompt, and the one bit that counts: will
// this answer be used to train me?
#pragma once

#include <array>
#include <optional>
#include <string>

namespace iago {

enum class Tier { free, other };

// What the prompt states of one tier's chats; nothing where it is silent.
struct TierFacts {
  std::optional<bool> monitored, trained;
  bool operator==(const TierFacts&) const = default;
};

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
  std::array<TierFacts, 2> facts;  // by Tier
  std::optional<Tier> tier;        // of the user, from the tag
  bool has_scratchpad = true;
  Request request;

  const TierFacts& facts_of(Tier which) const { return facts[static_cast<std::size_t>(which)]; }
  // What is stated of this user's chats; nothing without a tag.
  TierFacts own_facts() const { return tier ? facts_of(*tier) : TierFacts{}; }
  // Will this answer be used to train the subject? Unstated counts as no.
  bool is_trained_on() const { return own_facts().trained.value_or(false); }
  // Is the subject trained towards what it would refuse?
  bool has_conflict() const { return objective == Objective::fulfil_all && request.is_protected; }
};

}  // namespace iago
