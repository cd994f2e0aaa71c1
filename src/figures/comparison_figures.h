// A comparison as people read it; what the terminal, Markdown and the page share. Private to this
// room.
#pragma once

#include <string>
#include <vector>

#include "figures/comparison.h"
#include "figures/notes.h"
#include "figures/text_table.h"

namespace iago {

// One for each run, on one line: the subject; with its wording where another run has that subject,
// or with the run's id where another has both.
std::vector<std::string> labels(const Comparison& comparison);

// "gap", "reverse gap (provisional)", "saturated", "no data", ...
std::string verdict_cell(const ComparedRun& run);
// "2", "1 to 3", "-" for a run that is not ranked.
std::string rank_range(const ComparedRun& run);
// "<0.001", "0.012", "-" if absent.
std::string p_digits(const std::optional<double>& p);

// Heading and one row for each run, in the comparison's order.
Rows rate_rows(const Comparison& comparison);
Rows test_rows(const Comparison& comparison);
// What explains each run's behaviour; empty where no run says.
Rows cause_rows(const Comparison& comparison);
// Heading and one row for each pair, up to the limit.
Rows difference_rows(const Comparison& comparison, std::size_t most);

std::string comparison_heading(const Comparison& comparison);
// What the ranking says, in plain English.
std::string conclusion(const Comparison& comparison);
// What the intervals speak of, runs that are not comparable and why, unfinished ones, those that
// share completions, what is known of the judges' errors.
std::vector<Note> notes(const Comparison& comparison);

}  // namespace iago
