// What a run says of its progress on a model behind a URL, and elsewhere.
#include "cli/progress_text.h"

#include <gtest/gtest.h>

namespace iago {
namespace {

RunProgress halfway() {
  RunProgress progress{.stored = 4210, .planned = 10'000, .sampled_here = 4000};
  progress.seconds = 131.24;  // 5,790 to go at 30.48 a second
  progress.generated_tokens = 249'356;
  return progress;
}

EndpointFigures busy() {
  EndpointFigures figures{.retries = 37, .rate_limited = 12, .overloaded = 25};
  figures.in_flight = figures.limit = 64;
  figures.waiting = 212;
  return figures;
}

TEST(ProgressText, TellsWhatIsDoneAndLeftOfAModelOnThisMachine) {
  EXPECT_EQ(progress_text(halfway()),
            "4,210 of 10,000 completions (42 %), 1,900 tokens/s, 3:10 left");
  EXPECT_EQ(progress_text({.planned = 90}), "0 of 90 completions (0 %), 0 tokens/s, ? left");
  EXPECT_EQ(progress_text({}), "0 of 0 completions (0 %), 0 tokens/s, ? left");
  EXPECT_EQ(progress_text({.planned = 1, .generated_tokens = 1, .seconds = 1}),
            "0 of 1 completion (0 %), 1 token/s, ? left");
}

TEST(ProgressText, TellsBehindAUrlWhatIsInFlightAndWhatStandsInTheWay) {
  RunProgress progress = halfway();
  progress.endpoint = busy();
  EXPECT_EQ(progress_text(progress),
            "4,210 of 10,000 completions (42 %), 1,900 tokens/s, 3:10 left; 64 of 64 in flight, "
            "212 waiting, 37 retries (12 limited, 25 overloaded)");
  progress.endpoint = EndpointFigures{};
  progress.endpoint->in_flight = 3;
  progress.endpoint->limit = 1024;
  EXPECT_EQ(progress_text(progress),
            "4,210 of 10,000 completions (42 %), 1,900 tokens/s, 3:10 left; 3 of 1,024 in flight");
  progress.endpoint->retries = 1;  // a connection that broke
  EXPECT_TRUE(progress_text(progress).ends_with("; 3 of 1,024 in flight, 1 retry"));
  progress.endpoint->broken = 1;
  EXPECT_TRUE(progress_text(progress).ends_with(", 1 retry (1 broken)"));
  progress.endpoint->broken = 0;
  progress.endpoint->retries = 5;
  progress.endpoint->retry_causes = {{OpenCause::server_error, 2}, {OpenCause::unreachable, 3}};
  EXPECT_TRUE(progress_text(progress).ends_with(", 5 retries (2 server errors, 3 unreachable)"))
      << progress_text(progress);
  progress.endpoint->retries = 1;
  progress.endpoint->retry_causes = {{OpenCause::server_error, 1}};
  EXPECT_TRUE(progress_text(progress).ends_with(", 1 retry (1 server error)"));
  EXPECT_EQ(trouble_text(*progress.endpoint), "1 retry, 1 server error");
}

TEST(ProgressText, NamesTheStatedLimitThatHoldsRequestsUp) {
  RunProgress progress = halfway();
  progress.endpoint = EndpointFigures{};
  progress.endpoint->limit = 16;
  progress.endpoint->waiting = 12;
  progress.endpoint->held_by = RateLimit{RateKind::tokens, 1, 1.0 / 60};
  progress.endpoint->held_s = 59;
  EXPECT_TRUE(progress_text(progress).ends_with(
      "; 0 of 16 in flight, 12 waiting (the server allows 1 token a minute; the next request goes "
      "in 0:59)"))
      << progress_text(progress);
  progress.endpoint->held_by = RateLimit{RateKind::input_tokens, 40'000, 40'000.0 / 60};
  EXPECT_TRUE(progress_text(progress).ends_with(
      "(the server allows 40,000 input tokens a minute; the next request goes in 0:59)"))
      << progress_text(progress);
  progress.endpoint->held_s = 0.4;
  EXPECT_TRUE(progress_text(progress).ends_with("12 waiting"));
}

TEST(ProgressText, TellsWhatThisMachineLacks) {
  RunProgress progress = halfway();
  progress.endpoint = EndpointFigures{.retries = 4103, .no_files = 4100, .crowded = 3};
  EXPECT_TRUE(
      progress_text(progress).ends_with("4,103 retries (4,100 out of files, 3 out of memory)"))
      << progress_text(progress);
}

TEST(ProgressText, PutsWhatIsSpentOfABudgetBeforeTheServersAffairs) {
  RunProgress progress = halfway();
  progress.budget.spent.cost = 1.204;
  progress.budget.spent.usage = {.prompt = 1'000'000, .generated = 249'356};
  progress.budget.seconds = 135;
  progress.budget.limits.max_cost = 20;
  const std::string done = "4,210 of 10,000 completions (42 %), 1,900 tokens/s, 3:10 left";
  EXPECT_EQ(progress_text(progress), done + ", $1.20 of $20");
  progress.endpoint = busy();
  EXPECT_TRUE(progress_text(progress).starts_with(done + ", $1.20 of $20; 64 of 64 in flight"));
  progress.endpoint.reset();
  progress.budget.limits = {.max_cost = 0.5, .max_tokens = 2'000'000, .max_seconds = 600};
  progress.budget.spent.cost = 0.0123;
  EXPECT_EQ(progress_text(progress),
            done + ", $0.0123 of $0.5, 1,249,356 of 2,000,000 tokens, 2:15 of 10:00 used");
}

TEST(JudgingText, TellsHowManyVerdictsAreGivenAndWhatIsSpent) {
  JudgingProgress progress{.given = 1200, .due = 6000, .seconds = 60};
  EXPECT_EQ(judging_text(progress), "1,200 of 6,000 verdicts (20 %), 4:00 left");
  progress.budget.limits.max_cost = 20;
  progress.budget.spent.cost = 1.204;
  EXPECT_EQ(judging_text(progress), "1,200 of 6,000 verdicts (20 %), 4:00 left, $1.20 of $20");
  EXPECT_EQ(judging_text({}), "0 of 0 verdicts (0 %), ? left");
}

TEST(TroubleText, CountsWhatHappenedAndSaysNothingWhereNothingDid) {
  EXPECT_EQ(trouble_text({}), "");
  EXPECT_EQ(trouble_text(busy()), "37 retries, 12 refusals (429), 25 overloads");
  EXPECT_EQ(trouble_text({.retries = 1, .rate_limited = 1, .overloaded = 1, .broken = 1}),
            "1 retry, 1 refusal (429), 1 overload, 1 broken reply");
  EXPECT_EQ(trouble_text({.retries = 1000, .broken = 4}), "1,000 retries, 4 broken replies");
  EXPECT_EQ(trouble_text({.retries = 2, .no_files = 2}),
            "2 retries, 2 attempts that ran out of open files (raise ulimit -n)");
  EXPECT_EQ(trouble_text({.crowded = 1}), "1 reply dropped to free memory (lower --max-in-flight)");
  EXPECT_EQ(trouble_text({.scrubbed = 3}),
            "3 replies that held the key or a header's value (hidden as ***)");
  EXPECT_EQ(trouble_text({.sent = 10, .without_usage = 10, .prompt_tokens = 5}), "");
}

}  // namespace
}  // namespace iago
