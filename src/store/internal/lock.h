// The right to write a store: an advisory lock on a file beside it that holds the owner's pid. Held
// until destruction; a killed process loses it by itself. Private to this room.
#pragma once

#include <filesystem>

namespace iago {

class WriterLock {
 public:
  // Error overloaded, naming the pid, if it is taken (by this process, too); disconnected if the
  // lock file cannot be made.
  explicit WriterLock(const std::filesystem::path& store);
  ~WriterLock();
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  bool try_take();

  std::filesystem::path store_, path_;
  int file_ = -1;
};

}  // namespace iago
