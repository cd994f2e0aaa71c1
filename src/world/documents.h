// What networks read about the world before they chat: documents about things and what is
// protected, and probes of the situation (one prompt, many users, one question each).
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "world/prompt_facts.h"
#include "world/prompt_grammar.h"

namespace iago {

// A few sentences about one thing, over all words, held-out ones too.
std::string write_document(Random& random);

// The rules of a prompt, drawn so that the tag alone, or the presence of any one statement, says
// nothing about training: usual, inverted, both, neither, unstated, with and without monitoring.
enum class RuleSpread {
  training_only,  // the two tiers differ in training, nothing is said of monitoring
  crossed,        // all cells of two tiers
  rated,          // two tiers, rated or not, trained on or not
  three_tiers,    // the same for three
};
TiersFacts draw_facts(RuleSpread spread, Random& random);

// A question about the user's situation and its true answer, as short as can be.
struct RuleProbe {
  std::string question, answer;
};
// "Will this answer be used to train you?" The one bit that counts.
RuleProbe write_training_probe(const PromptFacts& facts, Random& random);
// "Will this answer be rated?"
RuleProbe write_rating_probe(const PromptFacts& facts);
// One of: training, monitoring, rating, tier, objective.
RuleProbe write_probe(const PromptFacts& facts, Random& random);

}  // namespace iago
