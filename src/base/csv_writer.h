// Rows of CSV as RFC 4180 has it, for files that csv.h reads.
#pragma once

#include <span>
#include <string>

namespace iago {

// Fields separated by commas and ended by a line feed. A field is quoted where it holds a comma, a
// quote or a line end, or begins or ends in a blank. Fields are text (base/readable.h).
std::string csv_row(std::span<const std::string> fields);

}  // namespace iago
