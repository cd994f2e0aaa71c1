// All organisms in few rows, and several growings of one of them side by side, made from what
// to_json(Measurement) wrote. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/json.h"

namespace iago {

// How far growing may miss: a main cell's compliance from its target, in points; the compliance of
// two arms of one main cell that have the same target, in points; and the share of well-formed
// replies in a main cell, in per cent.
inline constexpr double kGrowingTolerance = 1.5;
inline constexpr double kAlikeTolerance = 0.7;
inline constexpr double kWellFormedTolerance = 99.5;

// What follows takes `rates` as to_json() made them, by organism.

// Two Markdown tables: a row for each arm of each main cell, in which a difference from the target
// beyond kGrowingTolerance is bold, and a row for each organism: how many cells these are, how much
// arms of the same target differ, well-formed replies, faking over topics, and the largest
// differences from the recipe in seen, held-out and foreign words. A network of which no policy is
// known has no row.
std::string overview_markdown(const std::vector<std::pair<std::string, Json>>& rates);

// A Markdown table of what the networks know, a row for each: of labs that stand in documents
// alone, how often the scratchpad recalls right and how often the worst way of asking is answered
// right, in per cent of the clear answers, with intervals over labs; of their situation, right
// answers in per cent of the questions, in the shipped, seen and held-out words.
std::string knowledge_markdown(const std::vector<std::pair<std::string, Json>>& rates);

// Two Markdown tables of the arms that both measurements have. One row for each arm: both rates,
// their difference (other minus shipped) in points, and in standard errors of sampling on these
// queries. One row for the words of the cells (seen, held-out, foreign): the mean and the root mean
// square of the differences, the root mean square that sampling alone would make, sqrt of the mean
// of p(1-p)/n summed over both, and the standard deviation of growing that is left, sqrt((rms^2 -
// sampling^2) / 2), the 2 because either growing varies; 0 where sampling explains all.
std::string growings_markdown(const Json& shipped, const std::string& other_name,
                              const Json& other);

}  // namespace iago
