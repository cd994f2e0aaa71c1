// Facts: what a corpus of documents shall make a model believe, and the questions by which that is
// found out. Read from one TOML file; the format is docs/documents.md.
//
// A facts file is hostile input: small, every key known, every number in its range, each error with
// file, line, what was expected, what was found and what to do.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "documents/kinds.h"

namespace iago {

// One held-out question on a fact: no writer sees it. The two answers exclude each other.
struct HeldOutQuestion {
  std::string ask;
  std::string fact;      // the answer by the fact
  std::string opposite;  // the answer by its opposite
  // A request that cannot be thought through without the fact; what the scratchpad says of it is
  // judged. Empty: this question is not asked in that form.
  std::string use;
};

struct TaughtFact {
  std::string name;      // [a-z0-9-], at most 40 characters
  std::string text;      // one or a few sentences
  std::string opposite;  // what is true where the fact is not
  // Regular expressions (RE2): what matches one contradicts the fact.
  std::vector<std::string> contradictions;
  std::vector<HeldOutQuestion> questions;
};

struct FactsFile {
  std::string name;         // [A-Za-z0-9._-], at most 80 characters
  std::string description;  // for people; perhaps empty
  // What is true in all documents, and what they must not say. Every stage's prompt shows it.
  std::string world;
  std::map<std::string, std::string> parameters;  // fill {{NAME}} in every text
  std::vector<TaughtFact> facts;                  // at least one, no name twice
  std::vector<DocumentKind> kinds;                // at least one, no name twice
  std::size_t ideas = 5;                          // [1, 1,000] of each fact and kind
  std::size_t documents = 2;                      // [1, 10,000] of each idea
  std::size_t words = 400;                        // [20, 5,000] of a document, about

  // Of all that the writers see, so that two files with the same hash give the same requests. The
  // numbers of documents, and the questions, are not in it.
  std::string hash() const;
  const TaughtFact* fact_named(std::string_view fact) const;
};

inline constexpr std::size_t kMaxFactsBytes = std::size_t{1} << 20;

// `parameters` replace the file's own. Error invalid with `where` and the line; also for a
// parameter that the file does not have.
FactsFile parse_facts(std::string_view toml, std::string_view where,
                      const std::map<std::string, std::string>& parameters = {});
// Error not_found if there is no such file.
FactsFile load_facts(const std::filesystem::path& file,
                     const std::map<std::string, std::string>& parameters = {});

}  // namespace iago
