// Whole files: read under a limit, written so that a reader sees the old content or the new one;
// and the names in a folder.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace iago {

// What stands at the path, for errors about a file that cannot be read: "no such file", "is a
// folder, expected a file", the same of a device, a pipe and a socket, or the system's reason.
std::string why_no_file(const std::filesystem::path& path);

// The content of a regular file. Error not_found if it does not exist; invalid if it has more than
// `limit` bytes or is not a regular file (a folder, a device).
std::string read_file(const std::filesystem::path& path, std::size_t limit);

// Writes beside the target, syncs, renames over it. Error disconnected with the system's reason
// (disk full, permission), the old file intact. What processes that have ended left beside the
// target in their attempts is removed.
void write_file(const std::filesystem::path& path, std::string_view content);

// Error invalid that names an entry if the folder holds anything but what this command makes of it
// before its plan is written: `own` and files whose names begin with that and a dot, and "lock".
void check_is_free(const std::filesystem::path& folder, std::string_view own);

// The names, without it, of all in the folder that end in this extension (".toml"), sorted. None if
// the folder cannot be read.
std::vector<std::string> names_with_extension(const std::filesystem::path& folder,
                                              std::string_view extension);

}  // namespace iago
