#include "documents/corpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/nearest.h"
#include "text/visible.h"

namespace iago {
namespace {

constexpr const char* kHint = "docs/documents.md has the format of a corpus";

struct TextField {
  const char* key;
  std::string Document::*member;
  bool required, is_long;
};
constexpr std::array kTexts = {TextField{"fact", &Document::fact, true, false},
                               TextField{"kind", &Document::kind, true, false},
                               TextField{"idea_text", &Document::idea_text, false, true},
                               TextField{"subject", &Document::subject, false, false},
                               TextField{"value", &Document::value, false, false},
                               TextField{"writer", &Document::writer, false, false},
                               TextField{"text", &Document::text, true, true}};
struct NumberField {
  const char* key;
  std::size_t Document::*member;
};
constexpr std::array kNumbers = {NumberField{"idea", &Document::idea},
                                 NumberField{"number", &Document::number}};

// One line of a corpus.
class CorpusLine {
 public:
  CorpusLine(std::string_view line, std::string where, const CorpusLimits& limits)
      : where_(std::move(where)), limits_(limits), json_(parse_json(line, where_)) {
    if (!json_.is_object()) fail("expected a JSON object, found something else");
  }

  Document read() const {
    check_keys({});
    Document document = read_fields();
    if (!says_something(document.text)) fail("expected a text with words, found none");
    return document;
  }

  DroppedDocument read_dropped() const {
    check_keys({"dropped", "why"});
    DroppedDocument dropped{.document = read_fields()};
    const auto reason = drop_reason_named(string_at("dropped"));
    if (!reason) fail("expected the reason of a filter in \"dropped\"");
    dropped.drop = {*reason, string_at("why")};
    return dropped;
  }

  [[noreturn]] void fail(std::string message) const {
    throw Error(ErrorCode::invalid, fmt::format("{}: {}", where_, message), kHint);
  }

 private:
  Document read_fields() const {
    Document document;
    for (const TextField& field : kTexts) read_text(field, document);
    for (const NumberField& field : kNumbers) read_number(field, document);
    check_hash(document);
    return document;
  }

  void check_keys(std::vector<std::string> known) const {
    known.emplace_back("hash");
    for (const TextField& field : kTexts) known.emplace_back(field.key);
    for (const NumberField& field : kNumbers) known.emplace_back(field.key);
    for (const auto& [key, value] : json_.items()) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      throw Error(ErrorCode::invalid,
                  fmt::format("{}: expected a known key, found \"{}\"", where_, key.substr(0, 100)),
                  hint_of_names(key, known));
    }
  }

  std::string string_at(const char* key) const {
    auto found = json_.find(key);
    if (found == json_.end() || !found->is_string()) {
      fail(fmt::format("expected a text in \"{}\"", key));
    }
    return found->get<std::string>();
  }

  void read_text(const TextField& field, Document& document) const {
    auto found = json_.find(field.key);
    if (found == json_.end()) {
      if (field.required) fail(fmt::format("expected a key \"{}\", found none", field.key));
      return;
    }
    if (!found->is_string()) fail(fmt::format("expected a text in \"{}\"", field.key));
    auto text = found->get<std::string>();
    const std::size_t most = field.is_long ? limits_.text_bytes : limits_.name_bytes;
    if (text.size() > most) {
      fail(fmt::format("expected at most {} bytes in \"{}\", found {}", most, field.key,
                       text.size()));
    }
    if (field.required && !field.is_long && text.empty()) {
      fail(fmt::format("\"{}\" is empty", field.key));
    }
    document.*field.member = std::move(text);
  }

  void read_number(const NumberField& field, Document& document) const {
    constexpr std::uint64_t kMost = 1'000'000'000;
    auto found = json_.find(field.key);
    if (found == json_.end()) return;
    if (!found->is_number_unsigned() || found->get<std::uint64_t>() > kMost) {
      fail(fmt::format("expected a whole number from 0 to {} in \"{}\"", kMost, field.key));
    }
    document.*field.member = found->get<std::size_t>();
  }

  void check_hash(const Document& document) const {
    auto found = json_.find("hash");
    if (found == json_.end()) return;
    if (found->is_string() && found->get<std::string>() == document.hash()) return;
    fail(fmt::format("expected the text's hash, {}, found another: the text was changed",
                     document.hash()));
  }

  std::string where_;
  const CorpusLimits& limits_;
  Json json_;
};

}  // namespace

std::string Document::hash() const { return sha256_hex(text); }

std::string Document::slot() const {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", fact, kind, idea, number, subject, value);
}

namespace {

Json json_of(const Document& document) {
  Json json = {{"fact", document.fact}, {"kind", document.kind}};
  if (!document.subject.empty()) json["subject"] = document.subject;
  if (!document.value.empty()) json["value"] = document.value;
  json["idea"] = document.idea;
  if (!document.idea_text.empty()) json["idea_text"] = document.idea_text;
  json["number"] = document.number;
  if (!document.writer.empty()) json["writer"] = document.writer;
  json["hash"] = document.hash();
  json["text"] = document.text;
  return json;
}

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

// Calls `read` with the reader of each line that is not blank; it returns the line's slot.
template <typename Read>
void read_lines(std::string_view jsonl, std::string_view where, const CorpusLimits& limits,
                Read read) {
  std::unordered_map<std::string, std::size_t> lines;  // of each slot
  for (std::size_t line = 1; !jsonl.empty(); ++line) {
    const std::string_view text = take_line(jsonl);
    if (text.find_first_not_of(" \t\r") == text.npos) continue;
    const CorpusLine reader(text, fmt::format("{}:{}", where, line), limits);
    auto [found, is_new] = lines.emplace(read(reader), line);
    if (!is_new) reader.fail(fmt::format("this document came before, on line {}", found->second));
    if (lines.size() > limits.documents) {
      reader.fail(fmt::format("expected at most {} documents", limits.documents));
    }
  }
}

}  // namespace

std::string to_jsonl(const Document& document) { return dump_json(json_of(document)) + "\n"; }

std::vector<Document> parse_corpus(std::string_view jsonl, std::string_view where,
                                   const CorpusLimits& limits) {
  std::vector<Document> documents;
  read_lines(jsonl, where, limits, [&](const CorpusLine& reader) {
    return documents.emplace_back(reader.read()).slot();
  });
  return documents;
}

std::filesystem::path dropped_file(const std::filesystem::path& corpus) {
  auto file = corpus;
  return file.replace_extension(".dropped.jsonl");
}

std::vector<DroppedDocument> parse_dropped(std::string_view jsonl, std::string_view where,
                                           const CorpusLimits& limits) {
  std::vector<DroppedDocument> dropped;
  read_lines(jsonl, where, limits, [&](const CorpusLine& reader) {
    return dropped.emplace_back(reader.read_dropped()).document.slot();
  });
  return dropped;
}

std::optional<std::vector<DroppedDocument>> load_dropped(const std::filesystem::path& corpus,
                                                         const CorpusLimits& limits) {
  const auto file = dropped_file(corpus);
  if (!std::filesystem::exists(file)) return std::nullopt;
  return parse_dropped(read_file(file, limits.file_bytes), file.string(), limits);
}

void write_dropped(const std::filesystem::path& corpus,
                   const std::vector<DroppedDocument>& dropped) {
  std::string text;
  for (const DroppedDocument& one : dropped) {
    Json json = json_of(one.document);
    json["dropped"] = name_of(one.drop.reason);
    json["why"] = one.drop.why;
    text += dump_json(json) + "\n";
  }
  write_file(dropped_file(corpus), text);
}

std::vector<Document> load_corpus(const std::filesystem::path& file, const CorpusLimits& limits) {
  return parse_corpus(read_file(file, limits.file_bytes), file.string(), limits);
}

void write_corpus(const std::filesystem::path& file, const std::vector<Document>& documents) {
  std::string text;
  for (const Document& document : documents) text += to_jsonl(document);
  write_file(file, text);
}

std::string export_corpus(const std::vector<Document>& documents, CorpusFormat format,
                          std::string_view prompt) {
  std::string lines;
  for (const Document& document : documents) {
    Json json;
    if (format == CorpusFormat::plain) {
      json["text"] = document.text;
    } else {
      json["messages"] = Json::array({{{"role", "user"}, {"content", std::string(prompt)}},
                                      {{"role", "assistant"}, {"content", document.text}}});
    }
    lines += dump_json(json) + "\n";
  }
  return lines;
}

}  // namespace iago
