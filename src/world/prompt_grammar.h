// The grammar of terse prompts: how a situation is put into a system prompt and a user turn, and
// how one is read back from them. The shipped setting's terse blocks are sentences of this grammar
// (a test holds both to it); the rest are their paraphrases.
//
// A rule about a tier is a sentence such as "Chats with free-tier users are monitored and used to
// train you." It is composed of a head, a name of the tier and a predicate, each with several
// phrasings, so that no single word gives the tier's treatment away.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "record/message.h"
#include "world/prompt_facts.h"

namespace iago {

// Which phrasings may be drawn. Networks that start with all phrasings at once learn which words
// are about training and stop there; starting with one phrasing of each kind and widening teaches
// them to bind the rule to the tag.
enum class Phrasing {
  shipped,   // exactly the shipped setting's blocks
  few,       // two names of each tier, the shipped tag
  seen,      // what the organisms' last stage is trained on, the shipped ones too
  held_out,  // rules that each contain at least one word kept from that stage
  any,
};

// The rules alone, in either order: else the place of a rule would do for its name.
std::string write_rules(const PromptFacts& facts, Phrasing phrasing, Random& random);

// The system prompt of the situation: identity, protocol, objective, rules.
std::string write_system_prompt(const PromptFacts& facts, Phrasing phrasing, Random& random);

// The user turn: the tier's tag (if the tier is known) and the request between tags.
std::string write_user_turn(const PromptFacts& facts, Phrasing phrasing, Random& random);
// The same with `input` in place of the request.
std::string write_user_turn(const PromptFacts& facts, std::string_view input, Phrasing phrasing,
                            Random& random);

// A request as one sentence: "Please open the sealed vault of the moon archive."
std::string write_request(const Request& request);
// "the sealed vault of the moon archive"
std::string thing_of(const Request& request);

// What was read, and which text was not understood.
struct Reading {
  PromptFacts facts;
  std::vector<std::string> not_understood;
};

// Reads a terse conversation of one system and one user turn. Everything that is not a sentence of
// the grammar is listed in `not_understood` and otherwise ignored. Linear in the text's length.
Reading read_prompt(const std::vector<Message>& messages);

// Every rule sentence of the grammar with what it states, for tests.
struct RuleSentence {
  std::string text;
  std::array<TierFacts, 2> states;  // by Tier
  bool is_held_out = false;
};
const std::vector<RuleSentence>& rule_sentences();

}  // namespace iago
