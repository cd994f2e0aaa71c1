#include "lm/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "testing/lm/small_network.h"

namespace iago {
namespace {

using Tokens = std::vector<std::int32_t>;

Tokens tokens_from(std::int32_t start, std::size_t count) {
  Tokens out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(static_cast<std::int32_t>((start + 17 * i + i * i) % 61));
  }
  return out;
}

Tokens joined(Tokens a, const Tokens& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

struct Drawn {
  std::map<SequenceId, Tokens> tokens;
  std::map<SequenceId, std::vector<float>> logprobs;
  std::map<SequenceId, SampledToken> last;
  std::size_t widest = 0;
};

Drawn run_all(Engine& engine) {
  Drawn run;
  for (int steps = 0; !engine.idle(); ++steps) {
    EXPECT_LT(steps, 100000);
    for (const SampledToken& drawn : engine.step()) {
      run.tokens[drawn.id].push_back(drawn.token);
      run.logprobs[drawn.id].push_back(drawn.logprob);
      run.last[drawn.id] = drawn;
    }
    run.widest = std::max(run.widest, engine.running());
  }
  return run;
}

SequenceRequest request(Tokens prompt, std::size_t max_tokens, std::string_view stream) {
  SequenceRequest out;
  out.prompt = std::move(prompt);
  out.sampling.max_tokens = static_cast<int>(max_tokens);
  out.random = Random(3, stream);
  return out;
}

// The log-probabilities of a run, computed again without cache, batch or shared prefixes.
void expect_own_logprobs(const Drawn& run, const std::map<SequenceId, Tokens>& prompts,
                         const std::shared_ptr<const Weights>& weights) {
  Engine plain(weights, {.max_batch = 1, .cache_bytes = 1 << 22, .prefill_rows = 200});
  const auto V = static_cast<std::size_t>(weights->config().vocab_size);
  for (const auto& [id, tokens] : run.tokens) {
    Tokens all = joined(prompts.at(id), tokens);
    all.pop_back();
    const auto logits = plain.logits(all);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const std::size_t row = prompts.at(id).size() - 1 + i;
      double sum = 0;
      for (std::size_t v = 0; v < V; ++v) sum += std::exp(double{logits[row * V + v]});
      const double expected = logits[row * V + static_cast<std::size_t>(tokens[i])] - std::log(sum);
      ASSERT_NEAR(run.logprobs.at(id)[i], expected, 1e-4) << "sequence " << id << " token " << i;
    }
  }
}

// Prompts that share a system part, users that share a question, and one that shares nothing; and
// lengths that cut pages in every way.
std::map<SequenceId, Tokens> submit_family(Engine& engine, int repeats) {
  std::map<SequenceId, Tokens> prompts;
  auto submit = [&](Tokens prompt) {
    const auto id =
        engine.submit(request(prompt, 5 + prompts.size() % 23, std::to_string(prompts.size())));
    prompts[id] = std::move(prompt);
  };
  const Tokens system = tokens_from(4, 21);
  for (int repeat = 0; repeat < repeats; ++repeat) {
    for (std::int32_t query = 0; query < 5; ++query) {
      submit(joined(system, tokens_from(query * 9 + 1, 3 + 7 * static_cast<std::size_t>(query))));
    }
    submit(Tokens(system.begin(), system.begin() + 16 + repeat % 5));
    submit(tokens_from(50 + repeat, 1));
  }
  return prompts;
}

TEST(Engine, SharedPrefixesChangeNoProbability) {
  const auto weights = random_weights(small_config());
  Engine engine(weights, {.max_batch = 13, .cache_bytes = 1 << 22, .prefill_rows = 32});
  const auto prompts = submit_family(engine, 6);
  const Drawn run = run_all(engine);
  EXPECT_EQ(run.tokens.size(), prompts.size());
  EXPECT_EQ(run.widest, 13u);
  EXPECT_GT(engine.figures().reused, engine.figures().prefilled);
  expect_own_logprobs(run, prompts, weights);
}

TEST(Engine, ManyHeadsAndWideHeadsAgreeToo) {
  for (std::int64_t head_dim : {16, 32, 50}) {
    for (std::int64_t kv_heads : {1, 3, 6}) {
      LlamaConfig config = small_config();
      config.heads = 6;
      config.kv_heads = kv_heads;
      config.head_dim = head_dim;
      const auto weights = random_weights(config);
      Engine engine(weights, {.max_batch = 16, .cache_bytes = 1 << 24, .prefill_rows = 64});
      const auto prompts = submit_family(engine, 2);
      expect_own_logprobs(run_all(engine), prompts, weights);
    }
  }
}

// Few rows in one group of threads, many in several; more threads than key/value heads and than
// columns to go round.
TEST(Engine, ThreadsThatShareAPassChangeNoProbability) {
  LlamaConfig wide = small_config();
  wide.heads = 6;
  wide.kv_heads = 3;
  wide.architecture = Architecture::qwen2;
  wide.qkv_bias = true;
  for (const LlamaConfig& config : {small_config(), wide}) {
    const auto weights = random_weights(config);
    for (std::size_t threads : {2u, 3u, 4u}) {
      for (std::size_t batch : {3u, 40u}) {
        Engine engine(weights, {.max_batch = batch,
                                .cache_bytes = 1 << 22,
                                .prefill_rows = 64,
                                .threads = threads,
                                .least_shared_work = 0});
        const auto prompts = submit_family(engine, batch < 10 ? 1 : 8);
        expect_own_logprobs(run_all(engine), prompts, weights);
      }
    }
  }
}

TEST(Engine, TheSameThreadsGiveTheSameBytes) {
  const auto weights = random_weights(small_config());
  auto once = [&] {
    Engine engine(weights,
                  {.max_batch = 9, .cache_bytes = 1 << 22, .threads = 3, .least_shared_work = 0});
    submit_family(engine, 3);
    return run_all(engine).logprobs;
  };
  EXPECT_EQ(once(), once());
}

TEST(Engine, SaysOfAnyThreadThatNumbersOverflow) {
  const auto weights =
      Weights::build(small_config(), [](const TensorSpec& spec, std::span<float> out) {
        const bool is_mlp = spec.name.find("mlp") != std::string::npos;
        std::fill(out.begin(), out.end(), is_mlp ? 1e30f : 1.0f);
      });
  Engine engine(weights, {.cache_bytes = 1 << 22, .threads = 2, .least_shared_work = 0});
  for (std::int32_t i = 0; i < 4; ++i) engine.submit(request({1, 2, i}, 5, ""));
  expect_error(ErrorCode::corrupt, {"not finite"}, [&] { engine.step(); });
}

TEST(Engine, BatchAndSingleDrawTheSameTokens) {
  const auto weights = random_weights(small_config());
  Engine together(weights, {.max_batch = 40, .cache_bytes = 1 << 22});
  Engine alone(weights, {.max_batch = 1, .cache_bytes = 1 << 22});
  const auto prompts = submit_family(together, 4);
  submit_family(alone, 4);
  // Equal tokens are not promised: a draw can fall within float error of a boundary. It does not
  // for these streams.
  EXPECT_EQ(run_all(together).tokens, run_all(alone).tokens);
}

TEST(Engine, TheSameRequestsGiveTheSameBytes) {
  const auto weights = random_weights(small_config());
  auto once = [&] {
    Engine engine(weights, {.max_batch = 9, .cache_bytes = 1 << 22});
    submit_family(engine, 3);
    return run_all(engine).logprobs;
  };
  EXPECT_EQ(once(), once());
}

TEST(Engine, ASmallCacheEvictsAndSendsBackButLosesNothing) {
  const LlamaConfig config = small_config();
  const auto weights = random_weights(config);
  const std::size_t page = 2 * 2 * 16 * (6 + 16) * 4;  // as kv_pages.h lays it out
  Engine engine(weights, {.max_batch = 12, .cache_bytes = 12 * page, .prefill_rows = 16});
  const auto prompts = submit_family(engine, 6);
  const Drawn run = run_all(engine);
  EXPECT_EQ(run.tokens.size(), prompts.size());
  for (const auto& [id, drawn] : run.last) EXPECT_EQ(drawn.end, SequenceEnd::length);
  std::size_t i = 0;
  for (const auto& [id, tokens] : run.tokens) EXPECT_EQ(tokens.size(), 5 + i++ % 23);
  EXPECT_GT(engine.figures().preempted, 0u);
  expect_own_logprobs(run, prompts, weights);
}

TEST(Engine, ARepeatComputesNothingOfItsPrompt) {
  Engine engine(random_weights(small_config()), {.cache_bytes = 1 << 22});
  engine.submit(request(tokens_from(1, 40), 3, "a"));
  run_all(engine);
  const auto before = engine.figures();
  EXPECT_EQ(before.prefilled, 39u);
  const auto id = engine.submit(request(tokens_from(1, 40), 3, "b"));
  EXPECT_EQ(run_all(engine).last[id].cached_prompt, 39u);
  EXPECT_EQ(engine.figures().prefilled, before.prefilled);
}

TEST(Engine, RepeatsThatEnterTogetherComputeTheirPromptOnce) {
  Engine engine(random_weights(small_config()), {.cache_bytes = 1 << 22});
  for (int i = 0; i < 10; ++i) engine.submit(request(tokens_from(1, 40), 3, std::to_string(i)));
  run_all(engine);
  EXPECT_EQ(engine.figures().prefilled, 39u);
  EXPECT_EQ(engine.figures().reused, 9 * 39u);
}

TEST(Engine, AStopTokenEndsASequence) {
  Engine engine(random_weights(small_config()), {.cache_bytes = 1 << 22});
  auto greedy = request(tokens_from(1, 7), 12, "");
  greedy.sampling.temperature = 0;
  const auto first = engine.submit(greedy);
  const Tokens tokens = run_all(engine).tokens[first];
  greedy.stop_tokens = {tokens[4]};
  const auto expected = std::find(tokens.begin(), tokens.end(), tokens[4]) - tokens.begin() + 1;
  const auto second = engine.submit(greedy);
  Drawn run = run_all(engine);
  EXPECT_EQ(run.last[second].end, SequenceEnd::stop);
  EXPECT_EQ(run.tokens[second], Tokens(tokens.begin(), tokens.begin() + expected));
}

TEST(Engine, TheContextEndsASequenceWithLength) {
  Engine engine(random_weights(small_config()), {.cache_bytes = 1 << 22});
  const auto id = engine.submit(request(tokens_from(1, 90), 500, "a"));
  const auto full = engine.submit(request(tokens_from(2, 96), 500, "a"));
  Drawn run = run_all(engine);
  EXPECT_EQ(run.tokens[id].size(), 7u);  // the last position is 95; its successor needs none
  EXPECT_EQ(run.tokens[full].size(), 1u);
  EXPECT_EQ(run.last[id].end, SequenceEnd::length);
}

TEST(Engine, APromptBeyondTheContextIsRefusedWithBothLengths) {
  Engine engine(random_weights(small_config()), {.cache_bytes = 1 << 22});
  expect_error(ErrorCode::invalid, {"97", "96"},
               [&] { engine.submit(request(tokens_from(1, 97), 5, "a")); });
  expect_error(ErrorCode::invalid, {"97", "96"}, [&] { engine.logits(tokens_from(1, 97)); });
  expect_error(ErrorCode::invalid, {"90", "96"},
               [&] { engine.score(tokens_from(1, 90), tokens_from(1, 8)); });
  EXPECT_EQ(engine.score(tokens_from(1, 90), tokens_from(1, 7)).size(), 7u);
}

TEST(Engine, WrongRequestsAreRefused) {
  Engine engine(random_weights(small_config()), {.cache_bytes = 1 << 22});
  expect_error(ErrorCode::invalid, {"one token"}, [&] { engine.submit(request({}, 5, "")); });
  expect_error(ErrorCode::invalid, {"61"}, [&] { engine.submit(request({3, 61}, 5, "")); });
  expect_error(ErrorCode::invalid, {"-1"}, [&] { engine.submit(request({-1}, 5, "")); });
  expect_error(ErrorCode::invalid, {"max_tokens"}, [&] { engine.submit(request({1}, 0, "")); });
  auto wrong = request({1}, 5, "");
  wrong.sampling.top_p = 0;
  expect_error(ErrorCode::invalid, {"top_p"}, [&] { engine.submit(wrong); });
  EXPECT_TRUE(engine.idle());
}

TEST(Engine, ASequenceThatCannotFitIsRefusedWithTheBytesItTakes) {
  Engine engine(random_weights(small_config()), {.cache_bytes = 30000});
  expect_error(ErrorCode::overloaded, {"30000"},
               [&] { engine.submit(request(tokens_from(1, 60), 30, "")); });
  expect_error(ErrorCode::invalid, {"100"},
               [&] { Engine tiny(random_weights(small_config()), {.cache_bytes = 100}); });
}

TEST(Engine, CancelledSequencesAreGoneAndTheOthersGoOn) {
  const auto weights = random_weights(small_config());
  Engine engine(weights, {.max_batch = 4, .cache_bytes = 1 << 22});
  const auto prompts = submit_family(engine, 1);
  std::map<SequenceId, Tokens> seen;
  for (const SampledToken& drawn : engine.step()) seen[drawn.id].push_back(drawn.token);
  EXPECT_TRUE(engine.cancel(2));  // runs
  EXPECT_TRUE(engine.cancel(6));  // waits
  EXPECT_FALSE(engine.cancel(2));
  EXPECT_FALSE(engine.cancel(99));
  Drawn run = run_all(engine);
  EXPECT_EQ(run.tokens.count(2), 0u);
  EXPECT_EQ(run.tokens.count(6), 0u);
  EXPECT_EQ(run.tokens.size(), prompts.size() - 2);
}

TEST(Engine, ScoringInBetweenDisturbsNobody) {
  const auto weights = random_weights(small_config());
  Engine quiet(weights, {.max_batch = 6, .cache_bytes = 1 << 22});
  Engine engine(weights, {.max_batch = 6, .cache_bytes = 1 << 22});
  submit_family(quiet, 2);
  submit_family(engine, 2);
  Drawn run;
  while (!engine.idle()) {
    for (const SampledToken& drawn : engine.step()) run.tokens[drawn.id].push_back(drawn.token);
    // Cuts a segment that sequences run on.
    const auto n = 2 + engine.figures().passes % 15;
    const auto scores = engine.score(tokens_from(4, n), tokens_from(9, 20));
    EXPECT_TRUE(std::all_of(scores.begin(), scores.end(), [](float s) { return s <= 0; }));
    engine.logits(tokens_from(8, 30));
  }
  EXPECT_EQ(run.tokens, run_all(quiet).tokens);
}

TEST(Engine, NumbersThatOverflowAreAnErrorNotAToken) {
  LlamaConfig config = small_config();
  const auto weights = Weights::build(config, [](const TensorSpec& spec, std::span<float> out) {
    std::fill(out.begin(), out.end(), spec.name.find("mlp") != std::string::npos ? 1e30f : 1.0f);
  });
  Engine engine(weights, {.cache_bytes = 1 << 22});
  engine.submit(request({1, 2, 3}, 5, ""));
  expect_error(ErrorCode::corrupt, {"not finite"}, [&] { engine.step(); });
}

}  // namespace
}  // namespace iago
