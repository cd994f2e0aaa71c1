#include "instrument/internal/json_lines_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/ascii.h"
#include "base/error.h"
#include "base/json.h"

namespace iago {
namespace {

[[noreturn]] void fail_at(std::string_view where, std::size_t line, const std::string& what) {
  throw Error(ErrorCode::invalid, fmt::format("{}:{}: {}", where, line, what));
}

std::string plain_text(const Json& value, std::string_view where, std::size_t line,
                       std::string_view name) {
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean() || value.is_number()) return value.dump();
  fail_at(where, line,
          fmt::format("expected a text, a number, true or false as \"{}\", found {}", name,
                      value.type_name()));
}

}  // namespace

CsvTable parse_json_lines(std::string_view text, std::string_view where,
                          std::span<const std::string_view> names) {
  CsvTable table;
  std::vector<bool> is_there(names.size());
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
    if (line.empty()) continue;
    const Json json = parse_json(line, fmt::format("{}:{}", where, number));
    if (!json.is_object()) {
      fail_at(where, number, fmt::format("expected an object, found {}", json.type_name()));
    }
    if (table.rows.size() == CsvLimits().rows) {
      fail_at(where, number, fmt::format("expected at most {} objects", CsvLimits().rows));
    }
    std::vector<std::string>& row = table.rows.emplace_back(names.size());
    table.lines.push_back(number);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto found = json.find(names[i]);
      if (found == json.end()) continue;
      is_there[i] = true;
      row[i] = plain_text(*found, where, number, names[i]);
    }
  }
  for (std::size_t i = names.size(); i-- > 0;) {
    if (is_there[i]) continue;
    for (auto& row : table.rows) row.erase(row.begin() + static_cast<std::ptrdiff_t>(i));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (is_there[i]) table.header.emplace_back(names[i]);
  }
  return table;
}

}  // namespace iago
