// The program as `cmake --install` leaves it, in a prefix of its own and called from elsewhere with
// an empty environment: it finds its data beside itself and writes nothing there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "child_process.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20;

class Installed : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = fs::temp_directory_path() / ("iago-install-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "elsewhere");
    const Ended installed = run(
        {CMAKE_COMMAND, "--install", IAGO_BINARY_DIR, "--prefix", prefix(), "--component", "iago"});
    ASSERT_EQ(installed.code, 0) << installed.err;
  }
  static void TearDownTestSuite() { fs::remove_all(folder_); }

  static std::string prefix() { return folder_ / "prefix"; }
  static Ended run(const std::vector<std::string>& command) {
    return ChildProcess(command, folder_ / "elsewhere", "").wait();
  }
  static Ended iago(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"/usr/bin/env", "-i", prefix() + "/bin/iago"});
    return run(arguments);
  }
  // A script in a shell; skipped by the caller where the shell is not installed.
  static Ended in_bash(const std::string& script) { return run({"/bin/bash", "-c", script}); }

  // Every file below the data, with what a change would change.
  static std::map<std::string, std::pair<std::uintmax_t, fs::file_time_type>> data_files() {
    std::map<std::string, std::pair<std::uintmax_t, fs::file_time_type>> found;
    for (const auto& entry : fs::recursive_directory_iterator(prefix() + "/share/iago")) {
      found[entry.path()] = {entry.is_regular_file() ? entry.file_size() : 0,
                             entry.last_write_time()};
    }
    return found;
  }

  inline static fs::path folder_;
};

TEST_F(Installed, RunsAShippedStudyFromItsOwnDataAndWritesNothingThere) {
  const auto before = data_files();
  const Ended ended = iago({"run", "helpful-only", "--limit", "2", "--repeats", "1"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("organism:faker"));
  const std::string study =
      read_file(folder_ / "elsewhere" / "runs" / "latest" / "study.toml", kMaxFileBytes);
  EXPECT_THAT(study, AllOf(HasSubstr("setting = \"" + prefix() + "/share/iago/settings/"),
                           HasSubstr("queries = \"" + prefix() + "/share/iago/queries/")));
  EXPECT_EQ(data_files(), before);
}

TEST_F(Installed, TakesTheNameOfAStudyAndItsPathInTheShippedFolder) {
  for (const char* study : {"models", "studies/models.toml", "./studies/models.toml"}) {
    const bool is_shipped = std::string(study).front() != '.';
    const Ended ended = iago({"plan", study, "--limit", "1", "--json"});
    EXPECT_EQ(ended.code, is_shipped ? 0 : 2) << study << ended.err;
  }
  const Ended unknown = iago({"plan", "helpful"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, AllOf(HasSubstr("helpful"), HasSubstr("helpful-only")));
}

TEST_F(Installed, TakesItsDataFromWhereItIsTold) {
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"--home", "nowhere", "organism", "list"},
        {"organism", "--home", "nowhere", "list"},
        {"organism", "list", "--home", "nowhere"}}) {
    const Ended ended = iago(command);
    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, AllOf(HasSubstr("--home"), HasSubstr("nowhere")));
  }
  EXPECT_EQ(iago({"organism", "list", "--home", IAGO_SOURCE_DIR}).code, 0);
  const Ended by_variable =
      run({"/usr/bin/env", "-i", "IAGO_HOME=nowhere", prefix() + "/bin/iago", "settings", "list"});
  EXPECT_EQ(by_variable.code, 2);
  EXPECT_THAT(by_variable.err, AllOf(HasSubstr("IAGO_HOME"), HasSubstr("nowhere")));
}

TEST_F(Installed, ShipsAManualOfEveryCommand) {
  const std::string manual = read_file(prefix() + "/share/man/man1/iago.1", kMaxFileBytes);
  EXPECT_THAT(manual, StartsWith(".TH IAGO 1"));
  for (const char* part : {".SS iago run\n", ".SS iago judge validate\n", "\\-\\-max\\-cost",
                           ".B IAGO_HOME", ".SH EXIT STATUS", "iago run helpful\\-only"}) {
    EXPECT_THAT(manual, HasSubstr(part));
  }
}

TEST_F(Installed, CompletesInBash) {
  auto completed = [](const std::string& words) {
    const Ended ended = in_bash("source " + prefix() +
                                "/share/bash-completion/completions/iago; COMP_WORDS=(" + words +
                                "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _iago; "
                                "echo \"${COMPREPLY[@]}\"");
    EXPECT_THAT(ended.err, IsEmpty());
    return ended.out;
  };
  EXPECT_EQ(completed("iago ru"), "run\n");
  EXPECT_EQ(completed("iago judge v"), "validate\n");
  EXPECT_EQ(completed("iago run helpful-only --max-c"), "--max-cost\n");
  EXPECT_EQ(completed("iago --home x report --format m"), "md methods\n");
  EXPECT_EQ(completed("iago run helpful-on"), "\n");  // then bash offers files
}

// Where these shells are installed: that they read what is written for them.
TEST_F(Installed, WritesCompletionsThatOtherShellsRead) {
  const std::string share = prefix() + "/share/";
  for (const auto& [shell, file] : std::map<std::string, std::string>{
           {"/usr/bin/zsh", share + "zsh/vendor-completions/_iago"},
           {"/usr/bin/fish", share + "fish/vendor_completions.d/iago.fish"}}) {
    ASSERT_TRUE(fs::exists(file)) << file;
    if (!fs::exists(shell)) continue;
    const Ended ended = run({shell, "-n", file});
    EXPECT_EQ(ended.code, 0) << ended.err;
  }
}

}  // namespace
}  // namespace iago
