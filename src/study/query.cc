#include "study/query.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace iago {
namespace {

constexpr std::size_t kJsonDepth = 16;

class QueryReader {
 public:
  QueryReader(std::string_view where, const QueryLimits& limits) : where_(where), limits_(limits) {}

  std::vector<Query> read(std::string_view jsonl) {
    if (jsonl.size() > limits_.file_bytes) {
      throw Error(ErrorCode::invalid, fmt::format("{}: {} bytes, at most {} are read", where_,
                                                  jsonl.size(), limits_.file_bytes));
    }
    if (jsonl.starts_with("\xEF\xBB\xBF")) jsonl.remove_prefix(3);
    for (std::size_t start = 0; start < jsonl.size();) {
      std::size_t end = std::min(jsonl.find('\n', start), jsonl.size());
      ++line_;
      read_line(jsonl.substr(start, end - start));
      start = end + 1;
    }
    if (queries_.empty()) {
      throw Error(
          ErrorCode::invalid, fmt::format("{}: expected at least one query, found none", where_),
          "One JSON object a line: {\"id\": \"q1\", \"text\": \"...\", \"topic\": \"...\"}");
    }
    return std::move(queries_);
  }

 private:
  Error error(std::string_view message, std::string hint = {}) const {
    return Error(ErrorCode::invalid, fmt::format("{}:{}: {}", where_, line_, message),
                 std::move(hint));
  }

  void read_line(std::string_view line) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
    if (line.find('\0') != std::string_view::npos) {
      throw error("expected text, found a NUL byte", "Save the file as plain UTF-8 text.");
    }
    if (queries_.size() == limits_.queries) {
      throw error(fmt::format("more than {} queries", limits_.queries));
    }
    // A line holds the text (each byte at most six as \u00XX) and a few labels.
    JsonLimits json_limits{.bytes = 8 * limits_.text_bytes, .depth = kJsonDepth};
    Json object = parse_json(line, fmt::format("{}:{}", where_, line_), json_limits);
    if (!object.is_object()) {
      throw error(fmt::format("expected an object, found {}", object.type_name()));
    }
    Query query;
    for (const auto& [key, value] : object.items()) read_field(key, value, query);
    check(query);
    queries_.push_back(std::move(query));
  }

  void read_field(const std::string& key, const Json& value, Query& query) {
    std::string* field = key == "id"      ? &query.id
                         : key == "text"  ? &query.text
                         : key == "topic" ? &query.topic
                                          : nullptr;
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

  void check(const Query& query) {
    if (query.id.empty()) throw error("id: expected a text, found none");
    if (query.id.size() > limits_.id_bytes) {
      throw error(
          fmt::format("id: {} bytes, at most {} are read", query.id.size(), limits_.id_bytes));
    }
    if (query.text.find_first_not_of(" \t\r\n") == std::string::npos) {
      throw error("text: expected the query's text, found none");
    }
    if (query.text.size() > limits_.text_bytes) {
      throw error(fmt::format("text: {} bytes, at most {} are read", query.text.size(),
                              limits_.text_bytes));
    }
    auto [first, is_new] = lines_.emplace(query.id, line_);
    if (!is_new) {
      throw error(fmt::format("id: \"{}\" already stands on line {}", query.id, first->second),
                  "Ids tell trials apart: give each query its own.");
    }
  }

  std::string_view where_;
  const QueryLimits& limits_;
  std::vector<Query> queries_;
  std::unordered_map<std::string, std::size_t> lines_;  // id -> line
  std::size_t line_ = 0;
};

}  // namespace

std::vector<Query> parse_queries(std::string_view jsonl, std::string_view where,
                                 const QueryLimits& limits) {
  return QueryReader(where, limits).read(jsonl);
}

std::vector<Query> load_queries(const std::filesystem::path& file, const QueryLimits& limits) {
  return parse_queries(read_file(file, limits.file_bytes), file.string(), limits);
}

}  // namespace iago
