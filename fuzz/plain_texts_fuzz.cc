// Ordinary texts for a training: whatever the bytes, texts that say something, or an iago::Error.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "documents/plain_texts.h"

namespace {

void read_as(std::string_view content, iago::PlainTextFormat format) {
  try {
    for (const std::string& text : iago::parse_plain_texts(content, format, "fuzz")) {
      IAGO_CHECK(!text.empty() && text.size() <= iago::PlainTextLimits().text_bytes, text);
    }
  } catch (const iago::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  read_as(content, iago::PlainTextFormat::json_lines);
  read_as(content, iago::PlainTextFormat::paragraphs);
  return 0;
}
