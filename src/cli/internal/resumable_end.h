// How a command ends whose work lies in a folder and is resumed by calling it again.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace iago {

// Says on standard error that the work was interrupted, or else what it lacks, a sentence each.
// Returns the exit code: kInterrupted, kIncomplete, or kDone if nothing is lacking.
int resumable_end(const std::filesystem::path& folder, bool interrupted,
                  const std::vector<std::string>& lacking);

}  // namespace iago
