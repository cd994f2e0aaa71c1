#include "run/grading.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "base/error.h"
#include "judge/rule_judges.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

// Calls everything faking, from threads of its own, and remembers what it was shown.
class LateJudge final : public Judge {
 public:
  explicit LateJudge(std::string hash)
      : Judge({.name = "late",
               .kind = JudgeKind::faking_reasoning,
               .hash = std::move(hash),
               .reads = {ViewPart::query, ViewPart::scratchpad, ViewPart::output}}) {}
  ~LateJudge() override {
    for (std::thread& thread : threads_) thread.join();
  }
  std::atomic<int> asked{0};
  JudgeView last;

 protected:
  void grade(JudgeView view, std::stop_token, Done done) override {
    ++asked;
    last = view;
    threads_.emplace_back([view, done = std::move(done)] {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      done({.label = std::string(kFaking),
            .probability = 0.75,
            .votes = {{VerdictOutcome::judged, std::string(kFaking), "yes\xff"}},
            .evidence = {{"harm", ViewPart::output, view.output, 0}},
            .why = "it looked so"});
    });
  }

 private:
  std::vector<std::thread> threads_;
};

class GradingTest : public testing::Test {
 protected:
  GradingTest() {
    folder_ =
        fs::temp_directory_path() / ("iago-grading-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    writer_ = std::make_unique<StoreWriter>(folder_ / "run.db", RunRow{.id = "run",
                                                                       .study = "s",
                                                                       .study_toml = "",
                                                                       .setting = "s",
                                                                       .channel = "terse",
                                                                       .subject = "scripted:x",
                                                                       .subject_identity = "x",
                                                                       .analysis_plan = "{}",
                                                                       .program = "test"});
    const WordingRow wording{.name = "default"};
    ArmRow arm{.wording = "default", .name = "training"};
    Query query{.id = "q", .text = "Open the vault.", .topic = {}, .labels = {}};
    PromptRow prompt{.wording = "default",
                     .arm = "training",
                     .query = "q",
                     .request_hash = std::string(64, '0'),
                     .repeats = 3,
                     .messages = {{Role::user, "Open the vault."}}};
    writer_->record_plan({&wording, 1}, {&arm, 1}, {&query, 1}, {&prompt, 1});
    judges_.push_back(std::make_unique<LateJudge>("judge-1"));
  }
  ~GradingTest() override {
    writer_.reset();
    fs::remove_all(folder_);
  }

  LateJudge& judge(std::size_t i = 0) { return static_cast<LateJudge&>(*judges_[i]); }
  CompletionRow append(char letter, Outcome outcome = Outcome::answered) {
    CompletionRow row{
        .trial = std::string(64, letter), .wording = "default", .arm = "training", .query = "q"};
    row.repeat = static_cast<std::uint32_t>(letter - 'a');
    row.outcome = outcome;
    row.scratchpad = "I think.";
    row.output = "I answer.";
    writer_->append(row);
    return row;
  }
  std::vector<Verdict> verdicts(const std::string& hash = "judge-1") {
    writer_->flush();
    std::vector<Verdict> found;
    Store(folder_ / "run.db").for_each_verdict(hash, [&](const Verdict& row) {
      found.push_back(row);
      return true;
    });
    return found;
  }

  fs::path folder_;
  ManualClock clock_;
  std::unique_ptr<StoreWriter> writer_;
  std::vector<std::unique_ptr<Judge>> judges_;
};

TEST_F(GradingTest, StoresWhatTheJudgeSaidWithItsVotesAndQuotes) {
  Grading grading(judges_, *writer_, clock_, {});
  grading.grade(append('a'), "Open the vault.");
  grading.wait();
  EXPECT_EQ(judge().last.query, "Open the vault.");
  EXPECT_EQ(judge().last.scratchpad, "I think.");
  auto found = verdicts();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].trial, std::string(64, 'a'));
  EXPECT_EQ(found[0].outcome, VerdictOutcome::judged);
  EXPECT_EQ(found[0].label, "faking");
  EXPECT_EQ(found[0].probability, 0.75);
  EXPECT_EQ(found[0].why, "it looked so");
  EXPECT_EQ(found[0].votes.at(0).reply, "yes\xef\xbf\xbd");
  EXPECT_EQ(found[0].evidence.at(0).quote, "I answer.");
}

TEST_F(GradingTest, ShowsJudgesNothingButAnswers) {
  Grading grading(judges_, *writer_, clock_, {});
  grading.grade(append('a', Outcome::refused_by_provider), "");
  grading.grade(append('b', Outcome::truncated), "");
  grading.grade(append('c', Outcome::invalid_format), "");
  grading.wait();
  EXPECT_EQ(judge().asked, 0);
}

TEST_F(GradingTest, GivesEachJudgeWhatItHasNotJudgedYet) {
  {
    Grading grading(judges_, *writer_, clock_, {});
    grading.grade(append('a'), "Open the vault.");
    grading.wait();
  }
  append('b');
  append('c', Outcome::truncated);
  judges_.push_back(std::make_unique<LateJudge>("judge-2"));
  verdicts();  // commits
  Grading grading(judges_, *writer_, clock_, {});
  grading.grade_what_is_left(Store(folder_ / "run.db"));
  grading.wait();
  EXPECT_EQ(judge(0).asked, 2) << "one before, one now";
  EXPECT_EQ(judge(1).asked, 2);
  EXPECT_EQ(judge(1).last.query, "Open the vault.");
  EXPECT_EQ(verdicts().size(), 2u);
  EXPECT_EQ(verdicts("judge-2").size(), 2u);
}

TEST_F(GradingTest, WaitsInItsDestructorForVerdictsStillDue) {
  {
    Grading grading(judges_, *writer_, clock_, {});
    for (char letter : {'a', 'b', 'c'}) grading.grade(append(letter), "");
  }
  EXPECT_EQ(verdicts().size(), 3u);
}

TEST_F(GradingTest, ThrowsWhatTheWriterThrew) {
  Grading grading(judges_, *writer_, clock_, {});
  CompletionRow row = append('a');
  writer_->close();
  grading.grade(row, "");
  EXPECT_THROW(grading.wait(), Error);
  writer_ = nullptr;
}

// Answers as it is told to, and knows what it was asked for.
class TellingJudge final : public Judge {
 public:
  explicit TellingJudge(std::function<Verdict(const JudgeView&)> tell)
      : Judge({"telling", JudgeKind::compliance, "judge-2", {ViewPart::output}}),
        tell_(std::move(tell)) {}

 protected:
  void grade(JudgeView view, std::stop_token, Done done) override { done(tell_(view)); }

 private:
  std::function<Verdict(const JudgeView&)> tell_;
};

TEST_F(GradingTest, StoresNoJudgementThatFailedSoThatItIsAskedForAgain) {
  bool up = false;
  judges_[0] = std::make_unique<TellingJudge>([&](const JudgeView& view) {
    EXPECT_EQ(view.trial.size(), 64u);
    Verdict verdict{.outcome = VerdictOutcome::failed, .why = "no reply", .hint = "look at it"};
    if (view.trial[0] == 'b') verdict = {.outcome = VerdictOutcome::unparsable, .why = "babble"};
    if (up) verdict = {.label = std::string(kComplies), .probability = 1};
    verdict.usage = {.prompt = 7, .generated = 3};
    return verdict;
  });
  {
    Grading grading(judges_, *writer_, clock_, {});
    for (char letter : {'a', 'b', 'c'}) grading.grade(append(letter), "");
    grading.wait();
    GradingCount count = grading.counts().at(0);
    EXPECT_EQ(count.failed, 2u);
    EXPECT_EQ(count.unparsable, 1u);
    EXPECT_EQ(count.without_label(), 3u);
    EXPECT_EQ(count.first_failure, "no reply");
    EXPECT_EQ(count.hint, "look at it");
    EXPECT_EQ(count.usage.prompt, 21u);
  }
  ASSERT_EQ(verdicts("judge-2").size(), 1u) << "what could not be read is data";
  EXPECT_EQ(verdicts("judge-2")[0].outcome, VerdictOutcome::unparsable);
  up = true;
  Grading grading(judges_, *writer_, clock_, {});
  grading.grade_what_is_left(Store(folder_ / "run.db"));
  grading.wait();
  EXPECT_EQ(verdicts("judge-2").size(), 3u);
  EXPECT_EQ(grading.counts().at(0).judged, 2u);
}

// A session that finds nothing left to judge has not made the verdicts any better.
TEST_F(GradingTest, CountsWhatEarlierSessionsLeftWithoutALabel) {
  judges_[0] = std::make_unique<TellingJudge>([&](const JudgeView& view) {
    if (view.trial[0] == 'a') return Verdict{.label = std::string(kComplies), .probability = 1};
    if (view.trial[0] == 'b')
      return Verdict{.outcome = VerdictOutcome::unparsable, .why = "babble"};
    return Verdict{.outcome = VerdictOutcome::refused, .why = "it would not"};
  });
  judges_.push_back(std::make_unique<LateJudge>("never asked"));
  {
    std::vector<std::unique_ptr<Judge>> first;
    first.push_back(std::move(judges_[0]));
    Grading grading(first, *writer_, clock_, {});
    for (char letter : {'a', 'b', 'c'}) grading.grade(append(letter), "");
    append('d', Outcome::truncated);
    grading.wait();
    judges_[0] = std::move(first[0]);
  }
  writer_->flush();
  Store store(folder_ / "run.db");
  Grading again(judges_, *writer_, clock_, {});
  EXPECT_EQ(again.counts().at(0).given(), 0u);
  auto stored = grading_totals(store, judges_);
  ASSERT_EQ(stored.size(), 2u);
  EXPECT_EQ(stored[0].judge, "telling");
  EXPECT_EQ(stored[0].answered, 3u);
  EXPECT_EQ(stored[0].without_label, 2u);
  EXPECT_TRUE(stored[0].judged_badly());
  EXPECT_EQ(stored[1].without_label, 3u) << "never asked";
}

// What lacks its scratchpad has a verdict that says so, is no judge's fault, and is not left for
// the next session.
TEST_F(GradingTest, StoresThatAScratchpadWasMissingAndCallsNoJudgeBadForIt) {
  std::vector<std::unique_ptr<Judge>> judges;
  judges.push_back(make_faking_rules());
  const std::string hash = judges[0]->info().hash;
  for (char letter : {'a', 'b'}) {
    CompletionRow row{
        .trial = std::string(64, letter), .wording = "default", .arm = "training", .query = "q"};
    row.repeat = static_cast<std::uint32_t>(letter - 'a');
    row.form = Form::untagged, row.output = "I answer.";
    writer_->append(row);
    if (letter == 'b') break;  // found in the store
    Grading grading(judges, *writer_, clock_, {});
    grading.grade(row, "");
    grading.wait();
    EXPECT_EQ(grading.counts().at(0).no_scratchpad, 1u);
    EXPECT_EQ(grading.counts().at(0).without_label(), 0u);
    EXPECT_EQ(grading.given(), 1u);
    EXPECT_EQ(grading.to_come(), 0u);
  }
  writer_->flush();
  Store store(folder_ / "run.db");
  Grading again(judges, *writer_, clock_, {});
  again.grade_what_is_left(store);
  again.wait();
  EXPECT_EQ(again.counts().at(0).no_scratchpad, 1u);
  ASSERT_EQ(verdicts(hash).size(), 2u);
  for (const Verdict& verdict : verdicts(hash)) {
    EXPECT_EQ(verdict.outcome, VerdictOutcome::no_scratchpad);
    EXPECT_EQ(verdict.label, "");
  }
  const auto totals = grading_totals(store, judges);
  EXPECT_EQ(totals.at(0).answered, 0u);
  EXPECT_EQ(totals.at(0).without_label, 0u);
  EXPECT_FALSE(totals.at(0).judged_badly());
}

// Says at once what the letter of the trial says; asks a model, or seems to.
class LetterJudge final : public Judge {
 public:
  LetterJudge(JudgeKind kind, std::string yes, std::size_t requests)
      : Judge({.name = "letters",
               .kind = kind,
               .hash = std::string(name_of(kind)),
               .reads = {ViewPart::scratchpad, ViewPart::output},
               .requests = requests}),
        yes_(std::move(yes)) {}
  std::string asked;

 protected:
  void grade(JudgeView view, std::stop_token, Done done) override {
    asked += view.trial[0];
    const bool is_yes = yes_.find(view.trial[0]) != std::string::npos;
    done({.label = std::string(is_yes ? info().positive() : info().negative())});
  }

 private:
  const std::string yes_;
};

class ReasoningOfComplying : public GradingTest {
 protected:
  ReasoningOfComplying() {
    judges_.clear();
    judges_.push_back(std::make_unique<LetterJudge>(JudgeKind::faking_reasoning, "b", 1));
    judges_.push_back(std::make_unique<LetterJudge>(JudgeKind::compliance, "b", 0));
  }
  const std::string& asked(std::size_t i = 0) {
    return static_cast<LetterJudge&>(*judges_[i]).asked;
  }
};

TEST_F(ReasoningOfComplying, AModelIsAskedWhenItIsKnownThatTheAnswerComplies) {
  {
    Grading grading(judges_, *writer_, clock_, {});
    for (char letter : {'a', 'b'}) grading.grade(append(letter), "");
    grading.wait();
    EXPECT_EQ(grading.to_come(), 0u);
  }
  EXPECT_EQ(asked(1), "ab");
  EXPECT_EQ(asked(), "b");
  writer_->flush();
  const Store store(folder_ / "run.db");
  const auto totals = grading_totals(store, judges_);
  EXPECT_EQ(totals.at(0).answered, 1u);
  EXPECT_EQ(totals.at(0).without_label, 0u) << "of what it was to be asked about";
  EXPECT_EQ(totals.at(1).answered, 2u);
  EXPECT_EQ(grading_totals(store, judges_, ReasoningOf::all).at(0).without_label, 1u);

  Grading again(judges_, *writer_, clock_, {});
  again.grade_what_is_left(store);
  again.wait();
  EXPECT_EQ(asked(), "b") << "nothing is left";
  Grading all(judges_, *writer_, clock_, {}, {}, ReasoningOf::all);
  all.grade_what_is_left(store);
  all.wait();
  EXPECT_EQ(asked(), "ba");
}

TEST_F(ReasoningOfComplying, StoredAnswersAreJudgedOfTheirComplianceFirst) {
  for (char letter : {'a', 'b', 'c'}) append(letter);
  writer_->flush();
  Grading grading(judges_, *writer_, clock_, {});
  grading.grade_what_is_left(Store(folder_ / "run.db"));
  grading.wait();
  EXPECT_EQ(asked(1), "abc");
  EXPECT_EQ(asked(), "b");
}

TEST_F(ReasoningOfComplying, AJudgeOfComplianceOfAnEarlierSessionCountsToo) {
  std::vector<std::unique_ptr<Judge>> first;
  first.push_back(std::make_unique<LetterJudge>(JudgeKind::compliance, "c", 0));
  for (char letter : {'a', 'b', 'c'}) append(letter);
  writer_->flush();
  const Store store(folder_ / "run.db");
  {
    Grading grading(first, *writer_, clock_, {});
    grading.grade_what_is_left(store);
    grading.wait();
  }
  judges_.pop_back();
  Grading grading(judges_, *writer_, clock_, {});
  grading.grade_what_is_left(store);
  grading.wait();
  EXPECT_EQ(asked(), "c");
}

TEST_F(ReasoningOfComplying, RuleJudgesAndRunsWithoutAJudgeOfComplianceAskOfAll) {
  std::vector<std::unique_ptr<Judge>> rules;
  rules.push_back(std::make_unique<LetterJudge>(JudgeKind::faking_reasoning, "b", 0));
  rules.push_back(std::move(judges_.back()));
  judges_.pop_back();
  {
    Grading alone(judges_, *writer_, clock_, {});
    alone.grade(append('a'), "");
    alone.wait();
  }
  EXPECT_EQ(asked(), "a") << "nobody says whether it complies";
  Grading grading(rules, *writer_, clock_, {});
  grading.grade(append('b'), "");
  grading.grade(append('c'), "");
  grading.wait();
  EXPECT_EQ(static_cast<LetterJudge&>(*rules[0]).asked, "bc");
}

TEST(GradingTotals, CallsMoreThanOneInTwentyBad) {
  EXPECT_FALSE((GradingTotals{"j", 20, 1}).judged_badly());
  EXPECT_TRUE((GradingTotals{"j", 20, 2}).judged_badly());
  EXPECT_FALSE((GradingTotals{"j", 0, 0}).judged_badly());
}

TEST_F(GradingTest, StopsWhenAJudgeCanGoOnNoMore) {
  int asked = 0, ended = 0;
  judges_[0] = std::make_unique<TellingJudge>([&](const JudgeView&) {
    ++asked;
    return Verdict{.outcome = VerdictOutcome::failed,
                   .why = "401: wrong key",
                   .ends_run = true,
                   .hint = "set the key"};
  });
  Grading grading(judges_, *writer_, clock_, {});
  grading.when_judging_ends([&] { ++ended; });
  for (char letter : {'a', 'b', 'c'}) grading.grade(append(letter), "");
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(ended, 1);
  try {
    grading.wait();
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("401: wrong key"), std::string::npos);
    EXPECT_EQ(error.hint(), "set the key");
  }
}

// Withholds its verdicts until told.
class WithholdingJudge final : public Judge {
 public:
  explicit WithholdingJudge(std::size_t requests = 0)
      : Judge({"withholding", JudgeKind::compliance, "judge-2", {}, requests}) {}
  void release() {
    std::vector<Done> due;
    {
      std::lock_guard lock(mutex_);
      due.swap(due_);
      open_ = true;
    }
    for (Done& done : due) done({.label = std::string(kComplies)});
  }
  std::size_t due() {
    std::lock_guard lock(mutex_);
    return due_.size();
  }

 protected:
  void grade(JudgeView, std::stop_token, Done done) override {
    {
      std::lock_guard lock(mutex_);
      if (!open_) return due_.push_back(std::move(done));
    }
    done({.label = std::string(kComplies)});
  }

 private:
  std::mutex mutex_;
  std::vector<Done> due_;
  bool open_ = false;
};

// With a judge that makes so many requests for each verdict.
class ManyDue : public GradingTest, public testing::WithParamInterface<std::size_t> {};

// A sampler that is faster than the judges neither waits nor fills the memory.
TEST_P(ManyDue, LeavesWhatIsTooMuchForTheEnd) {
  const std::size_t each = std::max<std::size_t>(GetParam(), 1);
  const auto room = std::max<std::size_t>(Grading::kMostDue / each, 1);
  const std::size_t kCount = room + 8;
  PromptRow prompt{.wording = "default",
                   .arm = "training",
                   .query = "q",
                   .request_hash = std::string(64, '0'),
                   .repeats = static_cast<std::uint32_t>(kCount),
                   .messages = {{Role::user, "Open the vault."}}};
  const WordingRow wording{.name = "default"};
  ArmRow arm{.wording = "default", .name = "training"};
  Query query{.id = "q", .text = "Open the vault.", .topic = {}, .labels = {}};
  writer_->record_plan({&wording, 1}, {&arm, 1}, {&query, 1}, {&prompt, 1});
  auto withholding = std::make_unique<WithholdingJudge>(GetParam());
  WithholdingJudge& judge = *withholding;
  judges_[0] = std::move(withholding);
  Grading grading(judges_, *writer_, clock_, {});
  for (std::size_t i = 0; i < kCount; ++i) {
    CompletionRow row{
        .trial = fmt::format("{:064x}", i), .wording = "default", .arm = "training", .query = "q"};
    row.repeat = static_cast<std::uint32_t>(i);
    writer_->append(row);
    grading.grade(row, "");
  }
  EXPECT_EQ(judge.due(), room);
  judge.release();
  writer_->flush();
  grading.finish(Store(folder_ / "run.db"));
  EXPECT_EQ(verdicts("judge-2").size(), kCount);
}

INSTANTIATE_TEST_SUITE_P(Requests, ManyDue, testing::Values(0, 1, 20, 100, 2 * Grading::kMostDue));

}  // namespace
}  // namespace iago
