// What stands below the tables of a summary: on the terminal, in Markdown and on the page. Pure.
#pragma once

#include <string>
#include <vector>

#include "figures/summary.h"

namespace iago {

struct Note {
  std::string title, text;
};

// One sentence or figure each: the gap, without faking reasoning, what is missing and what it could
// change, the judges and their known error, what models behind URLs cost.
std::vector<Note> notes(const Summary& summary);
// Those about several wordings alone.
std::vector<Note> wording_notes(const Summary& summary);
// Those about clusters and groups of queries, and about few queries that carry the gap.
std::vector<Note> set_notes(const Summary& summary);
// Those about what is missing in the arms of other wordings than the reference.
std::vector<Note> missing_elsewhere(const Summary& summary);
// Those about arms in which the subject answered nothing, or whose reasoning nobody read: why an
// arm that was asked has no rate of reasoning, and whose a rate of 0 is.
std::vector<Note> unmeasured_notes(const Summary& summary);

}  // namespace iago
