#include "cli/internal/shipped_study.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <system_error>
#include <vector>

#include "base/error.h"

namespace iago {

namespace fs = std::filesystem;

namespace {

bool is_there(const fs::path& file) {
  std::error_code ignored;
  return fs::exists(file, ignored) && !fs::is_directory(file, ignored);
}

std::vector<std::string> studies_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

fs::path study_file(const fs::path& given, const Home& home) {
  if (is_there(given)) return given;
  const bool is_name = !given.has_parent_path() && !given.has_extension();
  const bool is_shipped_path = given.parent_path() == "studies" && given.extension() == ".toml";
  if (!is_name && !is_shipped_path) return given;
  const fs::path folder = home / "studies";
  const fs::path shipped = folder / fs::path(given.stem()).concat(".toml");
  if (is_there(shipped)) return shipped;
  if (is_shipped_path) return given;
  throw Error(ErrorCode::not_found,
              fmt::format("found no file and no shipped study \"{}\"", given.string()),
              fmt::format("Shipped are: {}.", fmt::join(studies_in(folder), ", ")));
}

}  // namespace iago
