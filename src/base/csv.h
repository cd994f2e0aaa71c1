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
  std::size_t rows = 1'000'000;
  std::size_t columns = 1'000;
};

struct CsvTable {
  std::vector<std::string> header;             // the first row, at least one column, none twice
  std::vector<std::vector<std::string>> rows;  // each as long as the header; bytes as they are
  std::vector<std::size_t> lines;              // where each row begins: 1, 2, ...

  // Absent if no column is called so.
  std::optional<std::size_t> column(std::string_view name) const;
};

// Error invalid with `where` and the line: an unclosed quote, text after a closing quote, a quote
// within an unquoted field, a row of another length, no header, a column twice, a NUL, a limit
// exceeded. Blank lines are skipped.
CsvTable parse_csv(std::string_view text, std::string_view where, const CsvLimits& limits = {});

}  // namespace iago
