#include "cli/internal/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>

#include "cli/internal/streams.h"

namespace iago {

bool is_terminal(int file) { return ::isatty(file) == 1; }

bool wants_colour(int file) {
  const char* refused = std::getenv("NO_COLOR");
  return is_terminal(file) && (refused == nullptr || *refused == '\0');
}

std::size_t terminal_width(int file) {
  winsize size{};
  if (::ioctl(file, TIOCGWINSZ, &size) != 0 || size.ws_col < 40) return 80;
  return size.ws_col;
}

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  auto whole = static_cast<long long>(std::llround(seconds));
  if (whole >= 3600) {
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

ProgressLine::ProgressLine(const Clock& clock) : clock_(clock), terminal_(is_terminal(2)) {}

ProgressLine::~ProgressLine() {
  if (shown_ && terminal_) print_stderr("\r\033[K");
}

void ProgressLine::show(const std::string& text) {
  auto pause = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10'000);
  auto now = clock_.steady();
  if (last_.count() == 0 && !terminal_) last_ = now;  // short work needs no plain line
  if (now - last_ < pause) return;
  last_ = now;
  shown_ = true;
  if (terminal_)
    print_stderr("\r\033[K" + text.substr(0, terminal_width(2) - 1));
  else
    print_stderr(text + "\n");
}

void ProgressLine::interrupt(const std::string& line) {
  print_stderr((shown_ && terminal_ ? "\r\033[K" : "") + line + "\n");
}

}  // namespace iago
