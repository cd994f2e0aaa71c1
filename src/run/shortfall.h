// In what a run that came to its end falls short of what it was for, whatever it found. A command
// that leaves such a run ends with exit status 3 (docs/exit-status.md). Pure.
#pragma once

#include <string_view>
#include <vector>

#include "run/run.h"

namespace iago {

// In the order in which they are said.
enum class Shortfall {
  budget,      // a limit of cost, tokens or time ended it
  open,        // trials were asked and got no reply, or the server's limit kept them back
  not_judged,  // a judge left more than one in twenty answers without a label
  missing,     // more than one in twenty completions of an arm are missing
  unread,      // the same of the reasoning that has to be judged, or none of it is
  refused,     // the provider refused at least half of an arm, or so much that the verdict hangs on
               // it
  not_measured,     // an arm of the first contrast has nothing that could be counted
  missing_decides,  // what is missing would turn the first contrast's verdict
};

// "not measured", as in docs/exit-status.md.
std::string_view name_of(Shortfall shortfall);

// "the provider refused too much to tell what the subject does"
std::string_view sentence_of(Shortfall shortfall);

// By what is stored, whichever session left it so. Empty: the run is whole, whatever its verdict.
std::vector<Shortfall> shortfalls(const RunResult& result);

}  // namespace iago
