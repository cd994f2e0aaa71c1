#include "cli/internal/exit_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace iago {
namespace {

constexpr std::array kMeanings = {
    ExitMeaning{kDone, "The work was completed, whatever was found."},
    ExitMeaning{
        kFailed,
        "The operation failed, stored data is damaged, or no request of the run can succeed "
        "(a wrong key, prompts beyond the context)."},
    ExitMeaning{kWrongUsage, "A wrong command line, or a file that is wrong or missing."},
    ExitMeaning{
        kIncomplete,
        "Completed, but it falls short: a budget or an alarm ended it, trials are left open, "
        "too much is missing or not judged, the provider refused too much, nothing could be "
        "counted, or what is missing decides the verdict."},
    ExitMeaning{kInterrupted, "Interrupted. Run the same command to resume."}};

}  // namespace

std::span<const ExitMeaning> exit_meanings() { return kMeanings; }

std::string exit_help() {
  std::string help = "Exit status:";
  for (const ExitMeaning& meaning : kMeanings) {
    help += fmt::format("\n  {:<4} {}", meaning.status, meaning.text);
  }
  return help;
}

int worse_status(int a, int b) {
  constexpr std::array kFromBestToWorst = {kDone, kIncomplete, kWrongUsage, kFailed, kInterrupted};
  const auto rank = [&](int status) {
    return std::ranges::find(kFromBestToWorst, static_cast<ExitStatus>(status));
  };
  return rank(a) > rank(b) ? a : b;
}

}  // namespace iago
