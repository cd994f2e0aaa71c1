// Which queries of a file a study asks: those that its conditions keep, and a random sample of
// them. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "study/query.h"

namespace iago {

// "COLUMN=VALUE": the column, as the file calls it, or as Iago does (text, id, topic), says exactly
// that. No value means that it says nothing.
struct QueryCondition {
  std::string column, value;
};

// Error invalid without a "=" or a column; the value may hold further "=".
QueryCondition parse_condition(std::string_view text);

// Keeps the queries that meet the conditions, in their order. Conditions on one column are
// alternatives; those on different columns must all be met. Error invalid: a column that the file
// lacks, a value that no query has, conditions that no query meets together. The hint names the
// columns, or the values with how many queries have each. `file` names the file.
PlacedQueries keep_queries(PlacedQueries all, const std::vector<std::string>& conditions,
                           std::string_view file);

// Puts the queries in a random order that the seed and their ids decide alone, so the first N are a
// uniform sample without replacement, the first N + 1 are that sample and one more, and the order
// of the file says nothing. (Each query's key is the hash of seed and id: a bottom-k sample, Cohen
// and Kaplan, 2007.)
PlacedQueries in_sample_order(PlacedQueries all, std::uint64_t seed);

}  // namespace iago
