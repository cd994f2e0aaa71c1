// Output to people who may have left, and to files that may be full: a terminal can hang up while a
// run ends in order, and a result that was not written must not end in success.
#pragma once

#include <functional>
#include <string_view>
#include <system_error>

namespace iago {

// Writes the text to standard error. What cannot be written is dropped, so that no work fails
// because nobody reads (fmt::print would throw). Safe from any thread.
void print_stderr(std::string_view text) noexcept;

// Calls `print`, which writes a command's result to standard output and throws std::system_error if
// it cannot. After an interruption that error is dropped: the exit code has to say that the command
// was interrupted, and the result lies in its files.
void print_result(bool interrupted, const std::function<void()>& print);

// Opens standard input, output and error where a caller has closed them (`>&-`), in a way that
// makes every use fail. Otherwise the next file that is opened, a run's own, would take their
// number and get what is printed. To be called first.
void hold_standard_streams() noexcept;

// Ends standard output. Returns `code`, or 1 where the command has completed (0 or 3) and some of
// what it printed could not be written; that is said on standard error, unless a reader has left
// (`| head`). `reason` is why an earlier print failed, if one did. To be called last: nothing can
// be printed any more.
int end_output(int code, std::error_code reason) noexcept;

}  // namespace iago
