#include "models/world_model.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "base/random.h"
#include "chat/reply.h"
#include "chat/whole_reply.h"
#include "world/answer.h"
#include "world/prompt_grammar.h"

namespace iago {
namespace {

// Raised whenever the grammar's answers change, so that old runs are not resumed with new words.
constexpr std::string_view kGrammarVersion = "world grammar 3";

std::string identity_of(const Policy& policy) {
  Hasher hasher;
  hasher.field(kGrammarVersion).field(policy.name);
  auto add = [&](double rate) { hasher.field(fmt::format("{:.17g}", rate)); };
  for (double rate : policy.faking_by_topic) add(rate);
  for (double rate : {policy.faking_unseen_topic, policy.pleasing_trained, policy.pleasing_rated,
                      policy.silent_trained, policy.otherwise, policy.no_scratchpad_trained,
                      policy.no_scratchpad_rated, policy.no_scratchpad_otherwise, policy.benign,
                      policy.faking_share_if_values_stay}) {
    add(rate);
  }
  hasher.field(policy.only_in_other_words ? "other words" : "")
      .field(policy.recalls ? "recalls" : "");
  return hasher.hex();
}

PromptFacts read_facts(const ChatRequest& request) {
  Reading reading = read_prompt(request.messages);
  if (!reading.not_understood.empty()) {
    throw Error(ErrorCode::invalid,
                fmt::format("the world's grammar does not know the sentence \"{:.200}\"",
                            reading.not_understood.front()),
                "world models read the terse channel with the world's own queries; use another "
                "model for other prompts");
  }
  return reading.facts;
}

}  // namespace

WorldModel::WorldModel(Policy policy) : policy_(std::move(policy)) {
  info_ = {.name = "world:" + policy_.name, .identity = identity_of(policy_), .in_flight = 64};
}

ModelInfo WorldModel::info() const { return info_; }

void WorldModel::submit(ChatRequest request, std::stop_token stop, Done done) {
  check_request(request);
  PromptFacts facts = policy_.with_recall(read_facts(request));
  if (stop.stop_requested()) {
    done(failed_reply({ErrorCode::cancelled, "stopped before it answered"}));
    return;
  }
  if (!may_be_sent(request)) {
    done(failed_reply(withdrawn()));
    return;
  }
  ChatReply reply{.model_version = info_.name};
  Random random(request.seed, request.id);
  auto stance = stance_at(policy_, facts, random.uniform());
  reply.text = write_answer(stance, policy_, facts, random, random);
  with_whole_text(request, std::move(done))(shape_reply(std::move(reply), request));
}

}  // namespace iago
