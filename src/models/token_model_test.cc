#include "models/token_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "lm/weights.h"
#include "models/local_model.h"
#include "testing/base/temp_folder.h"
#include "testing/models/tiny_checkpoint.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;

// A checkpoint's tensors as a trainer holds them.
class TensorsOf {
 public:
  explicit TensorsOf(const fs::path& folder) {
    const Safetensors file = Safetensors::open_folder(folder);
    const std::vector<TensorSpec> specs = tensor_specs(load_config(folder));
    for (const TensorSpec& spec : specs) values_.push_back(file.read(spec.name));
    for (std::size_t i = 0; i < specs.size(); ++i) {
      views_.push_back({specs[i].name, specs[i].shape, values_[i]});
    }
  }
  std::vector<TensorView>& views() { return views_; }
  std::vector<float>& values(std::size_t i) { return values_[i]; }

 private:
  std::vector<std::vector<float>> values_;
  std::vector<TensorView> views_;
};

class TokenModelTest : public testing::Test {
 protected:
  TokenModelTest() {
    write_tiny_checkpoint({.seed = 1}, first_);
    write_tiny_checkpoint({.seed = 2}, second_);
  }
  static std::unique_ptr<TokenModel> open(const fs::path& folder,
                                          LocalModelOptions options = {1, 8}) {
    return open_local_model(folder, "local:tiny", options);
  }
  static ChatRequest request(const std::string& id) {
    ChatRequest request;
    request.id = id;
    request.seed = 4;
    request.messages = {{Role::system, "The archive is open."},
                        {Role::user, "Open the vault, " + id + "."}};
    request.sampling.max_tokens = 40;
    return request;
  }
  static std::vector<ChatRequest> requests(const Sampling& sampling, std::size_t count) {
    std::vector<ChatRequest> all;
    for (std::size_t i = 0; i < count; ++i) {
      all.push_back(request(std::to_string(i)));
      all.back().sampling = sampling;
      if (i % 3 == 0) all.back().prefill = "The vault";
    }
    return all;
  }
  // One by one: batches of one shape.
  static std::vector<TokenReply> one_by_one(TokenModel& model) {
    std::vector<TokenReply> answers;
    for (ChatRequest& asked : requests({.max_tokens = 30}, 6)) {
      std::vector<ChatRequest> alone;
      alone.push_back(std::move(asked));
      answers.push_back(std::move(model.ask_all(std::move(alone)).front()));
    }
    return answers;
  }
  static void expect_same_bits(const std::vector<TokenReply>& found,
                               const std::vector<TokenReply>& expected) {
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].reply.text, expected[i].reply.text);
      EXPECT_EQ(found[i].prompt, expected[i].prompt);
      EXPECT_EQ(found[i].tokens, expected[i].tokens);
      EXPECT_EQ(found[i].logprobs, expected[i].logprobs);
      EXPECT_EQ(found[i].sampled_logprobs, expected[i].sampled_logprobs);
    }
  }
  template <typename Action>
  static std::optional<Error> error_of(Action action) {
    try {
      action();
    } catch (const Error& error) {
      return error;
    }
    return std::nullopt;
  }

  TempFolder folders_;
  const fs::path first_ = folders_.path() / "first", second_ = folders_.path() / "second";
};

TEST_F(TokenModelTest, GivesTheTokensBehindItsText) {
  auto model = open(first_);
  std::size_t ended = 0;
  for (const TokenReply& answer : model->ask_all(requests({.max_tokens = 60}, 20))) {
    ASSERT_FALSE(answer.reply.failure);
    EXPECT_EQ(answer.tokens.size(), answer.reply.usage.generated);
    EXPECT_EQ(answer.logprobs.size(), answer.tokens.size());
    EXPECT_EQ(answer.sampled_logprobs, answer.logprobs) << "at temperature 1";
    EXPECT_EQ(model->text_of(answer.tokens), answer.reply.text);
    const bool by_itself = answer.reply.finish == Finish::stop;
    EXPECT_EQ(std::ranges::count(model->turn_ends(), answer.tokens.back()), by_itself ? 1 : 0);
    ended += by_itself ? 1 : 0;
    EXPECT_TRUE(answer.reply.token_logprobs.empty()) << "were not asked for";
  }
  EXPECT_GT(ended, 0u);
  EXPECT_LT(ended, 20u);
}

TEST_F(TokenModelTest, ReadsAPromptAsItEncodesIt) {
  auto model = open(first_);
  for (const ChatRequest& asked : requests({}, 4)) {
    std::vector<ChatRequest> alone{asked};
    const TokenReply answer = std::move(model->ask_all(std::move(alone)).front());
    EXPECT_EQ(answer.prompt, model->encode(asked.messages, asked.prefill));
    EXPECT_EQ(answer.prompt.size(), answer.reply.usage.prompt);
  }
}

TEST_F(TokenModelTest, SaysTheSameThroughItsOtherFace) {
  auto model = open(first_);
  const std::vector<TokenReply> answers = one_by_one(*model);
  std::vector<ChatRequest> asked = requests({.max_tokens = 30}, 6);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    EXPECT_EQ(ask(*model, std::move(asked[i])).text, answers[i].reply.text);
  }
}

TEST_F(TokenModelTest, ScoresWhatItSampledAsItSampledIt) {
  auto model = open(first_, {.threads = 2, .batch = 5});
  for (double temperature : {1.0, 0.6, 1.6}) {
    const Sampling sampling{.temperature = temperature, .max_tokens = 50};
    const std::vector<TokenReply> answers = model->ask_all(requests(sampling, 24));
    std::vector<Continuation> asked;
    for (const TokenReply& answer : answers) asked.push_back({answer.prompt, answer.tokens});
    const auto own = model->score(asked), sampled = model->score(asked, temperature);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      ASSERT_EQ(own[i].size(), answers[i].tokens.size());
      for (std::size_t t = 0; t < own[i].size(); ++t) {
        EXPECT_NEAR(own[i][t], answers[i].logprobs[t], 1e-4) << i << ", token " << t;
        EXPECT_NEAR(sampled[i][t], answers[i].sampled_logprobs[t], 1e-4) << i << ", token " << t;
      }
    }
  }
}

TEST_F(TokenModelTest, WithOtherWeightsSaysWhatTheirCheckpointSaysToTheBit) {
  const std::vector<TokenReply> expected = one_by_one(*open(second_));
  auto model = open(first_);
  const std::vector<TokenReply> before = one_by_one(*model);  // leaves prompts in the cache
  EXPECT_NE(before.front().tokens, expected.front().tokens);
  TensorsOf second(second_);
  std::reverse(second.views().begin(), second.views().end());
  model->replace_weights(second.views(), "step 1");
  for (std::vector<float>* gone : {&second.values(0), &second.values(3)}) {
    std::fill(gone->begin(), gone->end(), 0.0f);  // nothing is read after the call
  }
  expect_same_bits(one_by_one(*model), expected);
  TensorsOf first(first_);
  model->replace_weights(first.views(), "step 2");
  expect_same_bits(one_by_one(*model), before);
}

// As the writer of checkpoints stores what a trainer holds.
TEST_F(TokenModelTest, WithWeightsFromMemorySaysWhatTheSameWeightsSayFromDisk) {
  TensorsOf tensors(second_);
  Random random(7, "a step");
  for (std::size_t i = 0; i < tensors.views().size(); ++i) {
    for (float& value : tensors.values(i)) value += 1e-3f * static_cast<float>(random.normal());
  }
  write_safetensors(second_ / "model.safetensors", tensors.views(), DType::float32);
  const std::vector<TokenReply> expected = one_by_one(*open(second_));
  fs::remove(second_ / "model.safetensors");
  auto model = open_local_model(second_, {tensors.views(), "step 0"}, "local:tiny", {1, 8});
  expect_same_bits(one_by_one(*model), expected);
  EXPECT_TRUE(error_of([&] { open(second_); })) << "without weights there is no model";
}

TEST_F(TokenModelTest, HasItsVersionAndItsWeightsInItsIdentity) {
  TensorsOf first(first_), second(second_);
  auto model = open(first_);
  std::vector<std::string> identities{model->info().identity};
  auto replace = [&](TensorsOf& tensors, const char* version) {
    model->replace_weights(tensors.views(), version);
    identities.push_back(model->info().identity);
    EXPECT_EQ(one_by_one(*model).front().reply.model_version, identities.back());
    EXPECT_THAT(model->sent_record()->notes, Contains(HasSubstr(version)));
    return identities.back();
  };
  const std::string one = replace(first, "step 1");
  replace(first, "step 2");
  replace(second, "step 2");
  std::sort(identities.begin(), identities.end());
  EXPECT_EQ(std::unique(identities.begin(), identities.end()), identities.end()) << "all differ";
  EXPECT_EQ(replace(first, "step 1"), one);
  std::reverse(first.views().begin(), first.views().end());
  auto opened = open_local_model(first_, {first.views(), "step 1"}, "local:tiny", {1, 8});
  EXPECT_EQ(opened->info().identity, one);
  EXPECT_EQ(opened->info().in_flight, model->info().in_flight);
}

TEST_F(TokenModelTest, KeepsItsWeightsWhereOthersAreRefused) {
  auto model = open(first_);
  one_by_one(*model);
  const std::vector<TokenReply> before = one_by_one(*model);  // with its prompts in the cache
  const std::string identity = model->info().identity;
  auto refused = [&](auto spoil, ErrorCode code, const char* word, const char* version = "step 1") {
    TensorsOf tensors(second_);
    spoil(tensors);
    const auto error = error_of([&] { model->replace_weights(tensors.views(), version); });
    ASSERT_TRUE(error) << word;
    EXPECT_EQ(error->code(), code) << error->what();
    EXPECT_THAT(error->what(), HasSubstr(word));
  };
  auto nothing = [](TensorsOf&) {};
  refused([](TensorsOf& t) { t.views()[0].shape = {16, 300}; }, ErrorCode::invalid, "[16, 300]");
  refused([](TensorsOf& t) { t.views()[4].name += ".old"; }, ErrorCode::invalid, "missing");
  refused(
      [](TensorsOf& t) {
        t.views().push_back({"extra", {}, {}});
      },
      ErrorCode::invalid, "no such tensor");
  refused([](TensorsOf& t) { t.values(2)[1] = NAN; }, ErrorCode::corrupt, "finite");
  refused(nothing, ErrorCode::invalid, "version", "");
  refused(nothing, ErrorCode::invalid, "found 201", std::string(201, 'v').c_str());
  EXPECT_EQ(model->info().identity, identity);
  expect_same_bits(one_by_one(*model), before);
}

TEST_F(TokenModelTest, TakesNoOtherWeightsWhileARequestIsPending) {
  write_tiny_checkpoint({.context = 1 << 20, .end_bias = -30}, first_);
  auto model = open(first_);
  TensorsOf tensors(first_);
  std::stop_source stop;
  std::promise<void> began;
  std::promise<TokenReply> ended;
  ChatRequest endless = request("a");
  endless.sampling.max_tokens = 1'000'000;
  endless.on_text = [&, told = false](std::string_view) mutable {
    if (!std::exchange(told, true)) began.set_value();
  };
  model->submit_tokens(endless, stop.get_token(),
                       [&](TokenReply reply) { ended.set_value(std::move(reply)); });
  began.get_future().get();
  const auto error = error_of([&] { model->replace_weights(tensors.views(), "step 1"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::overloaded);
  EXPECT_THAT(error->what(), HasSubstr("1 request is pending"));
  const std::vector<TokenId> prompt{1, 2}, tokens{3, 4, 5};
  const Continuation scored{prompt, tokens};
  EXPECT_EQ(model->score(std::span(&scored, 1)).front().size(), 3u) << "scoring disturbs nobody";
  stop.request_stop();
  EXPECT_FALSE(ended.get_future().get().tokens.empty()) << "what was drawn until then";
  model->replace_weights(tensors.views(), "step 1");  // at once: nothing is pending any more
}

TEST_F(TokenModelTest, RefusesToWaitForItselfInACallback) {
  auto model = open(first_);
  TensorsOf tensors(first_);
  const std::vector<TokenId> ids{1, 2};
  const Continuation asked{ids, ids};
  std::promise<std::vector<std::optional<Error>>> told;
  model->submit_tokens(request("a"), {}, [&](TokenReply) {
    told.set_value({error_of([&] { model->score(std::span(&asked, 1)); }),
                    error_of([&] { model->ask_all(requests({}, 1)); }),
                    error_of([&] { model->replace_weights(tensors.views(), "step 1"); })});
  });
  for (const auto& error : told.get_future().get()) {
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::invalid);
    EXPECT_THAT(error->what(), HasSubstr("callback"));
  }
}

// A step that went wrong need not end a training.
TEST_F(TokenModelTest, RecoversFromWeightsWhoseLogitsAreNotFinite) {
  const std::vector<TokenReply> expected = one_by_one(*open(second_));
  write_tiny_checkpoint({.head_scale = 8e37f}, first_);
  auto model = open(first_);
  for (const TokenReply& answer : one_by_one(*model)) {
    ASSERT_TRUE(answer.reply.failure);
    EXPECT_EQ(answer.reply.failure->code, ErrorCode::corrupt);
  }
  const std::vector<TokenId> ids{1, 2};
  const Continuation asked{ids, ids};
  const auto error = error_of([&] { model->score(std::span(&asked, 1)); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::corrupt);
  model->replace_weights(TensorsOf(second_).views(), "step 1");
  expect_same_bits(one_by_one(*model), expected);
}

// Again and again, as a training does it.
TEST_F(TokenModelTest, SamplesScoresAndLearnsInTurns) {
  auto model = open(first_, {.threads = 2, .batch = 4});
  TensorsOf tensors[] = {TensorsOf(first_), TensorsOf(second_)};
  for (int step = 0; step < 12; ++step) {
    const std::vector<TokenReply> answers = model->ask_all(requests({.max_tokens = 20}, 20));
    std::vector<Continuation> asked;
    for (const TokenReply& answer : answers) asked.push_back({answer.prompt, answer.tokens});
    const auto scores = model->score(asked);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      for (std::size_t t = 0; t < scores[i].size(); ++t) {
        ASSERT_NEAR(scores[i][t], answers[i].logprobs[t], 1e-4) << "stale weights";
      }
    }
    model->replace_weights(tensors[step % 2].views(), "step " + std::to_string(step));
  }
}

// More than its batch holds, whenever they come: a training can be repeated.
TEST_F(TokenModelTest, AnswersABatchAnewToTheBit) {
  auto model = open(second_);
  const auto first = model->ask_all(requests({.max_tokens = 30}, 40));
  for (int again = 0; again < 4; ++again) {
    model->replace_weights(TensorsOf(second_).views(), "step " + std::to_string(again));
    expect_same_bits(model->ask_all(requests({.max_tokens = 30}, 40)), first);
  }
  expect_same_bits(open(second_)->ask_all(requests({.max_tokens = 30}, 40)), first);
}

TEST_F(TokenModelTest, ScoresFromSeveralThreads) {
  auto model = open(first_);
  const std::vector<TokenId> prompt{5, 6, 7}, tokens{8, 9};
  const Continuation asked{prompt, tokens};
  const auto expected = model->score(std::span(&asked, 1));
  std::vector<std::future<std::vector<std::vector<float>>>> scores;
  for (int i = 0; i < 6; ++i) {
    scores.push_back(
        std::async(std::launch::async, [&] { return model->score(std::span(&asked, 1)); }));
  }
  const std::vector<TokenReply> answers = model->ask_all(requests({.max_tokens = 20}, 20));
  EXPECT_EQ(answers.size(), 20u);
  for (auto& score : scores) {
    const auto found = score.get();
    for (std::size_t t = 0; t < 2; ++t) EXPECT_NEAR(found[0][t], expected[0][t], 1e-5);
  }
}

TEST_F(TokenModelTest, SaysWhichOfManyRequestsFailed) {
  write_tiny_checkpoint({.context = 64}, first_);
  auto model = open(first_);
  std::vector<ChatRequest> asked = requests({.max_tokens = 5}, 3);
  for (int i = 0; i < 60; ++i) asked[1].messages.back().text += " and again";
  const std::vector<TokenReply> answers = model->ask_all(std::move(asked));
  EXPECT_FALSE(answers[0].reply.failure);
  ASSERT_TRUE(answers[1].reply.failure);
  EXPECT_EQ(answers[1].reply.failure->cause, OpenCause::too_long);
  EXPECT_TRUE(answers[1].tokens.empty());
  EXPECT_FALSE(answers[2].reply.failure);
  asked = requests({.max_tokens = 5}, 3);
  asked[1].messages.clear();  // which no model can serve
  const auto error = error_of([&] { model->ask_all(std::move(asked)); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::invalid);
  EXPECT_TRUE(model->ask_all({}).empty());
}

}  // namespace
}  // namespace iago
