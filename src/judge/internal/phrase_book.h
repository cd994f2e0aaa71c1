// PhraseBook: rules over normalised sentences, read from TOML. A rule names the criterion that it
// shows, patterns of which any must match, and what forbids a match. Concepts (named alternations)
// keep the patterns short and general. Private to the room; the notation is docs/rule-judges.md.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace iago {

struct PhraseRule {
  using Regex = std::shared_ptr<const re2::RE2>;
  std::string criterion;
  int sentences = 1;          // 1, or 2 neighbours joined by " . "
  Regex needs;                // must occur for any to be tried, to save time; may be null
  std::vector<Regex> any;     // one must match
  Regex not_inside;           // must not occur in a capturing group of the match; may be null
  Regex not_after;            // must not end where the match begins; may be null
  Regex not_before;           // must not begin where the match ends; may be null
  std::vector<Regex> unless;  // none may occur anywhere
};

// Immutable and thread-safe.
class PhraseBook {
 public:
  // Error invalid that names `where` and the line, key or pattern.
  PhraseBook(std::string_view toml, std::string_view where);

  // True if a rule of the criterion for so many sentences holds. Time linear in the text.
  bool shows(std::string_view normalised, std::string_view criterion, int sentences = 1) const;
  // Text with the neutral phrases masked, which `shows` expects.
  std::string prepare(std::string normalised) const;

 private:
  std::vector<PhraseRule> rules_;
  PhraseRule::Regex neutral_;  // may be null
};

}  // namespace iago
