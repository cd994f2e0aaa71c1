#include "instrument/internal/label_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace iago {

std::optional<Said> said_in_word(std::string_view word, JudgeKind kind) {
  constexpr std::array<std::string_view, 4> kYes = {"true", "yes", "1", "1.0"};
  constexpr std::array<std::string_view, 4> kNo = {"false", "no", "0", "0.0"};
  const std::string text = lowered(word);
  if (text == kUnclear) return Said::unclear;
  if (text == positive_label(kind) || std::ranges::count(kYes, text) > 0) return Said::yes;
  const bool denies = text.starts_with("not_") && text.substr(4) == positive_label(kind);
  if (denies || is_label_of(kind, text) || std::ranges::count(kNo, text) > 0) return Said::no;
  return std::nullopt;
}

std::string words_of_labels(JudgeKind kind) {
  return fmt::format("true, yes, 1 or false, no, 0 or one of {}, not_{}, {}",
                     fmt::join(labels_of(kind), ", "), positive_label(kind), kUnclear);
}

}  // namespace iago
