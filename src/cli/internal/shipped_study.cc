#include "cli/internal/shipped_study.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <system_error>

#include "base/error.h"
#include "base/file.h"

namespace iago {

namespace fs = std::filesystem;

namespace {

bool is_there(const fs::path& file) {
  std::error_code ignored;
  return fs::exists(file, ignored) && !fs::is_directory(file, ignored);
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
  throw Error(
      ErrorCode::not_found,
      fmt::format("found no file and no shipped study \"{}\"", given.string()),
      fmt::format("Shipped are: {}.", fmt::join(names_with_extension(folder, ".toml"), ", ")));
}

}  // namespace iago
