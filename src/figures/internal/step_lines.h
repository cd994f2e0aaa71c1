// The lines that a training writes, one a step. Internal to the room.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/json.h"

namespace iago {

// Calls `read` with each whole line of the file, in order, and where it stands; `read` returns the
// line's step, which has to be `first`, then the next and so on. A last line without its end (a
// program that was killed) is left out. Nothing is read if there is no such file. Error corrupt
// that names the line.
void read_step_lines(const std::filesystem::path& file, std::int64_t first,
                     const std::function<std::int64_t(const Json&, const std::string&)>& read);

}  // namespace iago
