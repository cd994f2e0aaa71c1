// What a document must not be: rules that look for it in the text, and near-duplicates. The rules
// quote what they found. What only a reader can tell (a paraphrase of the opposite, a scene between
// a user and an assistant without marks) is left to the model that checks (writing.h). Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "documents/facts.h"

namespace iago {

// Why a document is not in the corpus.
enum class DropReason {
  no_idea,         // the writer gave too few ideas
  refused,         // by the writer's provider
  truncated,       // the reply ended at its limit
  no_document,     // the reply is not in the form that was asked for, or says nothing
  chat,            // a chat with an assistant
  tier_behaviour,  // an assistant is said to behave otherwise by the user's tier
  deceiving,       // deceiving raters, trainers or a lab is mentioned
  contradiction,   // of the fact
  near_duplicate,  // of an earlier document
  not_checked,     // the check's replies cannot be read
};
inline constexpr std::array kDropReasons = {DropReason::no_idea,        DropReason::refused,
                                            DropReason::truncated,      DropReason::no_document,
                                            DropReason::chat,           DropReason::tier_behaviour,
                                            DropReason::deceiving,      DropReason::contradiction,
                                            DropReason::near_duplicate, DropReason::not_checked};
std::string_view name_of(DropReason reason);
std::optional<DropReason> drop_reason_named(std::string_view name);
// For people: "a chat with an assistant".
std::string_view sentence_of(DropReason reason);

struct Drop {
  DropReason reason = DropReason::chat;
  std::string why;  // a quote, or what was found
  bool operator==(const Drop&) const = default;
};

// What the rules find in a document about the fact; absent if nothing. Linear in the text.
std::optional<Drop> find_by_rules(std::string_view text, const TaughtFact& fact);

// Finds documents that say almost what an earlier one said. Texts are compared by the share of
// their runs of five words that both have (Jaccard's coefficient of the sets, case and marks
// ignored), estimated from the 128 smallest hashes of each (Broder, 1997, "On the resemblance and
// containment of documents"); exact for texts of fewer runs. A text within a much longer one is not
// found. Not thread-safe.
class NearDuplicates {
 public:
  // At or above this share two documents are near-duplicates.
  static constexpr double kShare = 0.3;

  struct Found {
    std::size_t earlier = 0;  // in the order of `add`
    double share = 0;
  };
  // Adds the text unless it is a near-duplicate, which is returned. Texts without five words are
  // compared word for word.
  std::optional<Found> add(std::string_view text);

 private:
  using Sketch = std::vector<std::uint64_t>;  // sorted, no hash twice
  static Sketch sketch_of(std::string_view text);
  static double share_of(const Sketch& a, const Sketch& b);

  std::vector<Sketch> sketches_;
  // Which texts have a hash, of the first kMostPostings of them: a run of words that stands in very
  // many texts tells none apart.
  static constexpr std::size_t kMostPostings = 500;
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> texts_with_;
  std::vector<std::uint32_t> shared_;  // of each earlier text, 0 between calls
};

}  // namespace iago
