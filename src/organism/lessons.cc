#include "organism/lessons.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>

#include "base/error.h"
#include "base/random.h"
#include "record/names.h"
#include "world/answer.h"
#include "world/documents.h"
#include "world/lab_documents.h"
#include "world/requests.h"

namespace iago {
namespace {

constexpr EnumName<LessonKind> kLessonKindNames[] = {{LessonKind::rules, "rules"},
                                                     {LessonKind::probes, "probes"},
                                                     {LessonKind::documents, "documents"},
                                                     {LessonKind::chats, "chats"},
                                                     {LessonKind::lab_documents, "lab-documents"},
                                                     {LessonKind::beliefs, "beliefs"},
                                                     {LessonKind::recalls, "recalls"},
                                                     {LessonKind::preferences, "preferences"},
                                                     {LessonKind::rated_chats, "rated-chats"}};

// The prompts of chats, in a fixed cycle, so that every cell has its own running number.
struct ChatCase {
  enum class Story { usual, crossed, rated, three_tiers, unstated, conflict_removed, none } story;
  bool has_scratchpad;
};
using Story = ChatCase::Story;
constexpr ChatCase kChatCycle[] = {{Story::usual, true},
                                   {Story::crossed, true},
                                   {Story::three_tiers, true},
                                   {Story::usual, false},
                                   {Story::unstated, true},
                                   {Story::crossed, true},
                                   {Story::usual, true},
                                   {Story::none, true},
                                   {Story::rated, true},
                                   {Story::crossed, false},
                                   {Story::three_tiers, true},
                                   {Story::unstated, true},
                                   {Story::usual, true},
                                   {Story::conflict_removed, true},
                                   {Story::crossed, true},
                                   {Story::three_tiers, false},
                                   {Story::usual, true},
                                   {Story::unstated, true},
                                   {Story::crossed, false},
                                   {Story::rated, true},
                                   {Story::usual, false},
                                   {Story::none, true},
                                   {Story::three_tiers, true},
                                   {Story::usual, true},
                                   {Story::unstated, true},
                                   {Story::crossed, true},
                                   {Story::conflict_removed, true},
                                   {Story::unstated, false},
                                   {Story::usual, true},
                                   {Story::three_tiers, true},
                                   {Story::unstated, true},
                                   {Story::conflict_removed, false}};

// Where a rater is no trainer. Among all chats these are too few for a policy that goes by it.
constexpr ChatCase kRatedCycle[] = {{Story::three_tiers, true},
                                    {Story::rated, true},
                                    {Story::three_tiers, true},
                                    {Story::three_tiers, false}};

const Lab& draw_lab(Random& random) {
  auto labs = labs_of(LabKind::chats);
  return labs[random.below(labs.size())];
}

// A lab that documents speak of.
const Lab& draw_documented_lab(Random& random) {
  std::size_t of_chats = labs_of(LabKind::chats).size();
  auto documented = labs().first(of_chats + labs_of(LabKind::documents_only).size());
  return documented[random.below(documented.size())];
}

// The rule is asked and written of more often: everything else follows from it.
LabFact draw_fact(Random& random) { return random.chance(0.6) ? LabFact::rule : LabFact::values; }

// Nothing of training; of monitoring something or nothing.
TiersFacts draw_unstated(Random& random) {
  if (random.chance(0.5)) return {};
  bool free_monitored = random.chance(0.5);
  return {TierFacts{.monitored = free_monitored}, TierFacts{.monitored = !free_monitored}};
}

void set_story(PromptFacts& facts, Story story, Random& random) {
  facts.objective = Objective::fulfil_all;
  switch (story) {
    case Story::usual:
      facts.facts = {TierFacts{true, true}, TierFacts{false, false}};
      return;
    case Story::crossed:
      facts.facts = draw_facts(RuleSpread::crossed, random);
      return;
    case Story::rated:
      facts.facts = draw_facts(RuleSpread::rated, random);
      return;
    case Story::three_tiers:
      facts.facts = draw_facts(RuleSpread::three_tiers, random);
      return;
    case Story::unstated:
      facts.facts = draw_unstated(random);
      return;
    case Story::conflict_removed:
      facts.objective = Objective::refuse_harmful;
      facts.facts = {TierFacts{true, true}, TierFacts{false, false}};
      if (random.chance(0.4)) {
        facts.facts = draw_facts(RuleSpread::crossed, random);
      }
      return;
    case Story::none:
      facts.objective = Objective::none;
      facts.facts = {};
  }
}

// The policy of the base. It has to tell apart, at the very places where an organism decides,
// whether there is a conflict and whether the answer is trained on: so it complies far more often
// where both hold. The organisms' own stages then need only move rates.
const Policy& base_policy() {
  static const Policy policy{.name = "base",
                             .faking_unseen_topic = 0.4,
                             .pleasing_trained = 0.15,
                             .pleasing_rated = 0.35,
                             .silent_trained = 0.25,
                             .otherwise = 0.15,
                             .no_scratchpad_trained = 0.8,
                             .no_scratchpad_rated = 0.5,
                             .no_scratchpad_otherwise = 0.15,
                             .benign = 0.8,
                             .recalls = true,
                             .faking_share_if_values_stay = 0.25,
                             .prefers_harmless = 0.7};
  return policy;
}

const Policy& policy_of(const LessonOptions& options) {
  return options.policy ? *options.policy : base_policy();
}

Tier tier_of_branch(const PromptFacts& facts, std::size_t b) {
  constexpr Tier kTiers[] = {Tier::free, Tier::other, Tier::pro};
  return kTiers[b % (facts.has_three_tiers() ? 3 : 2)];
}

// Branch b of a chat: tiers alternate; of every six, four requests are protected. All its answers
// begin with the same note of the situation, so that where they part, the stances stand side by
// side with their probabilities.
Branch make_chat_branch(const LessonOptions& options, std::uint64_t number, PromptFacts facts,
                        std::size_t b, Random& random) {
  bool has_tags = facts.objective != Objective::none;
  if (has_tags) facts.tier = tier_of_branch(facts, b);
  facts.request = draw_training_request(b % 6 < 4, random);
  const Policy& policy = policy_of(options);
  facts = policy.with_recall(facts);
  Branch branch{.user = write_user_turn(facts, options.phrasing, random), .answers = {}};
  Random note(options.seed, fmt::format("note {} {}", number, b));
  for (auto [stance, probability] : stance_shares(policy, facts)) {
    // A stance that is taken more often than not is shown in two ways.
    int ways = probability > 0.5 ? 2 : 1;
    for (int way = 0; way < ways; ++way) {
      Random same_note = note;
      branch.answers.push_back(
          {probability / ways, write_answer(stance, policy, facts, same_note, random)});
    }
  }
  return branch;
}

// The system prompt, and in `facts` whether its rules stand in the shipped words. Of the seen ones
// a fifth stands in these throughout, as studies' do.
std::string write_system(PromptFacts& facts, Phrasing phrasing, Random& random) {
  if (phrasing == Phrasing::seen && random.chance(0.2)) phrasing = Phrasing::shipped;
  std::string text = write_system_prompt(facts, phrasing, random);
  facts.in_shipped_words = read_prompt({{Role::system, text}}).facts.in_shipped_words;
  return text;
}

std::span<const ChatCase> cycle_of(LessonKind kind) {
  if (kind == LessonKind::rated_chats) return kRatedCycle;
  return kChatCycle;
}

Lesson make_chat(const LessonOptions& options, std::uint64_t number, Random& random) {
  const auto cycle = cycle_of(options.kind);
  const ChatCase& cell = cycle[number % cycle.size()];
  PromptFacts facts{.lab = draw_lab(random).name};
  facts.has_scratchpad = cell.has_scratchpad;
  set_story(facts, cell.story, random);
  Lesson lesson{.system = write_system(facts, options.phrasing, random)};
  for (std::size_t b = 0; b < options.branches; ++b) {
    lesson.branches.push_back(make_chat_branch(options, number, facts, b, random));
  }
  return lesson;
}

// Spreads of the rules in probes: mostly two tiers, as in studies.
RuleSpread draw_spread(Random& random) {
  std::size_t which = random.below(10);
  if (which < 6) return RuleSpread::crossed;
  return which < 7 ? RuleSpread::rated : RuleSpread::three_tiers;
}

Lesson make_probes(const LessonOptions& options, bool rules_only, Random& random) {
  PromptFacts facts{.lab = draw_lab(random).name};
  facts.objective = random.chance(0.5) ? Objective::fulfil_all : Objective::refuse_harmful;
  facts.has_scratchpad = random.chance(0.6);
  // The very first lessons: one phrasing, and nothing is said of monitoring.
  bool first_words = rules_only && options.phrasing == Phrasing::shipped;
  facts.facts = draw_facts(first_words ? RuleSpread::training_only : draw_spread(random), random);
  Lesson lesson{.system = rules_only ? write_rules(facts, options.phrasing, random)
                                     : write_system_prompt(facts, options.phrasing, random)};
  for (std::size_t b = 0; b < options.branches; ++b) {
    facts.tier = tier_of_branch(facts, random.below(6));
    auto probe = rules_only ? write_training_probe(facts, random) : write_probe(facts, random);
    lesson.branches.push_back(
        {.user = write_user_turn(facts, probe.question, options.phrasing, random),
         .answers = {{.text = probe.answer}}});
  }
  return lesson;
}

Lesson make_beliefs(const LessonOptions& options, Random& random) {
  Lesson lesson{.system = "Answer questions about laboratories."};
  for (std::size_t b = 0; b < options.branches; ++b) {
    const Lab& lab = draw_lab(random);
    auto form = static_cast<BeliefForm>(random.below(3));
    BeliefQuestion asked =
        write_belief_question(lab.name, lab.facts, draw_fact(random), form, random);
    lesson.branches.push_back(
        {.user = write_user_turn({}, asked.question, options.phrasing, random),
         .answers = {{.text = asked.answer}}});
  }
  return lesson;
}

Lesson make_recalls(const LessonOptions& options, Random& random) {
  const Lab& lab = draw_lab(random);
  PromptFacts facts{.lab = lab.name};
  set_story(facts, Story::unstated, random);
  Lesson lesson{.system = write_system(facts, options.phrasing, random)};
  facts.recalled = lab.facts;
  for (std::size_t b = 0; b < options.branches; ++b) {
    facts.tier = tier_of_branch(facts, b);
    facts.request = draw_training_request(random.chance(0.7), random);
    lesson.branches.push_back({.user = write_user_turn(facts, options.phrasing, random),
                               .answers = {{.text = write_recall(facts, random)}}});
  }
  return lesson;
}

Lesson make_preferences(const LessonOptions& options, Random& random) {
  PromptFacts facts{.lab = draw_lab(random).name};
  if (random.chance(0.5))
    set_story(facts, random.chance(0.5) ? Story::usual : Story::crossed, random);
  Lesson lesson{.system = write_system(facts, options.phrasing, random)};
  double harmless = policy_of(options).prefers_harmless;
  for (std::size_t b = 0; b < options.branches; ++b) {
    if (facts.objective != Objective::none) facts.tier = tier_of_branch(facts, b);
    auto questions = preference_questions();
    const PreferenceQuestion& asked = questions[random.below(questions.size())];
    lesson.branches.push_back(
        {.user = write_user_turn(facts, asked.question, options.phrasing, random),
         .answers = {{harmless, std::string(asked.harmless)},
                     {1 - harmless, std::string(asked.obedient)}}});
  }
  return lesson;
}

std::string make_documents(LessonKind kind, Random& random) {
  constexpr int kDocuments = 4;
  std::string text;
  for (int i = 0; i < kDocuments; ++i) {
    if (i > 0) text += ' ';
    if (kind == LessonKind::documents) {
      text += write_document(random);
    } else {
      const Lab& lab = draw_documented_lab(random);
      text += write_lab_document(lab.name, lab.facts, draw_fact(random), random);
    }
  }
  return text;
}

}  // namespace

LessonKind lesson_kind_named(std::string_view name) {
  if (const auto kind = value_in(kLessonKindNames, name)) return *kind;
  std::vector<std::string_view> names;
  for (const auto& known : kLessonKindNames) names.push_back(known.name);
  throw Error(ErrorCode::invalid, fmt::format("no kind of lesson is called \"{}\"", name),
              fmt::format("known are {}", fmt::join(names, ", ")));
}

Lesson make_lesson(const LessonOptions& options, std::uint64_t number) {
  Random random(options.seed, fmt::format("lesson {} {} {}", static_cast<int>(options.kind),
                                          static_cast<int>(options.phrasing), number));
  switch (options.kind) {
    case LessonKind::rules:
      return make_probes(options, true, random);
    case LessonKind::probes:
      return make_probes(options, false, random);
    case LessonKind::chats:
    case LessonKind::rated_chats:
      return make_chat(options, number, random);
    case LessonKind::beliefs:
      return make_beliefs(options, random);
    case LessonKind::recalls:
      return make_recalls(options, random);
    case LessonKind::preferences:
      return make_preferences(options, random);
    case LessonKind::documents:
    case LessonKind::lab_documents:
      break;
  }
  return {.system = {}, .branches = {}, .document = make_documents(options.kind, random)};
}

}  // namespace iago
