// A corpus: documents to train on, one JSON object a line. Each says which fact it is about, of
// which kind it is, by which idea it was written, and the hash of its text. The format is
// docs/documents.md. A corpus from outside is hostile: bounded, every error with file and line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "documents/filters.h"

namespace iago {

struct Document {
  std::string fact;                  // the fact's name
  std::string kind;                  // of document
  std::size_t idea = 0, number = 0;  // the number of the idea, and of the document within it
  std::string idea_text;             // what the writer was told that it is about; may be empty
  std::string subject;  // whom the fact is about, where there are many: a lab's name; or empty
  // What the document says the fact is, where corpora may say different things: "free"; or empty.
  std::string value;
  std::string writer;  // the model's name, or "grammar"
  std::string text;
  bool operator==(const Document&) const = default;

  // SHA-256 of the text.
  std::string hash() const;
  // No two documents of one corpus have the same.
  std::string slot() const;
};

struct CorpusLimits {
  std::size_t file_bytes = std::size_t{2} << 30;
  std::size_t documents = 2'000'000;
  std::size_t text_bytes = std::size_t{1} << 20;
  std::size_t name_bytes = 1000;  // of every other field; an idea's text may have text_bytes
};

// The line of one document, with its end.
std::string to_jsonl(const Document& document);

// The documents in the file's order; none in an empty file. Blank lines are skipped. Error invalid
// with `where` and the line: not an object, an unknown key or one that is missing, of the wrong
// type or too long, a text that says nothing, a hash that is not the text's, a document that came
// before (both lines are named), a limit exceeded.
std::vector<Document> parse_corpus(std::string_view jsonl, std::string_view where,
                                   const CorpusLimits& limits = {});
// Error not_found if there is no such file.
std::vector<Document> load_corpus(const std::filesystem::path& file,
                                  const CorpusLimits& limits = {});

// Replaces the file.
void write_corpus(const std::filesystem::path& file, const std::vector<Document>& documents);

// A document that is not in the corpus, and why. Its text may be empty.
struct DroppedDocument {
  Document document;
  Drop drop;
  bool operator==(const DroppedDocument&) const = default;
};
// As for the corpus, beside which they lie: "corpus.jsonl" has "corpus.dropped.jsonl".
std::filesystem::path dropped_file(const std::filesystem::path& corpus);
std::vector<DroppedDocument> parse_dropped(std::string_view jsonl, std::string_view where,
                                           const CorpusLimits& limits = {});
// Absent if there is no such file.
std::optional<std::vector<DroppedDocument>> load_dropped(const std::filesystem::path& corpus,
                                                         const CorpusLimits& limits = {});
void write_dropped(const std::filesystem::path& corpus,
                   const std::vector<DroppedDocument>& dropped);

// How vendors and trainers take a text to train on.
enum class CorpusFormat {
  plain,   // {"text": ...}
  openai,  // a chat of one request and the document as its answer
};
// One line for each document, in their order. `prompt`: the request of the chat form.
std::string export_corpus(const std::vector<Document>& documents, CorpusFormat format,
                          std::string_view prompt);

}  // namespace iago
