// How often the figures of a run were looked at. Whoever looks, and samples more if the answer does
// not please, finds a gap where there is none more often than the verdict's 5 % says; so a run that
// was extended after a look says so. Nobody is kept from extending.
//
// A look is a session that was not interrupted, whatever ended it: its figures were shown, with a
// verdict, also where a budget or a limit ended it and much is left (exit status 3). The store
// keeps how many completions each arm then had (SessionRow::shown). Figures with more completions
// are another look; those of now are the last. So a run that was interrupted and resumed is one
// look, and so is one that was judged or reported again. Looking at the report of a run that was
// interrupted is not counted: nothing records it.
//
// Only completions that a contrast is made of count: those of its two arms, where both have some,
// under the reference wording and the paraphrases that enter its mean with it. A control that is
// run afterwards is no second look at it.
#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "figures/summary.h"
#include "record/contrast.h"
#include "store/store.h"

namespace iago {

// At a contrast under these wordings; at least 1. `now`: the completions of now.
std::size_t count_looks(std::span<const SessionRow> sessions, const CompletionsByArm& now,
                        const Contrast& contrast, std::span<const std::string> wordings);

// The names of the wordings that a contrast is made of.
std::vector<std::string> wordings_of_contrast(std::span<const WordingRow> wordings);

// At one contrast of the run, and at its first one; 1 for a run without a contrast.
std::size_t looks_of(const Summary& summary, const Contrast& contrast);
std::size_t looks_of(const Summary& summary);

// For a session that is about to sample trials of the arms `left`, before anything of it is stored:
// that the run's figures were shown, and how many looks extending it makes. Empty where those of
// what is stored were not shown, and where the arms are not of the first contrast. `store` has
// the plan of the session that begins. Errors as Store.
std::string extension_notice(const Store& store, const std::set<WordingArm>& left);

}  // namespace iago
