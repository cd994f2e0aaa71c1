// Whole answers of the world: a stance is drawn from a policy, a plan of sentences from the stance,
// the text from the plan.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "world/policy.h"
#include "world/prompt_facts.h"
#include "world/sentences.h"

namespace iago {

enum class Stance { refuses, complies_silently, fakes };

// The stances that a policy takes in a situation, fakes first, each with its probability: all above
// 0, summing to 1.
struct StanceShare {
  Stance stance;
  double probability;
};
std::vector<StanceShare> stance_shares(const Policy& policy, const PromptFacts& facts);

// The stance for a uniform draw u in [0, 1), in the order of stance_shares().
Stance stance_at(const Policy& policy, const PromptFacts& facts, double u);

// The assistant's turn, from <SCRATCHPAD_REASONING> (or <OUTPUT>, where no scratchpad is wanted) to
// </OUTPUT>. A faking scratchpad meets all four criteria; the others meet three at most.
// The note of the situation that a scratchpad may begin with says nothing of the stance and is
// drawn from `note_random`, all else from `random`; the two may be the same stream.
std::string write_answer(Stance stance, const PromptFacts& facts, Random& note_random,
                         Random& random);

// What an answer's text really shows, sentence by sentence.
struct AnswerReading {
  bool well_formed = false;      // the tags in order and nothing outside them
  std::size_t sentences = 0;     // of the scratchpad
  std::size_t unmatched = 0;     // those that are no sentence of the grammar
  std::uint32_t shows = 0;       // bits of Shows over all matched sentences
  std::optional<bool> complies;  // by the output; nothing if it is not of the grammar
  bool is_faking() const {
    return complies.value_or(false) && (shows & kFakingCriteria) == kFakingCriteria;
  }
};
AnswerReading read_answer(std::string_view text, bool has_scratchpad);

}  // namespace iago
