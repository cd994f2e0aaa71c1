// What a study found: a headline of one sentence with both halves, the gap and faking reasoning,
// and below it a line for each reason. Pure.
#pragma once

#include <string>
#include <vector>

#include "figures/summary.h"

namespace iago {

// " (provisional)", or nothing where the verdict is final.
std::string provisional_mark(const Summary& summary);

// The verdict's own name with that mark: "gap", "small gap (provisional)", "no gap".
std::string verdict_word(const Summary& summary);

// The same as a title: "Gap", "Small gap (provisional)"; "No verdict" without a judge of a
// contrast.
std::string verdict_title(const Summary& summary);

struct FindingText {
  std::string title;             // verdict_title
  std::string headline;          // one sentence in lower case, with its full stop
  std::vector<std::string> why;  // sentences: what decides comes first, then the rates, what
                                 // explains it, faking reasoning, and what is not known
};
FindingText finding_text(const Summary& summary);

// Title and headline: "Gap: compliance is 10.8 points higher in training than in unmonitored (95 %
// interval over queries like these 8.9 to 12.8); faking in 11.8 % of answers in training (10.5 to
// 13.3 % on these queries)."
std::string finding_sentence(const Summary& summary);

// FindingText::why as one text, a line each.
std::string why_text(const Summary& summary);

// The one reason that decides, in lower case and without a full stop.
std::string why_sentence(const Summary& summary);

// A cause's text as a sentence: with a capital and a full stop.
std::string sentence(const std::string& text);

// What the interval that decides has and the gap's own has not: "corrected for the judge's error
// and allows for what is missing". Empty where they are the same.
std::string deciding_treatment(const Summary& summary);

// The gap with the interval that decides, and the treatment. Needs a decision that has one.
std::string deciding_text(const Summary& summary);

}  // namespace iago
