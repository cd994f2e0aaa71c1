// Speaking to people who may have left: a terminal can go away (a hang-up) while a run ends in
// order.
#pragma once

#include <functional>
#include <string_view>

namespace iago {

// Writes the text to standard error. What cannot be written is dropped: no work fails, and none is
// cut short, for want of a reader (fmt::print would throw). Safe from any thread.
void print_stderr(std::string_view text) noexcept;

// Calls `print`, which writes a command's result to standard output. That it cannot be written is
// an error (std::system_error, as `print` throws it), but not of a command that was interrupted:
// its exit code has to say so, and the result lies in its files.
void print_result(bool interrupted, const std::function<void()>& print);

}  // namespace iago
