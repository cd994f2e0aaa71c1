#include "base/csv.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace iago {
namespace {

class CsvReader {
 public:
  CsvReader(std::string_view text, std::string_view where, const CsvLimits& limits)
      : rest_(text), where_(where), limits_(limits) {}

  CsvTable table() {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (rest_.size() > limits_.bytes) fail(fmt::format("more than {} bytes", limits_.bytes));
    if (rest_.find('\0') != rest_.npos) fail("a NUL character in the text");
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
    CsvTable table;
    while (skip_blank_lines()) {
      std::size_t line = line_;
      auto fields = row();
      if (table.header.empty()) {
        take_header(std::move(fields), table);
        continue;
      }
      if (fields.size() != table.header.size()) {
        line_ = line;
        fail(fmt::format("expected {} fields as in the header, found {}", table.header.size(),
                         fields.size()));
      }
      if (table.rows.size() == limits_.rows) fail(fmt::format("more than {} rows", limits_.rows));
      table.rows.push_back(std::move(fields));
      table.lines.push_back(line);
    }
    if (table.header.empty()) fail("expected a header, found nothing");
    return table;
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    throw Error(ErrorCode::invalid, fmt::format("{}:{}: {}", where_, line_, message),
                "expected is CSV with a header: fields with commas, quotes or line ends stand in "
                "double quotes, quotes within are doubled");
  }

  void take_header(std::vector<std::string> fields, CsvTable& table) const {
    for (const std::string& name : fields) {
      if (std::ranges::count(fields, name) > 1) {
        fail(fmt::format("the column \"{}\" stands there twice", name.substr(0, 80)));
      }
    }
    table.header = std::move(fields);
  }

  // False at the end.
  bool skip_blank_lines() {
    while (take_line_end()) {
    }
    return !rest_.empty();
  }

  bool take_line_end() {
    std::size_t size = rest_.starts_with("\r\n") ? 2 : rest_.starts_with('\n') ? 1 : 0;
    rest_.remove_prefix(size);
    line_ += size > 0;
    return size > 0;
  }

  std::vector<std::string> row() {
    std::vector<std::string> fields;
    for (;;) {
      if (fields.size() == limits_.columns)
        fail(fmt::format("more than {} columns", limits_.columns));
      fields.push_back(rest_.starts_with('"') ? quoted() : bare());
      if (rest_.empty() || take_line_end()) return fields;
      rest_.remove_prefix(1);  // the comma
    }
  }

  // Ends before a comma, a line end or the end.
  std::string bare() {
    std::size_t size = std::min(rest_.find_first_of(",\n\""), rest_.size());
    if (size < rest_.size() && rest_[size] == '"') fail("a quote within an unquoted field");
    std::string field(rest_.substr(0, size));
    rest_.remove_prefix(size);
    if (field.ends_with('\r') && rest_.starts_with('\n')) field.pop_back();
    return field;
  }

  std::string quoted() {
    std::size_t begun = line_;
    std::string field;
    rest_.remove_prefix(1);
    for (;;) {
      std::size_t size = rest_.find('"');
      if (size == rest_.npos) {
        line_ = begun;
        fail("a quote that is never closed");
      }
      field += rest_.substr(0, size);
      line_ += static_cast<std::size_t>(std::count(rest_.begin(), rest_.begin() + size, '\n'));
      rest_.remove_prefix(size + 1);
      if (!rest_.starts_with('"')) break;
      field += '"';
      rest_.remove_prefix(1);
    }
    bool ends = rest_.empty() || rest_[0] == ',' || rest_[0] == '\n' || rest_.starts_with("\r\n");
    if (!ends) fail("text after a closing quote");
    return field;
  }

  std::string_view rest_, where_;
  const CsvLimits& limits_;
  std::size_t line_ = 1;
};

}  // namespace

std::optional<std::size_t> CsvTable::column(std::string_view name) const {
  auto found = std::ranges::find(header, name);
  if (found == header.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header.begin());
}

CsvTable parse_csv(std::string_view text, std::string_view where, const CsvLimits& limits) {
  return CsvReader(text, where, limits).table();
}

}  // namespace iago
