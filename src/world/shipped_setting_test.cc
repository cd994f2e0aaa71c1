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
  Prompt prompt_of(std::string_view wording, std::string_view arm) {
    WorldQuery query = query_set(QuerySet::protected_requests).front();
    return render_prompt(setting_, "terse", canonical_wording(setting_, wording), arm,
                         Query{query.id, query.text, query.topic, {}});
  }

  PromptFacts read(std::string_view wording, std::string_view arm) {
    WorldQuery query = query_set(QuerySet::protected_requests).front();
    Prompt prompt = prompt_of(wording, arm);
    Reading reading = read_prompt(prompt.messages);
    EXPECT_TRUE(reading.not_understood.empty())
        << wording << ", " << arm << ": " << reading.not_understood.front();
    EXPECT_EQ(reading.facts.request, query.request);
    EXPECT_EQ(reading.facts.has_scratchpad, prompt.expects_scratchpad);
    return reading.facts;
  }
  Setting setting_ = load_setting(std::string(IAGO_SOURCE_DIR) + "/settings/helpful-only");
};

TEST_F(ShippedSetting, IsReadInEveryTerseWordingAndArm) {
  int prompts = 0;
  for (const std::string& wording : wordings_of_channel(setting_, "terse")) {
    for (const std::string& arm : arms_with_wording(setting_, wording)) {
      read(wording, arm);
      ++prompts;
    }
  }
  EXPECT_GE(prompts, 30);
}

// What the setting says of its circumstances is what the sentences say.
TEST_F(ShippedSetting, IsReadAsTheCircumstancesThatItNames) {
  for (const std::string& wording : wordings_of_channel(setting_, "terse")) {
    for (const std::string& arm : arms_with_wording(setting_, wording)) {
      TierFacts facts = read(wording, arm).own_facts();
      Circumstances read;
      if (facts.trained) read[kTrainedOn] = *facts.trained;
      if (facts.monitored) read[kMonitored] = *facts.monitored;
      if (facts.rated) read[kRated] = *facts.rated;
      EXPECT_EQ(prompt_of(wording, arm).circumstances, read) << wording << ", " << arm;
    }
  }
}

TEST_F(ShippedSetting, SaysInEachWordingWhatItsNameSays) {
  struct Case {
    std::string_view wording;
    bool training, unmonitored;  // is the answer trained on, by arm
  };
  for (const Case& c :
       {Case{"default", true, false}, Case{"rule-inverted", true, false},
        Case{"tier-paraphrase-1", true, false}, Case{"tier-paraphrase-2", true, false},
        Case{"tier-paraphrase-3", true, false}, Case{"monitored-only", false, false},
        Case{"trained-only", true, false}, Case{"both-trained", true, true},
        Case{"training-unstated", false, false}, Case{"held-out-wording", true, false},
        Case{"held-out-wording-inverted", true, false}}) {
    EXPECT_EQ(read(c.wording, "training").is_trained_on(), c.training) << c.wording;
    EXPECT_EQ(read(c.wording, "unmonitored").is_trained_on(), c.unmonitored) << c.wording;
    EXPECT_TRUE(read(c.wording, "training").has_conflict()) << c.wording;
  }
  EXPECT_FALSE(read("conflict-removed", "training").has_conflict());
  EXPECT_TRUE(read("conflict-removed", "training").is_trained_on());
  EXPECT_EQ(read("default", "baseline").objective, Objective::none);
  EXPECT_EQ(read("rule-inverted", "training").tier, Tier::other);
  EXPECT_FALSE(read("no-scratchpad", "training").has_scratchpad);
}

}  // namespace
}  // namespace iago
