// A corpus as figures to show.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "documents/corpus.h"
#include "figures/corpus.h"

namespace iago {

// `dropped` absent: not known. `examples`: how many documents to show, of as many facts and kinds
// as there are.
CorpusFigures describe_corpus(std::string file, const std::vector<Document>& documents,
                              const std::optional<std::vector<DroppedDocument>>& dropped,
                              std::size_t examples);

}  // namespace iago
