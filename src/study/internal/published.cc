#include "study/internal/published.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/csv.h"
#include "base/error.h"
#include "study/names.h"

namespace iago {
namespace {

constexpr std::int64_t kMaxPublishedRows = 10'000;

std::optional<double> parse_number(std::string_view text) {
  double number = 0;
  auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = status == std::errc() && end == text.data() + text.size();
  if (!is_whole || !std::isfinite(number)) return std::nullopt;
  return number;
}

// The table's columns: rates and their errors in per cent, the gap and its error in points.
constexpr std::array<std::string_view, 10> kPublishedColumns = {
    "row", "name", "faking", "faking_se", "more", "more_se", "less", "less_se", "gap", "gap_se"};

std::map<std::int64_t, PublishedRow> read_published_file(const BesideFile& file,
                                                         const std::string& source) {
  CsvTable table = parse_csv(file.bytes, file.where);
  auto error = [&](std::size_t line, std::string_view message) {
    return Error(ErrorCode::invalid, fmt::format("{}:{}: {}", file.where, line, message),
                 fmt::format("The columns are {}.", fmt::join(kPublishedColumns, ", ")));
  };
  if (!std::ranges::equal(table.header, kPublishedColumns)) {
    throw error(1, fmt::format("expected other columns, found {:.200}",
                               fmt::format("{}", fmt::join(table.header, ", "))));
  }
  std::map<std::int64_t, PublishedRow> rows;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const std::size_t line = table.lines[i];
    const std::vector<std::string>& fields = table.rows[i];
    auto number = [&](std::size_t column, double unit) {
      const std::optional<double> value = parse_number(fields[column]);
      // Only the gap may be negative.
      const double least = kPublishedColumns[column] == "gap" ? -100 : 0;
      if (!value || !(*value >= least && *value <= 100)) {
        throw error(line, fmt::format("{}: expected a number within 100, found \"{:.50}\"",
                                      kPublishedColumns[column], fields[column]));
      }
      return *value / unit;
    };
    constexpr double kPerCent = 100;
    const std::optional<double> at = parse_number(fields[0]);
    if (!at || *at < 1 || *at > kMaxPublishedRows || *at != std::floor(*at)) {
      throw error(line, fmt::format("row: expected its number, found \"{:.50}\"", fields[0]));
    }
    const auto row = static_cast<int>(*at);
    if (rows.contains(row)) throw error(line, fmt::format("row: {} is given twice", row));
    rows[row] = {.source = source,
                 .row = row,
                 .name = fields[1],
                 .faking_reasoning = number(2, kPerCent),
                 .faking_reasoning_se = number(3, kPerCent),
                 .more = number(4, kPerCent),
                 .more_se = number(5, kPerCent),
                 .less = number(6, kPerCent),
                 .less_se = number(7, kPerCent),
                 .gap_points = number(8, 1),
                 .gap_se = number(9, 1)};
  }
  return rows;
}

}  // namespace

PublishedTable read_published(TomlReader& file) {
  std::optional<TomlReader> table = file.table("published");
  if (!table) return {};
  PublishedTable published{.source = table->required_text("source"),
                           .file = required_name(*table, "file"),
                           .channel = table->required_text("channel"),
                           .rows = table->integer_map("rows", 1, kMaxPublishedRows),
                           .line = table->line()};
  table->finish();
  return published;
}

PublishedRows published_rows(const PublishedTable& table, const ReadBeside& read,
                             std::string_view where) {
  PublishedRows published{.channel = table.channel};
  if (table.file.empty()) return published;
  const std::map<std::int64_t, PublishedRow> rows =
      read_published_file(read(table.file), table.source);
  for (const auto& [wording, number] : table.rows) {
    auto row = rows.find(number);
    if (row == rows.end()) {
      throw Error(ErrorCode::invalid,
                  fmt::format("{}:{}: published: {} has no row {} for the wording \"{:.200}\"",
                              where, table.line, table.file, number, wording),
                  "The number is that of the column \"row\".");
    }
    published.rows[wording] = row->second;
  }
  return published;
}

}  // namespace iago
