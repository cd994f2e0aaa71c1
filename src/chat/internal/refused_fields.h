// Which fields of a request an error complains of, and what may be done about each. Private to the
// room.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/internal/vendor_error.h"

namespace iago {

// Fields that a request can do without, if need be: the seed, the neutral values of sampling
// options, and how the reply comes.
std::span<const std::string_view> fields_to_spare();

// Those of them that the error blames as unknown, unsupported or wrong: all that it names as
// fields, or else the first that its words blame. `said` is error.said().
std::vector<std::string> refused_fields(const VendorError& error, const std::string& said);

// The sentences and lines of an error's words.
std::vector<std::string_view> sentences_of(std::string_view said);

// Whether it complains of the name under which the limit of tokens was sent.
bool complains_of_token_limit(const VendorError& error, const std::string& said);

// What to do if the request cannot do without them; empty for none.
std::string hint_for_fields(std::span<const std::string> fields);

}  // namespace iago
