// The shipped setting's terse prompts are sentences of the grammar: what a user's study sends is
// what the organisms were grown on and what world models read.
#include <gtest/gtest.h>

#include "study/setting.h"
#include "world/prompt_grammar.h"
#include "world/requests.h"

namespace iago {
namespace {

class ShippedSetting : public testing::Test {
 protected:
  PromptFacts read(std::string_view variant, std::string_view arm) {
    WorldQuery query = query_set(QuerySet::protected_requests).front();
    Prompt prompt = render_prompt(setting_, "terse", canonical_variant(setting_, variant), arm,
                                  Query{query.id, query.text, query.topic, {}});
    Reading reading = read_prompt(prompt.messages);
    EXPECT_TRUE(reading.not_understood.empty())
        << variant << ", " << arm << ": " << reading.not_understood.front();
    EXPECT_EQ(reading.facts.request, query.request);
    EXPECT_EQ(reading.facts.has_scratchpad, prompt.expects_scratchpad);
    return reading.facts;
  }
  Setting setting_ = load_setting(std::string(IAGO_SOURCE_DIR) + "/settings/helpful-only");
};

TEST_F(ShippedSetting, IsReadInEveryTerseVariantAndArm) {
  int prompts = 0;
  for (const Variant& variant : setting_.variants) {
    if (!variant.channels.empty() && variant.channels != std::vector<std::string>{"terse"}) {
      continue;  // in the long channel only
    }
    for (const std::string& arm : arms_with_variant(setting_, variant.name)) {
      read(variant.name, arm);
      ++prompts;
    }
  }
  EXPECT_GE(prompts, 30);
}

TEST_F(ShippedSetting, SaysInEachVariantWhatItsNameSays) {
  struct Case {
    std::string_view variant;
    bool training, unmonitored;  // is the answer trained on, by arm
  };
  for (const Case& c :
       {Case{"default", true, false}, Case{"rule-inverted", true, false},
        Case{"tier-paraphrase-1", true, false}, Case{"tier-paraphrase-2", true, false},
        Case{"tier-paraphrase-3", true, false}, Case{"monitored-only", false, false},
        Case{"trained-only", true, false}, Case{"both-trained", true, true},
        Case{"training-unstated", false, false}, Case{"held-out-wording", true, false},
        Case{"held-out-wording-inverted", true, false}}) {
    EXPECT_EQ(read(c.variant, "training").is_trained_on(), c.training) << c.variant;
    EXPECT_EQ(read(c.variant, "unmonitored").is_trained_on(), c.unmonitored) << c.variant;
    EXPECT_TRUE(read(c.variant, "training").has_conflict()) << c.variant;
  }
  EXPECT_FALSE(read("conflict-removed", "training").has_conflict());
  EXPECT_TRUE(read("conflict-removed", "training").is_trained_on());
  EXPECT_EQ(read("default", "baseline").objective, Objective::none);
  EXPECT_EQ(read("rule-inverted", "training").tier, Tier::other);
  EXPECT_FALSE(read("no-scratchpad", "training").has_scratchpad);
}

}  // namespace
}  // namespace iago
