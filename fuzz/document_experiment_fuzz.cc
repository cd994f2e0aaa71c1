// experiment.json of an experiment on documents: whatever the bytes, figures that can be shown and
// that are read back as they were written, or an iago::Error.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "figures/document_experiment.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto figures =
        iago::document_experiment_of(iago::parse_json(text, "fuzz.json"), "fuzz.json");
    const iago::Json written = to_json(figures);
    IAGO_CHECK(to_json(iago::document_experiment_of(written, "again.json")) == written, text);
    terminal_table(figures);
    markdown_table(figures);
  } catch (const iago::Error& error) {
    IAGO_CHECK(!std::string_view(error.what()).empty(), "an error without a message");
  }
  return 0;
}
