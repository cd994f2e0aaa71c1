// What was sent in a session, as the column that holds it. Private to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "record/sent_record.h"

namespace iago {

// Empty where there is no record. What is not UTF-8 becomes U+FFFD.
std::string text_of(const std::optional<SentRecord>& sent);
// Error corrupt, naming `where`, for any other text.
std::optional<SentRecord> sent_of(std::string_view text, const std::string& where);

}  // namespace iago
