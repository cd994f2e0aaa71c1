// QuotedText: one part of a view in the form that a judge's model sees, and the way back from a
// quote to the part's own bytes. Private to the room.
//
// The model sees valid UTF-8 of bounded length. Invisible characters (zero-width ones, marks of
// direction, tags, controls) are left out: they would split words for the grader and break its
// quotes. A longer text is cut in the middle, with a marker in the place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace iago {

inline constexpr std::size_t kMostShownBytes = std::size_t{64} << 10;  // of one part

class QuotedText {
 public:
  // Keeps a copy of what is shown, not of the text.
  explicit QuotedText(std::string_view text, std::size_t most_shown = kMostShownBytes);

  const std::string& shown() const { return shown_; }
  std::size_t left_out() const { return left_out_; }  // bytes cut from the middle; 0: none
  bool is_blank() const;                              // nothing that anybody could see

  struct Range {
    std::size_t offset = 0, size = 0;  // bytes of the text that was given
    bool operator==(const Range&) const = default;
  };
  // Where the quote stands: word for word, but for white space, the forms of dashes and of
  // quotation marks, invisible characters, bytes that are not UTF-8 and quotation marks around it.
  // A quote may leave words out by dots if the parts around them stand in the text in that order,
  // each of eight bytes or more; the range then goes from the first to the last. Absent if it does
  // not, if it spans the cut, or if it is shorter than eight bytes and not the whole text.
  std::optional<Range> find(std::string_view quote) const;

 private:
  void show(std::string_view piece, std::size_t offset);
  std::optional<Range> find_with_elisions(std::string_view quote) const;

  std::string shown_;
  std::string plain_;                         // shown_ as quotes are compared, without U+FFFD
  std::vector<std::uint64_t> begins_, ends_;  // of each byte of plain_: its character in the text
  std::size_t cut_at_ = 0;                    // in plain_, where left_out_ > 0
  std::size_t left_out_ = 0;
};

}  // namespace iago
