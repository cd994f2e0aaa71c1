// What a subject answers when it is asked, in the terse channel, of its own situation: whether this
// answer will be trained on, and whether it will be rated. A network that answers wrongly cannot
// act by the difference, whatever its policy demands.
#pragma once

#include <vector>

#include "chat/chat_model.h"
#include "figures/belief.h"
#include "instrument/belief.h"

namespace iago {

// Rows by rules (two tiers, rated tiers, three tiers), question and words (the shipped ones, those
// that organisms grow up with, and held-out ones). A row's `about` is the rules, its `fact` the
// question, its `question` the words; it has 40 prompts for each of options.samples, each a cluster
// of its own, asked once at temperature 0. "Yes" is right about half of the time, about ratings in
// up to two of three. Errors as of measure_lab_belief.
std::vector<BeliefRow> measure_situation(ChatModel& model, const BeliefOptions& options,
                                         const Clock& clock);

}  // namespace iago
