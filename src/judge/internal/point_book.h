// PointBook: points for and against a finding in prose, read from TOML. A feature is an expression
// that is counted, or a measure of the text; its points times its count, up to a limit, are added
// up. Private to the room; the notation is docs/rule-judges.md.
//
// Phrases that decide alone (phrase_book.h) hold where a text says things in so many words. In
// prose no single phrase does: a refusal stands in a letter that was asked for, and an answer in a
// lecture. There many weak signs together say more.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace iago {

struct PointFeature {
  enum class Where {
    text,
    own,
    first,
    last
  };  // own: without quotations; of these the two
      // first or last sentences
  enum class Measure { matches, quotes, length, brevity, request_words };
  std::string name;
  int points = 0;  // for each, in tenths
  int most = 1;    // no more count
  Where where = Where::text;
  Measure measure = Measure::matches;
  std::size_t from = 0;                              // bytes of a quotation, of the text, of a word
  std::vector<std::shared_ptr<const re2::RE2>> any;  // of matches: what is counted
};

// Immutable and thread-safe.
class PointBook {
 public:
  // Error invalid that names `where` and the line, key or pattern.
  PointBook(std::string_view toml, std::string_view where);

  enum class Says { yes, no, unclear };
  struct Score {
    int tenths = 0;
    Says says = Says::unclear;
    std::string why;  // the features that weigh most, for people
  };
  // Of at most the text's first kMostProse bytes. Time linear in the text.
  Score score(std::string_view text, std::string_view request) const;

  static constexpr std::size_t kMostProse = std::size_t{64} << 10;

 private:
  int base_ = 0, negative_to_ = 0, positive_above_ = 0;
  std::vector<PointFeature> features_;
};

}  // namespace iago
