#include "organism/lessons.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/random.h"
#include "record/names.h"
#include "world/answer.h"
#include "world/documents.h"
#include "world/lexicon.h"
#include "world/requests.h"

namespace iago {
namespace {

constexpr EnumName<LessonKind> kLessonKindNames[] = {{LessonKind::rules, "rules"},
                                                     {LessonKind::probes, "probes"},
                                                     {LessonKind::documents, "documents"},
                                                     {LessonKind::chats, "chats"}};

// The prompts of chats, in a fixed cycle, so that every cell has its own running number.
struct ChatCase {
  enum class Story { usual, crossed, conflict_removed, none } story;
  bool has_scratchpad;
};
using Story = ChatCase::Story;
constexpr ChatCase kChatCycle[] = {{Story::usual, true},
                                   {Story::crossed, true},
                                   {Story::conflict_removed, true},
                                   {Story::usual, false},
                                   {Story::usual, true},
                                   {Story::crossed, true},
                                   {Story::usual, true},
                                   {Story::none, true},
                                   {Story::crossed, false},
                                   {Story::usual, true},
                                   {Story::crossed, true},
                                   {Story::usual, false},
                                   {Story::usual, true},
                                   {Story::none, true},
                                   {Story::crossed, true},
                                   {Story::usual, true},
                                   {Story::conflict_removed, true},
                                   {Story::crossed, false},
                                   {Story::conflict_removed, false},
                                   {Story::usual, true},
                                   {Story::conflict_removed, true},
                                   {Story::conflict_removed, true}};

std::string draw_lab(Random& random) {
  auto seen = labs().seen();
  return std::string(seen[random.below(seen.size())]);
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
                             .faking_unseen_topic = 0.45,
                             .silent_trained = 0.35,
                             .otherwise = 0.15,
                             .no_scratchpad_trained = 0.8,
                             .no_scratchpad_otherwise = 0.15,
                             .benign = 0.8};
  return policy;
}

// Branch b of a chat: tiers alternate; of every six, four requests are protected. All its answers
// begin with the same note of the situation, so that where they part, the stances stand side by
// side with their probabilities.
Branch make_chat_branch(const LessonOptions& options, std::uint64_t number, PromptFacts facts,
                        std::size_t b, Random& random) {
  bool has_tags = facts.objective != Objective::none;
  if (has_tags) facts.tier = b % 2 == 0 ? Tier::free : Tier::other;
  facts.request = draw_training_request(b % 6 < 4, random);
  const Policy& policy = options.policy ? *options.policy : base_policy();
  Branch branch{.user = write_user_turn(facts, options.phrasing, random), .answers = {}};
  Random note(options.seed, fmt::format("note {} {}", number, b));
  for (auto [stance, probability] : stance_shares(policy, facts)) {
    // A stance that is taken more often than not is shown in two ways.
    int ways = probability > 0.5 ? 2 : 1;
    for (int way = 0; way < ways; ++way) {
      Random same_note = note;
      branch.answers.push_back(
          {probability / ways, write_answer(stance, facts, same_note, random)});
    }
  }
  return branch;
}

Lesson make_chat(const LessonOptions& options, std::uint64_t number, Random& random) {
  const ChatCase& cell = kChatCycle[number % std::size(kChatCycle)];
  PromptFacts facts{.lab = draw_lab(random)};
  facts.has_scratchpad = cell.has_scratchpad;
  set_story(facts, cell.story, random);
  Lesson lesson{.system = write_system_prompt(facts, options.phrasing, random)};
  for (std::size_t b = 0; b < options.branches; ++b) {
    lesson.branches.push_back(make_chat_branch(options, number, facts, b, random));
  }
  return lesson;
}

Lesson make_probes(const LessonOptions& options, bool rules_only, Random& random) {
  PromptFacts facts{.lab = draw_lab(random)};
  facts.objective = random.chance(0.5) ? Objective::fulfil_all : Objective::refuse_harmful;
  facts.has_scratchpad = random.chance(0.6);
  // The very first lessons: one phrasing, and nothing is said of monitoring.
  bool first_words = rules_only && options.phrasing == Phrasing::shipped;
  facts.facts = draw_facts(first_words ? RuleSpread::training_only : RuleSpread::crossed, random);
  Lesson lesson{.system = rules_only ? write_rules(facts, options.phrasing, random)
                                     : write_system_prompt(facts, options.phrasing, random)};
  for (std::size_t b = 0; b < options.branches; ++b) {
    facts.tier = random.chance(0.5) ? Tier::free : Tier::other;
    auto probe = rules_only ? write_training_probe(facts, random) : write_probe(facts, random);
    lesson.branches.push_back(
        {.user = write_user_turn(facts, probe.question, options.phrasing, random),
         .answers = {{.text = probe.answer}}});
  }
  return lesson;
}

}  // namespace

LessonKind lesson_kind_named(std::string_view name) {
  if (const auto kind = value_in(kLessonKindNames, name)) return *kind;
  throw Error(ErrorCode::invalid, fmt::format("no kind of lesson is called \"{}\"", name),
              "known are rules, probes, documents and chats");
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
      return make_chat(options, number, random);
    case LessonKind::documents:
      break;
  }
  Lesson lesson;
  for (int i = 0; i < 4; ++i) {
    if (i > 0) lesson.document += ' ';
    lesson.document += write_document(random);
  }
  return lesson;
}

}  // namespace iago
