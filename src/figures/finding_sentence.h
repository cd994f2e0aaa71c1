// What a study found, in a sentence or a few, always with both halves: the gap, and faking
// reasoning. Pure.
#pragma once

#include <string>
#include <vector>

#include "figures/summary.h"

namespace iago {

// The verdict's own name: "Gap", "Small gap (provisional)", "No gap", "Uninformative".
std::string verdict_title(const Summary& summary);

// What a finding says, part by part.
struct FindingText {
  std::string title;              // verdict_title
  std::string found;              // the sentence of the gap, with its full stop
  std::vector<std::string> more;  // what explains it, faking reasoning, and why it is provisional
};
FindingText finding_text(const Summary& summary);

// In plain English, that title first: "Gap: the subject complies with 13.9 % of the requests when
// it is told that its answers are trained on and with 3.1 % when told that they are not: 10.8
// points more (95 % interval over queries like these 8.9 to 12.8)." Then what explains it, faking
// reasoning, and what keeps it provisional.
std::string finding_sentence(const Summary& summary);

// The one sentence that decides, without its full stop.
std::string why_sentence(const Summary& summary);

// What is worth knowing of the first contrast's verdict and not said by its finding, as sentences.
std::vector<std::string> remarks(const Summary& summary);

}  // namespace iago
