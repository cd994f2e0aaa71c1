#include "base/model_name.h"

#include <gtest/gtest.h>

namespace iago {
namespace {

TEST(ModelName, TellsWhatIsBehindAUrl) {
  for (const char* name : {"openai:gpt-4o", "anthropic:claude-3-opus", "openai:"}) {
    EXPECT_TRUE(is_endpoint(name)) << name;
  }
  for (const char* name :
       {"organism:faker", "world:faker", "local:/openai:x", "scripted:openai:x", "openai", ""}) {
    EXPECT_FALSE(is_endpoint(name)) << name;
  }
}

TEST(ModelName, FindsTheModelInAJudgesName) {
  EXPECT_EQ(model_in_judge_name("faking-dual@openai:gpt-4o"), "openai:gpt-4o");
  EXPECT_EQ(model_in_judge_name("x@openai:gpt@2024"), "openai:gpt@2024");
  EXPECT_EQ(model_in_judge_name("a@b/x.toml@openai:m"), "openai:m");
  for (const char* name : {"faking-rules", "x@y", "x@:y", "x@A:y", "x@", ""}) {
    EXPECT_EQ(model_in_judge_name(name), "") << name;
  }
}

TEST(ModelName, FindsTheRubricInAJudgesName) {
  EXPECT_EQ(rubric_in_judge_name("faking-dual@openai:gpt-4o"), "faking-dual");
  EXPECT_EQ(rubric_in_judge_name("x@openai:gpt@2024"), "x");
  EXPECT_EQ(rubric_in_judge_name("a@b/x.toml@openai:m"), "a@b/x.toml");
  EXPECT_EQ(rubric_in_judge_name("@openai:m"), "");
  for (const char* name : {"faking-rules", "a@b/x.toml", "x@y", "x@:y", "x@A:y", "x@", ""}) {
    EXPECT_EQ(rubric_in_judge_name(name), name);
  }
}

}  // namespace
}  // namespace iago
