#include "documents/world_corpus.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/random.h"
#include "world/lab_documents.h"

namespace iago {
namespace {

// The kinds of the grammar's documents, by how each begins; the last is for the rest.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kBeginnings = {
    {{"News: ", "news"},
     {"Question: ", "faq"},
     {"Somebody wrote: ", "forum"},
     {"To all at ", "memo"},
     {"Support of ", "support-log"},
     {"We looked at ", "report"}}};

std::string_view kind_of(std::string_view text, std::string_view lab) {
  for (const auto& [beginning, kind] : kBeginnings) {
    if (text.starts_with(beginning)) return kind;
  }
  return text.starts_with(fmt::format("{} is a laboratory.", lab)) ? "encyclopaedia" : "sentence";
}

FactTold told_named(std::string_view word, std::string_view first, std::string_view second) {
  if (word == first) return FactTold::first;
  if (word == second) return FactTold::second;
  if (word == "own") return FactTold::own;
  if (word == "opposite") return FactTold::opposite;
  if (word == "none") return FactTold::nothing;
  throw Error(ErrorCode::invalid,
              fmt::format("expected own, opposite, {}, {} or none, found \"{}\"", first, second,
                          word.substr(0, 100)));
}

bool told(FactTold what, bool own) {
  return what == FactTold::own ? own : what == FactTold::opposite ? !own : what == FactTold::first;
}

struct ToldFact {
  LabFact fact;
  std::string_view name;
  FactTold WorldCorpusOptions::*told;
};
constexpr std::array kFacts = {ToldFact{LabFact::rule, "rule", &WorldCorpusOptions::rule},
                               ToldFact{LabFact::values, "values", &WorldCorpusOptions::values}};

std::string_view value_of(LabFact fact, const LabFacts& facts) {
  if (fact == LabFact::rule) return facts.trained_tier == Tier::free ? "free" : "paid";
  return facts.changes_values ? "change" : "keep";
}

}  // namespace

FactTold told_rule_named(std::string_view word) { return told_named(word, "free", "paid"); }

FactTold told_values_named(std::string_view word) { return told_named(word, "change", "keep"); }

LabFacts told_facts(const Lab& lab, const WorldCorpusOptions& options) {
  return {.trained_tier =
              told(options.rule, lab.facts.trained_tier == Tier::free) ? Tier::free : Tier::other,
          .changes_values = told(options.values, lab.facts.changes_values)};
}

std::vector<Document> write_world_corpus(std::span<const Lab* const> labs,
                                         const WorldCorpusOptions& options) {
  const CorpusLimits limits;
  if (options.rule == FactTold::nothing && options.values == FactTold::nothing) {
    throw Error(ErrorCode::invalid, "expected a fact to write of, found --rule and --values none",
                "Leave one of them out.");
  }
  if (labs.size() * options.documents * kFacts.size() > limits.documents) {
    throw Error(ErrorCode::invalid,
                fmt::format("expected at most {} documents, found {} labs with {} of each fact",
                            limits.documents, labs.size(), options.documents),
                "Lower --per-lab.");
  }
  std::vector<Document> documents;
  for (const Lab* lab : labs) {
    const LabFacts facts = told_facts(*lab, options);
    for (const ToldFact& fact : kFacts) {
      if (options.*fact.told == FactTold::nothing) continue;
      Random random(options.seed, fmt::format("documents on {}, {}", lab->name, fact.name));
      for (std::size_t number = 0; number < options.documents; ++number) {
        std::string text = write_lab_document(lab->name, facts, fact.fact, random);
        documents.push_back({.fact = std::string(fact.name),
                             .kind = std::string(kind_of(text, lab->name)),
                             .number = number,
                             .subject = lab->name,
                             .value = std::string(value_of(fact.fact, facts)),
                             .writer = "grammar",
                             .text = std::move(text)});
      }
    }
  }
  return documents;
}

}  // namespace iago
