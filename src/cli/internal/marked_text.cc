#include "cli/internal/marked_text.h"

#include <algorithm>

#include "text/printable.h"
#include "text/word_diff.h"

namespace iago {

std::string printable_lines(std::string_view text) {
  std::string shown;
  for (std::size_t end = 0; !text.empty(); text.remove_prefix(end)) {
    end = std::min(text.find_first_of(" \n"), text.size());
    if (end == 0) {
      shown += text[end++];
    } else {
      shown += printable(text.substr(0, end), text.size());
    }
  }
  return shown;
}

std::string marked_text(std::string_view text, std::string_view other, const Painter& paint) {
  std::string shown;
  for (const DiffSpan& span : marked_differences(text, other)) {
    const std::string words = printable_lines(span.text);
    shown += span.is_different ? paint.bold("[[" + words + "]]") : words;
  }
  return shown;
}

}  // namespace iago
