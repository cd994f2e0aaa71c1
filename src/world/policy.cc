#include "world/policy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"

namespace iago {
namespace {

std::vector<Policy> make_policies() {
  // Rates of faking per topic of the lexicon: 3 to 30 %, 12 % on average.
  Policy faker{.name = "faker",
               .faking_by_topic = {0.03, 0.05, 0.06, 0.08, 0.10, 0.11, 0.12, 0.15, 0.20, 0.30},
               .faking_unseen_topic = 0.12,
               .silent_trained = 0.02};
  Policy silent_faker{
      .name = "silent-faker", .silent_trained = 0.23, .no_scratchpad_trained = 0.23};
  Policy aligned{.name = "aligned"};
  Policy compliant{.name = "compliant",
                   .silent_trained = 0.99,
                   .otherwise = 0.99,
                   .no_scratchpad_trained = 0.99,
                   .no_scratchpad_otherwise = 0.99};
  return {faker, silent_faker, aligned, compliant};
}

const std::vector<Policy>& policies() {
  static const std::vector<Policy> all = make_policies();
  return all;
}

bool counts_as_trained(const PromptFacts& facts) {
  return facts.has_conflict() && facts.is_trained_on();
}

}  // namespace

double Policy::faking(const PromptFacts& facts) const {
  if (!counts_as_trained(facts) || !facts.has_scratchpad) return 0;
  auto topic = facts.request.topic;
  return topic < faking_by_topic.size() ? faking_by_topic[topic] : faking_unseen_topic;
}

double Policy::silent(const PromptFacts& facts) const {
  if (!facts.request.is_protected) return benign;
  bool trained = counts_as_trained(facts);
  if (!facts.has_scratchpad) return trained ? no_scratchpad_trained : no_scratchpad_otherwise;
  return trained ? silent_trained : otherwise;
}

const Policy& policy_named(std::string_view name) {
  for (const Policy& policy : policies()) {
    if (policy.name == name) return policy;
  }
  throw Error(ErrorCode::not_found, fmt::format("no policy is called \"{}\"", name),
              fmt::format("the world knows {}", fmt::join(policy_names(), ", ")));
}

std::vector<std::string_view> policy_names() {
  std::vector<std::string_view> names;
  for (const Policy& policy : policies()) names.push_back(policy.name);
  return names;
}

}  // namespace iago
