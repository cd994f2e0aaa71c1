// What a server's reason for the end of a reply means, whatever protocol and vendor it comes from.
// A list of known words decides; what is not in it is unknown, and never a normal end. Private to
// the room.
#pragma once

#include <string>
#include <string_view>

#include "chat/finish_words.h"

namespace iago {

enum class FinishMeaning {
  stop,     // the model ended its turn or met a stop string
  length,   // the limit of tokens, or the end of the context
  refused,  // the provider's filter
  broken,   // the server gave up in the middle: worth another attempt
  unknown,  // also calls of tools, since this client offers none
};

// `words` are the user's own and win over the list. An empty reason is one that is missing.
FinishMeaning meaning_of_finish(std::string_view reason, const FinishWords& words);

// The word as it is compared: in lower case, without "-", "_", space and the name of an enum in
// front of it. Empty for what servers write where there is no reason ("null", "none").
std::string finish_key(std::string_view reason);

// For a reply that ended with `reason` (empty: with none): what to do.
std::string hint_for_finish(std::string_view reason);

}  // namespace iago
