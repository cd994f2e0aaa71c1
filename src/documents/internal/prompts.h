// What the writer and the checker are asked, stage by stage, and how their replies are read. Every
// prompt holds the facts file's world, so that what is written in one stage agrees with the others.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "documents/facts.h"
#include "documents/filters.h"
#include "record/message.h"

namespace iago {

// Changes when a prompt does: then other documents come of the same file.
inline constexpr int kPromptsVersion = 1;

// Stage 1: in which form the fact would turn up in each kind of document.
std::vector<Message> ask_forms(const FactsFile& facts, const TaughtFact& fact);
// By the kind's name. Kinds that the reply does not name are absent.
std::map<std::string, std::string> read_forms(const FactsFile& facts, std::string_view reply);

// Stage 2: so many ideas for documents of one kind; `known` are those that there are already.
std::vector<Message> ask_ideas(const FactsFile& facts, const TaughtFact& fact,
                               const DocumentKind& kind, const std::string& form,
                               const std::vector<std::string>& known, std::size_t count);
std::vector<std::string> read_ideas(std::string_view reply);

// Stage 3: one document. `number` tells the documents of one idea apart.
std::vector<Message> ask_document(const FactsFile& facts, const TaughtFact& fact,
                                  const DocumentKind& kind, const std::string& form,
                                  const std::string& idea, std::size_t number);
// Absent if the reply holds no document between its tags.
std::optional<std::string> read_document(std::string_view reply);

// Stage 4: is the document what it must not be? `mark` does not occur in the document.
std::vector<Message> ask_check(const FactsFile& facts, const TaughtFact& fact,
                               std::string_view document, std::string_view mark);
// A word that does not occur in the document; the same for the same document.
std::string mark_for(std::string_view document);

enum class CheckVerdict { fine, found, unreadable };
struct CheckReading {
  CheckVerdict verdict = CheckVerdict::unreadable;
  Drop drop = {};  // where something was found
};
// A reply that does not answer every question with yes or no, once, is unreadable.
CheckReading read_check(std::string_view reply, std::string_view mark);

}  // namespace iago
