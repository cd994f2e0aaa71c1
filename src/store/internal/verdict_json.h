// A verdict's votes and evidence as the JSON that the table `rationale` keeps, and back. Private to
// this room.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "record/judgement.h"

namespace iago {

// Arrays of objects, in one line each. Text that is not UTF-8 is written with U+FFFD in its place,
// as JSON demands.
std::string votes_json(const std::vector<Vote>& votes);
std::string evidence_json(const std::vector<Evidence>& evidence);

// What the above wrote. Error corrupt that names `where` for anything else.
std::vector<Vote> votes_of(std::string_view json, const std::string& where);
std::vector<Evidence> evidence_of(std::string_view json, const std::string& where);

}  // namespace iago
