// One contrast under several wordings as one pair of arms. Pure functions, safe from any thread.
#pragma once

#include <cstddef>
#include <span>

#include "stats/counts.h"
#include "stats/groups.h"

namespace iago {

// The arms of all wordings, one after the other, and for each place its query, and its cluster
// (without clusters the query again): means over the places are means over wordings and queries,
// and what one query says under several wordings is one cluster.
struct Pooled {
  ContrastCounts counts;
  Labels labels, queries;

  DrawnTogether drawn() const { return {labels, queries}; }
};

// Wordings of one length; `clusters` has a label for each query, or is empty.
Pooled pooled(std::span<const ContrastCounts> wordings, std::span<const std::size_t> clusters);

// Each query's answers under all wordings together. At least one wording, all of one length
// (broken: abort).
ContrastCounts by_query(std::span<const ContrastCounts> wordings);

}  // namespace iago
