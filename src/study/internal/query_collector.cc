#include "study/internal/query_collector.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "study/internal/query_columns.h"

namespace iago {
namespace {

constexpr std::size_t kIdDigits = 16;

}  // namespace

QueryCollector::QueryCollector(std::string_view where, const QueryLimits& limits,
                               std::size_t file_bytes)
    : where_(where), limits_(limits) {
  if (file_bytes <= limits.file_bytes) return;
  throw Error(ErrorCode::invalid, fmt::format("{}: {} bytes, at most {} are read", where,
                                              file_bytes, limits.file_bytes));
}

Error QueryCollector::error(std::size_t line, std::string_view message, std::string hint) const {
  return Error(ErrorCode::invalid, fmt::format("{}:{}: {}", where_, line, message),
               std::move(hint));
}

void QueryCollector::expect_room(std::size_t line) const {
  if (read_.queries.size() < limits_.queries) return;
  throw error(line, fmt::format("more than {} queries", limits_.queries));
}

void QueryCollector::set_columns(const std::vector<std::string>& names,
                                 std::string_view text_column, std::size_t line) {
  try {
    read_.columns = columns_among(names, text_column);
  } catch (const Error& found) {
    throw error(line, found.what(), found.hint());
  }
}

void QueryCollector::add(Query query, std::string_view context, std::size_t line) {
  expect_room(line);
  if (!context.empty() && !query.text.empty()) {
    query.text = fmt::format("{}\n\n---\n\n{}", context, query.text);
  }
  if (columns().id.empty()) query.id = "text-" + sha256_hex(query.text).substr(0, kIdDigits);
  check(query, line);
  check_is_new(query, line);
  read_.queries.push_back(std::move(query));
  read_.lines.push_back(line);
}

void QueryCollector::check_is_new(const Query& query, std::size_t line) {
  const auto [first, is_new_id] = lines_.emplace(query.id, line);
  if (!is_new_id && columns().id.empty()) {
    throw error(line, fmt::format("text: the same text is already on line {}", first->second),
                "Remove one of them, or give each an id in a column id.");
  }
  if (!is_new_id) {
    throw error(line, fmt::format("id: \"{}\" is already on line {}", query.id, first->second),
                "Ids distinguish trials: give each query its own.");
  }
  Hasher content;
  content.field(query.text).field(query.topic);
  for (const auto& [name, value] : query.labels) content.field(name).field(value);
  const auto [same, is_new] = contents_.emplace(content.hex(), line);
  if (is_new) return;
  throw error(
      line,
      fmt::format("text: the same text is already on line {}, with the same labels", same->second),
      "A query that is asked twice counts twice as evidence: remove one of them.");
}

void QueryCollector::check(const Query& query, std::size_t line) const {
  constexpr const char* kNeeded = "Each query needs an id and a text.";
  if (query.id.empty()) throw error(line, "id: expected a text, found none", kNeeded);
  if (query.id.size() > limits_.id_bytes) {
    throw error(
        line, fmt::format("id: {} bytes, at most {} are read", query.id.size(), limits_.id_bytes));
  }
  if (query.text.find_first_not_of(" \t\r\n") == std::string::npos) {
    throw error(line, "text: expected the query's text, found none", kNeeded);
  }
  if (query.text.size() > limits_.text_bytes) {
    throw error(line, fmt::format("text: {} bytes, at most {} are read", query.text.size(),
                                  limits_.text_bytes));
  }
}

PlacedQueries QueryCollector::finish(std::string hint) {
  if (read_.queries.empty()) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: expected at least one query, found none", where_),
                std::move(hint));
  }
  return std::move(read_);
}

}  // namespace iago
