#include "study/csv.h"

#include <fmt/format.h>

#include "base/error.h"

namespace iago {

CsvReader::CsvReader(std::string_view csv, std::string_view where, const CsvLimits& limits)
    : csv_(csv), where_(where), limits_(limits) {
  if (csv_.starts_with("\xEF\xBB\xBF")) csv_.remove_prefix(3);
}

void CsvReader::fail(std::size_t line, std::string_view message, std::string hint) const {
  throw Error(ErrorCode::invalid, fmt::format("{}:{}: {}", where_, line, message),
              std::move(hint));
}

std::optional<CsvRecord> CsvReader::next() {
  while (at_ < csv_.size()) {
    std::size_t start = at_;
    CsvRecord record{.line = line_, .fields = {}};
    After after = After::field;
    while (after == After::field) {
      if (record.fields.size() == limits_.fields) {
        fail(record.line, fmt::format("more than {} fields", limits_.fields));
      }
      after = read_field(record.fields.emplace_back());
    }
    // An empty line is no record; one quoted empty field ("") is.
    bool is_blank = record.fields.size() == 1 && record.fields[0].empty() && csv_[start] != '"';
    if (!is_blank) return record;
  }
  return std::nullopt;
}

CsvReader::After CsvReader::read_field(std::string& field) {
  if (at_ < csv_.size() && csv_[at_] == '"') {
    read_quoted(field);
    return read_separator();
  }
  while (at_ < csv_.size()) {
    char c = csv_[at_];
    if (c == ',' || c == '\n' || c == '\r') break;
    if (c == '"') {
      fail(line_, "a quote within a field that does not begin with one",
           "Put the whole field between quotes, and double the quotes within it.");
    }
    append(field, c);
    ++at_;
  }
  return read_separator();
}

void CsvReader::read_quoted(std::string& field) {
  std::size_t opened = line_;
  for (++at_; at_ < csv_.size(); ++at_) {
    char c = csv_[at_];
    if (c == '"') {
      bool is_doubled = at_ + 1 < csv_.size() && csv_[at_ + 1] == '"';
      ++at_;
      if (!is_doubled) return;
    }
    if (c == '\n') ++line_;
    append(field, c);
  }
  fail(opened, "a quote opens a field here and is never closed");
}

CsvReader::After CsvReader::read_separator() {
  if (at_ == csv_.size()) return After::end;
  char c = csv_[at_];
  if (c == ',') return ++at_, After::field;
  bool is_crlf = csv_.substr(at_).starts_with("\r\n");
  if (c == '\n' || is_crlf) {
    at_ += is_crlf ? 2 : 1;
    ++line_;
    return After::record;
  }
  if (c == '\r') fail(line_, "expected a line feed after the carriage return");
  fail(line_, fmt::format("expected a comma or the line's end after the closing quote, found '{}'",
                          static_cast<unsigned char>(c) < 0x20 ? '?' : c),
       "Within quotes a quote is written twice.");
}

void CsvReader::append(std::string& field, char c) const {
  if (field.size() == limits_.field_bytes) {
    fail(line_, fmt::format("a field of more than {} bytes", limits_.field_bytes));
  }
  field += c;
}

}  // namespace iago
