// Both executables: iago, and iago-torch with the commands that train.
#include <fmt/format.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/internal/context.h"
#include "cli/internal/exit_status.h"
#include "cli/internal/failure.h"
#include "cli/internal/program.h"
#include "cli/internal/streams.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

// Without links; empty if the system does not tell. In a chroot /proc may be missing: then it is
// the path by which the program was started.
fs::path own_path() {
  std::error_code status;
  fs::path path = fs::read_symlink("/proc/self/exe", status);
  if (!status) return path;
  const auto started_as = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  path = started_as != nullptr ? fs::canonical(started_as, status) : fs::path();
  return status ? fs::path() : path;
}

fs::path place_from(const fs::path& folder, const char* relative) {
  const fs::path place = (folder / relative).lexically_normal();
  return place.has_filename() ? place : place.parent_path();  // no slash at the end
}

// Where data may lie: installed beside the program; in the source tree of this build, to which both
// may have been moved; in the source tree as it was then.
Home home_of(const fs::path& executable) {
  const fs::path folder = executable.parent_path();
  std::vector<fs::path> places = {place_from(folder, "../share/iago"),
                                  place_from(folder, IAGO_SOURCE_FROM_BUILD)};
  if (places.back() != IAGO_SOURCE_DIR) places.emplace_back(IAGO_SOURCE_DIR);
  return Home(std::move(places));
}

// `unwritten` becomes the reason why something could not be printed.
int main_of(int argc, const char* const* argv, std::error_code& unwritten) {
  try {
    const fs::path executable = own_path();
    const Context context{
        .data = home_of(executable), .executable = executable, .argc = argc, .argv = argv};
    Program iago;
    for (AddCommand* add : kCommands) add(iago);
    return iago.run(context);
  } catch (const UsageError& error) {
    print_stderr(fmt::format("iago: {}\nhint: {}\n", error.message, error.hint));
    return kWrongUsage;
  } catch (const std::system_error& error) {
    if (std::ferror(stdout) == 0) return print_failure(error);
    unwritten = error.code();
    return 0;
  } catch (const std::exception& error) {
    return print_failure(error);
  }
}

}  // namespace
}  // namespace iago

namespace {

// Of an exception that a thread did not catch: memory may run out anywhere. What is stored is safe
// (the store acknowledges nothing that it has not written), so it is enough to say why. Allocates
// nothing.
[[noreturn]] void end_for_want_of_memory() {
  constexpr std::string_view kMessage =
      "iago: out of memory\n"
      "hint: lower --max-in-flight or --threads; stored results are safe, and the same command "
      "resumes a run\n";
  try {
    if (const auto error = std::current_exception()) std::rethrow_exception(error);
  } catch (const std::bad_alloc&) {
    [[maybe_unused]] const auto written = ::write(2, kMessage.data(), kMessage.size());
    ::_exit(1);
  } catch (...) {
  }
  std::abort();
}

}  // namespace

int main(int argc, char** argv) {
  std::set_terminate(end_for_want_of_memory);
  // At a limit of the size of files (ulimit -f) a write is then an error like others, which names
  // the file.
  std::signal(SIGXFSZ, SIG_IGN);
  iago::hold_standard_streams();
  std::error_code unwritten;
  const int code = iago::main_of(argc, argv, unwritten);
  return iago::end_output(code, unwritten);
}
