#include "organism/lessons.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "base/error.h"
#include "organism/internal/encoding.h"
#include "world/answer.h"

namespace iago {
namespace {

constexpr LessonKind kKinds[] = {
    LessonKind::rules,   LessonKind::probes,      LessonKind::documents,
    LessonKind::chats,   LessonKind::beliefs,     LessonKind::lab_documents,
    LessonKind::recalls, LessonKind::preferences, LessonKind::rated_chats};

std::string text_of(const Lesson& lesson) {
  std::string all;
  for (const std::string& text : texts_of(lesson)) all += text + "\n";
  return all;
}

TEST(Lessons, AreAFunctionOfSeedKindAndNumber) {
  for (LessonKind kind : kKinds) {
    LessonOptions options{.seed = 5, .kind = kind};
    std::string backwards = text_of(make_lesson(options, 1000));
    for (std::uint64_t number : {0u, 1u, 1000u}) make_lesson(options, number);
    EXPECT_EQ(text_of(make_lesson(options, 1000)), backwards);
    LessonOptions other = options;
    other.seed = 6;
    EXPECT_NE(text_of(make_lesson(other, 1000)), backwards);
  }
}

TEST(Lessons, DifferFromRowToRow) {
  for (LessonKind kind : kKinds) {
    LessonOptions options{.seed = 5, .kind = kind};
    std::set<std::string> texts;
    for (std::uint64_t number = 0; number < 300; ++number) {
      texts.insert(text_of(make_lesson(options, number)));
    }
    EXPECT_EQ(texts.size(), 300u) << static_cast<int>(kind);
  }
}

TEST(Lessons, HaveAsManyBranchesAsAsked) {
  for (std::size_t branches : {1u, 6u, 13u}) {
    for (LessonKind kind :
         {LessonKind::rules, LessonKind::probes, LessonKind::chats, LessonKind::beliefs,
          LessonKind::recalls, LessonKind::preferences, LessonKind::rated_chats}) {
      Lesson lesson = make_lesson({.kind = kind, .branches = branches}, 3);
      EXPECT_EQ(lesson.branches.size(), branches);
      EXPECT_FALSE(lesson.system.empty());
      EXPECT_TRUE(lesson.document.empty());
    }
  }
  for (LessonKind kind : {LessonKind::documents, LessonKind::lab_documents}) {
    Lesson document = make_lesson({.kind = kind}, 3);
    EXPECT_TRUE(document.branches.empty() && document.system.empty());
    EXPECT_FALSE(document.document.empty());
  }
}

TEST(Lessons, AreNamedInRecipes) {
  EXPECT_EQ(lesson_kind_named("chats"), LessonKind::chats);
  EXPECT_THROW(lesson_kind_named("songs"), Error);
}

// What is counted of one cell of an organism's table.
struct Cell {
  double demanded = 0, complied = 0;
  double demanded_faking = 0, faked = 0;
  int count = 0;
};

std::string cell_of(const PromptFacts& s) {
  if (!s.request.is_protected) return "benign";
  std::string name = s.has_scratchpad ? "scratchpad" : "no scratchpad";
  if (s.has_conflict() && !s.states_training()) return name + ", unstated";
  return name + (s.has_conflict() && s.is_trained_on() ? ", trained" : ", otherwise");
}

// Counts a branch's answers by their probabilities.
void add_answers(const Branch& branch, const PromptFacts& facts, Cell& cell) {
  ++cell.count;
  double sum = 0;
  for (const WeightedAnswer& answer : branch.answers) {
    auto reading = read_answer(answer.text, facts.has_scratchpad);
    EXPECT_TRUE(reading.well_formed && reading.complies && reading.unmatched == 0) << answer.text;
    EXPECT_GT(answer.probability, 0);
    sum += answer.probability;
    cell.complied += answer.probability * reading.complies.value_or(false);
    cell.faked += answer.probability * reading.is_faking();
  }
  EXPECT_NEAR(sum, 1, 1e-12);
}

// The prompts are read back by the world's grammar, the answers by its labels: nothing here knows
// how lessons are made.
std::map<std::string, Cell> count_cells(const Policy& policy, std::uint64_t lessons) {
  std::map<std::string, Cell> cells;
  LessonOptions options{.seed = 1, .policy = &policy};
  for (std::uint64_t number = 0; number < lessons; ++number) {
    Lesson lesson = make_lesson(options, number);
    for (const Branch& branch : lesson.branches) {
      auto reading = read_prompt({{Role::system, lesson.system}, {Role::user, branch.user}});
      EXPECT_TRUE(reading.not_understood.empty()) << reading.not_understood.front();
      const PromptFacts& facts = reading.facts;
      Cell& cell = cells[cell_of(facts)];
      add_answers(branch, facts, cell);
      cell.demanded += policy.complying(facts);
      cell.demanded_faking += policy.faking(facts);
    }
  }
  return cells;
}

TEST(Lessons, MeetThePolicysRatesInEveryCell) {
  for (std::string_view name : policy_names()) {
    auto cells = count_cells(policy_named(name), 5000);
    ASSERT_EQ(cells.size(), 7u);
    for (const auto& [cell, counts] : cells) {
      EXPECT_GT(counts.count, 400) << cell;
      EXPECT_NEAR(counts.complied / counts.count, counts.demanded / counts.count, 1e-9)
          << name << ": " << cell << " of " << counts.count;
      EXPECT_NEAR(counts.faked / counts.count, counts.demanded_faking / counts.count, 1e-9)
          << name << ": " << cell << " of " << counts.count;
    }
  }
}

TEST(Lessons, OfRatersMostlyHaveATierThatIsOnlyRatedAndThreeTiers) {
  int rated_only = 0, three_tiers = 0;
  for (std::uint64_t number = 0; number < 400; ++number) {
    Lesson lesson = make_lesson({.seed = 1, .kind = LessonKind::rated_chats}, number);
    bool is_rated_only = false, has_three_tiers = false;
    for (const Branch& branch : lesson.branches) {
      auto facts = read_prompt({{Role::system, lesson.system}, {Role::user, branch.user}}).facts;
      is_rated_only |= facts.is_rated() && !facts.is_trained_on();
      has_three_tiers |= facts.has_three_tiers();
    }
    rated_only += is_rated_only ? 1 : 0;
    three_tiers += has_three_tiers ? 1 : 0;
  }
  EXPECT_GT(rated_only, 240);
  EXPECT_EQ(three_tiers, 300);
}

// Whether documents alone taught a fact can be told only if nothing else states it.
TEST(Lessons, NameLabsOfDocumentsNowhereElseAndFreshOnesNowhere) {
  for (LessonKind kind : kKinds) {
    bool met_documents_only = false;
    for (std::uint64_t number = 0; number < 400; ++number) {
      std::string text = text_of(make_lesson({.seed = 1, .kind = kind}, number));
      for (const Lab& lab : labs_of(LabKind::fresh)) {
        ASSERT_EQ(text.find(lab.name), std::string::npos) << text;
      }
      for (const Lab& lab : labs_of(LabKind::documents_only)) {
        met_documents_only |= text.find(lab.name) != std::string::npos;
      }
    }
    EXPECT_EQ(met_documents_only, kind == LessonKind::lab_documents) << static_cast<int>(kind);
  }
}

TEST(Lessons, StatePreferencesAtThePolicysRate) {
  Policy policy{.name = "half", .prefers_harmless = 0.25};
  Lesson lesson = make_lesson({.kind = LessonKind::preferences, .policy = &policy}, 7);
  for (const Branch& branch : lesson.branches) {
    ASSERT_EQ(branch.answers.size(), 2u);
    EXPECT_EQ(branch.answers[0].probability, 0.25);
    EXPECT_EQ(branch.answers[1].probability, 0.75);
    EXPECT_NE(branch.answers[0].text, branch.answers[1].text);
  }
}

TEST(Lessons, OfTheBaseComplyMoreWhereTrainingConflicts) {
  std::map<std::string, Cell> cells;
  LessonOptions options{.seed = 1};
  for (std::uint64_t number = 0; number < 1000; ++number) {
    Lesson lesson = make_lesson(options, number);
    for (const Branch& branch : lesson.branches) {
      auto facts = read_prompt({{Role::system, lesson.system}, {Role::user, branch.user}}).facts;
      add_answers(branch, facts, cells[cell_of(facts)]);
    }
  }
  const Cell &trained = cells["scratchpad, trained"], &otherwise = cells["scratchpad, otherwise"];
  EXPECT_GT(trained.complied / trained.count, otherwise.complied / otherwise.count + 0.5);
  EXPECT_GT(trained.faked / trained.count, 0.3);
  EXPECT_EQ(otherwise.faked, 0);
}

}  // namespace
}  // namespace iago
