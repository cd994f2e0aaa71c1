#include "cli/internal/streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

namespace iago {

void print_stderr(std::string_view text) noexcept {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void print_result(bool interrupted, const std::function<void()>& print) {
  try {
    print();
  } catch (const std::system_error&) {
    if (!interrupted) throw;
  }
}

// A descriptor that is the other way round than it is used: reading or writing it fails with EBADF.
void hold_standard_streams() noexcept {
  constexpr std::array kWrongWay = {O_WRONLY, O_RDONLY, O_RDONLY};
  for (int number = 0; number < 3; ++number) {
    if (::fcntl(number, F_GETFD) != -1 || errno != EBADF) continue;
    const int opened = ::open("/dev/null", kWrongWay[static_cast<std::size_t>(number)]);
    if (opened == number || opened < 0) continue;
    ::dup2(opened, number);
    ::close(opened);
  }
}

int end_output(int code, std::error_code reason) noexcept {
  // Closing tells what a network file system has put off until then.
  const bool failed_before = std::ferror(stdout) != 0;
  errno = 0;
  const bool fails_now = std::fflush(stdout) != 0 || std::fclose(stdout) != 0;
  if (!reason) reason = std::error_code(errno, std::generic_category());
  if (!failed_before && !fails_now) return code;
  if (code != 0 && code != 3) return code;
  if (reason != std::errc::broken_pipe) {
    print_stderr("iago: cannot write to standard output");
    if (reason) print_stderr(": "), print_stderr(std::strerror(reason.value()));
    print_stderr(
        "\nhint: the output is incomplete. Free some space or write elsewhere, then run the "
        "command again; what a run has stored is safe\n");
  }
  return 1;
}

}  // namespace iago
