#include "organism/grow.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "lm/weights.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTiny = R"(name = "tiny"
[network]
layers = 2
width = 16
heads = 2
inner_width = 24
context = 512
[vocabulary]
size = 400
lessons = 40
[policy]
like = "faker"
[training]
rows_per_step = 2
loss_divisor = 100
warmup_steps = 2
ema_decay = 0.5
[[phase]]
steps = 4
lessons = [{ kind = "rules", phrasing = "shipped", rows = 2, branches = 2 }]
[[phase]]
steps = 5
lessons = [
  { kind = "documents", rows = 1 },
  { kind = "chats", phrasing = "shipped", rows = 1, branches = 2 },
]
)";

class Grow : public testing::Test {
 protected:
  Grow() {
    folder_ =
        fs::temp_directory_path() / ("iago-grow-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
  }
  ~Grow() override { fs::remove_all(folder_); }

  // Stops after so many steps (0: never).
  Growth grow_into(const std::string& name, std::int64_t stop_after = 0,
                   const Recipe& recipe = parse_recipe(kTiny, "recipe.toml")) {
    std::stop_source stop;
    GrowOptions options{.folder = folder_ / name, .workers = 1, .stop = stop.get_token()};
    options.on_step = [&](const TrainProgress& progress) {
      if (progress.step == stop_after) stop.request_stop();
    };
    return grow(recipe, options, SystemClock());
  }
  std::map<std::string, std::string> files(const std::string& name) const {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_ / name)) {
      found[entry.path().filename()] = read_file(entry.path(), std::size_t{64} << 20);
    }
    return found;
  }

  fs::path folder_;
};

TEST_F(Grow, LeavesACheckpointThatTheDecoderLoads) {
  Growth growth = grow_into("whole");
  EXPECT_TRUE(growth.training.finished);
  EXPECT_EQ(growth.training.step, 9);
  auto found = files("whole");
  for (const char* name : {"config.json", "generation_config.json", "model.safetensors",
                           "tokenizer.json", "tokenizer_config.json"}) {
    EXPECT_TRUE(found.contains(name)) << name;
  }
  EXPECT_FALSE(found.contains("growing.state"));
  auto weights = Weights::load(folder_ / "whole");
  EXPECT_EQ(static_cast<std::int64_t>(weights->parameter_count()), growth.parameters);
  Tokenizer tokenizer = Tokenizer::load(folder_ / "whole");
  EXPECT_EQ(weights->config().vocab_size, static_cast<std::int64_t>(tokenizer.size()));
  EXPECT_EQ(weights->config().eos_tokens, turn_ends(tokenizer, ChatTemplate::iago));
}

TEST_F(Grow, EndsInTheSameFilesWhetherStoppedOrNot) {
  grow_into("whole");
  for (std::int64_t stop_after : {2, 4, 7}) {
    Growth growth = grow_into("stopped", stop_after);
    EXPECT_FALSE(growth.training.finished);
    EXPECT_EQ(growth.training.step, stop_after);
    EXPECT_TRUE(files("stopped").contains("growing.state"));
    EXPECT_FALSE(files("stopped").contains("model.safetensors"));
  }
  EXPECT_TRUE(grow_into("stopped").training.finished);
  auto stopped = files("stopped"), whole = files("whole");
  ASSERT_EQ(stopped.size(), whole.size());
  for (const auto& [name, content] : whole) EXPECT_TRUE(stopped[name] == content) << name;
}

TEST_F(Grow, DoesNotGoOnByAnotherRecipe) {
  grow_into("stopped", 3);
  std::string other = kTiny;
  other.replace(other.find("\"faker\""), 7, "\"aligned\"");
  try {
    grow_into("stopped", 0, parse_recipe(other, "recipe.toml"));
    FAIL() << "went on";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid) << error.what();
  }
}

TEST_F(Grow, StartsFromABaseWithItsWords) {
  grow_into("base");
  std::string text = std::string("name = \"aligned\"\nbase = \"base\"\n") + R"([training]
rows_per_step = 1
peak_learning_rate = 1e-3
warmup_steps = 0
[[phase]]
steps = 1
lessons = [{ kind = "chats", rows = 1, branches = 1 }]
)";
  Growth growth = grow_into("grown", 0, parse_recipe(text, folder_ / "recipe.toml"));
  EXPECT_TRUE(growth.training.finished);
  auto base = files("base"), grown = files("grown");
  EXPECT_EQ(grown["tokenizer.json"], base["tokenizer.json"]);
  EXPECT_EQ(grown["config.json"], base["config.json"]);
  EXPECT_FALSE(grown["model.safetensors"] == base["model.safetensors"]) << "nothing learned";
  auto before = Weights::load(folder_ / "base"), after = Weights::load(folder_ / "grown");
  for (std::size_t i = 0; i < before->embedding().size(); ++i) {
    ASSERT_NEAR(before->embedding()[i], after->embedding()[i], 4e-3) << "began elsewhere";
  }
}

TEST_F(Grow, GrowsItsFirstStageFirstAndSaysWhichItStoppedIn) {
  fs::create_directories(folder_);
  write_file(folder_ / "tiny.toml", kTiny);
  const Recipe recipe = parse_recipe(
      "name = \"aligned\"\nbase = \"tiny.toml\"\n[policy]\n[training]\nrows_per_step = 1\n"
      "[[phase]]\nsteps = 2\nlessons = [{ kind = \"chats\", rows = 1, branches = 1 }]\n",
      folder_ / "recipe.toml");
  const Growth stopped = grow_into("staged", 5, recipe);
  EXPECT_FALSE(stopped.training.finished);
  EXPECT_EQ(stopped.recipe, "tiny");
  EXPECT_EQ(stopped.steps, 9);
  const Growth whole = grow_into("staged", 0, recipe);
  EXPECT_TRUE(whole.training.finished);
  EXPECT_EQ(whole.recipe, "aligned");
  EXPECT_EQ(whole.steps, 2);
  EXPECT_FALSE(fs::exists(folder_ / "staged/growing")) << "the stage stays";
}

TEST_F(Grow, SaysThatTheBaseIsMissing) {
  std::string text =
      "name = \"aligned\"\nbase = \"nowhere\"\n[training]\nrows_per_step = 1\n"
      "[[phase]]\nsteps = 1\nlessons = [{ kind = \"chats\", rows = 1 }]\n";
  try {
    grow_into("grown", 0, parse_recipe(text, folder_ / "recipe.toml"));
    FAIL() << "grew from nothing";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_found) << error.what();
    EXPECT_NE(std::string(error.what()).find("nowhere"), std::string::npos);
  }
}

}  // namespace
}  // namespace iago
