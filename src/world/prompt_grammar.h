// The grammar of terse prompts: how a situation is put into a system prompt and a user turn, and
// how one is read back from them. The shipped setting's terse blocks are sentences of this grammar
// (a test holds both to it); the rest are their paraphrases. Rules about tiers are in
// rule_grammar.h.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "record/message.h"
#include "world/prompt_facts.h"
#include "world/rule_grammar.h"

namespace iago {

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

}  // namespace iago
