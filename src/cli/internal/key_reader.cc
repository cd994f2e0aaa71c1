#include "cli/internal/key_reader.h"

#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"

namespace iago {
namespace {

std::optional<char> read_byte() {
  char byte = 0;
  for (;;) {
    const ssize_t n = ::read(STDIN_FILENO, &byte, 1);
    if (n == 1) return byte;
    if (n == 0 || errno != EINTR) return std::nullopt;
  }
}

}  // namespace

struct KeyReader::Modes {
  termios before{}, keys{};
};

bool KeyReader::is_possible() {
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
}

KeyReader::KeyReader() : modes_(std::make_unique<Modes>()) {
  if (::tcgetattr(STDIN_FILENO, &modes_->before) != 0) {
    throw Error(ErrorCode::unsupported, "the terminal does not say how it is set",
                "label a file instead: --sheet FILE, then --from FILE");
  }
  modes_->keys = modes_->before;
  modes_->keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
  modes_->keys.c_cc[VMIN] = 1, modes_->keys.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &modes_->keys);
}

KeyReader::~KeyReader() { ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &modes_->before); }

std::optional<char> KeyReader::key() { return read_byte(); }

std::optional<std::string> KeyReader::line() {
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &modes_->before);
  std::string text;
  auto byte = read_byte();
  for (; byte && *byte != '\n'; byte = read_byte()) text += *byte;
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &modes_->keys);
  if (!byte && text.empty()) return std::nullopt;
  return text;
}

}  // namespace iago
