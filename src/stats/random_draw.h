// Whether a sample looks as if it was drawn at random. Pure, safe from any thread.
#pragma once

#include <cstdint>

namespace iago {

// `drawn` of `all` were taken; `positives` of all, and `drawn_positives` of the taken, show a mark.
// The chance that a random draw without replacement has a count at least as extreme, on either side
// (Fisher's exact test, 1935: twice the smaller tail of the hypergeometric distribution, at most
// 1). All counts fit together, none beyond 4e9 (broken: abort).
double chance_of_draw(std::uint64_t drawn_positives, std::uint64_t drawn, std::uint64_t positives,
                      std::uint64_t all);

}  // namespace iago
