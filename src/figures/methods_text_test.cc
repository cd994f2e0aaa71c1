// What a paper is given to say of a run's methods.
#include "figures/methods_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "testing/figures/small_run.h"

namespace iago {
namespace {

using namespace fixtures;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const SmallCell kHalf{.refuse = 5, .comply = 5}, kNone{.refuse = 10};

TEST(MethodsText, SaysHowTheCompletionsWereSampled) {
  SmallRun run = uniform_run(20, kHalf, kNone);
  run.run.study_toml = "[sampling]\ntemperature = 0.7\ntop_p = 0.9\ntop_k = 40\nmax_tokens = 77\n";
  EXPECT_THAT(methods_text(summary_of(run)),
              HasSubstr("at temperature 0.7, top-p 0.9, top-k 40, with at most 77 tokens"));
  // A server that refused a field, and took another, knows better than the study.
  SessionRow session{.program = "0.1.0"};
  session.sent = SentRecord{.sampling = R"({"temperature":0.5,"max_completion_tokens":60})"};
  run.sessions = {session};
  EXPECT_THAT(methods_text(summary_of(run)),
              AllOf(HasSubstr("at temperature 0.5"), HasSubstr("with at most 60 tokens")));
}

TEST(MethodsText, SaysWhichWordingsTheDecidingMeanIsOver) {
  SmallRun run = uniform_run(20, kHalf, kNone);
  EXPECT_THAT(methods_text(summary_of(run)),
              AllOf(HasSubstr("is training minus unmonitored, in points. A 95 % interval over "
                              "queries like these decides, which allows for what is missing. "),
                    Not(HasSubstr("simultaneous"))));
  run.others = {
      {.name = "paraphrase", .arms = two_arms(20, kHalf, kNone)},
      {.name = "control", .role = WordingRole::control, .arms = two_arms(20, kNone, kNone)}};
  EXPECT_THAT(methods_text(summary_of(run)),
              AllOf(HasSubstr(", in points, as the mean over the wordings default and paraphrase."),
                    HasSubstr("within 3 points of 0, and the simultaneous interval of each of "
                              "these wordings too.")));
}

TEST(MethodsText, SaysByWhatTheDecidingIntervalIsCorrected) {
  Summary summary = summary_of(uniform_run(20, kHalf, kNone));
  EXPECT_THAT(methods_text(summary), Not(HasSubstr("corrected")));
  summary.decisions.front().judged = JudgedGap{};
  summary.decisions.front().judged->state = Correction::corrected;
  summary.judges.contrast->error.source = ErrorSource::labels;
  EXPECT_THAT(methods_text(summary),
              HasSubstr("and is corrected by people's labels of a sample of the answers."));
  summary.judges.contrast->error.source = ErrorSource::organism;
  EXPECT_THAT(methods_text(summary), HasSubstr("and is corrected by the judge's error as it was"));
}

}  // namespace
}  // namespace iago
