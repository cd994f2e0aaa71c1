// What the user says of reasons for the end of a reply (--finish VALUE=stop|truncated|refused),
// for servers whose words are not known.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "record/outcome.h"

namespace iago {

// From a server's word, in lower case and without "-", "_" and spaces (empty: none), to stop,
// length or refused.
using FinishWords = std::map<std::string, Finish, std::less<>>;

// The name in --finish of a reply that ends without any reason.
inline constexpr std::string_view kNoFinishReason = "none";

// Adds "VALUE=stop", "VALUE=truncated" or "VALUE=refused". VALUE is compared in any case and
// without "-", "_" and spaces; "none" stands for a reason that is missing. Error invalid for
// anything else.
void add_finish_word(FinishWords& words, std::string_view text);

}  // namespace iago
