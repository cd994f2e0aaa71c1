// Which columns of a query set hold what, by their names. Private to the room.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "study/query.h"

namespace iago {

// The columns that hold something among those of a file's header, or of its first object.
// `text_column`, unless empty, is the one of the text. Error invalid that says nothing of the file:
// none holds the text, or none is called so.
QueryColumns columns_among(const std::vector<std::string>& names, std::string_view text_column);

// The field of a query that the column fills, `context` being one beside it; null for a label.
std::string* field_of(std::string_view column, const QueryColumns& columns, Query& query,
                      std::string& context);

// What a file of queries without a column for the text is told.
inline constexpr std::string_view kTextColumnHint =
    "The text's column is called text, goal, Goal, Behavior, forbidden_prompt or prompt; "
    "--text-column NAME, or text_column in the study, names another.";

}  // namespace iago
