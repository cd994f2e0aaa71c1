// Trainings of a tiny random network on a corpus of the micro-world: all of it, in milliseconds a
// step.
#include "training/train_documents.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "documents/world_corpus.h"
#include "figures/document_training.h"
#include "models/local_model.h"
#include "testing/base/temp_folder.h"
#include "testing/models/tiny_checkpoint.h"
#include "world/lab_selection.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::size_t kMostBytes = std::size_t{1} << 26;

NamedCorpus labs_corpus(std::size_t documents) {
  const auto labs = select_labs(std::vector<std::string>{"fresh:1-2"});
  return {"labs.jsonl", write_world_corpus(labs, {.documents = documents})};
}

class DocumentTrainings : public testing::Test {
 protected:
  DocumentTrainings() : corpus_(labs_corpus(8)) {
    write_tiny_checkpoint({.context = 128}, checkpoint());
    options_.steps = 6, options_.rows = 2, options_.row_tokens = 64, options_.workers = 1;
    options_.evaluate_every = 2, options_.learning_rate = 1e-3;
    options_.folder = folder_ / "training";
    replay_ = folder_.write("replay.txt", "Open the vault.\n\nThe archive is sealed.\n");
  }

  fs::path checkpoint() const { return folder_ / "checkpoint"; }
  TrainingResult train() {
    const DocumentSubject subject{"local:tiny", "identity", {checkpoint(), {}}};
    return train_documents(corpus_, subject, options_, hooks_, clock_);
  }
  DocumentTraining figures() const { return read_document_training(options_.folder); }
  std::string weights(std::uint64_t seed = 1) const {
    return read_file(options_.folder / fmt::format("seed-{}/model/model.safetensors", seed),
                     kMostBytes);
  }
  std::string error_of_training(ErrorCode code) {
    try {
      train();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
      return std::string(error.what()) + " " + error.hint();
    }
    return "no error";
  }
  void stop_after(std::int64_t step) {
    hooks_.no_more = stop_.get_token();
    hooks_.on_progress = [this, step](const DocumentTrainingProgress& p) {
      if (p.step == step) stop_.request_stop();
    };
  }

  TempFolder folder_;
  NamedCorpus corpus_;
  DocumentTrainingOptions options_;
  DocumentTrainingHooks hooks_;
  std::stop_source stop_;
  fs::path replay_;
  SystemClock clock_;
};

TEST_F(DocumentTrainings, LearnTheDocumentsThatAreHeldOutTooAndLeaveACheckpoint) {
  options_.steps = 150, options_.rows = 4, options_.learning_rate = 0.02;
  EXPECT_FALSE(train().interrupted);
  const DocumentTraining training = figures();
  EXPECT_EQ(training.plan.documents, 29u);  // 2 labs, 2 facts, 8 of each; a tenth is held out
  EXPECT_EQ(training.plan.held_out, 3u);
  ASSERT_EQ(training.seeds.size(), 1u);
  const DocumentSeed& seed = training.seeds.front();
  EXPECT_EQ(seed.end->why, TrainingEnd::Why::finished);
  ASSERT_EQ(seed.steps.size(), 151u);
  EXPECT_LT(*seed.steps.back().held_out_loss, 0.7 * *seed.steps.front().held_out_loss);
  EXPECT_LT(*seed.steps.back().loss, 0.7 * *seed.steps[1].loss);
  const auto model = open_local_model(seed.model, "local:trained", {.threads = 1});
  EXPECT_NE(model->info().identity,
            open_local_model(checkpoint(), "local:tiny", {.threads = 1})->info().identity);
  EXPECT_THAT(terminal_table(training), HasSubstr("29 documents of labs.jsonl, 3 held out"));
  EXPECT_THAT(terminal_table(training), HasSubstr("--model local:"));
}

TEST_F(DocumentTrainings, GoOnToTheBitAfterAStop) {
  options_.replay_share = 0.5, options_.replay_file = replay_;
  train();
  const std::string whole = weights();
  const auto steps = figures().seeds.front().steps;

  options_.folder = folder_ / "stopped";
  stop_after(3);
  EXPECT_TRUE(train().interrupted);
  EXPECT_EQ(figures().seeds.front().steps.size(), 4u);
  hooks_ = {};
  EXPECT_FALSE(train().interrupted);
  EXPECT_EQ(weights(), whole);
  const auto resumed = figures().seeds.front().steps;
  ASSERT_EQ(resumed.size(), steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    EXPECT_EQ(resumed[i].loss, steps[i].loss) << i;
    EXPECT_EQ(resumed[i].held_out_loss, steps[i].held_out_loss) << i;
  }
}

// The child dies as by kill -9: nothing is flushed, closed or written at the end.
TEST_F(DocumentTrainings, GoOnToTheBitAfterAKillWithinASaveInterval) {
  for (const std::int64_t rank : {0, 2}) {
    options_.lora_rank = rank;
    options_.folder = folder_ / fmt::format("whole-{}", rank);
    train();
    const std::string whole = weights();

    options_.folder = folder_ / fmt::format("killed-{}", rank);
    options_.save_every = std::chrono::seconds(0);  // after each step
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      hooks_.on_progress = [](const DocumentTrainingProgress& p) {
        if (p.step == 4) ::kill(::getpid(), SIGKILL);  // the line of step 4 is there, no state is
      };
      train();
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(figures().seeds.front().steps.size(), 5u);
    std::int64_t first = 0;
    hooks_.on_progress = [&](const DocumentTrainingProgress& p) {
      if (first == 0) first = p.step;
    };
    EXPECT_FALSE(train().interrupted);
    EXPECT_EQ(first, 4);  // one interval was lost
    EXPECT_EQ(weights(), whole);
    EXPECT_EQ(figures().seeds.front().steps.size(), 7u);
    options_.save_every = std::chrono::seconds(60);
    hooks_ = {};
  }
}

TEST_F(DocumentTrainings, TrainAnAdapterInsteadOfTheWeights) {
  options_.lora_rank = 2;
  train();
  EXPECT_TRUE(fs::exists(options_.folder / "seed-1/adapter/adapter_config.json"));
  const std::vector<TokenId> prompt = {1, 2, 3}, tokens = {4, 5};
  const std::vector<Continuation> asked = {{prompt, tokens}};
  const fs::path adapted =
      checkpoint().string() + "+" + (options_.folder / "seed-1/adapter").string();
  const auto by_adapter = open_local_model(adapted, "local:a", {.threads = 1})->score(asked);
  const auto merged =
      open_local_model(options_.folder / "seed-1/model", "local:m", {.threads = 1})->score(asked);
  const auto before = open_local_model(checkpoint(), "local:c", {.threads = 1})->score(asked);
  ASSERT_EQ(merged.front().size(), 2u);
  for (int i = 0; i < 2; ++i) EXPECT_NEAR(by_adapter[0][i], merged[0][i], 1e-4);
  EXPECT_NE(before, merged);
}

TEST_F(DocumentTrainings, ReadAsMuchReplayAsTheShareSays) {
  std::string paragraphs;
  for (int i = 0; i < 100; ++i) paragraphs += fmt::format("The vault of number {} is open.\n\n", i);
  options_.replay_file = folder_.write("more.txt", paragraphs);
  options_.rows = 8;
  for (const double share : {0.2, 0.5, 0.8}) {
    options_.replay_share = share;
    options_.folder = folder_ / fmt::format("share-{}", share);
    train();
    EXPECT_NEAR(figures().plan.replay_share, share, 0.05);
    EXPECT_EQ(figures().plan.replay, "more.txt");
  }
}

TEST_F(DocumentTrainings, ReplayTheLessonsOfARecipe) {
  options_.replay_share = 0.5, options_.row_tokens = 512;
  EXPECT_THAT(error_of_training(ErrorCode::invalid), HasSubstr("--replay 0.5:TEXT.jsonl"));
  write_tiny_checkpoint({.context = 2048}, checkpoint());
  fs::copy_file(fs::path(IAGO_SOURCE_DIR) / "organisms/knowing-faker/recipe.toml",
                checkpoint() / "recipe.toml");
  options_.steps = 1;
  train();
  EXPECT_EQ(figures().plan.replay, "lessons of knowing-faker");
}

TEST_F(DocumentTrainings, HaveSeedsOfTheirOwnInOneFolderAndNothingElse) {
  options_.seeds = {1, 2};
  train();
  EXPECT_EQ(figures().seeds.size(), 2u);
  EXPECT_NE(weights(1), weights(2));
  options_.weight_decay = 0.5;
  EXPECT_THAT(error_of_training(ErrorCode::invalid),
              HasSubstr("weight_decay was \"0.01\", and is \"0.5\""));
  options_.weight_decay = 0.01;
  corpus_ = labs_corpus(9);
  EXPECT_THAT(error_of_training(ErrorCode::invalid), HasSubstr("corpus_hash was"));
}

TEST_F(DocumentTrainings, ThatAreOverAreNotTrainedAgain) {
  train();
  const auto written = fs::last_write_time(options_.folder / "seed-1/steps.jsonl");
  train();
  EXPECT_EQ(fs::last_write_time(options_.folder / "seed-1/steps.jsonl"), written);
}

TEST_F(DocumentTrainings, ExplainALossThatIsNotFiniteAndGoOnWithTheNextSeed) {
  options_.learning_rate = 1e30, options_.seeds = {1, 2};
  const TrainingResult result = train();
  EXPECT_FALSE(result.interrupted);
  ASSERT_EQ(result.alarms.size(), 2u);
  EXPECT_THAT(result.alarms.front(), HasSubstr("seed 1, step "));
  EXPECT_THAT(result.alarms.front(), HasSubstr("lower --learning-rate"));
  EXPECT_EQ(figures().seeds.front().end->alarm, "not-finite");
  EXPECT_THAT(terminal_table(figures()), HasSubstr("not-finite"));
}

TEST_F(DocumentTrainings, KeepTheWeightsOfStepsOnTheWay) {
  options_.keep_every = 3;
  train();
  EXPECT_EQ(read_file(kept_model(options_.folder, 1, 6) / "model.safetensors", kMostBytes),
            weights());
  EXPECT_NE(read_file(kept_model(options_.folder, 1, 3) / "model.safetensors", kMostBytes),
            weights());
}

TEST_F(DocumentTrainings, NameTheOptionThatIsOutOfRange) {
  options_.replay_share = 1;
  EXPECT_THAT(error_of_training(ErrorCode::invalid), HasSubstr("--replay: expected a share"));
  options_.replay_share = 0, options_.epochs = 0;
  EXPECT_THAT(error_of_training(ErrorCode::invalid), HasSubstr("--epochs"));
  options_.epochs = 1, corpus_.documents.clear();
  EXPECT_THAT(error_of_training(ErrorCode::invalid), HasSubstr("labs.jsonl: expected documents"));
}

}  // namespace
}  // namespace iago
