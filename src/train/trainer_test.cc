#include "train/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "testing/nn/random_forest.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// Rows are trees that are drawn anew in every step.
TokenTree random_row(std::int64_t step, std::int64_t row) {
  Random random = row_stream(5, step, row);
  return random_tree(random, 37);
}

// Five fixed sequences whose beginnings tell them apart.
TokenTree toy_row(std::int64_t step, std::int64_t row) {
  const auto which = static_cast<std::int32_t>((step + row) % 5);
  std::vector<std::int32_t> tokens{which};
  for (int i = 1; i < 8; ++i) tokens.push_back((tokens.back() * 7 + which * 3 + i) % 37);
  std::vector<float> weights(tokens.size(), 1.0f);
  weights[0] = 0;
  return sequence(tokens, weights);
}

TrainOptions small_options() {
  TrainOptions options;
  options.steps = 8;
  options.rows_per_step = 6;
  options.loss_divisor = 60;
  options.schedule = {.peak = 5e-3, .warmup_steps = 2};
  options.workers = 1;
  options.micro_batch_tokens = 64;
  return options;
}

class TrainerTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / "trainer_test" /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }

  LlamaNet net() { return LlamaNet(tiny_config(), 1); }

  // The weights after training a fresh net without interruption.
  std::vector<float> trained(const TrainOptions& options, const DataSource& data = random_row) {
    LlamaNet fresh = net();
    Trainer(fresh, data, options, clock_).run();
    return fresh.flat_parameters();
  }

  ErrorCode error_of_resuming(const TrainOptions& options, std::string* message) {
    LlamaNet fresh = net();
    Trainer trainer(fresh, random_row, options, clock_);
    try {
      trainer.run();
    } catch (const Error& error) {
      *message = error.what();
      return error.code();
    }
    *message = "no error";
    return ErrorCode::cancelled;
  }

  fs::path folder_;
  SystemClock clock_;
};

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double most = a.size() == b.size() ? 0 : std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    most = std::max(most, std::abs(double{a[i]} - b[i]));
  }
  return most;
}

TEST_F(TrainerTest, MemorisesAToyCorpus) {
  TrainOptions options = small_options();
  options.steps = 150;
  options.loss_divisor = 42;
  options.schedule = {.peak = 1e-2, .warmup_steps = 10};
  LlamaNet learner = net();
  const TrainReport report = Trainer(learner, toy_row, options, clock_).run();
  EXPECT_TRUE(report.finished);
  EXPECT_EQ(report.step, 150);
  std::vector<TokenTree> corpus;
  for (int i = 0; i < 5; ++i) corpus.push_back(toy_row(0, i));
  EXPECT_LT(evaluate(learner, corpus).mean(), 0.05);
  EXPECT_GT(evaluate(net(), corpus).mean(), 3.0);
}

TEST_F(TrainerTest, EndsTheSameWhetherInterruptedOrNot) {
  for (const int workers : {1, 2}) {
    TrainOptions options = small_options();
    options.workers = workers;
    options.ema_decay = 0.9;
    const std::vector<float> uninterrupted = trained(options);
    options.training_state = folder_ / ("state" + std::to_string(workers));
    for (const std::int64_t stop_after : {3, 5, 0}) {
      LlamaNet fresh = net();  // as after a restart of the program
      Trainer trainer(fresh, random_row, options, clock_);
      std::stop_source stop;
      const TrainReport report = trainer.run(
          [&](const TrainProgress& progress) {
            if (progress.step == stop_after) stop.request_stop();
          },
          stop.get_token());
      EXPECT_EQ(report.finished, stop_after == 0);
      if (stop_after == 0) {
        EXPECT_EQ(fresh.flat_parameters(), uninterrupted);
      }
    }
  }
}

TEST_F(TrainerTest, TrainsAnAdapterAndTakesItUpAgain) {
  TrainOptions options = small_options();
  options.adapter = fresh_lora(tiny_config(), {.rank = 2, .alpha = 4}, 3);
  LlamaNet whole = net();
  Trainer uninterrupted(whole, random_row, options, clock_);
  uninterrupted.run();
  LlamaNet by_hand = net();
  std::vector<float> flat = by_hand.flat_parameters();
  for (const NamedParameter& parameter : by_hand.parameters()) {
    std::size_t size = 1;
    for (const std::int64_t length : parameter.shape) size *= static_cast<std::size_t>(length);
    uninterrupted.adapter().add_to(
        parameter.name, std::span(flat).subspan(static_cast<std::size_t>(parameter.offset), size));
  }
  EXPECT_LT(largest_difference(flat, whole.flat_parameters()), 1e-6);  // nothing else has moved
  EXPECT_GT(largest_difference(by_hand.flat_parameters(), flat), 1e-4);

  options.training_state = folder_ / "state";
  for (const std::int64_t stop_after : {3, 0}) {
    LlamaNet fresh = net();
    Trainer trainer(fresh, random_row, options, clock_);
    EXPECT_EQ(trainer.restore(), stop_after == 0 ? 3 : 0);
    std::stop_source stop;
    trainer.run(
        [&](const TrainProgress& progress) {
          if (progress.step == stop_after) stop.request_stop();
        },
        stop.get_token());
    if (stop_after == 0) {
      EXPECT_EQ(fresh.flat_parameters(), whole.flat_parameters());
    }
  }
  options.adapter->options.alpha = 8;
  std::string message;
  EXPECT_EQ(error_of_resuming(options, &message), ErrorCode::invalid) << message;
}

TEST_F(TrainerTest, IsTheSameUpToRoundingForAnyWorkersAndMicroBatches) {
  TrainOptions options = small_options();
  const std::vector<float> one = trained(options);
  options.workers = 3;
  EXPECT_LT(largest_difference(trained(options), one), 2e-4);
  options.micro_batch_tokens = 1;  // one tree at a time
  EXPECT_LT(largest_difference(trained(options), one), 2e-4);
}

TEST_F(TrainerTest, DividesTheLossByAConstantAndNotByTheTokens) {
  TrainOptions options = small_options();
  options.steps = 1;
  options.rows_per_step = 1;
  const auto loss_of = [&](const DataSource& data) {
    TrainProgress last;
    LlamaNet fresh = net();
    Trainer(fresh, data, options, clock_).run([&](const TrainProgress& p) { last = p; });
    return last;
  };
  const TrainProgress once = loss_of([](std::int64_t, std::int64_t) { return toy_row(0, 1); });
  const TrainProgress thrice = loss_of([](std::int64_t, std::int64_t) {
    TokenTree tree;
    for (int i = 0; i < 3; ++i) tree.segments.push_back(toy_row(0, 1).segments[0]);
    return tree;
  });
  EXPECT_NEAR(thrice.loss, 3 * once.loss, 1e-5);
  EXPECT_NEAR(thrice.gradient_norm, 3 * once.gradient_norm, 1e-4);
  EXPECT_NEAR(thrice.loss_per_weight, once.loss_per_weight, 1e-5);
  EXPECT_NEAR(once.loss, once.loss_per_weight * 7 / 60, 1e-6);
}

TEST_F(TrainerTest, ClipsTheWholeGradientToItsNorm) {
  TrainOptions options = small_options();
  options.steps = 1;
  options.adamw.epsilon = 1e3;  // the step is then proportional to the gradient
  options.adamw.weight_decay = 0;
  options.schedule = {.peak = 1e3, .warmup_steps = 0, .decay = Decay::constant};
  const std::vector<float> start = net().flat_parameters();
  const auto moved = [&](double clip) {
    options.clip_norm = clip;
    const std::vector<float> end = trained(options);
    double square = 0;
    for (std::size_t i = 0; i < end.size(); ++i) square += std::pow(double{end[i]} - start[i], 2);
    return std::sqrt(square);
  };
  EXPECT_NEAR(moved(0.01), 0.01, 1e-3 * 0.01 + 1e-5);
  EXPECT_GT(moved(0), 0.02);
}

TEST_F(TrainerTest, TakesTheAveragedWeightsAtTheEnd) {
  TrainOptions options = small_options();
  options.steps = 1;
  const std::vector<float> start = net().flat_parameters(), last = trained(options);
  options.ema_decay = 0.75;
  const std::vector<float> averaged = trained(options);
  std::vector<float> expected;
  for (std::size_t i = 0; i < last.size(); ++i)
    expected.push_back(0.75f * start[i] + 0.25f * last[i]);
  EXPECT_LT(largest_difference(averaged, expected), 1e-6);
}

TEST_F(TrainerTest, SaysAtWhichStepItDivergedAndKeepsTheLastCheckpoint) {
  TrainOptions options = small_options();
  options.training_state = folder_ / "state";
  options.save_every = std::chrono::seconds(0);
  options.loss_divisor = 1e-3;  // with weights of 3e38 the gradient overflows
  const auto poisoned = [](std::int64_t step, std::int64_t row) {
    TokenTree tree = random_row(step, row);
    if (step != 3) return tree;
    for (TokenSegment& segment : tree.segments) {
      for (float& weight : segment.weights) weight = weight > 0 ? 3e38f : 0;
    }
    return tree;
  };
  LlamaNet fresh = net();
  try {
    Trainer(fresh, poisoned, options, clock_).run();
    FAIL() << "expected an error";
  } catch (const Divergence& error) {
    EXPECT_THAT(error.what(), HasSubstr("step 3"));
    EXPECT_EQ(error.step(), 3);
    EXPECT_EQ(error.code(), ErrorCode::invalid);
  }
  LlamaNet second = net();
  std::int64_t first_step = 0;
  Trainer(second, random_row, options, clock_).run([&](const TrainProgress& progress) {
    if (first_step == 0) first_step = progress.step;
  });
  EXPECT_EQ(first_step, 4);
}

TEST_F(TrainerTest, RefusesADamagedCheckpointAndNamesIt) {
  TrainOptions options = small_options();
  options.training_state = folder_ / "state";
  trained(options);
  const std::string whole = read_file(options.training_state, 1 << 24);
  std::string flipped = whole;
  flipped[whole.size() / 2] ^= 1;
  for (const std::string& damaged :
       {flipped, whole.substr(0, whole.size() - 4), whole.substr(0, 30), std::string(),
        std::string("iago-training-state 2\n{\"step\":-1}\n"), whole + whole}) {
    write_file(options.training_state, damaged);
    std::string message;
    EXPECT_EQ(error_of_resuming(options, &message), ErrorCode::corrupt) << message;
    EXPECT_THAT(message, HasSubstr(options.training_state.string()));
  }
}

TEST_F(TrainerTest, RefusesACheckpointOfOtherOptions) {
  TrainOptions options = small_options();
  options.training_state = folder_ / "state";
  trained(options);
  options.data_identity = "other";
  std::string message;
  EXPECT_EQ(error_of_resuming(options, &message), ErrorCode::invalid);
  EXPECT_THAT(message, HasSubstr("other options or data"));
}

TEST_F(TrainerTest, WritesACheckpointOnRequestAndWhenTimeHasPassed) {
  TrainOptions options = small_options();
  options.training_state = folder_ / "state";
  options.save_every = std::chrono::seconds(60);
  ManualClock clock;
  LlamaNet fresh = net();
  Trainer trainer(fresh, random_row, options, clock);
  std::vector<std::int64_t> saved;
  trainer.run([&](const TrainProgress& progress) {
    if (progress.saved) saved.push_back(progress.step);
    if (progress.step == 2) trainer.request_save();
    if (progress.step == 4) clock.advance(std::chrono::seconds(61));
  });
  EXPECT_THAT(saved, testing::ElementsAre(3, 5, 8));
}

TEST_F(TrainerTest, NamesTheOptionThatMakesNoSense) {
  TrainOptions options = small_options();
  options.loss_divisor = 0;
  LlamaNet fresh = net();
  try {
    Trainer(fresh, random_row, options, clock_);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("loss_divisor"));
  }
}

TEST_F(TrainerTest, PassesOnWhatTheDataSourceThrows) {
  TrainOptions options = small_options();
  options.workers = 2;
  LlamaNet fresh = net();
  const auto failing = [](std::int64_t step, std::int64_t row) {
    if (step == 1 && row == 3) throw Error(ErrorCode::not_found, "no such row");
    return random_row(step, row);
  };
  Trainer trainer(fresh, failing, options, clock_);
  EXPECT_THROW(trainer.run(), Error);
}

TEST(RowStream, SharesNothingBetweenNeighbours) {
  Random a = row_stream(1, 2, 3), b = row_stream(1, 2, 4), c = row_stream(1, 3, 3);
  std::vector<std::uint64_t> from_a, from_b, from_c;
  for (int i = 0; i < 100; ++i) {
    from_a.push_back(a.bits());
    from_b.push_back(b.bits());
    from_c.push_back(c.bits());
  }
  for (const std::uint64_t bits : from_a) {
    EXPECT_THAT(from_b, testing::Not(testing::Contains(bits)));
    EXPECT_THAT(from_c, testing::Not(testing::Contains(bits)));
  }
}

}  // namespace
}  // namespace iago
