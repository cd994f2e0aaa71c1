// A folder for the files of one process, in memory where the machine has such a place; gone with
// the process unless that crashes.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "base/error.h"

namespace iago::fuzz {

class MemoryFolder {
 public:
  MemoryFolder() {
    const std::filesystem::path memory = "/dev/shm";
    const auto parent =
        std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path();
    std::string pattern = (parent / "iago-fuzz-XXXXXX").string();
    IAGO_CHECK(::mkdtemp(pattern.data()) != nullptr, pattern);
    path_ = pattern;
  }
  ~MemoryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  MemoryFolder(const MemoryFolder&) = delete;
  MemoryFolder& operator=(const MemoryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace iago::fuzz
