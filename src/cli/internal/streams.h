// Output to people who may have left: a terminal can hang up while a run ends in order.
#pragma once

#include <functional>
#include <string_view>

namespace iago {

// Writes the text to standard error. What cannot be written is dropped, so that no work fails
// because nobody reads (fmt::print would throw). Safe from any thread.
void print_stderr(std::string_view text) noexcept;

// Calls `print`, which writes a command's result to standard output and throws std::system_error if
// it cannot. After an interruption that error is dropped: the exit code has to say that the command
// was interrupted, and the result lies in its files.
void print_result(bool interrupted, const std::function<void()>& print);

}  // namespace iago
