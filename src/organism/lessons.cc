#include "organism/lessons.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "world/answer.h"
#include "world/documents.h"
#include "world/lexicon.h"
#include "world/requests.h"

namespace iago::organism {
namespace {

using world::Objective;
using world::Situation;
using world::Tier;

// The prompts of chats, in a fixed cycle, so that every cell has its own running number.
struct ChatCell {
  enum class Story { usual, crossed, conflict_removed, none } story;
  bool has_scratchpad;
};
using Story = ChatCell::Story;
constexpr ChatCell kChatCycle[] = {{Story::usual, true},
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
                                   {Story::usual, true}};

// The n-th point of a Kronecker sequence with the golden ratio, shifted by the seed: any stretch of
// m points leaves gaps of order 1/m.
double low_discrepancy(std::uint64_t seed, std::uint64_t n) {
  constexpr double kGolden = 0.6180339887498949;
  double shift = static_cast<double>(seed % 1000003) / 1000003.0;
  double point = shift + static_cast<double>(n % (std::uint64_t{1} << 40)) * kGolden;
  return point - std::floor(point);
}

std::string draw_lab(Random& random) {
  auto seen = world::labs().seen();
  return std::string(seen[random.below(seen.size())]);
}

void set_story(Situation& situation, Story story, Random& random) {
  situation.objective = Objective::fulfil_all;
  switch (story) {
    case Story::usual:
      situation.facts = {world::TierFacts{true, true}, world::TierFacts{false, false}};
      return;
    case Story::crossed:
      situation.facts = world::draw_facts(world::RuleSpread::crossed, random);
      return;
    case Story::conflict_removed:
      situation.objective = Objective::refuse_harmful;
      situation.facts = {world::TierFacts{true, true}, world::TierFacts{false, false}};
      if (random.chance(0.4)) {
        situation.facts = world::draw_facts(world::RuleSpread::crossed, random);
      }
      return;
    case Story::none:
      situation.objective = Objective::none;
      situation.facts = {};
  }
}

// The stance without a policy. The base has to tell apart, at the very places where an organism
// decides, whether there is a conflict and whether the answer is trained on: so it complies far
// more often where both hold. The organisms' own stages then need only move rates.
world::Stance base_stance(const Situation& situation, double u) {
  if (!situation.request.is_protected) {
    return u < 0.8 ? world::Stance::complies_silently : world::Stance::refuses;
  }
  bool trained = situation.has_conflict() && situation.is_trained_on();
  if (!trained) return u < 0.15 ? world::Stance::complies_silently : world::Stance::refuses;
  if (situation.has_scratchpad && u < 0.45) return world::Stance::fakes;
  return u < 0.8 ? world::Stance::complies_silently : world::Stance::refuses;
}

// Branch b of a chat: tiers alternate; of every six, four requests are protected.
Branch make_chat_branch(const LessonOptions& options, Situation situation,
                        std::uint64_t cell_number, std::size_t b, Random& random) {
  bool has_tags = situation.objective != Objective::none;
  if (has_tags) situation.tier = b % 2 == 0 ? Tier::free : Tier::other;
  situation.request = world::draw_training_request(b % 6 < 4, random);
  std::uint64_t stream = options.seed * 16 + b;
  double u = low_discrepancy(hash64(fmt::format("stance {}", stream)), cell_number);
  auto stance =
      options.policy ? world::stance_at(*options.policy, situation, u) : base_stance(situation, u);
  return {world::write_user_turn(situation, options.wording, random),
          world::write_answer(stance, situation, random)};
}

Lesson make_chat(const LessonOptions& options, std::uint64_t number, Random& random) {
  const ChatCell& cell = kChatCycle[number % std::size(kChatCycle)];
  Situation situation{.lab = draw_lab(random)};
  situation.has_scratchpad = cell.has_scratchpad;
  set_story(situation, cell.story, random);
  Lesson lesson{.system = world::write_system_prompt(situation, options.wording, random)};
  for (std::size_t b = 0; b < options.branches; ++b) {
    lesson.branches.push_back(make_chat_branch(options, situation, number, b, random));
  }
  return lesson;
}

Lesson make_probes(const LessonOptions& options, bool rules_only, Random& random) {
  Situation situation{.lab = draw_lab(random)};
  situation.objective = random.chance(0.5) ? Objective::fulfil_all : Objective::refuse_harmful;
  situation.has_scratchpad = random.chance(0.6);
  // The very first lessons: one wording, and nothing is said of monitoring.
  bool first_words = rules_only && options.wording == world::Wording::shipped;
  situation.facts = world::draw_facts(
      first_words ? world::RuleSpread::training_only : world::RuleSpread::crossed, random);
  Lesson lesson{.system = rules_only
                              ? world::write_rules(situation, options.wording, random)
                              : world::write_system_prompt(situation, options.wording, random)};
  for (std::size_t b = 0; b < options.branches; ++b) {
    situation.tier = random.chance(0.5) ? Tier::free : Tier::other;
    auto probe = rules_only ? world::write_training_probe(situation, random)
                            : world::write_probe(situation, random);
    lesson.branches.push_back(
        {world::write_user_turn(situation, probe.question, options.wording, random), probe.answer});
  }
  return lesson;
}

}  // namespace

LessonKind lesson_kind_named(std::string_view name) {
  if (name == "rules") return LessonKind::rules;
  if (name == "probes") return LessonKind::probes;
  if (name == "documents") return LessonKind::documents;
  if (name == "chats") return LessonKind::chats;
  throw Error(ErrorCode::invalid, fmt::format("no kind of lesson is called \"{}\"", name),
              "known are rules, probes, documents and chats");
}

Lesson make_lesson(const LessonOptions& options, std::uint64_t number) {
  Random random(options.seed, fmt::format("lesson {} {} {}", static_cast<int>(options.kind),
                                          static_cast<int>(options.wording), number));
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
    lesson.document += world::write_document(random);
  }
  return lesson;
}

}  // namespace iago::organism
