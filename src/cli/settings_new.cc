// iago settings new
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>
#include <system_error>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/internal/program.h"
#include "study/names.h"
#include "text/printable.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPlaceholder = "my-setting";  // in the skeleton's files
constexpr std::size_t kMostBytes = std::size_t{1} << 20;

struct SettingsNewArguments {
  std::string name;
};

// A name that may begin a folder, a run's id and a setting.
void check_name(const std::string& name) {
  if (is_name(name) && name.size() <= 60) return;
  throw Error(
      ErrorCode::invalid, fmt::format("\"{}\" cannot be a name", printable(name, 100)),
      "Use letters, digits, '.', '_' and '-', at most 60, and begin with a letter or digit.");
}

std::string with_name(std::string text, const std::string& name) {
  for (auto at = text.find(kPlaceholder); at != std::string::npos;
       at = text.find(kPlaceholder, at + name.size())) {
    text.replace(at, kPlaceholder.size(), name);
  }
  return text;
}

// Copies the skeleton's files beside a new folder and gives it its name at the end, so that the
// folder is whole or not there.
void copy_skeleton(const fs::path& from, const fs::path& to, const std::string& name) {
  fs::path beside = to;
  beside += ".new";
  std::error_code status;
  fs::remove_all(beside, status);
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    if (!entry.is_regular_file()) continue;
    const fs::path file = beside / entry.path().lexically_relative(from);
    fs::create_directories(file.parent_path());
    write_file(file, with_name(read_file(entry.path(), kMostBytes), name));
  }
  fs::rename(beside, to);
}

int settings_new_command(const SettingsNewArguments& arguments, const Context& context) {
  const std::string& name = arguments.name;
  check_name(name);
  const fs::path folder = name, skeleton = context.data / "skeleton";
  if (fs::exists(folder)) {
    throw Error(ErrorCode::invalid, fmt::format("{}: there is such a folder already", name),
                "Choose another name, or move the folder away.");
  }
  if (!fs::is_directory(skeleton)) {
    throw Error(ErrorCode::not_found, fmt::format("{}: no such folder", skeleton.string()),
                "Install Iago again, or name its data folder with IAGO_HOME.");
  }
  copy_skeleton(skeleton, folder, name);
  fmt::print(
      "{0}/setting/setting.toml  arms, contrasts, wordings; the texts are in {0}/setting/short/\n"
      "{0}/setting/judge.toml    which answers comply\n"
      "{0}/queries.jsonl         what users ask\n"
      "{0}/study.toml            what is run\n"
      "\nTry it with a scripted subject, then edit the files:\n"
      "  iago settings show {0}/setting\n"
      "  iago run {0}/study.toml --model scripted:{0}/rehearsal/subject.jsonl \\\n"
      "    --judge-model scripted:{0}/rehearsal/grader.jsonl\n",
      name);
  return 0;
}

}  // namespace

void add_settings_new(Program& iago) {
  auto [command, a] = iago.add<SettingsNewArguments>(
      "settings new", "Make a setting of your own, with a study, queries and a judge",
      settings_new_command);
  command.add_option("name", a.name, "Its name, and that of the new folder")->required();
  command.footer("Example:\n  iago settings new bank-advice");
}

}  // namespace iago
