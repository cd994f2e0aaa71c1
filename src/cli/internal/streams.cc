#include "cli/internal/streams.h"

#include <cstdio>
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

}  // namespace iago
