// Any bytes as a completion; the first byte says what is expected of it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "text/scratchpad.h"
#include "text/sentences.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  iago::ExpectedForm expected{.scratchpad = (data[0] & 1) != 0, .ended = (data[0] & 2) != 0};
  iago::ParsedCompletion parsed = iago::parse_completion(text, expected);
  bool is_invalid = parsed.form == iago::Form::invalid;
  if (parsed.output.empty() != is_invalid || parsed.rule.empty()) std::abort();
  if (text.find(parsed.output) == text.npos) std::abort();
  for (std::string_view sentence : iago::split_sentences(text)) {
    if (sentence.empty() || sentence.data() < text.data()) std::abort();
  }
  return 0;
}
