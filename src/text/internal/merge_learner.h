// Learning byte-pair merges from counted words. Private to the room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "text/internal/byte_pairs.h"

namespace iago {

using WordCounts = std::unordered_map<std::string, std::uint64_t>;

// What was learned. Tokens 0 to 255 are the bytes.
struct LearnedMerges {
  std::vector<std::string> tokens;  // by id, as bytes; distinct
  std::vector<Merge> merges;        // by rank
};

// Merges the most frequent pair, again and again, until there are `tokens` tokens or no pair is met
// `min_frequency` times. Of equally frequent pairs the one with the lower left id goes first, then
// the lower right id. Every step costs only the words that hold the pair.
LearnedMerges learn_merges(const WordCounts& counts, std::size_t tokens,
                           std::uint64_t min_frequency);

}  // namespace iago
