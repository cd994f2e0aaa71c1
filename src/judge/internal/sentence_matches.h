// Where in a text a phrase book's criteria are met. Private to the room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "judge/internal/phrase_book.h"

namespace iago {

// A stretch of the text, one or two sentences, normalised.
struct Passage {
  std::size_t offset = 0, size = 0;  // bytes of the text
  std::string normalised;            // prepared for the book
};

// The sentences of a text, at most `limit` of them. Sentences beyond 1,000 bytes, which no one
// writes and every pattern would pay for, are read in pieces cut at white space.
std::vector<Passage> passages_of(std::string_view text, const PhraseBook& book,
                                 std::size_t limit = SIZE_MAX);

// The first passage that shows the criterion, alone or together with its successor; null quote size
// 0 if none does.
struct PassageMatch {
  std::size_t offset = 0, size = 0;
};
PassageMatch find_passage(const std::vector<Passage>& passages, const PhraseBook& book,
                          std::string_view criterion);

}  // namespace iago
