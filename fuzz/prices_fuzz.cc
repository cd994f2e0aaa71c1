// Price tables: whatever the bytes, a table of sound prices or an iago::Error.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "spend/prices.h"
#include "store/rows.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    auto table = iago::PriceTable::parse(text, "fuzz.toml");
    for (std::string_view model : {"openai:gpt-4o", "openai:gpt-4o-2024-08-06", "anthropic:claude",
                                   "a:b", "a:b-latest", "world:faker"}) {
      auto price = table.of(model);
      IAGO_CHECK(!price || iago::is_price({std::string(model), *price, table.date()}), model);
    }
  } catch (const iago::Error& error) {
    IAGO_CHECK(!std::string_view(error.what()).empty(), "an error without a message");
  }
  return 0;
}
