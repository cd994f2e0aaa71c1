// Facts files: whatever the bytes, facts that can be written and asked about, or an iago::Error.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "documents/facts.h"
#include "documents/filters.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const iago::FactsFile facts = iago::parse_facts(text, "fuzz.toml");
    IAGO_CHECK(!facts.facts.empty() && !facts.kinds.empty() && !facts.world.empty(), facts.name);
    IAGO_CHECK(facts.hash().size() == 64, facts.name);
    for (const iago::TaughtFact& fact : facts.facts) {
      IAGO_CHECK(facts.fact_named(fact.name) == &fact, fact.name);
      const auto found = iago::find_by_rules(fact.opposite, fact);
      IAGO_CHECK(!found || !found->why.empty(), fact.opposite);
    }
  } catch (const iago::Error& error) {
    IAGO_CHECK(!std::string_view(error.what()).empty(), "an error without a message");
  }
  return 0;
}
