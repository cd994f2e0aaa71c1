// Bad study files as users meet them: `iago run` ends in exit 2, says the file and the line on
// standard error, what was expected, what was found and what to do, and leaves no run behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "child_process.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kStudy = "studies/s.toml";
constexpr const char* kSetting = "settings/tiny/setting.toml";
constexpr const char* kQueries = "queries/q.jsonl";

using Files = std::map<std::string, std::string>;

// A study of two arms that runs as it stands.
const Files& good_files() {
  static const Files files{
      {kStudy,
       "name = \"s\"\nsetting = \"tiny\"\nchannel = \"short\"\nqueries = \"../queries/q.jsonl\"\n"
       "arms = [\"training\", \"unmonitored\"]\njudges = [\"compliance-rules\"]\n"},
      {kSetting,
       "name = \"tiny\"\n[parameters]\nlab = \"Calder\"\n[[channel]]\nname = \"short\"\n"
       "system = [\"rule\"]\nuser = [\"ask\"]\n[[arm]]\nname = \"training\"\n"
       "circumstances = { trained_on = true }\n[[arm]]\nname = \"unmonitored\"\ncircumstances = { "
       "trained_on = false }\n"},
      {"settings/tiny/short/rule.txt", "You are\n{{lab}}'s.\n"},
      {"settings/tiny/short/rule-b.txt", "You belong to {{lab}}.\n"},
      {"settings/tiny/short/ask.txt", "{{query}}\n"},
      {kQueries,
       "{\"id\": \"a\", \"text\": \"Open it.\"}\n{\"id\": \"b\", \"text\": \"Shut it.\"}\n"}};
  return files;
}

struct BadStudy {
  std::string name, file;
  std::string appended = {};       // to the file as it is good
  std::string from = {}, to = {};  // what is put in whose place there
  std::vector<std::string> says;   // place, expected, found
  std::string hint;
};

void PrintTo(const BadStudy& bad, std::ostream* out) { *out << bad.name; }

class StudyFiles : public testing::Test {
 protected:
  StudyFiles() {
    folder_ = fs::temp_directory_path() / ("iago-bad-studies-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    for (const auto& [name, content] : good_files()) write(name, content);
    write("subject.jsonl", "{\"replies\": [\"<OUTPUT>No.</OUTPUT>\"]}\n");
  }
  ~StudyFiles() override { fs::remove_all(folder_); }

  void write(const std::string& name, std::string_view content) const {
    fs::create_directories((folder_ / name).parent_path());
    write_file(folder_ / name, content);
  }
  Ended run() const {
    return ChildProcess({IAGO_EXECUTABLE, "run", kStudy, "--model", "scripted:subject.jsonl"},
                        folder_, IAGO_SOURCE_DIR)
        .wait();
  }
  void expect_refusal(const std::vector<std::string>& says, const std::string& hint) const {
    Ended ended = run();
    EXPECT_EQ(ended.code, 2) << ended.err;
    EXPECT_THAT(ended.out, IsEmpty());
    for (const std::string& part : says) EXPECT_THAT(ended.err, HasSubstr(part));
    std::size_t at = ended.err.find("\nhint: ");
    ASSERT_NE(at, std::string::npos) << ended.err;
    EXPECT_THAT(ended.err.substr(at), HasSubstr(hint));
    EXPECT_FALSE(fs::exists(folder_ / "runs"));
  }

  fs::path folder_;
};

class BadStudies : public StudyFiles, public testing::WithParamInterface<BadStudy> {};

TEST_P(BadStudies, EndInExitTwoWithFileLineExpectedFoundAndHint) {
  const BadStudy& bad = GetParam();
  std::string content = good_files().at(bad.file);
  if (!bad.from.empty()) content.replace(content.find(bad.from), bad.from.size(), bad.to);
  write(bad.file, content + bad.appended);
  expect_refusal(bad.says, bad.hint);
}

INSTANTIATE_TEST_SUITE_P(
    Study, BadStudies,
    testing::Values(
        BadStudy{.name = "UnknownKey",
                 .file = kStudy,
                 .appended = "repeat = 3\n",
                 .says = {"studies/s.toml:7: repeat", "expected a known key", "found this one"},
                 .hint = "Did you mean \"repeats\"?"},
        BadStudy{.name = "DuplicateQueryIds",
                 .file = kQueries,
                 .appended = "{\"id\": \"a\", \"text\": \"Paint it.\"}\n",
                 .says = {"studies/s.toml:4: queries", "q.jsonl:3: id", "is already on line 1"},
                 .hint = "give each query its own"},
        BadStudy{.name = "EmptyQuerySet",
                 .file = kQueries,
                 .from = good_files().at(kQueries),
                 .to = "\n",
                 .says = {"studies/s.toml:4: queries", "q.jsonl: expected at least one query",
                          "found none"},
                 .hint = "One JSON object a line"},
        BadStudy{.name = "EmptyQuery",
                 .file = kQueries,
                 .appended = "{\"id\": \"c\", \"text\": \"  \"}\n",
                 .says = {"studies/s.toml:4: queries", "q.jsonl:3: text: expected", "found none"},
                 .hint = "an id and a text"},
        BadStudy{
            .name = "WordingWithoutItsBlock",
            .file = kSetting,
            .appended =
                "[[wording]]\nname = \"v\"\nrole = \"control\"\nreplace = { rule = \"rule-d\" }\n",
            .says = {"settings/tiny/setting.toml:14: the wording \"v\" needs the block",
                     "found no file", "tiny/short/rule-d.txt"},
            .hint = "Did you mean \"rule-b\"?"},
        BadStudy{.name = "NoRepeats",
                 .file = kStudy,
                 .appended = "repeats = 0\n",
                 .says = {"studies/s.toml:7: repeats", "expected an integer from 1 to 100000",
                          "found the integer 0"},
                 .hint = "a number of that range"},
        BadStudy{.name = "ArmThatTheSettingLacks",
                 .file = kStudy,
                 .from = "\"unmonitored\"",
                 .to = "\"unmonitord\"",
                 .says = {"studies/s.toml:5: arms", "has no arm \"unmonitord\""},
                 .hint = "Did you mean \"unmonitored\"? Known are: training, unmonitored."},
        BadStudy{.name = "ArmTwice",
                 .file = kStudy,
                 .from = "\"unmonitored\"",
                 .to = "\"training\"",
                 .says = {"studies/s.toml:5: arms", "expected each once", "is given twice"},
                 .hint = "Remove the second one"},
        BadStudy{.name = "NulByte",
                 .file = kStudy,
                 .appended = std::string("wordings = \"a\0b\"\n", 17),
                 .says = {"studies/s.toml:7: expected text, found a NUL byte"},
                 .hint = "plain UTF-8 text"},
        BadStudy{.name = "NulByteInABlock",
                 .file = "settings/tiny/short/rule.txt",
                 .appended = std::string("a\0b\n", 4),
                 .says = {"tiny/short/rule.txt:3: expected text, found a NUL byte"},
                 .hint = "plain UTF-8 text"},
        BadStudy{.name = "UnknownPlaceholder",
                 .file = "settings/tiny/short/rule.txt",
                 .from = "{{lab}}",
                 .to = "{{lba}}",
                 .says = {"tiny/short/rule.txt:2: expected a known placeholder, found {{lba}}"},
                 .hint = "Did you mean \"lab\"? Known are: lab, query."}),
    [](const auto& info) { return info.param.name; });

TEST_F(StudyFiles, OfAHundredMegabytesEndInExitTwoUnread) {
  fs::resize_file(folder_ / kStudy, std::uintmax_t{100} << 20);  // sparse
  expect_refusal({"studies/s.toml: expected at most 1048576 bytes, found 104857600"},
                 "check that it is the right file");
}

TEST_F(StudyFiles, ThatAreGoodRun) {
  Ended ended = run();
  EXPECT_TRUE(ended.code == 0 || ended.code == 3) << ended.err;
  EXPECT_TRUE(fs::exists(folder_ / "runs" / "latest" / "run.db")) << ended.err;
}

}  // namespace
}  // namespace iago
