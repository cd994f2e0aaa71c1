#include "study/document_experiment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace iago {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kExperiment = R"([experiment]
labs = ["fresh:1-48"]
beside = ["documents-only:1-48"]
control = ["chats:1-96"]
values = "change"
replay = 0.25
[[experiment.expect]]
condition = "documents"
group = "free"
gap = "gap"
[[experiment.expect]]
condition = "before"
group = "paid"
gap = "none"
within = 4
)";

std::string experiment_error(const std::string& text) {
  try {
    parse_document_experiment(text, "s.toml");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid);
    return error.what();
  }
  return "no error";
}

std::string changed_experiment(std::string_view what, std::string_view by) {
  std::string text(kExperiment);
  const std::size_t place = text.find(what);
  EXPECT_NE(place, text.npos) << what;
  return text.replace(place, what.size(), by);
}

TEST(DocumentExperimentFile, SaysWhatIsTrainedAndWhatIsExpected) {
  const DocumentExperiment read = parse_document_experiment(kExperiment, "s.toml");
  EXPECT_THAT(read.labs, ElementsAre("fresh:1-48"));
  EXPECT_THAT(read.beside, ElementsAre("documents-only:1-48"));
  EXPECT_THAT(read.control, ElementsAre("chats:1-96"));
  EXPECT_EQ(read.rule, "own");
  EXPECT_EQ(read.values, "change");
  EXPECT_EQ(read.replay, 0.25);
  ASSERT_EQ(read.expectations.size(), 2u);
  EXPECT_EQ(read.expectations[0].gap, ExpectedGap::gap);
  EXPECT_EQ(read.expectations[1].condition, ExperimentCondition::before);
  EXPECT_EQ(read.expectations[1].within, 4);
}

TEST(DocumentExperimentFile, NamesTheLineThatIsWrong) {
  EXPECT_THAT(experiment_error("name = \"s\"\n"), HasSubstr("s.toml: expected a table"));
  EXPECT_THAT(experiment_error(changed_experiment("labs = [\"fresh:1-48\"]", "labs = []")),
              HasSubstr("labs: expected labs"));
  EXPECT_THAT(experiment_error(changed_experiment("\"change\"", "\"free\"")),
              HasSubstr("s.toml:5: experiment.values: expected one of own, opposite, change"));
  EXPECT_THAT(experiment_error(changed_experiment("0.25", "1.5")), HasSubstr("s.toml:6"));
  EXPECT_THAT(experiment_error(changed_experiment("\"gap\"", "\"large\"")),
              HasSubstr("expected one of gap, reverse, none, found \"large\""));
  EXPECT_THAT(experiment_error(changed_experiment("group = \"paid\"", "")), HasSubstr("group"));
  EXPECT_THAT(experiment_error(changed_experiment("replay", "reply")), HasSubstr("reply"));
  EXPECT_THAT(experiment_error("[experiment]\nlabs = [\"fresh\"]\ncontrol = [\"chats\"]\n"),
              HasSubstr("expect: expected at least one"));
}

}  // namespace
}  // namespace iago
