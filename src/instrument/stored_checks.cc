#include "instrument/stored_checks.h"

#include <algorithm>
#include <system_error>

#include "base/error.h"
#include "base/file.h"

namespace iago {
namespace {

constexpr std::size_t kMaxCheckBytes = std::size_t{4} << 20;

}  // namespace

StoredChecks read_checks(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code status;
  for (const auto& entry : std::filesystem::directory_iterator(folder, status)) {
    const auto file = entry.path() / "check.json";
    if (std::filesystem::is_regular_file(file, status)) files.push_back(file);
  }
  std::ranges::sort(files);
  StoredChecks stored;
  for (const auto& file : files) {
    try {
      stored.checks.push_back(parse_check(read_file(file, kMaxCheckBytes), file.string()));
    } catch (const Error& error) {
      stored.unreadable.emplace_back(error.what());
    }
  }
  return stored;
}

std::optional<CheckReport> newest_check(const std::vector<CheckReport>& checks,
                                        const std::string& identity,
                                        const std::string& setting_hash) {
  const CheckReport* newest = nullptr;
  for (const CheckReport& check : checks) {
    if (check.identity != identity || check.setting_hash != setting_hash) continue;
    if (newest == nullptr || check.created > newest->created) newest = &check;
  }
  return newest == nullptr ? std::nullopt : std::optional(*newest);
}

}  // namespace iago
