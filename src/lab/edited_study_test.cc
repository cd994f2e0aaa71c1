#include "lab/edited_study.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

namespace iago::lab {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class EditedStudy : public testing::Test {
 protected:
  EditedStudy() {
    folder_ =
        fs::temp_directory_path() / ("iago-edited-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    loaded_ = load_study(std::string(IAGO_SOURCE_DIR) + "/studies/helpful-only.toml", {},
                         IAGO_SOURCE_DIR);
    add_run("helpful-only-faker-1", loaded_.study);
  }
  ~EditedStudy() override { fs::remove_all(folder_); }

  void add_run(const std::string& name, const Study& study) {
    fs::create_directories(folder_ / name);
    write_file(folder_ / name / "study.toml", to_toml(study));
  }
  // The message, or nothing if the study is not refused.
  std::string refused(const StudyOverrides& overrides = {}) const {
    try {
      refuse_edited_study(folder_, loaded_, overrides, "helpful-only-faker-2");
      return {};
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid);
      EXPECT_THAT(error.hint(), HasSubstr("--new"));
      return error.what();
    }
  }

  fs::path folder_;
  LoadedStudy loaded_;
};

TEST_F(EditedStudy, IsRefusedWithEverythingThatDiffers) {
  loaded_.study.sampling.temperature = 0.7;
  loaded_.study.margin = 5;
  loaded_.study.repeats = 99;  // extends a run
  EXPECT_THAT(refused(),
              AllOf(HasSubstr("helpful-only-faker-1"), HasSubstr("temperature was 1, is 0.7"),
                    HasSubstr("margin was 3, is 5"), Not(HasSubstr("repeats"))));
}

TEST_F(EditedStudy, MayDifferInWhatTheCommandLineNames) {
  loaded_.study.seed = 7;
  EXPECT_THAT(refused(), HasSubstr("seed was 1, is 7"));
  EXPECT_EQ(refused({.seed = 7}), "");
  loaded_.study.margin = 5;
  EXPECT_THAT(refused({.seed = 7}), AllOf(HasSubstr("margin"), Not(HasSubstr("seed"))));
}

TEST_F(EditedStudy, IsAlsoOneWhosePromptsWereEdited) {
  EXPECT_THAT(refused(), HasSubstr("prompts"));  // another run id, and no field says why
}

TEST_F(EditedStudy, IsComparedWithItsOwnSubjectAndVariantOnly) {
  loaded_.study.margin = 5;
  loaded_.study.model = "organism:aligned";
  EXPECT_EQ(refused(), "");
  loaded_.study.model = "organism:faker";
  loaded_.study.variant = "no-scratchpad";
  EXPECT_EQ(refused(), "");
}

TEST_F(EditedStudy, GoesOnWithItsOwnRun) {
  loaded_.study.margin = 5;
  add_run("helpful-only-faker-2", loaded_.study);
  EXPECT_EQ(refused(), "");
}

TEST_F(EditedStudy, IsNotStoppedByFoldersThatAreNoRuns) {
  fs::remove_all(folder_ / "helpful-only-faker-1");
  fs::create_directories(folder_ / "notes");
  write_file(folder_ / "notes" / "study.toml", "this is no study");
  EXPECT_EQ(refused(), "");
  fs::remove_all(folder_);
  EXPECT_EQ(refused(), "");
}

}  // namespace
}  // namespace iago::lab
