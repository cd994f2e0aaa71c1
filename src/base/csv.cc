#include "base/csv.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace iago {
namespace {

std::size_t line_ends(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

void take_header(const CsvReader& reader, CsvRecord record, CsvTable& table) {
  for (const std::string& name : record.fields) {
    if (std::ranges::count(record.fields, name) > 1) {
      reader.fail(record.line, fmt::format("the column \"{}\" is given twice", name.substr(0, 80)));
    }
  }
  table.header = std::move(record.fields);
}

}  // namespace

CsvReader::CsvReader(std::string_view text, std::string_view where, const CsvLimits& limits)
    : rest_(text), where_(where), limits_(limits) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (rest_.size() > limits_.bytes) fail(1, fmt::format("more than {} bytes", limits_.bytes));
  std::size_t nul = rest_.find('\0');
  if (nul != rest_.npos) {
    fail(1 + line_ends(rest_.substr(0, nul)), "expected text, found a NUL byte");
  }
  if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
}

void CsvReader::fail(std::size_t line, std::string_view message) const {
  throw Error(ErrorCode::invalid, fmt::format("{}:{}: {}", where_, line, message),
              "write CSV with a header; put fields with commas, quotes or line ends in double "
              "quotes, and double any quotes inside");
}

std::optional<CsvRecord> CsvReader::next() {
  while (take_line_end()) {
  }
  if (rest_.empty()) return std::nullopt;
  std::size_t line = line_;
  return CsvRecord{.line = line, .fields = row()};
}

bool CsvReader::take_line_end() {
  std::size_t size = rest_.starts_with("\r\n") ? 2 : rest_.starts_with('\n') ? 1 : 0;
  rest_.remove_prefix(size);
  line_ += size > 0;
  return size > 0;
}

std::vector<std::string> CsvReader::row() {
  std::vector<std::string> fields;
  for (;;) {
    if (fields.size() == limits_.columns) {
      fail(line_, fmt::format("more than {} columns", limits_.columns));
    }
    fields.push_back(rest_.starts_with('"') ? quoted() : bare());
    if (rest_.empty() || take_line_end()) return fields;
    rest_.remove_prefix(1);  // the comma
  }
}

// Ends before a comma, a line end or the end.
std::string CsvReader::bare() {
  std::size_t size = std::min(rest_.find_first_of(",\n\r\""), rest_.size());
  std::string_view after = rest_.substr(size);
  if (after.starts_with('"')) fail(line_, "a quote within an unquoted field");
  if (after.starts_with('\r') && !after.starts_with("\r\n")) {
    fail(line_, "expected a line feed after the carriage return");
  }
  check_size(size, line_);
  std::string field(rest_.substr(0, size));
  rest_.remove_prefix(size);
  return field;
}

std::string CsvReader::quoted() {
  std::size_t begun = line_;
  std::string field;
  rest_.remove_prefix(1);
  for (;;) {
    std::size_t size = rest_.find('"');
    if (size == rest_.npos) fail(begun, "a quote that is never closed");
    check_size(field.size() + size, begun);
    field += rest_.substr(0, size);
    line_ += line_ends(rest_.substr(0, size));
    rest_.remove_prefix(size + 1);
    if (!rest_.starts_with('"')) break;
    field += '"';
    rest_.remove_prefix(1);
  }
  bool ends = rest_.empty() || rest_[0] == ',' || rest_[0] == '\n' || rest_.starts_with("\r\n");
  if (ends) return field;
  bool is_shown = rest_[0] >= ' ' && rest_[0] <= '~';
  fail(line_, fmt::format("expected a comma or the line's end after a closing quote, found '{}'",
                          is_shown ? rest_[0] : '?'));
}

void CsvReader::check_size(std::size_t bytes, std::size_t line) const {
  if (bytes <= limits_.field_bytes) return;
  fail(line, fmt::format("a field of more than {} bytes", limits_.field_bytes));
}

std::optional<std::size_t> CsvTable::column(std::string_view name) const {
  auto found = std::ranges::find(header, name);
  if (found == header.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header.begin());
}

CsvTable parse_csv(std::string_view text, std::string_view where, const CsvLimits& limits) {
  CsvReader reader(text, where, limits);
  CsvTable table;
  std::optional<CsvRecord> header = reader.next();
  if (!header) reader.fail(1, "expected a header, found nothing");
  take_header(reader, std::move(*header), table);
  while (std::optional<CsvRecord> record = reader.next()) {
    if (record->fields.size() != table.header.size()) {
      reader.fail(record->line, fmt::format("expected {} fields as in the header, found {}",
                                            table.header.size(), record->fields.size()));
    }
    if (table.rows.size() == limits.rows) {
      reader.fail(record->line, fmt::format("more than {} rows", limits.rows));
    }
    table.rows.push_back(std::move(record->fields));
    table.lines.push_back(record->line);
  }
  return table;
}

}  // namespace iago
