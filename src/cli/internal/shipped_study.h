// Studies and files of facts that are shipped, found by their name from any folder.
#pragma once

#include <filesystem>

#include "cli/internal/home.h"

namespace iago {

// The file of a study as the command line names it: that file if there is one; else, of
// "helpful-only" or "studies/helpful-only.toml", the shipped study of this name. Error not_found
// for a bare name that is neither, with the names of those that are shipped; any other name comes
// back as it is.
std::filesystem::path study_file(const std::filesystem::path& given, const Home& home);
// The same of a file of facts: "helpful-only" or "documents/helpful-only.toml".
std::filesystem::path facts_file(const std::filesystem::path& given, const Home& home);

}  // namespace iago
