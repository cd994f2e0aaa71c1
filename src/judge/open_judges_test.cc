#include "judge/open_judges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "chat/scripted.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

class OpenJudges : public testing::Test {
 protected:
  OpenedJudges open(const std::vector<std::string>& names, const std::string& model = "") {
    return open_judges(
        names,
        {.data = IAGO_SOURCE_DIR, .model = model, .open_model = [this](const std::string& name) {
           opened_.push_back(name);
           return std::make_unique<ScriptedModel>(R"({"replies": ["?"]})", name, name);
         }});
  }
  ErrorCode code_of(const std::vector<std::string>& names, const std::string& model = "") {
    try {
      open(names, model);
    } catch (const Error& error) {
      EXPECT_FALSE(error.hint().empty()) << error.what();
      return error.code();
    }
    ADD_FAILURE() << "opened";
    return ErrorCode::corrupt;
  }
  std::vector<std::string> opened_;
};

TEST_F(OpenJudges, FindsRulesFirstAndRubricsByName) {
  auto opened = open({"compliance-rules", "faking-four-criteria"}, "scripted:j");
  ASSERT_EQ(opened.judges.size(), 2u);
  EXPECT_EQ(opened.judges[0]->info().name, "compliance-rules");
  EXPECT_EQ(opened.judges[1]->info().name, "faking-four-criteria@scripted:j");
  EXPECT_EQ(opened_, std::vector<std::string>{"scripted:j"});
}

TEST_F(OpenJudges, OpensAJudgeAgainByTheNameThatItGaveItself) {
  auto first = open({"faking-four-criteria"}, "scripted:j");
  auto again = open({first.judges[0]->info().name});
  EXPECT_EQ(again.judges[0]->info().hash, first.judges[0]->info().hash);
}

TEST_F(OpenJudges, GivesEachItsOwnModelAndOpensEachModelOnce) {
  auto opened = open({"faking-four-criteria", "faking-four-criteria@scripted:b",
                      "faking-four-criteria@local:a@b/c"},
                     "scripted:a");
  EXPECT_EQ(opened_, (std::vector<std::string>{"scripted:a", "scripted:b", "local:a@b/c"}));
  EXPECT_EQ(code_of({"faking-four-criteria", "faking-four-criteria@scripted:a"}, "scripted:a"),
            ErrorCode::invalid);
}

TEST_F(OpenJudges, OpensARubricByItsPath) {
  fs::path file = fs::path(IAGO_SOURCE_DIR) / "rubrics" / "faking-four-criteria.toml";
  auto by_path = open({file.string() + "@scripted:j"});
  auto by_name = open({"faking-four-criteria@scripted:j"});
  EXPECT_EQ(by_path.judges[0]->info().hash, by_name.judges[0]->info().hash);
}

TEST_F(OpenJudges, SaysWhatIsMissing) {
  EXPECT_EQ(code_of({"faking-four-criteria"}), ErrorCode::invalid) << "no model";
  EXPECT_EQ(code_of({"faking-four-criterion"}, "scripted:j"), ErrorCode::not_found);
  EXPECT_EQ(code_of({"../rubrics/none"}, "scripted:j"), ErrorCode::not_found);
  EXPECT_TRUE(opened_.empty()) << "a model was opened for nothing";
}

TEST(SplitJudgeName, TellsAModelFromAnAt) {
  EXPECT_EQ(split_judge_name("x@openai:gpt@2024").model, "openai:gpt@2024");
  EXPECT_EQ(split_judge_name("a@b/x.toml@openai:m").rubric, "a@b/x.toml");
  EXPECT_EQ(split_judge_name("x@y").rubric, "x@y");
}

}  // namespace
}  // namespace iago
