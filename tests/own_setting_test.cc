// docs/own-setting.md, followed word for word: what stands in a block of commands is run, what
// stands in a block "file" is written where the sentence above it says, and every line of a block
// "text" has to be in what the last command printed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "child_process.h"
#include "testing/base/temp_folder.h"

namespace iago {
namespace {

using testing::HasSubstr;

struct Step {
  std::string kind, text, above;  // of the fence; what it holds; the line before it
};

std::vector<Step> steps_of(const std::string& page) {
  std::vector<Step> steps;
  std::istringstream lines(page);
  std::string above;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      Step step{line.substr(3), {}, above};
      while (std::getline(lines, line) && line != "```") step.text += line + "\n";
      steps.push_back(std::move(step));
    } else if (!line.empty()) {
      above = line.ends_with(':') || above.empty() ? above + " " + line : line;
    }
  }
  return steps;
}

// The last name between backquotes with a slash in it.
std::string file_named(const std::string& sentence) {
  std::string file;
  std::istringstream parts(sentence);
  bool quoted = false;
  for (std::string part; std::getline(parts, part, '`'); quoted = !quoted) {
    if (quoted && part.find('/') != std::string::npos) file = part;
  }
  return file;
}

TEST(OwnSetting, ThePageLeadsToAResult) {
  TempFolder folder;
  const std::string page = read_file(IAGO_SOURCE_DIR "/docs/own-setting.md", 1 << 20);
  std::string printed;
  std::size_t commands = 0, files = 0, expected = 0;
  for (const Step& step : steps_of(page)) {
    SCOPED_TRACE(step.text);
    if (step.kind == "sh") {
      std::string command = step.text;
      ASSERT_TRUE(command.starts_with("iago ")) << command;
      command.replace(0, 4, "exec \"" IAGO_EXECUTABLE "\"");
      Ended ended = ChildProcess({"/bin/sh", "-c", command}, folder.path(), IAGO_SOURCE_DIR).wait();
      ASSERT_EQ(ended.code, 0) << ended.err;
      printed = ended.out;
      ++commands;
    } else if (step.kind == "file") {
      const std::string file = file_named(step.above);
      ASSERT_TRUE(std::filesystem::exists(folder / file)) << file;
      write_file(folder / file, step.text);
      ++files;
    } else if (step.kind == "text") {
      std::istringstream lines(step.text);
      for (std::string line; std::getline(lines, line); ++expected) {
        EXPECT_THAT(printed, HasSubstr(line));
      }
    }
  }
  EXPECT_GE(commands, 5u);
  EXPECT_EQ(files, 2u);
  EXPECT_GE(expected, 6u);
  EXPECT_TRUE(std::filesystem::exists(folder / "runs/latest/report.html"));
}

}  // namespace
}  // namespace iago
