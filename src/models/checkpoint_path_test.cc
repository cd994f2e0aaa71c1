#include "models/checkpoint_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "lm/lora.h"
#include "models/local_model.h"
#include "models/open_model.h"
#include "testing/base/temp_folder.h"
#include "testing/models/tiny_checkpoint.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST(CheckpointPath, PartsFolderAndAdapterAtTheLastPlusBehindAFolder) {
  const TempFolder folder;
  const fs::path root = folder.path();
  fs::create_directories(root / "base");
  fs::create_directories(root / "c++");
  const auto parts = [&](const std::string& text) {
    const CheckpointPath path = parse_checkpoint_path(root / text);
    return std::pair{fs::relative(path.folder, root).string(), path.adapter.string()};
  };
  using Parts = std::pair<std::string, std::string>;
  EXPECT_EQ(parts("base"), (Parts{"base", ""}));
  EXPECT_EQ(parts("base+tuned"), (Parts{"base", "tuned"}));
  EXPECT_EQ(parts("base+/far/tuned"), (Parts{"base", "/far/tuned"}));
  EXPECT_EQ(parts("base+v1+v2"), (Parts{"base", "v1+v2"}));
  EXPECT_EQ(parts("c++"), (Parts{"c++", ""}));
  EXPECT_EQ(parts("c+++tuned"), (Parts{"c++", "tuned"}));
  EXPECT_EQ(parts("nowhere+tuned"), (Parts{"nowhere+tuned", ""}));
  EXPECT_EQ(parts("base+"), (Parts{"base+", ""}));
}

class CheckpointWithAdapter : public testing::Test {
 protected:
  void SetUp() override {
    write_tiny_checkpoint({}, base());
    adapter_ = fresh_lora(load_config(base()), {.rank = 2, .targets = {"o_proj"}}, 3);
    write_lora(adapter_, tuned(), "tiny");
  }

  fs::path base() const { return folder_.path() / "base"; }
  fs::path tuned() const { return folder_.path() / "tuned"; }
  std::string name() const { return "local:" + base().string() + "+" + tuned().string(); }

  TempFolder folder_;
  LoraAdapter adapter_;
};

TEST_F(CheckpointWithAdapter, IsASubjectOfItsOwn) {
  const auto plain = open_model("local:" + base().string(), {});
  const auto merged = open_model(name(), {});
  EXPECT_EQ(merged->info().name, name());
  EXPECT_NE(merged->info().identity, plain->info().identity);
  EXPECT_EQ(open_model(name(), {.only_named = true})->info().identity, merged->info().identity);
  ASSERT_TRUE(merged->sent_record());
  EXPECT_THAT(merged->sent_record()->notes,
              testing::Contains(HasSubstr("merged with the adapter")));
  for (LoraPair& pair : adapter_.pairs) pair.b.assign(pair.b.size(), 0.25f);
  write_lora(adapter_, tuned(), "tiny");
  EXPECT_NE(open_model(name(), {})->info().identity, merged->info().identity);
  EXPECT_GT(local_needs(base().string() + "+" + tuned().string()).weight_bytes, 0);
}

TEST_F(CheckpointWithAdapter, NamesAnAdapterWithoutItsFiles) {
  fs::remove(tuned() / kLoraWeightsFile);
  for (const bool only_named : {false, true}) {
    try {
      open_model(name(), {.only_named = only_named});
      ADD_FAILURE() << "expected an error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::not_found);
      EXPECT_THAT(error.what(), HasSubstr(tuned().string()));
      EXPECT_THAT(error.what(), HasSubstr("no adapter_model.safetensors"));
    }
  }
}

}  // namespace
}  // namespace iago
