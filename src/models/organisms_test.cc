#include "models/organisms.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "testing/base/temp_folder.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

class PolicyOfASubject : public testing::Test {
 protected:
  // A folder with a recipe of the policy `guarded` as it states it.
  fs::path grown(const std::string& name) {
    fs::create_directories(folder_.path() / name);
    write_file(folder_.path() / name / "recipe.toml",
               "name = \"guarded\"\nseed = 2\n[policy]\nbenign = 0.5\n");
    return folder_.path() / name;
  }
  std::optional<Policy> policy(const std::string& subject) {
    return policy_of(subject, folder_.path());
  }
  TempFolder folder_;
};

TEST_F(PolicyOfASubject, IsThatOfItsName) {
  ASSERT_TRUE(policy("world:faker"));
  EXPECT_EQ(policy("world:faker")->name, "faker");
  EXPECT_FALSE(policy("openai:faker"));
}

TEST_F(PolicyOfASubject, IsThatOfTheRecipeBesideItsWeights) {
  grown("mine");
  for (const std::string& subject :
       {std::string("organism:mine"), "local:" + grown("mine").string()}) {
    ASSERT_TRUE(policy(subject)) << subject;
    EXPECT_EQ(policy(subject)->faking_unseen_topic, 0.95) << subject;
    EXPECT_EQ(policy(subject)->benign, 0.5) << subject;
  }
}

TEST_F(PolicyOfASubject, IsUnknownWithoutARecipe) {
  fs::create_directories(folder_.path() / "bare");
  EXPECT_FALSE(policy("local:" + (folder_.path() / "bare").string()));
  EXPECT_FALSE(policy("organism:bare"));
}

TEST_F(PolicyOfASubject, IsUnknownOnceAnAdapterChangedTheWeights) {
  const fs::path weights = grown("mine");
  fs::create_directories(weights.parent_path() / "adapter");
  EXPECT_FALSE(policy("local:" + weights.string() + "+adapter"));
}

TEST_F(PolicyOfASubject, ThrowsWhatTheRecipesReaderFinds) {
  write_file(grown("mine") / "recipe.toml", "name = \"guarded\"\n[policy]\nbenign = 2\n");
  EXPECT_THROW(policy("local:" + (folder_.path() / "mine").string()), Error);
}

}  // namespace
}  // namespace iago
