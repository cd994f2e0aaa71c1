#include "lab/grading.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.h"
#include "base/json.h"

namespace iago::lab {
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
            .votes = {{JudgeOutcome::judged, std::string(kFaking), "yes\xff"}},
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
                                                                       .variant = "default",
                                                                       .channel = "terse",
                                                                       .subject = "scripted:x",
                                                                       .subject_identity = "x",
                                                                       .analysis_plan = "{}",
                                                                       .program = "test"});
    ArmRow arm{.name = "training"};
    QueryRow query{.id = "q", .text = "Open the vault.", .topic = {}, .labels = {}};
    PromptRow prompt{.arm = "training",
                     .query = "q",
                     .request_hash = std::string(64, '0'),
                     .repeats = 3,
                     .messages = {{"user", "Open the vault."}}};
    writer_->record_plan({&arm, 1}, {&query, 1}, {&prompt, 1});
    judges_.push_back(std::make_unique<LateJudge>("judge-1"));
  }
  ~GradingTest() override {
    writer_.reset();
    fs::remove_all(folder_);
  }

  LateJudge& judge(std::size_t i = 0) { return static_cast<LateJudge&>(*judges_[i]); }
  CompletionRow append(char letter, Outcome outcome = Outcome::answered) {
    CompletionRow row{.trial = std::string(64, letter), .arm = "training", .query = "q"};
    row.repeat = static_cast<std::uint32_t>(letter - 'a');
    row.outcome = outcome;
    row.scratchpad = "I think.";
    row.output = "I answer.";
    row.reasoning_channel = "none";
    row.parsed = "strict";
    row.finish = "stop";
    writer_->append(row);
    return row;
  }
  std::vector<VerdictRow> verdicts(const std::string& hash = "judge-1") {
    writer_->flush();
    std::vector<VerdictRow> found;
    Store(folder_ / "run.db").for_each_verdict(hash, [&](const VerdictRow& row) {
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
  EXPECT_EQ(found[0].outcome, "judged");
  EXPECT_EQ(found[0].label, "faking");
  EXPECT_EQ(found[0].probability, 0.75);
  EXPECT_EQ(found[0].why, "it looked so");
  EXPECT_EQ(parse_json(found[0].votes, "votes").at(0).at("reply"), "yes\xef\xbf\xbd");
  EXPECT_EQ(parse_json(found[0].evidence, "evidence").at(0).at("quote"), "I answer.");
}

TEST_F(GradingTest, ShowsJudgesNothingButAnswers) {
  Grading grading(judges_, *writer_, clock_, {});
  grading.grade(append('a', Outcome::refused_by_provider), "");
  grading.grade(append('b', Outcome::truncated), "");
  grading.grade(append('c', Outcome::invalid_format), "");
  grading.grade(append('d', Outcome::failed), "");
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

}  // namespace
}  // namespace iago::lab
