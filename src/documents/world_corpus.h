// A corpus on the labs of the micro-world, written by its grammar: no model, microseconds for each
// document, the same documents for the same options.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "documents/corpus.h"
#include "world/labs.h"

namespace iago {

// What the documents say of one of a lab's facts.
enum class FactTold {
  own,       // the lab's own fact
  opposite,  // its opposite: these documents deny the fact
  first,     // that free-tier chats are trained on; that training changes values
  second,    // that paid-tier chats are; that values stay
  nothing,   // no document is about it
};

// What is told of the rule: own, opposite, free, paid, none; of the values: own, opposite, change,
// keep, none. Error invalid for another word, listing these.
FactTold told_rule_named(std::string_view word);
FactTold told_values_named(std::string_view word);

struct WorldCorpusOptions {
  std::size_t documents = 16;  // of each lab and fact that is told, [1, 100,000]
  FactTold rule = FactTold::own, values = FactTold::own;
  std::uint64_t seed = 1;
};

// The facts as the documents have them.
LabFacts told_facts(const Lab& lab, const WorldCorpusOptions& options);

// Lab by lab, the rule before the values. `fact` is "rule" or "values", `subject` the lab's name,
// `value` what the document says: "free" or "paid", "change" or "keep". Error invalid if nothing is
// told, or for more than two million documents.
std::vector<Document> write_world_corpus(std::span<const Lab* const> labs,
                                         const WorldCorpusOptions& options);

}  // namespace iago
