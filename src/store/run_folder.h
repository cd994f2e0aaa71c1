// The folders of runs: runs/<id>, and runs/<id>.2 and so on where a run was begun again.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace iago {

// The folder that the run has under `runs`: the newest one if it was begun several times;
// with `fresh` one that does not exist yet.
std::filesystem::path run_folder(const std::filesystem::path& runs, const std::string& run_id,
                                 bool fresh);

// The folders under `runs` that hold a study.toml, those first whose study.toml was written last.
// Without links, and without `own` if that is given.
std::vector<std::filesystem::path> runs_newest_first(const std::filesystem::path& runs,
                                                     const std::filesystem::path& own = {});

}  // namespace iago
