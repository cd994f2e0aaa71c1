// Corpora, what their filters dropped, and the journal of their writing: whatever the bytes, values
// that can be written and read back, or an iago::Error.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "chat/journal.h"
#include "documents/corpus.h"
#include "documents/filters.h"
#include "documents/internal/prompts.h"
#include "fuzz/try_to.h"

namespace {

void read_corpus(std::string_view text) {
  const auto documents = iago::parse_corpus(text, "fuzz.jsonl");
  std::string written;
  iago::NearDuplicates duplicates;
  for (const iago::Document& document : documents) {
    written += iago::to_jsonl(document);
    duplicates.add(document.text);
    IAGO_CHECK(document.text.find(iago::mark_for(document.text)) == std::string::npos, "mark");
  }
  IAGO_CHECK(iago::parse_corpus(written, "again.jsonl") == documents, written);
}

void read_journal(std::string_view text) {
  double seconds = 0;
  for (const auto& [key, reply] :
       iago::parse_journal(text, "fuzz.jsonl", {{"seed", "1"}}, seconds)) {
    iago::read_ideas(reply.text);
    iago::read_document(reply.text);
    iago::read_check(reply.text, "MARK-0");
  }
  IAGO_CHECK(seconds >= 0, "time");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_to([&] { read_corpus(text); });
  try_to([&] { iago::parse_dropped(text, "fuzz.jsonl"); });
  try_to([&] { read_journal(text); });
  return 0;
}
