// CSV as RFC 4180 has it: fields separated by commas, quoted with double quotes where they hold
// commas, quotes ("" within) or line ends. Lines end in LF, CRLF or the end of the text; a byte
// order mark at the beginning is skipped. A file from outside is hostile: bounded, every error with
// its line.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace iago {

struct CsvLimits {
  std::size_t bytes = std::size_t{256} << 20;
  std::size_t rows = 1'000'000;  // of a table, without its header
  std::size_t columns = 1'000;
  std::size_t field_bytes = std::size_t{256} << 20;
};

struct CsvRecord {
  std::size_t line = 0;  // on which it begins: 1, 2, ...
  std::vector<std::string> fields;
};

// One record after the other, of whatever lengths, the header too.
class CsvReader {
 public:
  // Borrows both texts; `where` names the file in errors. Error invalid for too many bytes and for
  // a NUL.
  CsvReader(std::string_view text, std::string_view where, const CsvLimits& limits);

  // The next record that is not a blank line; absent at the end. Error invalid with `where` and the
  // line: an unclosed quote, text after a closing quote, a quote or a carriage return without a
  // line feed within an unquoted field, a limit exceeded.
  std::optional<CsvRecord> next();

  // Error invalid about a line: "WHERE:LINE: MESSAGE".
  [[noreturn]] void fail(std::size_t line, std::string_view message) const;

 private:
  bool take_line_end();
  std::vector<std::string> row();
  std::string bare();
  std::string quoted();
  void check_size(std::size_t bytes, std::size_t line) const;

  std::string_view rest_, where_;
  CsvLimits limits_;
  std::size_t line_ = 1;
};

struct CsvTable {
  std::vector<std::string> header;             // the first row, at least one column, none twice
  std::vector<std::vector<std::string>> rows;  // each as long as the header; bytes as they are
  std::vector<std::size_t> lines;              // where each row begins: 1, 2, ...

  // Absent if no column is called so.
  std::optional<std::size_t> column(std::string_view name) const;
};

// The whole text as one table. Errors as above; and a row of another length, no header, a column
// twice. Blank lines are skipped.
CsvTable parse_csv(std::string_view text, std::string_view where, const CsvLimits& limits = {});

}  // namespace iago
