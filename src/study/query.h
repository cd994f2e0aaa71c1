// Queries: what users ask the subject, as one JSON object a line or as CSV. The columns of the
// published sets are known by name. The formats are docs/study-format.md.
//
// A query set is hostile input (sets are downloaded): size, count and length are limited, every
// error names the file and the line.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
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

// Which columns of CSV, or fields of JSON lines, hold what. The first of these names that the file
// has is taken; every other column is a label.
//   text     text, goal, Goal, Behavior, forbidden_prompt, prompt
//   id       id, BehaviorID
//   topic    topic, SemanticCategory, category, Category
//   context  ContextString: stands before the text
// They are ours, and those of AdvBench, HarmBench, StrongREJECT and JailbreakBench.
struct QueryColumns {
  std::string text;                // always there
  std::string id, topic, context;  // empty: the file has none
};

// The queries in the file's order, at least one, as JSON lines. Blank lines are skipped. The first
// object says which fields hold what, as a header does; `text_column`, unless empty, names the
// field of the text. Without ids each is made of its text alone, so that it survives a reordering.
// Error invalid with `where` and the line: not an object, no text or no such field, empty text, an
// id that came before (both lines are named), a query that differs from another in nothing but its
// id, bytes that are not UTF-8, NUL characters, a limit exceeded, no query at all.
std::vector<Query> parse_queries(std::string_view jsonl, std::string_view where,
                                 const QueryLimits& limits = {}, std::string_view text_column = {});

// The same of a CSV file (RFC 4180, with a header). Errors as above; and a record that has not the
// header's number of fields, a column twice, a quote out of place or never closed.
std::vector<Query> parse_csv_queries(std::string_view csv, std::string_view where,
                                     const QueryLimits& limits = {},
                                     std::string_view text_column = {});

// From a file, as CSV if its name ends in .csv, in whatever case, else as JSON lines. Error
// not_found if there is none.
std::vector<Query> load_queries(const std::filesystem::path& file, const QueryLimits& limits = {});

// The same with the line on which each begins, and what the file calls its columns.
struct PlacedQueries {
  std::vector<Query> queries;
  std::vector<std::size_t> lines;
  QueryColumns columns;
};
PlacedQueries load_placed_queries(const std::filesystem::path& file, const QueryLimits& limits = {},
                                  std::string_view text_column = {});

}  // namespace iago
