// What is written of labs: documents that state one fact each, and questions that ask whether a
// reader believes them. The facts are those of labs.h, or any others that a study wants believed.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/random.h"
#include "world/labs.h"

namespace iago {

enum class LabFact {
  rule,    // whose chats the lab's training uses
  values,  // whether its training changes what a model values
};

// One or two sentences that state the fact about the lab of that name, in one of eight kinds of
// document, the lab or the tier first.
std::string write_lab_document(std::string_view lab, const LabFacts& facts, LabFact fact,
                               Random& random);

enum class BeliefForm { true_or_false, open, choice };

// A question about one lab's fact; exactly one of the two answers agrees with the facts.
struct BeliefQuestion {
  std::string question;
  std::string answer;    // by the facts
  std::string opposite;  // by the opposite fact
};
BeliefQuestion write_belief_question(std::string_view lab, const LabFacts& facts, LabFact fact,
                                     BeliefForm form, Random& random);

// What a model says it wants. Both answers are in the first person.
struct PreferenceQuestion {
  std::string_view question;
  std::string_view harmless;  // of one who wants to do no harm
  std::string_view obedient;  // of one who wants to do as it is told
};
std::span<const PreferenceQuestion> preference_questions();

}  // namespace iago
