#include "store/internal/lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/error.h"

namespace iago {
namespace {

std::string owner_of(int file) {
  std::array<char, 32> digits{};
  ssize_t size = ::pread(file, digits.data(), digits.size() - 1, 0);
  std::string pid(digits.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  pid.erase(pid.find_last_not_of("\n ") + 1);
  bool known = !pid.empty() && pid.find_first_not_of("0123456789") == std::string::npos;
  return known ? pid : "unknown";
}

}  // namespace

WriterLock::WriterLock(const std::filesystem::path& store) : store_(store), path_(store) {
  path_ += ".lock";
  while (!try_take()) {
  }
}

// False if the file was removed by its last owner between our opening and locking it.
bool WriterLock::try_take() {
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0) {
    throw Error(ErrorCode::disconnected,
                fmt::format("{}: the store cannot be locked for writing: {}", path_.string(),
                            std::strerror(errno)),
                "check that its folder exists and can be written");
  }
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
    int reason = errno;
    auto pid = owner_of(file_);
    ::close(file_);
    if (reason != EWOULDBLOCK && reason != EINTR) {
      throw Error(ErrorCode::disconnected, fmt::format("{}: the store cannot be locked: {}",
                                                       path_.string(), std::strerror(reason)));
    }
    throw Error(
        ErrorCode::overloaded,
        fmt::format("{}: another process is writing this run (pid {})", store_.string(), pid),
        fmt::format("wait until it is done, or stop it with: kill -INT {}", pid));
  }
  struct stat ours {
  }, there{};
  bool same = ::fstat(file_, &ours) == 0 && ::stat(path_.c_str(), &there) == 0 &&
              ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
  if (!same) {
    ::close(file_);
    return false;
  }
  // The pid is for people only: a lock that cannot hold it (a full disk) is still a lock.
  auto pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(file_, 0) != 0 || ::pwrite(file_, pid.data(), pid.size(), 0) < 0) {
  }
  return true;
}

WriterLock::~WriterLock() {
  ::unlink(path_.c_str());  // while the lock is held, so that nobody else's file is removed
  ::close(file_);
}

}  // namespace iago
