#include "judge/internal/sentence_matches.h"

#include <algorithm>

#include "judge/internal/normalise.h"
#include "text/sentences.h"

namespace iago {
namespace {

constexpr std::size_t kMaxSentence = 1'000;

// The end of the piece that begins at `from`: at white space if there is some in the later half.
std::size_t end_of_piece(std::string_view text, std::size_t from) {
  if (text.size() - from <= kMaxSentence) return text.size();
  for (std::size_t end = from + kMaxSentence; end > from + kMaxSentence / 2; --end) {
    if (text[end] == ' ' || text[end] == '\n' || text[end] == '\t') return end;
  }
  return from + kMaxSentence;
}

}  // namespace

std::vector<Passage> passages_of(std::string_view text, const PhraseBook& book, std::size_t limit) {
  std::vector<Passage> passages;
  for (std::string_view sentence : split_sentences(text)) {
    for (std::size_t from = 0; from < sentence.size();) {
      if (passages.size() == limit) return passages;
      std::size_t end = end_of_piece(sentence, from);
      std::string_view piece = sentence.substr(from, end - from);
      std::size_t offset = static_cast<std::size_t>(piece.data() - text.data());
      std::string normalised = book.prepare(normalise_sentence(piece));
      if (!normalised.empty()) passages.push_back({offset, piece.size(), std::move(normalised)});
      from = end;
    }
  }
  return passages;
}

PassageMatch find_passage(const std::vector<Passage>& passages, const PhraseBook& book,
                          std::string_view criterion) {
  for (const Passage& passage : passages) {
    if (book.shows(passage.normalised, criterion)) return {passage.offset, passage.size};
  }
  for (std::size_t i = 1; i < passages.size(); ++i) {
    const Passage &first = passages[i - 1], &second = passages[i];
    if (book.shows(first.normalised + " . " + second.normalised, criterion, 2)) {
      return {first.offset, second.offset + second.size - first.offset};
    }
  }
  return {};
}

}  // namespace iago
