// The one family of exceptions. The code says what the caller should do, the message names the file
// or request, what was expected and what was found, and the hint says what to try.
//
// What a model says or fails to say (a refusal, an empty reply, an unparsable verdict) is data and
// never an Error. A broken invariant of our own aborts (IAGO_CHECK).
#pragma once

#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>

namespace iago {

enum class ErrorCode {
  invalid,       // the input is wrong: mend it
  not_found,     // what was named does not exist: name another
  overloaded,    // the other side is busy: try again later
  disconnected,  // the other side is gone: try again, perhaps elsewhere
  unsupported,   // right input, but this build or program cannot do it
  corrupt,       // stored data is damaged: restore it, do not write on
  cancelled,     // the user or a deadline stopped the work: resume if wanted
};

// The code's name as logs and JSON have it.
std::string_view name_of(ErrorCode code);
// Absent for any other name.
std::optional<ErrorCode> error_code_named(std::string_view name);

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, std::string message, std::string hint = {})
      : std::runtime_error(std::move(message)), code_(code), hint_(std::move(hint)) {}

  ErrorCode code() const { return code_; }
  // One sentence that says what to do, or empty.
  const std::string& hint() const { return hint_; }

 private:
  ErrorCode code_;
  std::string hint_;
};

// Prints the values to stderr and aborts: for our own mistakes, never for input.
[[noreturn]] void check_failed(std::string_view condition, std::string_view detail,
                               std::source_location where = std::source_location::current());

#define IAGO_CHECK(condition, detail)                             \
  do {                                                            \
    if (!(condition)) ::iago::check_failed(#condition, (detail)); \
  } while (false)

}  // namespace iago
