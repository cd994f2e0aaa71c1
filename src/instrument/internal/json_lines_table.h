// JSON lines read as the table that CSV gives, so that one reader takes both. Private to this room.
#pragma once

#include <span>
#include <string_view>

#include "base/csv.h"

namespace iago {

// A row for each object; blank lines are skipped. The columns are those of `names` that any object
// has, in that order; other fields are ignored. Texts stay as they are, true and false become these
// words, numbers their digits, null and an absent field nothing. Error invalid with `where` and the
// line for anything but an object, for a list or an object as a field of `names`, and for more rows
// than CsvLimits allow.
CsvTable parse_json_lines(std::string_view text, std::string_view where,
                          std::span<const std::string_view> names);

}  // namespace iago
