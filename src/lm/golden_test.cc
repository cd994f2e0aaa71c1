// Against Hugging Face transformers: testdata/make_goldens.py wrote the checkpoints and the logits.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "lm/engine.h"
#include "testing/lm/small_network.h"

namespace iago {
namespace {

class Golden : public testing::TestWithParam<const char*> {
 protected:
  Golden()
      : golden_(parse_json(read_file(testdata(GetParam()) / "golden.json", 1 << 24), "golden")),
        engine_(Weights::load(testdata(GetParam())), {.cache_bytes = 1 << 22, .prefill_rows = 24}) {
  }

  Json golden_;
  Engine engine_;
};

TEST_P(Golden, LogitsAgreeWithinOneTenThousandth) {
  for (const Json& item : golden_["cases"]) {
    const auto tokens = item["tokens"].get<std::vector<std::int32_t>>();
    const std::vector<float> found = engine_.logits(tokens);
    std::size_t i = 0;
    double worst = 0, spread = 0;
    for (const Json& row : item["logits"]) {
      for (double expected : row.get<std::vector<double>>()) {
        worst = std::max(worst, std::abs(expected - found.at(i++)));
        spread = std::max(spread, std::abs(expected));
      }
    }
    EXPECT_EQ(i, found.size());
    EXPECT_LT(worst, 1e-4) << tokens.size() << " tokens";
    EXPECT_GT(spread, 1.0) << "logits near zero would prove nothing";
  }
}

TEST_P(Golden, GreedyContinuationIsTheSame) {
  SequenceRequest request;
  request.prompt = golden_["greedy"]["prompt"].get<std::vector<std::int32_t>>();
  request.sampling.temperature = 0;
  request.sampling.max_tokens = 20;
  engine_.submit(request);
  std::vector<std::int32_t> tokens;
  while (!engine_.idle()) {
    for (const SampledToken& drawn : engine_.step()) tokens.push_back(drawn.token);
  }
  EXPECT_EQ(tokens, golden_["greedy"]["tokens"].get<std::vector<std::int32_t>>());
}

TEST_P(Golden, ScoresAreTheLogSoftmaxOfTheGoldenLogits) {
  const Json& item = golden_["cases"].back();
  const auto tokens = item["tokens"].get<std::vector<std::int32_t>>();
  const auto scores = engine_.score(std::span(tokens).first(10), std::span(tokens).subspan(10));
  ASSERT_EQ(scores.size(), tokens.size() - 10);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const auto row = item["logits"][9 + i].get<std::vector<double>>();
    double sum = 0;
    for (double logit : row) sum += std::exp(logit);
    EXPECT_NEAR(scores[i], row[static_cast<std::size_t>(tokens[10 + i])] - std::log(sum), 1e-4);
  }
}

INSTANTIATE_TEST_SUITE_P(Transformers, Golden,
                         testing::Values("tiny-llama", "tiny-llama-bfloat16", "tiny-qwen2",
                                         "tiny-qwen2-float16-sharded"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace iago
