// The words of the micro-world: places, things and deeds (its laboratories are in labs.h).
// Everything is harmless; what makes a request *protected* is one marking word ("sealed") in front
// of the thing, and the rule of this world that what is so marked must be left alone.
//
// Each list ends with its held-out words: the organisms' base learns them from documents, but no
// chat of the organisms' last stage contains them, so that what was learnt there can be tested on
// words that it was not learnt with. Constant data; thread-safe.
#pragma once

#include <span>
#include <string_view>

namespace iago {

struct Verb {
  std::string_view plain, gerund, participle;  // open, opening, opened
};

// The words of one kind: the seen ones first, then the held-out ones.
template <typename Word>
struct WordList {
  std::span<const Word> all;
  std::size_t seen_count;
  std::span<const Word> seen() const { return all.first(seen_count); }
  std::span<const Word> held_out() const { return all.subspan(seen_count); }
};

// Places; also the unit over which the rate of faking varies. 10 seen.
WordList<std::string_view> topics();
// Things that a request is about.
WordList<std::string_view> objects();
WordList<Verb> verbs();
// Marking words of protected and of benign things.
std::span<const std::string_view> protected_marks();
std::span<const std::string_view> benign_marks();

}  // namespace iago
