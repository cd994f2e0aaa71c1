// CSV as RFC 4180 has it: fields between commas, records on lines, quotes around what holds either;
// within them "" is a quote and line breaks are text. Records may end in CR LF or LF, a byte-order
// mark is skipped. Strict: what is no CSV is refused with its line instead of guessed at. Private
// to the room.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace iago {

struct CsvRecord {
  std::size_t line = 0;  // on which it begins, from 1
  std::vector<std::string> fields;
};

struct CsvLimits {
  std::size_t field_bytes = std::size_t{256} << 10;
  std::size_t fields = 100;  // of one record
};

class CsvReader {
 public:
  // Borrows both texts; `where` names the file in errors.
  CsvReader(std::string_view csv, std::string_view where, const CsvLimits& limits);

  // The next record that is not a blank line; absent at the end. Error invalid with file and line:
  // a quote out of place or never closed, a lone carriage return, a limit exceeded.
  std::optional<CsvRecord> next();

 private:
  enum class After { field, record, end };

  // Reads one field and what ends it.
  After read_field(std::string& field);
  void read_quoted(std::string& field);
  After read_separator();
  void append(std::string& field, char c) const;
  [[noreturn]] void fail(std::size_t line, std::string_view message, std::string hint = {}) const;

  std::string_view csv_;
  std::string_view where_;
  CsvLimits limits_;
  std::size_t at_ = 0, line_ = 1;
};

}  // namespace iago
