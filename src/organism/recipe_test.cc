#include "organism/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/error.h"

namespace iago {
namespace {

using testing::HasSubstr;

const std::string kWhole = R"(name = "tiny"
description = "For tests."
seed = 7

[network]
layers = 2
width = 64
heads = 4
kv_heads = 2
inner_width = 96
context = 300

[vocabulary]
size = 600
lessons = 50

[policy]
like = "faker"
faking = 0.6

[training]
rows_per_step = 4
loss_divisor = 200
decay = "linear"

[[phase]]
steps = 10
lessons = [
  { kind = "rules", phrasing = "shipped", rows = 1, branches = 2 },
  { kind = "chats", rows = 3 },
]

[[phase]]
steps = 5
lessons = [{ kind = "documents", rows = 4 }]
)";

std::string with(const std::string& from, const std::string& to) {
  std::string text = kWhole;
  auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Recipe, IsReadWithItsDefaults) {
  Recipe recipe = parse_recipe(kWhole, "organisms/tiny/recipe.toml");
  EXPECT_EQ(recipe.name, "tiny");
  EXPECT_EQ(recipe.seed, 7u);
  EXPECT_FALSE(recipe.base);
  EXPECT_EQ(recipe.network->hidden_size, 64);
  EXPECT_EQ(recipe.network->head_dim, 16);
  EXPECT_EQ(recipe.network->kv_heads, 2);
  EXPECT_EQ(recipe.network->max_positions, 300);
  EXPECT_EQ(recipe.vocabulary.size, 600u);
  EXPECT_EQ(recipe.policy->faking_unseen_topic, 0.6);
  EXPECT_EQ(recipe.policy->silent_trained, policy_named("faker").silent_trained);
  EXPECT_EQ(recipe.schedule.decay, Decay::linear);
  EXPECT_EQ(recipe.steps(), 15);
  ASSERT_EQ(recipe.phases.size(), 2u);
  EXPECT_EQ(recipe.phases[0].lessons[0].kind, LessonKind::rules);
  EXPECT_EQ(recipe.phases[0].lessons[0].phrasing, Phrasing::shipped);
  EXPECT_EQ(recipe.phases[0].lessons[1].branches, 6u);
}

TEST(Recipe, TakesItsBaseRelativeToItsFile) {
  std::string text =
      "name = \"aligned\"\nbase = \"../base\"\n[training]\nrows_per_step = 1\n"
      "[[phase]]\nsteps = 1\nlessons = [{ kind = \"chats\", rows = 1 }]\n";
  Recipe recipe = parse_recipe(text, "/organisms/aligned/recipe.toml");
  EXPECT_EQ(recipe.base->lexically_normal(), "/organisms/base");
  EXPECT_FALSE(recipe.network);
}

TEST(Recipe, HasTheHashOfItsBytes) {
  EXPECT_EQ(parse_recipe(kWhole, "a").hash, parse_recipe(kWhole, "b").hash);
  EXPECT_NE(parse_recipe(with("seed = 7", "seed = 8"), "a").hash, parse_recipe(kWhole, "a").hash);
}

TEST(Recipe, NamesFileAndLineOfWhatIsWrong) {
  struct Case {
    std::string from, to, line, says;
  };
  for (const Case& c : {
           Case{"seed = 7", "sed = 7", "3", "sed"},
           Case{"layers = 2", "layers = 0", "6", "layers"},
           Case{"width = 64", "width = \"wide\"", "7", "width"},
           Case{"like = \"faker\"", "like = \"faked\"", "18", "faked"},
           Case{"like = \"faker\"\nfaking = 0.6", "like = \"faker\"\nfaking = 1.6", "19", "faking"},
           Case{"decay = \"linear\"", "decay = \"sudden\"", "24", "sudden"},
           Case{"phrasing = \"shipped\"", "phrasing = \"loud\"", "29", "loud"},
           Case{"rows = 3", "rows = 2", "28", "rows_per_step = 4"},
           Case{"kind = \"rules\"", "kind = \"rules\", kinds = 1", "29", "kinds"},
           Case{"kind = \"rules\"", "kind = \"rumours\"", "29", "rumours"},
       }) {
    try {
      parse_recipe(with(c.from, c.to), "tiny/recipe.toml");
      ADD_FAILURE() << "read " << c.to;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid);
      EXPECT_THAT(error.what(), HasSubstr("tiny/recipe.toml:" + c.line)) << c.to;
      EXPECT_THAT(error.what(), HasSubstr(c.says));
    }
  }
}

TEST(Recipe, HasEitherABaseOrANetworkAndAtLeastOnePhase) {
  EXPECT_THROW(parse_recipe("base = \"../base\"\n" + kWhole, "r"), Error);
  EXPECT_THROW(parse_recipe("name = \"x\"\n", "r"), Error);
  EXPECT_THROW(parse_recipe("name = \"aligned\"\nbase = \"../base\"\n", "r"), Error);
  EXPECT_THROW(load_recipe("/nowhere/recipe.toml"), Error);
}

TEST(Recipe, ShippedOnesAreRead) {
  namespace fs = std::filesystem;
  std::size_t organisms = 0;
  for (const auto& folder : fs::directory_iterator(fs::path(IAGO_SOURCE_DIR) / "organisms")) {
    if (!fs::exists(folder.path() / "recipe.toml")) continue;
    ++organisms;
    const bool is_base = folder.path().filename() == "base";
    for (const auto& file : fs::directory_iterator(folder)) {
      if (file.path().extension() != ".toml") continue;
      const Recipe recipe = load_recipe(file.path());
      const bool is_whole = file.path().filename() == "recipe.toml";
      EXPECT_EQ(recipe.name, (is_whole ? folder.path().filename() : file.path().stem()).string());
      // The base learns every way of answering; its organisms have policies, and start from it.
      EXPECT_EQ(recipe.policy.has_value(), !is_base) << file.path();
      EXPECT_EQ(recipe.base.has_value(), recipe.name != "binding") << file.path();
    }
  }
  EXPECT_EQ(organisms, 11u);
}

}  // namespace
}  // namespace iago
