#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>
#include <system_error>

#include "base/error.h"

namespace iago {
namespace {

constexpr std::string_view kDraftEnd = ".tmp";

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
  if (synced == 0) return;
  ::unlink(path.c_str());
  fail(path, "cannot be synced", reason);
}

// "summary.json.1234.tmp", written by the process 1234.
std::filesystem::path draft_of(const std::filesystem::path& path, pid_t writer) {
  auto draft = path;
  draft += fmt::format(".{}{}", writer, kDraftEnd);
  return draft;
}

// The process in a draft's name; absent if it is no name of a draft of this file.
std::optional<pid_t> writer_of(std::string_view draft, std::string_view file) {
  if (!draft.starts_with(file) || !draft.ends_with(kDraftEnd)) return std::nullopt;
  draft.remove_prefix(file.size());
  if (draft.size() < 2 + kDraftEnd.size() || draft.front() != '.') return std::nullopt;
  draft.remove_prefix(1), draft.remove_suffix(kDraftEnd.size());
  pid_t writer = 0;
  const auto [end, error] = std::from_chars(draft.data(), draft.data() + draft.size(), writer);
  const bool whole = error == std::errc() && end == draft.data() + draft.size();
  return whole && writer > 0 ? std::optional(writer) : std::nullopt;
}

// Only of processes that are no more: whoever lives may be about to rename its draft.
void remove_drafts_of_the_dead(const std::filesystem::path& path) {
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::vector<std::filesystem::path> dead;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const auto writer = writer_of(entry.path().filename().string(), path.filename().string());
    if (!writer || ::kill(*writer, 0) == 0 || errno != ESRCH) continue;
    if (entry.symlink_status(ignored).type() == std::filesystem::file_type::regular) {
      dead.push_back(entry.path());
    }
  }
  for (const auto& draft : dead) std::filesystem::remove(draft, ignored);
}

}  // namespace

std::string why_no_file(const std::filesystem::path& path) {
  std::error_code reason;
  const auto type = std::filesystem::status(path, reason).type();
  auto other = [](std::string_view kind) { return fmt::format("is a {}, expected a file", kind); };
  switch (type) {
    case std::filesystem::file_type::directory:
      return other("folder");
    case std::filesystem::file_type::block:
    case std::filesystem::file_type::character:
      return other("device");
    case std::filesystem::file_type::fifo:
      return other("pipe");
    case std::filesystem::file_type::socket:
      return other("socket");
    case std::filesystem::file_type::not_found:
      return "no such file";
    default:
      return reason ? "cannot be looked at: " + reason.message() : "is no file";
  }
}

std::string read_file(const std::filesystem::path& path, std::size_t limit) {
  std::error_code status;
  if (!std::filesystem::is_regular_file(path, status)) {
    const bool is_there = std::filesystem::exists(path, status);
    throw Error(is_there ? ErrorCode::invalid : ErrorCode::not_found,
                fmt::format("{}: {}", path.string(), why_no_file(path)),
                is_there ? "name a file" : "check the path and its spelling");
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
  remove_drafts_of_the_dead(path);
  const auto beside = draft_of(path, ::getpid());
  int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) fail(beside, "cannot be created", errno);
  write_and_sync(file, beside, content);
  std::error_code status;
  std::filesystem::rename(beside, path, status);
  if (!status) return;
  ::unlink(beside.c_str());
  fail(path, "cannot be replaced", status.value());
}

void check_is_free(const std::filesystem::path& folder, std::string_view own) {
  std::error_code status;
  for (const auto& entry : std::filesystem::directory_iterator(folder, status)) {
    const std::string name = entry.path().filename().string();
    if (name == "lock" || name == own || name.starts_with(std::string(own) + ".")) continue;
    throw Error(ErrorCode::invalid,
                fmt::format("{}: holds something else: expected {}, or an empty folder, found {}",
                            folder.string(), own, name),
                "give another folder with --out");
  }
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
