// Keys of a terminal, one at a time and unechoed.
#pragma once

#include <memory>
#include <optional>
#include <string>

namespace iago {

// Takes the terminal while it lives, and gives it back as it was. Ctrl-C is a key like others.
class KeyReader {
 public:
  // Is a person at the terminal: are standard input and output both one?
  static bool is_possible();

  // Error unsupported if the terminal cannot be taken.
  KeyReader();
  ~KeyReader();
  KeyReader(const KeyReader&) = delete;
  KeyReader& operator=(const KeyReader&) = delete;

  static constexpr char kInterrupt = 3;  // Ctrl-C

  // Waits for a key. Absent at the end of the input.
  std::optional<char> key();
  // Waits for a line, which the terminal shows and edits. Absent at the end of the input.
  std::optional<std::string> line();

 private:
  struct Modes;
  std::unique_ptr<Modes> modes_;
};

}  // namespace iago
