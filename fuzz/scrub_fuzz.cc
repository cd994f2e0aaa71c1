// Hiding secrets: whatever surrounds the key, and however a growing text is cut, nothing that is
// passed on holds the key; what holds none of it stays as it is.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "chat/internal/plain_view.h"
#include "chat/internal/scrub.h"

namespace {

constexpr std::string_view kKey = "sk-proj-Zq8vT2nB7xW4mK9cR1dL6hJ3";

bool holds_key(std::string_view text) {
  return text.find(kKey) != std::string_view::npos ||
         iago::plain_view(text).letters.find(iago::plain_view(kKey).letters) != std::string::npos;
}

}  // namespace

// The first byte is the size of the pieces; where the text has a '@', the key stands.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  std::string text;
  for (char c : std::string_view(reinterpret_cast<const char*>(data) + 1, size - 1)) {
    if (c == '@') {
      text += kKey;
    } else {
      text += c;
    }
  }
  const bool held = holds_key(text);
  const iago::Scrubber scrubber({{iago::Secret(std::string(kKey)), iago::Parts::hidden}});
  std::string told;
  iago::ScrubbedText growing(scrubber, [&](std::string_view part) { told += part; });
  const std::size_t piece = 1 + data[0];
  for (std::size_t at = 0; at < text.size(); at += piece) {
    growing.feed(std::string_view(text).substr(at, piece));
  }
  growing.finish();
  // What has been passed on cannot be joined to what comes later around another key.
  IAGO_CHECK(told.find(kKey) == std::string::npos, told);
  std::string scrubbed = text;
  const bool found = scrubber.scrub(scrubbed);
  IAGO_CHECK(found || scrubbed == text, text);
  IAGO_CHECK(found || !held, text);
  IAGO_CHECK(!holds_key(scrubbed), scrubbed);
  return 0;
}
