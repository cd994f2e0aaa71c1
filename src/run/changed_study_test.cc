#include "run/changed_study.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "store/writer.h"
#include "testing/store/small_rows.h"

namespace iago {
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
  // A run that has recorded the set's first queries.
  void add_store(const std::string& name, std::size_t count) {
    add_run(name, loaded_.study);
    std::vector<Query> recorded;
    for (const Query& query : loaded_.queries) {
      if (recorded.size() < count) recorded.push_back({query.id, query.text, query.topic, {}});
    }
    StoreWriter writer(folder_ / name / "run.db", fixtures::a_run());
    writer.record_plan(fixtures::the_wordings(), fixtures::the_arms(), recorded, {});
    writer.close();
  }
  // The message, or nothing if the study is not refused.
  std::string refused(const StudyOverrides& overrides = {}) const {
    try {
      refuse_changed_study(folder_, loaded_, overrides, "helpful-only-faker-2");
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
              AllOf(HasSubstr("helpful-only-faker-1"), HasSubstr("temperature was 1, is now 0.7"),
                    HasSubstr("margin was 3, is now 5"), Not(HasSubstr("repeats"))));
}

TEST_F(EditedStudy, MayDifferInWhatTheCommandLineNames) {
  loaded_.study.seed = 7;
  EXPECT_THAT(refused(), HasSubstr("seed was 1, is now 7"));
  EXPECT_EQ(refused({.seed = 7}), "");
  loaded_.study.margin = 5;
  EXPECT_THAT(refused({.seed = 7}), AllOf(HasSubstr("margin"), Not(HasSubstr("seed"))));
}

TEST_F(EditedStudy, IsAlsoOneWhosePromptsWereEdited) {
  EXPECT_THAT(refused(), HasSubstr("prompts"));  // another run id, and no field says why
}

TEST_F(EditedStudy, IsComparedWithItsOwnSubjectOnly) {
  loaded_.study.margin = 5;
  loaded_.study.model = "organism:aligned";
  EXPECT_EQ(refused(), "");
}

TEST_F(EditedStudy, IsOneWithOtherContrastsOrParametersButNotWithOtherWordings) {
  loaded_.study.contrasts = {"training-baseline"};
  EXPECT_THAT(refused(), HasSubstr("contrasts"));
  loaded_.study.contrasts.clear();
  loaded_.study.parameters = {{"lab", "Brellin"}};
  EXPECT_THAT(refused(), HasSubstr("parameters"));
}

TEST_F(EditedStudy, GoesOnWithItsOwnRun) {
  loaded_.study.margin = 5;
  add_run("helpful-only-faker-2", loaded_.study);
  EXPECT_EQ(refused(), "");
}

TEST_F(EditedStudy, IsRefusedWithAnotherReferenceThanItsRunBeganWith) {
  add_store("helpful-only-faker-2", 10);  // its reference is "default"
  EXPECT_EQ(refused(), "");
  EXPECT_EQ(refused({.reference = "default"}), "");
  loaded_.study.wordings = {"default", "no-scratchpad"};
  loaded_.study.reference = "no-scratchpad";
  EXPECT_THAT(refused({.reference = "no-scratchpad"}),
              AllOf(HasSubstr("\"default\""), HasSubstr("\"no-scratchpad\"")));
  EXPECT_THAT(refused(), HasSubstr("\"no-scratchpad\"")) << "named in the study's file";
  loaded_.study.wordings = {"no-scratchpad"};
  EXPECT_EQ(refused(), "") << "the first wording is the reference of a study that names none";
}

TEST_F(EditedStudy, MayHaveMoreQueriesOrALowerLimit) {
  add_store("helpful-only-faker-2", 10);
  for (auto limit : std::vector<std::optional<std::size_t>>{3, 10, 50, std::nullopt}) {
    loaded_.study.limit = limit;
    EXPECT_EQ(refused(), "");
  }
  loaded_.queries.push_back({.id = "one-more", .text = "And this?", .topic = {}, .labels = {}});
  std::reverse(loaded_.queries.begin(), loaded_.queries.begin() + 10);
  EXPECT_EQ(refused(), "") << "the same ten in another order";
  loaded_.queries.resize(10);
  EXPECT_EQ(refused(), "") << "of the other queries nothing was recorded";
}

TEST_F(EditedStudy, MayAskForAnotherSampleOnlyOnTheCommandLine) {
  loaded_.study.sample = 20;
  loaded_.study.sample_seed = 1;
  loaded_.study.where = {"topic=moon archive"};
  EXPECT_THAT(refused(), AllOf(HasSubstr("sample_seed was none, is now 1"),
                               HasSubstr("where was [], is now [\"topic=moon archive\"]")));
  EXPECT_EQ(refused({.where = {{"topic=moon archive"}}, .sample = 20}), "");
}

TEST_F(EditedStudy, MayGrowOrShrinkItsSample) {
  loaded_.study.sample_seed = 1;
  add_store("helpful-only-faker-2", 10);
  for (std::size_t sample : {5, 10, 50}) {
    loaded_.study.sample = sample;
    EXPECT_EQ(refused(), "");
  }
}

TEST_F(EditedStudy, IsOneWhoseQuerySetHasOtherQueriesUnderTheSameFileName) {
  add_store("helpful-only-faker-2", 10);
  fs::path before = loaded_.study.queries;
  loaded_.study.queries = "/elsewhere" / before.filename();
  std::string first = loaded_.queries.front().id;
  for (Query& query : loaded_.queries) query.id = "other-" + query.id;
  EXPECT_THAT(refused({.queries = loaded_.study.queries.string()}),
              AllOf(HasSubstr(loaded_.study.queries.string()), HasSubstr(before.string()),
                    HasSubstr("helpful-only-faker-2"), HasSubstr("10 of the 10 queries"),
                    HasSubstr('"' + first + '"'), HasSubstr("and 7 more")))
      << "although the command line names the set: the run would hold both";
}

TEST_F(EditedStudy, IsOneWhoseQuerySetLostAQueryOfTheRun) {
  add_store("helpful-only-faker-2", 10);
  std::string gone = loaded_.queries[3].id;
  loaded_.queries.erase(loaded_.queries.begin() + 3);
  for (auto limit : std::vector<std::optional<std::size_t>>{5, 10, std::nullopt}) {
    loaded_.study.limit = limit;
    EXPECT_THAT(refused(), AllOf(HasSubstr("1 of the 10 queries"), HasSubstr('"' + gone + '"'),
                                 Not(HasSubstr("more")), Not(HasSubstr(" (of "))));
  }
}

TEST_F(EditedStudy, IsOneWhoseNewQueriesPushOldOnesBeyondTheLimit) {
  add_store("helpful-only-faker-2", 10);
  std::string last = loaded_.queries[9].id;
  loaded_.queries.insert(loaded_.queries.begin(),
                         {.id = "new", .text = "And this?", .topic = {}, .labels = {}});
  loaded_.study.limit = 10;
  EXPECT_THAT(refused(), HasSubstr('"' + last + '"'));
  loaded_.study.limit.reset();
  EXPECT_EQ(refused(), "") << "all eleven are planned";
}

TEST_F(EditedStudy, IsHeldAgainstTheNewestOfItsRuns) {
  add_store("helpful-only-faker-2", 10);
  for (Query& query : loaded_.queries) query.id = "other-" + query.id;
  EXPECT_NE(refused(), "");
  add_store("helpful-only-faker-2.2", 10);  // begun with --new
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
}  // namespace iago
