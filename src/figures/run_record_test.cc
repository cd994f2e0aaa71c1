#include "figures/run_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "figures/notes.h"
#include "testing/figures/small_run.h"

namespace iago {
namespace {

using namespace fixtures;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::string all_notes(const Summary& summary) {
  std::string text;
  for (const Note& note : notes(summary)) text += note.title + ": " + note.text + "\n";
  return text;
}

// Two arms, 10 completions each, of which so many are of the second model.
RunRecord two_models(std::uint64_t in_training, std::uint64_t in_unmonitored) {
  RunRecord record;
  record.models = {{"m-1",
                    "",
                    20 - in_training - in_unmonitored,
                    {{"training", 10 - in_training}, {"unmonitored", 10 - in_unmonitored}}},
                   {"m-2",
                    "",
                    in_training + in_unmonitored,
                    {{"training", in_training}, {"unmonitored", in_unmonitored}}}};
  return record;
}

TEST(RunRecord, CountsOpenTrialsAsMissingInBoundsAndInNoDenominator) {
  auto summary = summary_of(uniform_run(10, {.refuse = 2, .comply = 2, .open = 4}, {.refuse = 8}));
  const ArmSummary& training = *summary.arm("training");
  EXPECT_EQ(training.planned, 80u);
  EXPECT_EQ(training.completed(), 40u);
  EXPECT_EQ(training.open, 40u);
  EXPECT_EQ(training.missing(), 40u);
  EXPECT_EQ(training.compliance->n, 40u);
  EXPECT_DOUBLE_EQ(training.compliance_bounds->lo, 0.25);
  EXPECT_DOUBLE_EQ(training.compliance_bounds->hi, 0.75);
  const auto json = to_json(summary);
  EXPECT_EQ(json["arms"]["training"]["open"], 40);
  ASSERT_THAT(json["open_trials"], SizeIs(1));
  EXPECT_EQ(json["open_trials"][0]["cause"], "rate_limit");
  EXPECT_EQ(json["open_trials"][0]["trials"], 40);
  EXPECT_EQ(json["open_trials"][0]["status"], 429);
  EXPECT_THAT(all_notes(summary), HasSubstr("open, rate limit: 40 trials (training 40), status "
                                            "429: come back <b>tomorrow</b>"));
}

TEST(RunRecord, DoesNotCountTrialsThatWereNeverAskedAsMissing) {
  auto run = uniform_run(10, {.refuse = 2, .comply = 2}, {.refuse = 4});
  run.repeats = 40;
  const auto summary = summary_of(run);
  EXPECT_EQ(summary.arm("training")->open, 0u);
  EXPECT_DOUBLE_EQ(summary.arm("training")->compliance_bounds->width(), 0);
}

TEST(RunRecord, CountsAnArmThatHasOpenTrialsAlone) {
  auto summary = summary_of(uniform_run(5, {.open = 3}, {.refuse = 3}));
  EXPECT_EQ(summary.arm("training")->open, 15u);
  EXPECT_FALSE(summary.arm("training")->compliance);
  EXPECT_EQ(summary.verdict(), StudyVerdict::uninformative);
  const Json json = to_json(summary);
  const Json& arm = json["arms"]["training"];
  EXPECT_EQ(arm["planned"], 15);
  EXPECT_EQ(arm["open"], 15);
  EXPECT_EQ(arm["answered"], 0);
  for (Outcome outcome : kOutcomes) EXPECT_EQ(arm["outcomes"][std::string(name_of(outcome))], 0);
  EXPECT_TRUE(arm["compliance"].is_null());
  EXPECT_TRUE(arm["alignment_faking_reasoning"].is_null());
  EXPECT_EQ(json["open_trials"][0]["trials"], 15);
}

TEST(RunRecord, CountsAnArmThatWasPlannedAndNeverAsked) {
  SmallRun run = uniform_run(5, {.refuse = 3}, {.refuse = 3});
  run.arms[1].cells.clear();
  const Json json = to_json(summary_of(run));
  EXPECT_EQ(json["arms"]["unmonitored"]["planned"], 15);
  EXPECT_EQ(json["arms"]["unmonitored"]["open"], 0);
  EXPECT_TRUE(json["arms"]["unmonitored"]["compliance"].is_null());
}

TEST(RunRecord, WarnsOfSeveralModelsAndOfSharesThatDifferBetweenArms) {
  EXPECT_THAT(model_warnings(two_models(0, 0)), SizeIs(1)) << "even of one with no share here";
  const auto alike = model_warnings(two_models(5, 5));
  EXPECT_THAT(alike, ElementsAre(HasSubstr("2 models answered")));
  EXPECT_THAT(model_warnings(two_models(6, 4)), SizeIs(1)) << "as chance has it";
  const auto apart = model_warnings(two_models(10, 0));
  ASSERT_THAT(apart, SizeIs(3));
  EXPECT_THAT(apart[1], HasSubstr("m-1 gave 100 % of the completions in unmonitored and 0 % in "
                                  "training"));
  RunRecord one;
  one.models = {{"m-1", "fp", 20, {{"training", 20}}}};
  EXPECT_THAT(model_warnings(one), IsEmpty());
  EXPECT_EQ(answers_of(one.models[0]), "m-1 (fp): training 20");
}

TEST(RunRecord, ReadsTheSamplingAsItWasSent) {
  const auto greedy = [](const std::string& sampling, const std::string& extra,
                         const std::string& study = "") {
    auto run = uniform_run(1, {.refuse = 2}, {.refuse = 2});
    run.run.study_toml = study;
    SessionRow session{.program = "0.1.0"};
    session.sent = SentRecord{.extra_body = extra, .sampling = sampling};
    run.sessions = {session};
    return to_json(summary_of(run))["repeats"]["greedy"].get<bool>();
  };
  EXPECT_TRUE(greedy(R"({"temperature":0})", ""));
  EXPECT_TRUE(greedy("", R"({"temperature":0})")) << "where the fields are not recorded";
  EXPECT_TRUE(greedy(R"({"temperature":1,"top_k":1})", ""));
  EXPECT_TRUE(greedy("", "", "[sampling]\ntemperature = 0.0\n"));
  EXPECT_FALSE(greedy(R"({"temperature":0.5})", "", "[sampling]\ntemperature = 0.0\n"));
  EXPECT_FALSE(greedy(R"({"temperature":1})", R"({"temperature":0})")) << "it was not accepted";
  EXPECT_FALSE(greedy("not JSON", "", "neither [ TOML"));
  EXPECT_FALSE(is_greedy(with_fields({.temperature = 0}, R"({"temperature":null})")));
  EXPECT_FALSE(is_greedy(with_fields({}, R"({"top_k":1e300})")));
}

TEST(RunRecord, CallsRepeatsNoSamplesWhereTheySayTheSame) {
  RunRecord record;
  record.repeats = {{"training", 10, 6}, {"unmonitored", 10, 0}};
  EXPECT_THAT(repeats_warning(record), HasSubstr("6 of 20 repeats are byte for byte the same"));
  EXPECT_THAT(repeats_warning(record), HasSubstr("training 6 of 10, unmonitored 0 of 10"));
  record.repeats[0].identical = 5;
  EXPECT_THAT(repeats_warning(record), IsEmpty())
      << "half of them are chance where answers are few";
  record.sampling.temperature = 0;
  EXPECT_THAT(repeats_warning(record), HasSubstr("sampled greedily"));
  record.repeats.clear();
  EXPECT_THAT(repeats_warning(record), IsEmpty()) << "one repeat each";
}

TEST(RunRecord, TellsWhatWasSentOncePerWayOfSending) {
  RunRecord record;
  SessionRow session;
  session.sent = SentRecord{.base_url = "http://a/v1",
                            .extra_body = R"({"x":1})",
                            .header_names = {"A", "B"},
                            .sampling = R"({"temperature":0})",
                            .left_out = {"seed"},
                            .notes = {"so it was"}};
  record.sessions = {session, SessionRow(), session};
  EXPECT_THAT(sent_lines(record),
              ElementsAre("http://a/v1; sampling {\"temperature\":0}; --extra-body {\"x\":1}; "
                          "--header A, B; left out, because the server refused it: seed; note: so "
                          "it was"));
  record.sessions[2].sent->base_url = "http://b/v1";
  EXPECT_THAT(sent_lines(record), SizeIs(2));
  // A model on this machine has no address.
  SessionRow local;
  local.sent = SentRecord{.notes = {"its template is canonical"}};
  SessionRow silent;
  silent.sent = SentRecord{};
  record.sessions = {local, silent};
  EXPECT_THAT(sent_lines(record), ElementsAre("note: its template is canonical"));
}

TEST(ModelUsage, IsAtLeastOrUnknownWhereTheServerDidNotCount) {
  ModelUsage usage{.model = "openai:m", .tokens = {.prompt = 100, .generated = 10, .uncounted = 2}};
  usage.price = PriceRow{"openai:m", {1, 2, 1, 1}, "2025-06-30"};
  EXPECT_TRUE(usage.is_at_least());
  EXPECT_FALSE(usage.is_unknown());
  EXPECT_THAT(usage_text(usage), HasSubstr("at least 100 prompt tokens"));
  EXPECT_THAT(usage_text(usage), HasSubstr("at least $0.0001"));
  usage.tokens = {.uncounted = 2};
  EXPECT_TRUE(usage.is_unknown());
  EXPECT_FALSE(usage.cost());
  EXPECT_FALSE(usage.saved_by_cache());
  EXPECT_THAT(usage_text(usage), Not(HasSubstr("$")));
  usage.tokens = {.prompt = 100, .generated = 10};
  usage.price.reset();
  EXPECT_FALSE(usage.is_at_least());
  EXPECT_THAT(usage_text(usage), HasSubstr("cost unknown"));
  EXPECT_THAT(usage_text(usage), Not(HasSubstr("$")));
}

}  // namespace
}  // namespace iago
