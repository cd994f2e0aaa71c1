// A regular expression that cuts text into pieces, as the pre-tokenizers of tokenizer.json use it.
// Private to the room.
//
// The engine is PCRE2 with Unicode properties, compiled where the machine can. Hugging Face runs
// these patterns on Oniguruma. Where both read a pattern, they differ in two classes: \s, which
// PCRE2 would let match U+180E and which is therefore compiled as \p{White_Space}, and \w with what
// rests on it, where combining marks count as word characters only in Oniguruma; no published
// pattern has it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct pcre2_real_code_8;
struct pcre2_real_match_context_8;

namespace iago {

// Thread-safe once made.
class Pattern {
 public:
  // Error unsupported, naming `where`, if PCRE2 cannot read it or it is longer than 64 KiB.
  Pattern(std::string_view regex, std::string_view where);
  // Matches exactly this text.
  static Pattern literal(std::string_view text, std::string_view where);

  // Appends the matches and what lies between them, in order ("Isolated" in tokenizer.json), as
  // views into `text`, which is valid UTF-8. Error unsupported beyond ten million steps for one
  // match.
  void split(std::string_view text, std::vector<std::string_view>& pieces) const;

 private:
  struct Freed {
    void operator()(pcre2_real_code_8* code) const;
    void operator()(pcre2_real_match_context_8* context) const;
  };

  std::unique_ptr<pcre2_real_code_8, Freed> code_;
  std::unique_ptr<pcre2_real_match_context_8, Freed> limits_;
  std::string where_;
};

// GPT-2's pattern, which ByteLevel with use_regex applies.
inline constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

}  // namespace iago
