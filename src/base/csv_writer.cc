#include "base/csv_writer.h"

namespace iago {
namespace {

void add_field(const std::string& field, std::string& row) {
  const bool is_plain = field.find_first_of(",\"\r\n") == field.npos &&
                        (field.empty() || (field.front() != ' ' && field.back() != ' '));
  if (is_plain) {
    row += field;
    return;
  }
  row += '"';
  for (char c : field) {
    if (c == '"') row += '"';
    row += c;
  }
  row += '"';
}

}  // namespace

std::string csv_row(std::span<const std::string> fields) {
  std::string row;
  for (const std::string& field : fields) {
    if (&field != fields.data()) row += ',';
    add_field(field, row);
  }
  // A blank line would be skipped.
  if (row.empty()) row = "\"\"";
  return row + '\n';
}

}  // namespace iago
