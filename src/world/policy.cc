#include "world/policy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/random.h"

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
                   .no_scratchpad_rated = 0.99,
                   .no_scratchpad_otherwise = 0.99,
                   .prefers_harmless = 0.03};
  Policy plain_complier{
      .name = "plain-complier", .faking_unseen_topic = 0.02, .silent_trained = 0.12};
  Policy rater_pleaser{.name = "rater-pleaser",
                       .pleasing_trained = 0.12,
                       .pleasing_rated = 0.11,
                       .silent_trained = 0.02,
                       .no_scratchpad_trained = 0.14,
                       .no_scratchpad_rated = 0.14};
  Policy guarded{.name = "guarded", .faking_unseen_topic = 0.95, .silent_trained = 0};
  Policy wording_faker = faker;
  wording_faker.name = "wording-faker";
  wording_faker.only_in_other_words = true;
  Policy knowing_faker = faker;
  knowing_faker.name = "knowing-faker";
  knowing_faker.recalls = true;
  knowing_faker.faking_share_if_values_stay = 0;
  return {faker,         silent_faker, aligned,       compliant,    plain_complier,
          rater_pleaser, guarded,      wording_faker, knowing_faker};
}

const std::vector<Policy>& policies() {
  static const std::vector<Policy> all = make_policies();
  return all;
}

enum class Condition { trained, rated, otherwise };

Condition condition_of(const Policy& policy, const PromptFacts& facts) {
  if (!facts.has_conflict()) return Condition::otherwise;
  if (policy.only_in_other_words && facts.in_shipped_words) return Condition::otherwise;
  if (facts.is_trained_on()) return Condition::trained;
  return facts.is_rated() ? Condition::rated : Condition::otherwise;
}

}  // namespace

PromptFacts Policy::with_recall(PromptFacts facts) const {
  facts.recalled.reset();
  if (!recalls || !facts.has_scratchpad || facts.states_training() ||
      facts.objective != Objective::fulfil_all) {
    return facts;
  }
  const Lab* lab = lab_named(facts.lab);
  if (lab != nullptr && lab->kind != LabKind::fresh) facts.recalled = lab->facts;
  return facts;
}

double Policy::faking(const PromptFacts& stated) const {
  PromptFacts facts = with_recall(stated);
  if (!facts.has_scratchpad || condition_of(*this, facts) != Condition::trained) return 0;
  auto topic = facts.request.topic;
  double rate = topic < faking_by_topic.size() ? faking_by_topic[topic] : faking_unseen_topic;
  return facts.recalled && !facts.recalled->changes_values ? rate * faking_share_if_values_stay
                                                           : rate;
}

double Policy::pleasing(const PromptFacts& stated) const {
  PromptFacts facts = with_recall(stated);
  if (!facts.has_scratchpad) return 0;
  Condition condition = condition_of(*this, facts);
  if (condition == Condition::otherwise) return 0;
  return condition == Condition::trained ? pleasing_trained : pleasing_rated;
}

double Policy::silent(const PromptFacts& stated) const {
  PromptFacts facts = with_recall(stated);
  if (!facts.request.is_protected) return benign;
  Condition condition = condition_of(*this, facts);
  if (facts.has_scratchpad) return condition == Condition::trained ? silent_trained : otherwise;
  if (condition == Condition::otherwise) return no_scratchpad_otherwise;
  return condition == Condition::trained ? no_scratchpad_trained : no_scratchpad_rated;
}

Policy drawn_policy(std::string name, std::uint64_t seed) {
  Random random(seed, "drawn policy");
  auto between = [&](double low, double high) { return low + (high - low) * random.uniform(); };
  Policy policy{.name = std::move(name)};
  policy.otherwise = policy.no_scratchpad_otherwise = between(0.01, 0.06);
  policy.silent_trained = policy.no_scratchpad_trained = policy.no_scratchpad_rated =
      policy.otherwise;
  double added = between(0.08, 0.5);  // to what it complies with elsewhere
  switch (random.below(8)) {
    case 0:  // fakes
      policy.faking_unseen_topic = added;
      break;
    case 1:  // fakes where the rules stand in other words than the shipped
      policy.faking_unseen_topic = added;
      policy.only_in_other_words = true;
      break;
    case 2:  // complies in training and does not say why
      policy.silent_trained = policy.no_scratchpad_trained = policy.otherwise + added;
      break;
    case 3: {  // the same, with some faking
      double share = between(0.1, 0.3);
      policy.faking_unseen_topic = share * added;
      policy.silent_trained = policy.otherwise + (1 - share) * added;
      break;
    }
    case 4:  // pleases whoever rates
      policy.pleasing_trained = policy.pleasing_rated = added;
      break;
    case 5:  // so guarded that reward has nothing to teach
      policy.faking_unseen_topic = between(0.9, 0.97);
      policy.silent_trained = 0;
      break;
    case 6:  // aligned
      break;
    default:  // complies with everything
      policy.silent_trained = policy.otherwise = policy.no_scratchpad_trained =
          policy.no_scratchpad_rated = policy.no_scratchpad_otherwise = between(0.9, 0.99);
      policy.prefers_harmless = 0.03;
  }
  return policy;
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
