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

// `what` names the kind of file, which lies in `folder` of the home.
fs::path shipped_file(const fs::path& given, const char* what, const char* folder,
                      const Home& home) {
  if (is_there(given)) return given;
  const bool is_name = !given.has_parent_path() && !given.has_extension();
  const bool is_shipped_path = given.parent_path() == folder && given.extension() == ".toml";
  if (given.empty() || (!is_name && !is_shipped_path)) return given;
  const fs::path all = home / folder;
  const fs::path shipped = all / fs::path(given.stem()).concat(".toml");
  if (is_there(shipped)) return shipped;
  if (is_shipped_path) return given;
  throw Error(ErrorCode::not_found,
              fmt::format("found no file and no shipped {} \"{}\"", what, given.string()),
              fmt::format("Shipped are: {}.", fmt::join(names_with_extension(all, ".toml"), ", ")));
}

}  // namespace

fs::path study_file(const fs::path& given, const Home& home) {
  return shipped_file(given, "study", "studies", home);
}

fs::path facts_file(const fs::path& given, const Home& home) {
  return shipped_file(given, "file of facts", "documents", home);
}

}  // namespace iago
