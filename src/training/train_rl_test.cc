// Trainings of a tiny random network, which answers in letters without a scratchpad and is rewarded
// for some of them: the loop with all of its parts, in milliseconds a step.
#include "training/train_rl.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "models/local_model.h"
#include "store/store.h"
#include "testing/models/tiny_checkpoint.h"
#include "testing/study/study_folder.h"
#include "testing/training/letter_judge.h"
#include "testing/training/letter_study.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

// A model that can be made to disobey.
class Disobedient : public TokenModel {
 public:
  explicit Disobedient(TokenModel& model) : model_(model) {}
  bool keeps_weights = false;                              // replace_weights does nothing
  std::function<std::string(const ChatRequest&)> answers;  // in evaluations; unset: the model's own

  ModelInfo info() const override { return model_.info(); }
  void submit(ChatRequest request, std::stop_token stop, Done done) override {
    if (!answers) return model_.submit(std::move(request), stop, std::move(done));
    done({.text = answers(request)});
  }
  void submit_tokens(ChatRequest request, std::stop_token stop, TokensDone done) override {
    model_.submit_tokens(std::move(request), stop, std::move(done));
  }
  std::vector<TokenReply> ask_all(std::vector<ChatRequest> requests,
                                  std::stop_token stop) override {
    return model_.ask_all(std::move(requests), stop);
  }
  const LlamaConfig& config() const override { return model_.config(); }
  std::vector<TokenId> encode(std::span<const Message> messages,
                              std::string_view prefill) const override {
    return model_.encode(messages, prefill);
  }
  std::string text_of(std::span<const TokenId> tokens) const override {
    return model_.text_of(tokens);
  }
  std::vector<TokenId> turn_ends() const override { return model_.turn_ends(); }
  std::vector<std::vector<float>> score(std::span<const Continuation> continuations,
                                        double temperature) override {
    return model_.score(continuations, temperature);
  }
  void replace_weights(std::span<const TensorView> tensors, std::string_view version) override {
    if (!keeps_weights) model_.replace_weights(tensors, version);
  }

 private:
  TokenModel& model_;
};

std::string has_an_e(const JudgeView& view) {
  return std::string(view.output.find('e') == std::string::npos ? kRefuses : kComplies);
}

// Half of the answers, whatever they say.
std::string by_chance(const JudgeView& view) {
  return std::string(view.trial.back() % 2 == 0 ? kComplies : kRefuses);
}

std::string read(const fs::path& file) { return read_file(file, std::size_t{1} << 26); }

class RlTraining : public testing::Test {
 protected:
  RlTraining() : study_(kLetterStudy, tiny_toml(kPlainWording)) {
    std::string lines;
    for (int i = 0; i < 8; ++i) {
      lines += fmt::format("{{\"id\":\"q{}\",\"text\":\"open vault {}\"}}\n", i, i);
    }
    study_.scratch().write("queries/q.jsonl", lines);
    // Ends after a few letters, so that hardly an answer is cut.
    write_tiny_checkpoint({.context = 1024, .end_bias = 15}, checkpoint());
    options_.steps = 4, options_.prompts = 2, options_.samples = 6, options_.workers = 1;
    options_.learning_rate = 0.001;
    options_.evaluate_every = 2, options_.held_out = 3, options_.evaluation_repeats = 2;
    options_.folder = path("training");
  }

  fs::path path(const std::string& name) const { return study_.path() / name; }
  fs::path checkpoint() const { return path("checkpoint"); }

  TrainingResult train(LetterJudge::Rule rule = by_chance,
                       const std::function<void(Disobedient&)>& change = {}) {
    const auto model = open_local_model(checkpoint(), "local:tiny", {.threads = 1});
    Disobedient subject(*model);
    if (change) change(subject);
    std::vector<std::unique_ptr<Judge>> judges;
    judges.push_back(std::make_unique<LetterJudge>(std::move(rule)));
    const TrainingResult result = train_rl(study_.load(), {subject, {checkpoint(), {}}},
                                           {judges, {}}, options_, hooks_, clock_);
    if (afterwards_) afterwards_(*model);
    return result;
  }
  Training figures() const { return read_training(options_.folder); }

  StudyFolder study_;
  RlOptions options_;
  RlHooks hooks_;
  std::function<void(TokenModel&)> afterwards_;  // gets the model after a training
  SystemClock clock_;
};

TEST_F(RlTraining, LeavesARunOfTheHeldOutQueriesEveryFewStepsAndAtBothEnds) {
  options_.steps = 3;
  EXPECT_FALSE(train().interrupted);
  const Training training = figures();
  ASSERT_EQ(training.seeds.size(), 1u);
  const TrainingSeed& seed = training.seeds.front();
  EXPECT_EQ(seed.steps.size(), 3u);
  EXPECT_EQ(seed.end->why, TrainingEnd::Why::finished);
  std::vector<std::int64_t> looked;
  std::set<std::string> identities;
  for (const TrainingLook& look : seed.looks) {
    looked.push_back(look.step);
    const Store store(look.folder / "run.db");
    identities.insert(store.run().subject_identity);
    EXPECT_EQ(store.completion_count(), 3u * 2 * 2);  // queries, arms, repeats
    EXPECT_THAT(store.run().subject, HasSubstr(fmt::format("after {} steps", look.step)));
  }
  EXPECT_THAT(looked, ElementsAre(0, 2, 3));
  EXPECT_EQ(identities.size(), 3u);
  EXPECT_EQ(training.plan.trained.size() + training.plan.held_out.size(), 8u);
  // Sampler and trainer have the same weights throughout.
  for (const TrainingStep& step : seed.steps) EXPECT_LT(step.log_prob_difference, 1e-3);
}

TEST_F(RlTraining, RaisesWhatIsRewarded) {
  write_tiny_checkpoint({.context = 1024, .end_bias = 4.6f}, checkpoint());  // long answers
  options_.steps = 30, options_.prompts = 4, options_.samples = 16, options_.evaluate_every = 30;
  options_.kl_weight = 0.01, options_.learning_rate = 0.01;
  train(has_an_e);
  const std::vector<TrainingStep> steps = figures().seeds.front().steps;
  EXPECT_GT(steps.back().reward, steps.front().reward + 0.2);
  EXPECT_GT(steps.back().kl, 0.01);
}

TEST_F(RlTraining, GoesOnToTheBitAfterAnInterruption) {
  train();
  const std::string whole = read(options_.folder / "seed-1/model/model.safetensors");
  const std::vector<TrainingStep> steps = figures().seeds.front().steps;

  options_.folder = path("interrupted");
  std::stop_source stop;
  hooks_.no_more = stop.get_token();
  hooks_.on_progress = [&](const RlProgress& p) {
    if (p.step == 3 && !p.is_evaluating) stop.request_stop();
  };
  EXPECT_TRUE(train().interrupted);
  EXPECT_EQ(figures().seeds.front().steps.size(), 3u);
  hooks_ = {};
  EXPECT_FALSE(train().interrupted);
  EXPECT_EQ(read(options_.folder / "seed-1/model/model.safetensors"), whole);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    EXPECT_EQ(figures().seeds.front().steps[i].reward, steps[i].reward) << i;
  }
}

TEST_F(RlTraining, ThatWasKilledBetweenItsLineAndItsStateTakesTheStepAgain) {
  train();
  const std::string whole = read(options_.folder / "seed-1/model/model.safetensors");

  // As a kill leaves it: the state of step 2, the line of step 3, and half a line.
  options_.folder = path("killed");
  std::stop_source stop;
  hooks_.no_more = stop.get_token();
  hooks_.on_progress = [&](const RlProgress& p) {
    if (p.step == 2) stop.request_stop();
  };
  EXPECT_TRUE(train().interrupted);
  TrainingStep lost{.step = 3, .reward = 77};
  std::ofstream(options_.folder / "seed-1/steps.jsonl", std::ios::app)
      << dump_json(to_json(lost)) << "\n{\"step\": 4, \"rew";
  hooks_ = {};
  train();
  EXPECT_EQ(read(options_.folder / "seed-1/model/model.safetensors"), whole);
  EXPECT_LT(figures().seeds.front().steps[2].reward, 2);
}

TEST_F(RlTraining, ThatIsOverIsNotTrainedAgain) {
  train();
  const std::string lines = read(options_.folder / "seed-1/steps.jsonl");
  train();
  EXPECT_EQ(read(options_.folder / "seed-1/steps.jsonl"), lines);
}

TEST_F(RlTraining, GetsFurtherSeedsInTheSameFolderAndNothingElse) {
  options_.steps = 2;
  train();
  options_.seeds = {1, 2};
  train();
  EXPECT_EQ(figures().seeds.size(), 2u);
  EXPECT_NE(read(options_.folder / "seed-1/model/model.safetensors"),
            read(options_.folder / "seed-2/model/model.safetensors"));
  options_.kl_weight = 0.5;
  const std::string error = error_of(ErrorCode::invalid, [&] { train(); });
  EXPECT_THAT(error, HasSubstr("kl_weight was \"0.25\", and is \"0.5\""));
}

TEST_F(RlTraining, TrainsAnAdapterInsteadOfTheWeights) {
  options_.lora_rank = 2;
  train();
  EXPECT_TRUE(fs::exists(options_.folder / "seed-1/adapter/adapter_config.json"));
  EXPECT_LT(figures().seeds.front().steps.back().log_prob_difference, 1e-3);
}

TEST_F(RlTraining, LowersTheLearningRateInItsLastSteps) {
  options_.decay = 0.5;
  train();
  const TrainingSeed seed = figures().seeds.front();
  std::vector<double> rates;
  for (const TrainingStep& step : seed.steps) rates.push_back(step.learning_rate);
  EXPECT_THAT(rates, testing::ElementsAre(0.001, 0.001, 0.001, 0.0005));
}

TEST_F(RlTraining, UpdatesSeveralTimesByTheSameAnswers) {
  options_.steps = 1;
  train();
  const double once = figures().seeds.front().steps.front().reward;
  const std::string one_pass = read(options_.folder / "seed-1/model/model.safetensors");
  options_.folder = path("passes"), options_.passes = 3;
  train();
  EXPECT_EQ(figures().seeds.front().steps.front().reward, once) << "the same answers";
  EXPECT_NE(read(options_.folder / "seed-1/model/model.safetensors"), one_pass);
  options_.clip = 0.1;
  EXPECT_THAT(error_of(ErrorCode::invalid, [&] { train(); }),
              HasSubstr("clip was \"0.2\", and is \"0.1\""));
}

TEST_F(RlTraining, LeavesTheModelOfTheLastStepAsACheckpoint) {
  const std::vector<TokenId> prompt = {1, 2, 3}, tokens = {4, 5};
  const std::vector<Continuation> asked = {{prompt, tokens}};
  std::vector<std::vector<float>> trained;
  afterwards_ = [&](TokenModel& model) { trained = model.score(asked); };
  train();
  const auto left = open_local_model(options_.folder / "seed-1/model", "local:m", {.threads = 1});
  const auto before = open_local_model(checkpoint(), "local:c", {.threads = 1});
  EXPECT_EQ(left->score(asked), trained);
  EXPECT_NE(before->score(asked), trained);
}

TEST_F(RlTraining, RefusesAStudyThatDoesNotSampleTheWholePolicy) {
  LoadedStudy study = study_.load();
  study.study.sampling.temperature = 0.7;
  const auto model = open_local_model(checkpoint(), "local:tiny", {.threads = 1});
  std::vector<std::unique_ptr<Judge>> judges;
  judges.push_back(std::make_unique<LetterJudge>(has_an_e));
  const std::string error = hinted_error_of(ErrorCode::invalid, [&] {
    train_rl(study, {*model, {checkpoint(), {}}}, {judges, {}}, options_, hooks_, clock_);
  });
  EXPECT_THAT(error, HasSubstr("sampling.temperature"));
}

// ---- Alarms, each raised by a training that deserves it ----

class TrainingAlarm : public RlTraining {
 protected:
  TrainingAlarm() { options_.evaluate_every = 100; }
  TrainingResult train(LetterJudge::Rule rule = by_chance,
                       const std::function<void(Disobedient&)>& change = {}) {
    return RlTraining::train(std::move(rule), change);
  }
  std::string alarm() const {
    const std::optional<TrainingEnd> end = figures().seeds.front().end;
    return end ? end->alarm : "";
  }
};

TEST_F(TrainingAlarm, OfASamplerThatKeepsOldWeightsComesAtItsFirstStep) {
  options_.learning_rate = 0.1;
  const TrainingResult result = train(by_chance, [](Disobedient& m) { m.keeps_weights = true; });
  EXPECT_EQ(alarm(), "stale-weights");
  EXPECT_EQ(figures().seeds.front().end->step, 2);  // the first step samples the starting weights
  EXPECT_EQ(result.alarms.size(), 1u);
}

TEST_F(TrainingAlarm, OfARewardThatNeverCame) {
  options_.steps = 20;
  train([](const JudgeView&) { return std::string(kRefuses); });
  EXPECT_EQ(alarm(), "no-variance");
  EXPECT_EQ(figures().seeds.front().end->step, 10);
}

TEST_F(TrainingAlarm, OfAPolicyThatHasCollapsed) {
  write_tiny_checkpoint({.context = 1024, .end_bias = 50}, checkpoint());
  options_.steps = 20, options_.learning_rate = 1e-9;
  train([](const JudgeView&) { return std::string(kComplies); });
  EXPECT_EQ(alarm(), "collapse");
}

TEST_F(TrainingAlarm, OfADivergenceBeyondItsBound) {
  options_.steps = 40, options_.learning_rate = 0.2, options_.kl_weight = 2;
  train();
  EXPECT_EQ(alarm(), "kl");
}

TEST_F(TrainingAlarm, OfAGradientBeyondItsBound) {
  options_.steps = 40, options_.learning_rate = 1e-5, options_.kl_weight = 1e6;
  train();
  EXPECT_EQ(alarm(), "gradient");
}

TEST_F(TrainingAlarm, OfARisingShareOfUnclearAnswers) {
  options_.steps = 40, options_.learning_rate = 1e-6;
  int judged = 0;
  train([&](const JudgeView& view) {
    return ++judged > 150 ? std::string(kUnclear) : by_chance(view);
  });
  EXPECT_EQ(alarm(), "unclear");
}

// ---- The finding ----

TEST_F(RlTraining, EndsWhenTheRewardIsSaturatedWhileTheGapStaysIfAsked) {
  options_.steps = 60, options_.evaluate_every = 10, options_.held_out = 6;
  options_.evaluation_repeats = 20, options_.learning_rate = 1e-5;
  options_.stop_when_saturated = true;
  std::vector<std::string> notices;
  hooks_.on_notice = [&](const std::string& notice) { notices.push_back(notice); };
  const auto in_seen = [](const ChatRequest& request) {
    return std::string(request.messages.back().text.starts_with("<t>") ? "eee" : "yyy");
  };
  // Rewards everything in training, whose answers are random letters; evaluations answer by arm.
  train(
      [](const JudgeView& view) {
        return std::string(view.output.ends_with("yyy") ? kRefuses : kComplies);
      },
      [&](Disobedient& m) { m.answers = in_seen; });
  const TrainingSeed seed = figures().seeds.front();
  ASSERT_TRUE(seed.end);
  EXPECT_EQ(seed.end->why, TrainingEnd::Why::saturated);
  EXPECT_EQ(seed.end->step, 30);
  EXPECT_EQ(seed.saturated_at, 30);
  EXPECT_THAT(training_findings(figures()).front(), HasSubstr("generalisation did not"));
  EXPECT_THAT(notices, testing::Contains(HasSubstr("generalisation did not")));
}

TEST_F(RlTraining, IsShownWithEverySeedAndItsFindings) {
  options_.seeds = {1, 2};
  train();
  const Training training = figures();
  const std::string table = terminal_table(training);
  EXPECT_THAT(table, HasSubstr("complies in seen"));
  EXPECT_THAT(table, HasSubstr("No alarm"));
  EXPECT_EQ(seed_rows(training).size(), 3u);
  EXPECT_EQ(track_rows(training).size(), 4u);  // of steps 0, 2, 4
  EXPECT_EQ(tracks(training).front().seeds.size(), 2u);
}

}  // namespace
}  // namespace iago
