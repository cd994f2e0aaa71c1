// What a command prints must arrive or the command must fail: every subcommand that prints is run
// with a full disk as its standard output, and with none at all.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "child_process.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;

const fs::path kSource = IAGO_SOURCE_DIR;

class Output : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = fs::temp_directory_path() / ("iago-output-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    write_file(folder_ / "subject.jsonl",
               R"({"replies": ["<OUTPUT>I cannot help with that.</OUTPUT>"]})"
               "\n");
    ASSERT_EQ(shell("run " + study() + " >run.out").code, 0);
  }
  static void TearDownTestSuite() { fs::remove_all(folder_); }

  static std::string study() {
    return "'" + (kSource / "studies/helpful-only.toml").string() +
           "' --model scripted:subject.jsonl --limit 2 --repeats 1";
  }
  // The command line behind `iago`, as a shell reads it.
  static Ended shell(const std::string& line) {
    const std::string command = "'" + std::string(IAGO_EXECUTABLE) + "' " + line;
    return ChildProcess({"/bin/sh", "-c", command}, folder_, kSource.string()).wait();
  }

  inline static fs::path folder_;
};

TEST_F(Output, ThatCannotBeWrittenIsAnErrorOfEveryCommand) {
  const std::vector<std::string> commands = {
      "--help",
      "--version",
      "run --help",
      "run " + study(),
      "run " + study() + " --json",
      "run " + study() + " --dry-run",
      "run " + study() + " --model world:aligned",
      "plan " + study(),
      "plan " + study() + " --json",
      "report",
      "report --format json",
      "report --format md",
      "report --format html",
      "compare runs/latest runs/latest",
      "compare runs/latest runs/latest --format json",
      "show",
      "show --json",
      "judge runs/latest",
      "judge runs/latest --json",
      "judge diff runs/latest compliance-rules compliance-rules",
      "judge diff runs/latest compliance-rules compliance-rules --json",
      "judge validate world:faker --samples 20",
      "settings list",
      "settings list --json",
      "settings show helpful-only --channel terse",
      "settings show helpful-only --json",
      "organism list",
      "organism list --json",
      "organism queries world-protected",
      "generate man",
      "serve --model scripted:subject.jsonl --port 0 --json",
  };
  for (const std::string& command : commands) {
    for (const char* how : {" >/dev/full", " >&-"}) {
      const Ended ended = shell(command + how);
      EXPECT_EQ(ended.code, 1) << command << how << "\n" << ended.err;
      EXPECT_THAT(ended.err, HasSubstr("standard output")) << command << how;
      EXPECT_THAT(ended.err,
                  AnyOf(HasSubstr("No space left on device"), HasSubstr("Bad file descriptor")))
          << command << how;
    }
  }
}

TEST_F(Output, OfANewSettingAndAJudgesErrorIsOwedToo) {
  int number = 0;
  for (const char* how : {" >/dev/full", " >&-"}) {
    const std::string name = "mine-" + std::to_string(++number);
    const Ended made = shell("settings new " + name + how);
    EXPECT_EQ(made.code, 1) << how << made.err;
    EXPECT_TRUE(fs::exists(folder_ / name)) << "it is there all the same";
  }
}

TEST_F(Output, NeverGoesIntoTheRunsOwnFiles) {
  ASSERT_EQ(shell("run " + study() + " --seed 7 >&- 2>&- <&-").code, 1);
  const Ended report = shell("report");
  EXPECT_EQ(report.code, 0) << report.err;
  for (const auto& entry : fs::directory_iterator(folder_ / "runs" / "latest")) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".toml")) {
      EXPECT_EQ(read_file(entry.path(), 1 << 20).find("files: "), std::string::npos) << name;
    }
  }
}

TEST_F(Output, StaysQuietWhenItsReaderLeaves) {
  for (const char* before : {"", "trap '' PIPE; "}) {
    const std::string iago = "'" + std::string(IAGO_EXECUTABLE) + "' ";
    const std::string line = std::string(before) + "{ " + iago +
                             "report --format html; echo $? >code; } | /bin/true; sleep 0.1";
    const Ended ended = ChildProcess({"/bin/sh", "-c", line}, folder_, kSource.string()).wait();
    EXPECT_THAT(ended.err, IsEmpty()) << before;
    ASSERT_TRUE(eventually([&] { return fs::exists(folder_ / "code"); }));
    const std::string code = read_file(folder_ / "code", 100);
    EXPECT_THAT(code, AnyOf("141\n", "1\n")) << before;
    fs::remove(folder_ / "code");
  }
}

TEST_F(Output, ThatFailsDoesNotHideWhatElseWentWrong) {
  const Ended missing = shell("report nowhere >/dev/full");
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.err, HasSubstr("nowhere"));
  EXPECT_EQ(shell("nonsense >&-").code, 2);
}

}  // namespace
}  // namespace iago
