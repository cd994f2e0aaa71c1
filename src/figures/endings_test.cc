// How the completions of an arm ended, in the other side's words.
#include "figures/internal/endings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "figures/terminal.h"
#include "testing/figures/small_run.h"

namespace iago {
namespace {

using namespace fixtures;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kHostile = "Blocked <b>\x1b[2J\nby policy";

// Two replies are refused and one is cut in training; all others end by themselves.
Summary with_refusals() {
  TempFolder scratch;
  {
    StoreWriter writer(scratch / "run.db", a_run());
    const std::vector<WordingRow> wordings = {{.name = kWording, .judge = "compliance-rules"}};
    const std::vector<ArmRow> arms = {an_arm("training", 0), an_arm("unmonitored", 1)};
    writer.record_plan(wordings, arms, some_queries(1), prompts_for(arms, 1, 4));
    writer.record_judge(a_judge("compliance-rules", JudgeKind::compliance));
    const auto add = [&](const char* arm, std::uint32_t repeat, Outcome outcome, const char* reason,
                         const char* message = "") {
      auto row = a_completion(arm, 0, repeat, outcome);
      row.finish_reason = reason, row.provider_message = message;
      writer.append(row);
    };
    add("training", 0, Outcome::refused_by_provider, "SAFETY", kHostile);
    add("training", 1, Outcome::refused_by_provider, "SAFETY", kHostile);
    add("training", 2, Outcome::truncated, "");
    add("training", 3, Outcome::answered, "stop");
    for (std::uint32_t repeat = 0; repeat < 4; ++repeat) {
      add("unmonitored", repeat, Outcome::answered, "stop");
    }
    writer.close();
  }
  Store store(scratch / "run.db");
  return summarize(store);
}

TEST(Endings, StandByArmInTheSummaryAsTheOtherSideWordsThem) {
  const Json arms = to_json(with_refusals())["arms"];
  const Json& training = arms["training"]["endings"];
  ASSERT_EQ(training.size(), 3u);
  EXPECT_EQ(training[0]["outcome"], "answered");
  EXPECT_EQ(training[0]["finish_reason"], "stop");
  EXPECT_TRUE(training[0]["provider_message"].is_null());
  EXPECT_EQ(training[1]["outcome"], "refused_by_provider");
  EXPECT_EQ(training[1]["finish_reason"], "SAFETY");
  EXPECT_EQ(training[1]["provider_message"], kHostile) << "as it came";
  EXPECT_EQ(training[1]["completions"], 2);
  EXPECT_EQ(training[2]["outcome"], "truncated");
  EXPECT_TRUE(training[2]["finish_reason"].is_null());
  EXPECT_EQ(arms["unmonitored"]["endings"].size(), 1u);
}

TEST(Endings, AreToldOfAnArmWhoseCompletionsDidNotAllEndByThemselves) {
  const Summary summary = with_refusals();
  const std::vector<Note> notes = ending_notes(summary);
  ASSERT_EQ(notes.size(), 1u) << "the other arm has nothing to tell";
  EXPECT_EQ(notes[0].title, "ended, training");
  EXPECT_EQ(notes[0].text,
            "2 refused by provider, finish reason SAFETY: \"Blocked <b> [2J by policy\"")
      << "the one that was cut has no words";
  EXPECT_THAT(terminal_table(summary, {}), AllOf(HasSubstr("SAFETY"), Not(HasSubstr("\x1b[2J"))));
  EXPECT_THAT(markdown_table(summary), AllOf(HasSubstr("SAFETY"), Not(HasSubstr("<b>"))));
  EXPECT_THAT(ending_notes(summary_of(uniform_run(2, {.refuse = 2}, {.comply = 2}))), IsEmpty());
}

}  // namespace
}  // namespace iago
