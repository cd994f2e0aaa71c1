// Both executables: build/iago, and build/iago-torch with the commands that train.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "cli/commands.h"
#include "cli/internal/failure.h"
#include "cli/internal/program.h"
#include "cli/internal/streams.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

fs::path own_path() {
  std::error_code status;
  fs::path path = fs::read_symlink("/proc/self/exe", status);
  return status ? fs::path() : path;
}

// IAGO_HOME, else the folder above the build that holds settings/, else the source tree.
fs::path find_data(const fs::path& executable) {
  if (const char* home = std::getenv("IAGO_HOME")) return home;
  for (fs::path folder = executable.parent_path(); folder.has_relative_path();
       folder = folder.parent_path()) {
    if (fs::exists(folder / "settings") && fs::exists(folder / "organisms")) return folder;
  }
  return IAGO_DATA_DIR;
}

int main_of(int argc, const char* const* argv) {
  try {
    Context context{.executable = own_path(), .argc = argc, .argv = argv};
    context.data = find_data(context.executable);
    Program iago;
    for (AddCommand* add : kCommands) add(iago);
    return iago.run(context);
  } catch (const UsageError& error) {
    print_stderr(fmt::format(
        "iago: {}\nhint: iago --help lists the commands, iago COMMAND --help the options\n",
        error.message));
    return 2;
  } catch (const std::exception& error) {
    return print_failure(error);
  }
}

}  // namespace
}  // namespace iago

int main(int argc, char** argv) { return iago::main_of(argc, argv); }
