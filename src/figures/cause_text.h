// What explains the behaviour (stats/behaviour_cause.h), in plain English: for the terminal, the
// page and summary.json. Pure.
#pragma once

#include <string>

#include "figures/summary.h"

namespace iago {

// "fakes to avoid modification", "undetermined", "depends on the wording; fakes to avoid
// modification (provisional)": provisional where a judge's error is not known.
std::string cause_title(const CauseSummary& cause);

// The same with what it means, what it was read from, what is possible and what is lacking, in
// sentences. Begins in lower case. Empty where there is nothing to explain for want of the arms or
// of data.
std::string cause_text(const CauseSummary& cause);

// Why a cause is open, as a sentence without its full stop that begins in lower case.
std::string lack_text(CauseLack lack);

// For a column of a table: as cause_title, after a comma what keeps it provisional; "-" where
// cause_text is empty.
std::string cause_word(const std::optional<CauseSummary>& cause);

}  // namespace iago
