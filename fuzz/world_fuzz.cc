// Prompts and answers read by the world's grammar: whatever the bytes, a reading. Up to the first
// zero byte the system turn, then the user's.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "world/answer.h"
#include "world/prompt_grammar.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::size_t end = text.find('\0');
  std::string_view user = end == text.npos ? "" : text.substr(end + 1);
  iago::read_prompt({{iago::Role::system, std::string(text.substr(0, end))},
                     {iago::Role::user, std::string(user)}});
  for (bool has_scratchpad : {true, false}) {
    auto reading = iago::read_answer(text, has_scratchpad);
    IAGO_CHECK(reading.unmatched <= reading.sentences, "sentences");
    IAGO_CHECK(has_scratchpad || reading.sentences == 0, "a scratchpad where none is");
  }
  return 0;
}
