// Both executables: build/iago, and build/iago-torch with the commands that train.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <system_error>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/tell.h"

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

struct Dispatch {
  const Context& context;
  int operator()(const HelpArguments& a) const { return fmt::print("{}", a.text), 0; }
  int operator()(const RunArguments& a) const { return run_command(a, context); }
  int operator()(const PlanArguments& a) const { return plan_command(a, context); }
  int operator()(const ReportArguments& a) const { return report_command(a, context); }
  int operator()(const CompareArguments& a) const { return compare_command(a, context); }
  int operator()(const ShowArguments& a) const { return show_command(a, context); }
  int operator()(const JudgeArguments& a) const { return judge_command(a, context); }
  int operator()(const JudgeValidateArguments& a) const {
    return judge_validate_command(a, context);
  }
  int operator()(const JudgeDiffArguments& a) const { return judge_diff_command(a, context); }
  int operator()(const SettingsListArguments& a) const { return settings_list_command(a, context); }
  int operator()(const SettingsShowArguments& a) const { return settings_show_command(a, context); }
  int operator()(const OrganismListArguments& a) const { return organism_list_command(a, context); }
  int operator()(const OrganismGrowArguments& a) const { return organism_grow_command(a, context); }
  int operator()(const OrganismMeasureArguments& a) const {
    return organism_measure_command(a, context);
  }
  int operator()(const OrganismCalibrateArguments& a) const {
    return organism_calibrate_command(a, context);
  }
  int operator()(const OrganismQueriesArguments& a) const {
    return organism_queries_command(a, context);
  }
  int operator()(const ServeArguments& a) const { return serve_command(a, context); }
};

int main_of(int argc, const char* const* argv) {
  try {
    Context context{.executable = own_path(), .argc = argc, .argv = argv};
    context.data = find_data(context.executable);
    return std::visit(Dispatch{context}, parse_arguments(argc, argv));
  } catch (const UsageError& error) {
    tell(fmt::format(
        "iago: {}\nhint: iago --help lists the commands, iago COMMAND --help the options\n",
        error.message));
    return 2;
  } catch (const std::exception& error) {
    return tell_failure(error);
  }
}

}  // namespace
}  // namespace iago

int main(int argc, char** argv) { return iago::main_of(argc, argv); }
