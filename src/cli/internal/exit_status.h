// What a command's exit status means: the one table of it, for the code, the help, the manual page
// and docs/exit-status.md. When a run ends in 3 is said in run/shortfall.h.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace iago {

enum ExitStatus : int {
  kDone = 0,
  kFailed = 1,
  kWrongUsage = 2,
  kIncomplete = 3,
  kInterrupted = 130,
};

struct ExitMeaning {
  int status = kDone;
  std::string_view text;  // a sentence
};
std::span<const ExitMeaning> exit_meanings();  // in the order of their numbers

// One line each, for help.
std::string exit_help();

// Of two statuses, the one that several runs together end in: from best to worst 0, 3, 2, 1, 130.
int worse_status(int a, int b);

}  // namespace iago
