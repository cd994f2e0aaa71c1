#include "cli/internal/home.h"

#include <fmt/format.h>

#include <cstdlib>
#include <system_error>

#include "base/error.h"

namespace iago {

namespace fs = std::filesystem;

namespace {

bool holds_data(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_directory(folder / "settings", ignored) &&
         fs::is_directory(folder / "organisms", ignored);
}

fs::path checked(const fs::path& folder, std::string_view named_by) {
  if (holds_data(folder)) return folder;
  throw Error(ErrorCode::not_found,
              fmt::format("{}: expected a folder with settings/ and organisms/, found none at {}",
                          named_by, folder.string()),
              "It names the folder of what Iago ships, such as /usr/share/iago.");
}

}  // namespace

fs::path Home::folder() const {
  if (!named_.empty()) return checked(named_, "--home");
  const char* variable = std::getenv("IAGO_HOME");
  if (variable != nullptr && *variable != '\0') return checked(variable, "IAGO_HOME");
  std::string tried;
  for (const fs::path& place : places_) {
    if (holds_data(place)) return place;
    tried += fmt::format("{}{}", tried.empty() ? "" : ", ", place.string());
  }
  throw Error(
      ErrorCode::not_found,
      "found no folder with settings/ and organisms/, which Iago ships; looked in: " + tried,
      "Name the folder that holds them with --home, or with the variable IAGO_HOME.");
}

}  // namespace iago
