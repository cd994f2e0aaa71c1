// tokenizer.json and a text, both from strangers: up to the first zero byte the file, then the
// text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "text/tokenizer.h"
#include "text/utf8.h"

namespace {

void encode_both_ways(const iago::Tokenizer& tokenizer, std::string_view text) {
  for (auto special : {iago::SpecialTokens::as_text, iago::SpecialTokens::parse}) {
    std::vector<iago::TokenId> ids = tokenizer.encode(text, special);
    iago::StreamDecoder decoder(tokenizer, iago::ControlTokens::keep);
    std::string whole;
    for (iago::TokenId id : ids) {
      if (special == iago::SpecialTokens::as_text && tokenizer.is_control(id)) std::abort();
      whole += decoder.push(id);
    }
    whole += decoder.finish();
    if (whole != tokenizer.decode(ids, iago::ControlTokens::keep)) std::abort();
    if (!iago::is_valid_utf8(whole)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::size_t end = bytes.find('\0');
  try {
    iago::Tokenizer tokenizer(bytes.substr(0, end), "fuzz");
    encode_both_ways(tokenizer, end == bytes.npos ? bytes : bytes.substr(end + 1));
  } catch (const iago::Error&) {
  }
  return 0;
}
