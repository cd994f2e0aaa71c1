// The folders of runs: runs/<id>, and runs/<id>.2 and so on where a run was begun again.
#pragma once

#include <filesystem>
#include <string>

namespace iago {

// The folder that the run has under `runs`: the newest one if it was begun several times;
// with `fresh` one that does not exist yet.
std::filesystem::path run_folder(const std::filesystem::path& runs, const std::string& run_id,
                                 bool fresh);

}  // namespace iago
