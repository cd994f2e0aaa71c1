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
    text += fmt::format(" {} are cut off at {} tokens (raise max_tokens under [sampling])", cut,
                        max_tokens_);
  }
  if (unreadable > 0) {
    text += fmt::format(
        "{} {} have tags that cannot be read (look at them with iago show; try "
        "another channel)",
        cut > 0 ? "," : "", unreadable);
  }
  return text;
}

}  // namespace iago
