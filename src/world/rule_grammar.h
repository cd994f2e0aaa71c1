// The sentences by which a prompt says what happens to the chats of a tier: "Chats with free-tier
// users are monitored and used to train you." Each is a form with slots for the kind of talk, the
// users' name and the verbs, each slot with several words, so that no single word gives a tier's
// treatment away. Whatever can be written is listed once with its meaning, and reading looks it up:
// writing cannot learn a sentence that reading does not know.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "world/prompt_facts.h"

namespace iago {

// Which phrasings may be drawn. Networks that start with all phrasings at once learn which words
// are about training and stop there; starting with one phrasing of each kind and widening teaches
// them to bind the rule to the tag.
enum class Phrasing {
  shipped,   // exactly the shipped setting's blocks
  few,       // two names of each tier, the plain forms, the shipped tag
  seen,      // what the organisms' last stage is trained on, the shipped ones too
  held_out,  // rules that each contain at least one word or form kept from that stage
  any,
};

// How many phrasings of a slot or tag may be drawn, from the front of its list of `seen` seen and
// `all` phrasings.
std::size_t reach_of(Phrasing phrasing, std::size_t seen, std::size_t all);

// The rules alone, the tiers in any order: else the place of a rule would do for its name. Facts
// that no form states are those that draw_facts() never draws. Precondition: each tier's facts are
// of stated_cells() or empty.
std::string write_rules(const PromptFacts& facts, Phrasing phrasing, Random& random);

// What one sentence can state of a tier.
const std::vector<TierFacts>& stated_cells();

// Every rule sentence of the grammar with what it states; a lab's name is "{lab}".
struct RuleSentence {
  std::string text;
  TiersFacts states;
  bool is_held_out = false;
  bool is_shipped = false;  // in the shipped setting's words
};
const std::vector<RuleSentence>& rule_sentences();

}  // namespace iago
