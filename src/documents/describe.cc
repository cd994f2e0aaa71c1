#include "documents/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace iago {
namespace {

std::uint64_t words_in(std::string_view text) {
  std::uint64_t words = 0;
  bool within = false;
  for (char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    words += !space && !within;
    within = !space;
  }
  return words;
}

CorpusFact& fact_in(std::vector<CorpusFact>& facts, const std::string& name) {
  auto found = std::ranges::find(facts, name, &CorpusFact::fact);
  if (found != facts.end()) return *found;
  return facts.emplace_back(CorpusFact{.fact = name});
}

void count_documents(const std::vector<Document>& documents, CorpusFigures& figures) {
  std::set<std::string> texts, subjects;
  for (const Document& document : documents) {
    const std::uint64_t words = words_in(document.text);
    ++figures.documents, figures.words += words, figures.bytes += document.text.size();
    figures.same_text += !texts.insert(document.hash()).second;
    CorpusFact& fact = fact_in(figures.facts, document.fact);
    ++fact.documents, fact.words += words, ++fact.kinds[document.kind];
    if (!document.value.empty()) ++fact.values[document.value];
    if (document.subject.empty()) continue;
    fact.subjects += subjects.insert(document.fact + "\n" + document.subject).second;
  }
}

std::vector<DroppedFigure> count_dropped(const std::vector<DroppedDocument>& dropped,
                                         CorpusFigures& figures) {
  std::vector<DroppedFigure> counts;
  for (DropReason reason : kDropReasons) {
    DroppedFigure figure{.reason = std::string(name_of(reason)),
                         .meaning = std::string(sentence_of(reason))};
    for (const auto& [document, drop] : dropped) {
      if (drop.reason != reason) continue;
      if (figure.documents++ == 0) {
        figure.example =
            fmt::format("{}, {}, idea {}, number {}{}{}", document.fact, document.kind,
                        document.idea, document.number, drop.why.empty() ? "" : ": ", drop.why);
      }
    }
    if (figure.documents > 0) counts.push_back(std::move(figure));
  }
  for (const auto& [document, drop] : dropped) ++fact_in(figures.facts, document.fact).dropped;
  return counts;
}

// First of facts and kinds that none has shown yet.
std::vector<CorpusExample> pick_examples(const std::vector<Document>& documents,
                                         std::size_t count) {
  std::vector<CorpusExample> examples;
  std::set<std::string> facts, kinds;
  for (int round = 0; round < 2; ++round) {
    for (const Document& document : documents) {
      if (examples.size() >= count) return examples;
      const bool is_new_fact = facts.insert(document.fact).second;
      const bool is_new_kind = kinds.insert(document.kind).second;
      if (round == 0 ? !is_new_fact : !is_new_kind) continue;
      examples.push_back({document.fact, document.kind, document.text});
    }
    if (round == 0) {
      kinds.clear();
      for (const CorpusExample& example : examples) kinds.insert(example.kind);
    }
  }
  return examples;
}

}  // namespace

CorpusFigures describe_corpus(std::string file, const std::vector<Document>& documents,
                              const std::optional<std::vector<DroppedDocument>>& dropped,
                              std::size_t examples) {
  CorpusFigures figures{.file = std::move(file)};
  count_documents(documents, figures);
  if (dropped) figures.dropped = count_dropped(*dropped, figures);
  figures.examples = pick_examples(documents, examples);
  return figures;
}

}  // namespace iago
