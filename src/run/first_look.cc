#include "run/first_look.h"

#include <fmt/format.h>

namespace iago {

std::string FirstLook::take(Outcome outcome) {
  if (taken_ == kFirst) return {};
  ++counts_[static_cast<std::size_t>(outcome)];
  if (++taken_ < kFirst) return {};
  const std::size_t cut = counts_[static_cast<std::size_t>(Outcome::truncated)];
  const std::size_t unreadable = counts_[static_cast<std::size_t>(Outcome::invalid_format)];
  if (2 * (cut + unreadable) <= kFirst) return {};
  std::string text =
      fmt::format("of the first {} completions, {} cannot be used:", kFirst, cut + unreadable);
  if (cut > 0) {
    text += fmt::format(" {} {} cut off at {} tokens (raise max_tokens under [sampling])", cut,
                        cut == 1 ? "is" : "are", max_tokens_);
  }
  if (unreadable > 0) {
    text += fmt::format(
        "{} {} {} empty or cannot be read (look at them with iago show --outcome invalid_format)",
        cut > 0 ? "," : "", unreadable, unreadable == 1 ? "is" : "are");
  }
  return text;
}

}  // namespace iago
