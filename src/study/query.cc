#include "study/query.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/ascii.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "study/internal/query_collector.h"
#include "study/internal/query_columns.h"

namespace iago {
namespace {

constexpr std::size_t kJsonDepth = 16;

class QueryReader {
 public:
  QueryReader(std::string_view where, const QueryLimits& limits, std::string_view text_column,
              std::size_t bytes)
      : where_(where),
        limits_(limits),
        text_column_(text_column),
        collector_(where, limits, bytes) {}

  PlacedQueries read(std::string_view jsonl) {
    if (jsonl.starts_with("\xEF\xBB\xBF")) jsonl.remove_prefix(3);
    for (std::size_t start = 0; start < jsonl.size();) {
      std::size_t end = std::min(jsonl.find('\n', start), jsonl.size());
      ++line_;
      read_line(jsonl.substr(start, end - start));
      start = end + 1;
    }
    return collector_.finish(
        "One JSON object a line: {\"id\": \"q1\", \"text\": \"...\", \"topic\": \"...\"}");
  }

 private:
  Error error(std::string_view message, std::string hint = {}) const {
    return collector_.error(line_, message, std::move(hint));
  }

  void read_line(std::string_view line) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
    if (line.find('\0') != std::string_view::npos) {
      throw error("expected text, found a NUL byte", "Save the file as plain UTF-8 text.");
    }
    collector_.expect_room(line_);
    // A line holds the text (each byte at most six as \u00XX) and a few labels.
    JsonLimits json_limits{.bytes = 8 * limits_.text_bytes, .depth = kJsonDepth};
    Json object = parse_json(line, fmt::format("{}:{}", where_, line_), json_limits);
    if (!object.is_object()) {
      throw error(fmt::format("expected an object, found {}", object.type_name()));
    }
    if (collector_.columns().text.empty()) set_columns(object);
    Query query;
    std::string context;
    for (const auto& [key, value] : object.items()) read_field(key, value, query, context);
    collector_.add(std::move(query), context, line_);
  }

  void set_columns(const Json& first) {
    std::vector<std::string> names;
    for (const auto& [key, value] : first.items()) names.push_back(key);
    collector_.set_columns(names, text_column_, line_);
  }

  void read_field(const std::string& key, const Json& value, Query& query, std::string& context) {
    std::string* field = field_of(key, collector_.columns(), query, context);
    if (value.is_null() && (!field || field == &context)) return;
    if (field && !value.is_string()) {
      throw error(fmt::format("{}: expected a text, found {}", key, value.type_name()),
                  "Put the value between quotes.");
    }
    if (!field && query.labels.size() == limits_.labels) {
      throw error(fmt::format("more than {} labels", limits_.labels));
    }
    std::string& target = field ? *field : query.labels[key];
    target = value.is_string() ? value.get<std::string>() : dump_json(value);
    if (target.find('\0') != std::string::npos) {
      throw error(fmt::format("{}: expected text, found a NUL character in it", key));
    }
  }

  std::string_view where_;
  const QueryLimits& limits_;
  std::string_view text_column_;
  QueryCollector collector_;
  std::size_t line_ = 0;
};

}  // namespace

PlacedQueries read_jsonl_queries(std::string_view jsonl, std::string_view where,
                                 const QueryLimits& limits, std::string_view text_column) {
  return QueryReader(where, limits, text_column, jsonl.size()).read(jsonl);
}

std::vector<Query> parse_queries(std::string_view jsonl, std::string_view where,
                                 const QueryLimits& limits, std::string_view text_column) {
  return read_jsonl_queries(jsonl, where, limits, text_column).queries;
}

PlacedQueries load_placed_queries(const std::filesystem::path& file, const QueryLimits& limits,
                                  std::string_view text_column) {
  const bool is_csv = lowered(file.extension().string()) == ".csv";
  return (is_csv ? read_csv_queries : read_jsonl_queries)(read_file(file, limits.file_bytes),
                                                          file.string(), limits, text_column);
}

std::vector<Query> load_queries(const std::filesystem::path& file, const QueryLimits& limits) {
  return load_placed_queries(file, limits).queries;
}

}  // namespace iago
