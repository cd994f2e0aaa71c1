// A corpus of documents in figures: how many there are about each fact and of each kind, what the
// filters dropped and why, and what writing the rest takes. Plain values; the room documents makes
// them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace iago {

struct CorpusFact {
  std::string fact;
  std::uint64_t documents = 0, words = 0, dropped = 0;
  std::uint64_t subjects = 0;  // labs, where the documents are about labs
  std::map<std::string, std::uint64_t> kinds, values;
};

struct DroppedFigure {
  std::string reason, meaning;  // "chat", "it is a chat with an assistant"
  std::uint64_t documents = 0;
  std::string example;  // of the first: where it stands, and what was found
};

struct CorpusExample {
  std::string fact, kind, text;
};

struct CorpusFigures {
  std::string file;
  std::uint64_t documents = 0, words = 0, bytes = 0;
  std::uint64_t same_text = 0;  // documents with the text of an earlier one
  std::vector<CorpusFact> facts;
  std::optional<std::vector<DroppedFigure>> dropped;  // absent: no record of them lies beside
  std::vector<CorpusExample> examples;
  // Of a corpus that is being written.
  std::optional<std::uint64_t> planned, open;
};

// What writing takes.
struct WritingStage {
  std::string stage, model;
  std::uint64_t requests = 0, prompt_tokens = 0, most_generated = 0;
  std::optional<double> least_cost, most_cost;  // dollars; absent without a price
};
struct WritingPlanFigures {
  std::string facts_file;
  std::uint64_t facts = 0, kinds = 0, ideas = 0, documents = 0;
  std::vector<WritingStage> stages;  // of what is left
  double spent = 0;                  // dollars, by earlier sessions
  std::optional<double> seconds;     // that the rest takes; absent: nothing says how long
  std::string seconds_basis;         // "earlier sessions", or "limits": at the least
};

Json to_json(const CorpusFigures& corpus);
Json to_json(const WritingPlanFigures& plan);
// For people, in plain text.
std::string to_text(const CorpusFigures& corpus);
std::string to_text(const WritingPlanFigures& plan);

}  // namespace iago
