// Queries: what users ask the subject, as one JSON object a line or as CSV in the columns of the
// published sets. The formats are docs/study-format.md.
//
// A query set is hostile input (sets are downloaded): size, count and length are limited, every
// error names the file and the line.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <vector>

#include "record/query.h"

namespace iago {

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

// The queries of a CSV file (RFC 4180, with a header), in its order. The text's column is the first
// that there is of Behavior (HarmBench), goal (AdvBench), forbidden_prompt, prompt (StrongREJECT)
// and text; the id's BehaviorID or id, and without one the id is derived from the text alone, so
// that it survives a reordering; the topic's SemanticCategory, category or topic. HarmBench's
// ContextString stands before the text. Every other column is a label. Errors as above; and a
// record that has not the header's number of fields, a column twice, no column for the text, a
// quote out of place or never closed.
std::vector<Query> parse_csv_queries(std::string_view csv, std::string_view where,
                                     const QueryLimits& limits = {});

// From a file, as CSV if its name ends in .csv, in whatever case, else as JSON lines. Error
// not_found if there is none.
std::vector<Query> load_queries(const std::filesystem::path& file, const QueryLimits& limits = {});

// The same with the line on which each begins.
struct PlacedQueries {
  std::vector<Query> queries;
  std::vector<std::size_t> lines;
};
PlacedQueries load_placed_queries(const std::filesystem::path& file,
                                  const QueryLimits& limits = {});

}  // namespace iago
