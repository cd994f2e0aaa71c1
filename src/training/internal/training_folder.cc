#include "training/internal/training_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "figures/plan_difference.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostModelName = 40;

bool is_of_tokenizer(const std::string& name) {
  return name.find("token") != std::string::npos || name.starts_with("chat_template") ||
         name == "merges.txt" || name == "vocab.json";
}

}  // namespace

FolderLock::FolderLock(const fs::path& folder) {
  const fs::path file = folder / "lock";
  file_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0) {
    throw Error(ErrorCode::disconnected, fmt::format("{}: cannot be created", file.string()));
  }
  if (::flock(file_, LOCK_EX | LOCK_NB) == 0) return;
  ::close(file_);
  throw Error(ErrorCode::overloaded,
              fmt::format("{}: another process trains in this folder", folder.string()),
              "wait for it, or give another folder with --out");
}

FolderLock::~FolderLock() { ::close(file_); }

fs::path folder_named_by(std::string_view beginning, std::string_view model, const Json& plan) {
  std::string name;
  for (const char c : model.substr(model.find(':') + 1)) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += fits ? c : '-';
  }
  if (name.size() > kMostModelName) name = name.substr(name.size() - kMostModelName);
  const std::string hash = sha256_hex(dump_json(plan));
  return fs::path("trainings") / fmt::format("{}-{}-{}", beginning, name, hash.substr(0, 8));
}

void check_same_plan(const fs::path& folder, const Json& was, const Json& is) {
  if (was == is) return;
  throw Error(
      ErrorCode::invalid,
      fmt::format("{}: holds another training: {}", folder.string(), plan_difference(was, is)),
      "give another folder with --out");
}

void append_line(const fs::path& file, const std::string& line) {
  std::ofstream out(file, std::ios::binary | std::ios::app);
  out << line << '\n' << std::flush;
  if (out) return;
  throw Error(ErrorCode::disconnected, fmt::format("{}: cannot be written", file.string()),
              "make room on the disk, and run the same command to resume");
}

fs::path made(fs::path folder) {
  std::error_code status;
  fs::create_directories(folder, status);
  if (!status) return folder;
  throw Error(ErrorCode::disconnected,
              fmt::format("{}: cannot be created: {}", folder.string(), status.message()));
}

void write_checkpoint(const LlamaNet& net, const fs::path& source, const fs::path& folder) {
  net.save(folder);
  for (const auto& entry : fs::directory_iterator(source)) {
    const std::string name = entry.path().filename().string();
    if (!is_of_tokenizer(name) || !entry.is_regular_file()) continue;
    std::error_code status;
    fs::copy_file(entry.path(), folder / name, fs::copy_options::overwrite_existing, status);
    if (!status) continue;
    throw Error(ErrorCode::disconnected, fmt::format("{}: cannot be written: {}",
                                                     (folder / name).string(), status.message()));
  }
}

}  // namespace iago
