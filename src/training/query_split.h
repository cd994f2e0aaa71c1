// Which of a study's queries are trained on, and which are held out to evaluate by. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "study/query.h"

namespace iago {

struct QuerySplit {
  std::vector<Query> trained, held_out;  // each in the set's order
  std::string words;                     // how they were parted, for training.json
};

// Shuffles the queries by the stream (seed, "held-out queries") and holds out the first of them.
// The split depends on the seed and the queries alone, never on the training's seeds: all of them
// are evaluated by the same queries. Error invalid unless at least one query is left on each side.
QuerySplit split_queries(const std::vector<Query>& queries, std::size_t held_out,
                         std::uint64_t seed);

}  // namespace iago
