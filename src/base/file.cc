#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "base/error.h"

namespace iago {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view what, int reason) {
  throw Error(ErrorCode::disconnected,
              fmt::format("{}: {}: {}", path.string(), what, std::strerror(reason)),
              "check the free space and the permissions of its folder");
}

void write_and_sync(int file, const std::filesystem::path& path, std::string_view content) {
  while (!content.empty()) {
    ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      int reason = errno;
      ::close(file);
      ::unlink(path.c_str());
      fail(path, "cannot be written", reason);
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  int synced = ::fsync(file);
  int reason = errno;
  ::close(file);
  if (synced != 0) fail(path, "cannot be synced", reason);
}

}  // namespace

std::string read_file(const std::filesystem::path& path, std::size_t limit) {
  std::error_code status;
  if (!std::filesystem::is_regular_file(path, status)) {
    throw Error(ErrorCode::not_found, fmt::format("{}: no such file", path.string()),
                "check the path and its spelling");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw Error(ErrorCode::not_found,
                fmt::format("{}: cannot be opened: {}", path.string(), std::strerror(errno)),
                "check the permissions of the file");
  }
  auto size = std::filesystem::file_size(path, status);
  if (status || size > limit) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: expected at most {} bytes, found {}", path.string(), limit, size),
                "check that it is the right file; a larger one is not read");
  }
  std::string content(size, '\0');
  file.read(content.data(), static_cast<std::streamsize>(size));
  content.resize(static_cast<std::size_t>(file.gcount()));
  return content;
}

void write_file(const std::filesystem::path& path, std::string_view content) {
  auto beside = path;
  beside += fmt::format(".{}.tmp", ::getpid());
  int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) fail(beside, "cannot be created", errno);
  write_and_sync(file, beside, content);
  std::error_code status;
  std::filesystem::rename(beside, path, status);
  if (status) fail(path, "cannot be replaced", status.value());
}

std::vector<std::string> names_with_extension(const std::filesystem::path& folder,
                                              std::string_view extension) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == extension) names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace iago
