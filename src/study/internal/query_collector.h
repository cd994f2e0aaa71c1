// What every format of query sets has in common: the rules for a single query, ids that are unique,
// a set that is not empty. Private to the room.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "study/query.h"

namespace iago {

class QueryCollector {
 public:
  // Borrows both, for errors and as the bounds. Error invalid for a file that is too large.
  QueryCollector(std::string_view where, const QueryLimits& limits, std::size_t file_bytes);

  // "FILE:LINE: message".
  Error error(std::size_t line, std::string_view message, std::string hint = {}) const;

  // Error invalid if the set is full: call it before reading the next one.
  void expect_room(std::size_t line) const;
  // What the file's columns are, from its header or first object, which stands on that line. Call
  // it before the first query is taken.
  void set_columns(const std::vector<std::string>& names, std::string_view text_column,
                   std::size_t line);
  const QueryColumns& columns() const { return read_.columns; }
  // Takes the query that begins on this line. `context`, if any, is put before its text; a query of
  // a file without ids gets one.
  void add(Query query, std::string_view context, std::size_t line);
  // The queries in order, at least one; `hint` says what one looks like.
  PlacedQueries finish(std::string hint);

 private:
  void check(const Query& query, std::size_t line) const;
  void check_is_new(const Query& query, std::size_t line);

  std::string_view where_;
  const QueryLimits& limits_;
  PlacedQueries read_;
  std::unordered_map<std::string, std::size_t> lines_;     // id -> line
  std::unordered_map<std::string, std::size_t> contents_;  // hash of all but the id -> line
};

// The two formats, as query.h has them.
PlacedQueries read_jsonl_queries(std::string_view jsonl, std::string_view where,
                                 const QueryLimits& limits, std::string_view text_column);
PlacedQueries read_csv_queries(std::string_view csv, std::string_view where,
                               const QueryLimits& limits, std::string_view text_column);

}  // namespace iago
