// Progress for people, on standard error: one line rewritten in place on a terminal, a plain line
// every ten seconds elsewhere.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "base/clock.h"

namespace iago {

bool is_terminal(int file);
// Colours: a terminal, and NO_COLOR not set.
bool wants_colour(int file);
std::size_t terminal_width(int file);
// "1:02:03", "2:03".
std::string format_duration(double seconds);

// Not thread-safe.
class ProgressLine {
 public:
  explicit ProgressLine(const Clock& clock);
  // Removes the line.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Shows the text if it is time to.
  void show(const std::string& text);
  // Prints a line of its own, at once.
  void interrupt(const std::string& line);

 private:
  const Clock& clock_;
  const bool terminal_;
  bool shown_ = false;
  std::chrono::nanoseconds last_{0};
};

}  // namespace iago
