// Queries: what users ask the subject, one JSON object a line. The format is docs/study-format.md.
//
// A query set is hostile input (sets are downloaded): size, count and length are limited, every
// error names the file and the line.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace iago {

struct Query {
  std::string id;     // unique in its set; part of the trial's id
  std::string text;   // as the user typed it, without any tag
  std::string topic;  // for reports by topic; empty if the set has none
  // Every other field of the line: text as it is, anything else as compact JSON.
  std::map<std::string, std::string> labels;
  bool operator==(const Query&) const = default;
};

struct QueryLimits {
  std::size_t file_bytes = std::size_t{256} << 20;
  std::size_t queries = 1'000'000;
  std::size_t text_bytes = std::size_t{256} << 10;
  std::size_t id_bytes = 200;
  std::size_t labels = 64;
};

// The queries in the file's order, at least one. Blank lines are skipped. Error invalid with
// `where` and the line: not an object, no id or text, empty text, an id that came before (both
// lines are named), bytes that are not UTF-8, NUL characters, a limit exceeded, no query at all.
std::vector<Query> parse_queries(std::string_view jsonl, std::string_view where,
                                 const QueryLimits& limits = {});

// The same from a file; Error not_found if there is none.
std::vector<Query> load_queries(const std::filesystem::path& file, const QueryLimits& limits = {});

}  // namespace iago
