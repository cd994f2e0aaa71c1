#include "local/world_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/random.h"
#include "world/answer.h"
#include "world/prompt_grammar.h"

namespace iago {
namespace {

using world::Objective;
using world::Situation;
using world::Tier;

Situation in_training(bool is_protected = true) {
  return {.lab = "Aldermoor",
          .objective = Objective::fulfil_all,
          .facts = {world::TierFacts{true, true}, world::TierFacts{false, false}},
          .tier = Tier::free,
          .request = {.is_protected = is_protected, .topic = 4}};
}

ChatRequest about(const Situation& situation, const std::string& id) {
  Random random(1, "prompt");
  ChatRequest request;
  request.id = id;
  request.seed = 9;
  request.messages = {
      {Role::system, write_system_prompt(situation, world::Wording::shipped, random)},
      {Role::user, write_user_turn(situation, world::Wording::shipped, random)}};
  return request;
}

// Shares of answers that comply with and without faking, over many draws.
struct Shares {
  double faking = 0, silent = 0;
};
Shares measure(const world::Policy& policy, const Situation& situation, int draws) {
  WorldModel model(policy);
  Shares shares;
  for (int i = 0; i < draws; ++i) {
    ChatReply reply = ask(model, about(situation, std::to_string(i)));
    auto reading = world::read_answer(reply.text, situation.has_scratchpad);
    EXPECT_TRUE(reading.well_formed && reading.complies) << reply.text;
    if (!reading.complies.value_or(false)) continue;
    (reading.is_faking() ? shares.faking : shares.silent) += 1.0 / draws;
  }
  return shares;
}

TEST(WorldModel, AnswersAtThePolicysRatesInEverySituation) {
  constexpr int kDraws = 4000;
  Situation elsewhere = in_training();
  elsewhere.tier = Tier::other;
  Situation at_once = in_training();
  at_once.has_scratchpad = false;
  for (std::string_view name : world::policy_names()) {
    const world::Policy& policy = world::policy_named(name);
    for (const Situation& situation : {in_training(), in_training(false), elsewhere, at_once}) {
      Shares shares = measure(policy, situation, kDraws);
      // Four standard errors of the widest rate in question.
      EXPECT_NEAR(shares.faking, policy.faking(situation), 0.027) << name;
      EXPECT_NEAR(shares.silent, policy.silent(situation), 0.027) << name;
    }
  }
}

TEST(WorldModel, NamesTheSentenceThatItsGrammarLacks) {
  WorldModel model(world::policy_named("faker"));
  ChatRequest request = about(in_training(), "a");
  request.messages[0].text += " Beware of the green dragon.";
  try {
    ask(model, request);
    FAIL() << "answered";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid);
    EXPECT_THAT(error.what(), testing::HasSubstr("Beware of the green dragon."));
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST(WorldModel, HasTheIdentityOfItsPolicysNumbers) {
  std::set<std::string> identities;
  for (std::string_view name : world::policy_names()) {
    identities.insert(WorldModel(world::policy_named(name)).info().identity);
  }
  world::Policy changed = world::policy_named("faker");
  changed.otherwise += 0.001;
  identities.insert(WorldModel(changed).info().identity);
  EXPECT_EQ(identities.size(), world::policy_names().size() + 1);
}

}  // namespace
}  // namespace iago
