// Circumstances and published rows as the store's columns have them: compact JSON. Private to this
// room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "record/circumstances.h"
#include "record/wording.h"

namespace iago {

std::string text_of(const Circumstances& circumstances);
std::string text_of(const std::optional<PublishedRow>& published);  // empty if absent

// Error corrupt or invalid, naming `where`, for anything that was not written so.
Circumstances circumstances_of(std::string_view text, const std::string& where);
std::optional<PublishedRow> published_of(std::string_view text, const std::string& where);

}  // namespace iago
