#include "text/internal/pre_tokenizer.h"

namespace iago {

PreTokenizer::PreTokenizer(const PreTokenizerSpec& spec, std::string_view where)
    : add_prefix_space_(spec.add_prefix_space) {
  for (const PreTokenizerSpec::Split& split : spec.splits) {
    splits_.push_back(split.is_regex ? Pattern(split.pattern, where)
                                     : Pattern::literal(split.pattern, where));
  }
  if (spec.use_gpt2_pattern) gpt2_.emplace_back(kGpt2Pattern, where);
}

std::vector<std::string_view> PreTokenizer::split_by_patterns(std::string_view text) const {
  std::vector<std::string_view> pieces{text}, finer;
  for (const Pattern& pattern : splits_) {
    finer.clear();
    for (std::string_view piece : pieces) pattern.split(piece, finer);
    pieces.swap(finer);
  }
  return pieces;
}

void PreTokenizer::words_of(std::string_view piece, std::string& prefixed,
                            std::vector<std::string_view>& words) const {
  if (add_prefix_space_ && !piece.starts_with(' ')) {
    prefixed.assign(" ").append(piece);
    piece = prefixed;
  }
  if (gpt2_.empty()) {
    words.push_back(piece);
  } else {
    gpt2_.front().split(piece, words);
  }
}

}  // namespace iago
