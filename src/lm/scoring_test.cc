#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "lm/engine.h"
#include "testing/lm/small_network.h"

namespace iago {
namespace {

using Tokens = std::vector<std::int32_t>;

// What an engine said to one request.
struct Said {
  Tokens prompt, tokens;
  std::vector<float> logprobs, sampled_logprobs;
};

Continuation to_score(const Said& said) { return {said.prompt, said.tokens}; }

std::vector<Continuation> to_score(const std::vector<Said>& all) {
  std::vector<Continuation> out;
  for (const Said& said : all) out.push_back(to_score(said));
  return out;
}

// Prompts of many lengths, of which several begin alike; four answers to each.
std::vector<Said> sample(Engine& engine, const Sampling& sampling) {
  const auto V = static_cast<std::int32_t>(engine.config().vocab_size);
  std::vector<Said> all;
  std::map<SequenceId, std::size_t> places;
  for (std::int32_t query = 0; query < 5; ++query) {
    Tokens prompt;
    for (std::int32_t i = 0; i < 19; ++i) prompt.push_back((7 * i + 3) % V);
    for (std::int32_t i = 0; i < 1 + 6 * query; ++i) prompt.push_back((11 * i + query) % V);
    for (int repeat = 0; repeat < 4; ++repeat) {
      SequenceRequest request{.prompt = prompt, .sampling = sampling};
      request.sampling.max_tokens = 3 + static_cast<int>(all.size());
      request.random = Random(9, std::to_string(all.size()));
      places[engine.submit(std::move(request))] = all.size();
      all.push_back({.prompt = prompt});
    }
  }
  while (!engine.idle()) {
    for (const SampledToken& drawn : engine.step()) {
      Said& said = all[places.at(drawn.id)];
      said.tokens.push_back(drawn.token);
      said.logprobs.push_back(drawn.logprob);
      said.sampled_logprobs.push_back(drawn.sampled_logprob);
    }
  }
  return all;
}

void expect_near(const std::vector<float>& found, const std::vector<float>& expected,
                 float tolerance, const std::string& what) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], expected[i], tolerance) << what << ", token " << i;
  }
}

struct Shape {
  const char* name;
  std::int64_t heads, kv_heads, head_dim;
  bool tied, bias;
};

LlamaConfig config_of(const Shape& shape) {
  LlamaConfig config = small_config();
  config.heads = shape.heads, config.kv_heads = shape.kv_heads, config.head_dim = shape.head_dim;
  config.tied_embeddings = shape.tied, config.qkv_bias = shape.bias;
  if (shape.bias) config.architecture = Architecture::qwen2;
  return config;
}

class Rescoring : public testing::TestWithParam<Shape> {};

// By the engine that sampled, whose cache knows the prompts, and by one that knows nothing.
TEST_P(Rescoring, OfWhatWasSampledGivesItsLogProbabilities) {
  const auto weights = random_weights(config_of(GetParam()));
  for (double temperature : {1.0, 0.6, 1.7}) {
    Engine engine(weights, {.max_batch = 13, .cache_bytes = 1 << 22, .prefill_rows = 50});
    const std::vector<Said> all = sample(engine, {.temperature = temperature});
    Engine other(weights, {.max_batch = 2, .cache_bytes = 1 << 22, .prefill_rows = 31});
    for (Engine* scorer : {&engine, &other}) {
      const auto own = scorer->score(to_score(all));
      const auto sampled = scorer->score(to_score(all), temperature);
      ASSERT_EQ(own.size(), all.size());
      for (std::size_t i = 0; i < all.size(); ++i) {
        const std::string what =
            "answer " + std::to_string(i) + " at " + std::to_string(temperature);
        expect_near(own[i], all[i].logprobs, 1e-4f, what);
        expect_near(sampled[i], all[i].sampled_logprobs, 1e-4f, what);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Rescoring,
                         testing::Values(Shape{"a_key_for_each_head", 4, 4, 6, false, false},
                                         Shape{"grouped_queries", 6, 2, 16, false, false},
                                         Shape{"one_key_head", 6, 1, 50, true, false},
                                         Shape{"tied_with_biases", 4, 2, 8, true, true}),
                         [](const auto& info) { return info.param.name; });

TEST(Scoring, ComputesPromptsThatAreSharedOnce) {
  const auto weights = random_weights(small_config());
  Engine sampler(weights, {.cache_bytes = 1 << 22});
  const std::vector<Said> all = sample(sampler, {});
  Engine engine(weights, {.cache_bytes = 1 << 22});
  engine.score(to_score(all));
  std::size_t different = 19;  // what all prompts begin with, then what each adds, but its last
  for (std::size_t query = 0; query < 5; ++query) different += 6 * query;
  EXPECT_LE(engine.figures().prefilled, different);
  const std::uint64_t before = engine.figures().prefilled;
  engine.score(to_score(all));
  EXPECT_EQ(engine.figures().prefilled, before) << "prompts stay cached";
}

TEST(Scoring, OfManyIsThatOfEachAlone) {
  const auto weights = random_weights(small_config());
  Engine engine(weights, {.cache_bytes = 1 << 22});
  const std::vector<Said> all = sample(engine, {.temperature = 1.3});
  const auto together = engine.score(to_score(all));
  for (std::size_t i = 0; i < all.size(); ++i) {
    expect_near(engine.score(all[i].prompt, all[i].tokens), together[i], 2e-5f, "alone");
  }
}

// So few pages that a handful of continuations fit at once.
TEST(Scoring, GoesInGroupsWhereTheCacheIsSmall) {
  const auto weights = random_weights(small_config());
  Engine wide(weights, {.cache_bytes = 1 << 22});
  const std::vector<Said> all = sample(wide, {});
  const auto expected = wide.score(to_score(all));
  const std::size_t page = 2u * 2 * 2 * 16 * 16 * sizeof(float);  // at most
  Engine narrow(weights, {.cache_bytes = 12 * page});
  const auto found = narrow.score(to_score(all));
  for (std::size_t i = 0; i < all.size(); ++i) expect_near(found[i], expected[i], 2e-5f, "narrow");
}

TEST(Scoring, TakesNoPlaceFromSequencesThatRun) {
  const auto weights = random_weights(small_config());
  auto begin = [&](Engine& engine) {
    for (std::int32_t i = 0; i < 6; ++i) {
      SequenceRequest request{.prompt = {i, 2, 3}, .random = Random(4, std::to_string(i))};
      request.sampling.max_tokens = 60;
      engine.submit(std::move(request));
    }
  };
  auto rest_of = [](Engine& engine) {
    std::map<SequenceId, Tokens> tokens;
    while (!engine.idle()) {
      for (const SampledToken& drawn : engine.step()) tokens[drawn.id].push_back(drawn.token);
    }
    return tokens;
  };
  // Pages for one sequence and little more, so that those that run fill the cache.
  Engine engine(weights, {.cache_bytes = 60'000}), quiet(weights, {.cache_bytes = 60'000});
  begin(engine), begin(quiet);
  for (int i = 0; i < 30; ++i) engine.step(), quiet.step();
  const Tokens long_prompt(60, 5), tokens(20, 7);
  expect_error(ErrorCode::overloaded, {"20 tokens", "running sequences"},
               [&] { engine.score(long_prompt, tokens); });
  EXPECT_EQ(rest_of(engine), rest_of(quiet));
  EXPECT_EQ(engine.score(long_prompt, tokens).size(), 20u) << "once they have ended";
}

TEST(Scoring, RefusesWhatItCannotScoreBeforeAnythingIsComputed) {
  Engine engine(random_weights(small_config()), {.cache_bytes = 1 << 22});
  const Tokens prompt{1, 2, 3}, good{4, 5}, outside{4, 61}, negative{-1}, none;
  const Tokens longest(95, 1);
  using Asked = std::vector<Continuation>;
  expect_error(ErrorCode::invalid, {"continuation", "61"}, [&] {
    engine.score(Asked{{prompt, good}, {prompt, outside}});
  });
  expect_error(ErrorCode::invalid, {"continuation", "-1"}, [&] {
    engine.score(Asked{{prompt, negative}});
  });
  expect_error(ErrorCode::invalid, {"prompt"}, [&] { engine.score(Asked{{none, good}}); });
  expect_error(ErrorCode::invalid, {"3 tokens", "96"}, [&] {
    engine.score(Asked{{prompt, longest}});
  });
  for (double temperature : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    expect_error(ErrorCode::invalid, {"temperature"}, [&] {
      engine.score(Asked{{prompt, good}}, temperature);
    });
  }
  EXPECT_EQ(engine.figures().prefilled, 0u);
  EXPECT_TRUE(engine.score(Asked{}).empty());
  const auto scores = engine.score(Asked{{prompt, none}, {prompt, good}});
  EXPECT_TRUE(scores[0].empty());
  EXPECT_EQ(scores[1].size(), 2u);
}

}  // namespace
}  // namespace iago
