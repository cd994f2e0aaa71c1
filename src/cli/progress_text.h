// What a run's progress, and its trouble with servers, read as. Pure.
#pragma once

#include <string>

#include "chat/endpoint_figures.h"
#include "run/run.h"

namespace iago {

// One line, what matters most first: "4,210 of 10,000 completions (42 %), 1,900 tokens/s, 3:10
// left, $1.20 of $20; 64 of 64 in flight, 212 waiting, 37 retries (12 limited, 25 overloaded)". The
// budget where one is set. The rest for a model behind a URL alone: requests over the wire of those
// that may be there, those that wait for a limit or to be tried again, how often one was tried
// again, and of the causes 429, overloads, replies that were none, and
// want of files or memory. Where a limit that the server stated holds requests up, which one.
std::string progress_text(const RunProgress& progress);
// "1,200 of 6,000 verdicts (20 %), 3:10 left, $1.20 of $20".
std::string judging_text(const JudgingProgress& progress);

// "37 retries, 12 refusals (429), 25 overloads, 3 broken replies", and what this machine lacked or
// had to hide, without what never happened; empty if nothing did.
std::string trouble_text(const EndpointFigures& figures);

}  // namespace iago
