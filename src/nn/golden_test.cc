// Against Hugging Face transformers (lm/testdata, whose make_goldens.py wrote checkpoints and
// logits) and against the decoder of `lm` on the same checkpoints.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "lm/engine.h"
#include "nn/llama_net.h"

namespace iago {
namespace {

class Golden : public testing::TestWithParam<const char*> {
 protected:
  Golden()
      : folder_(std::filesystem::path(IAGO_SOURCE_DIR) / "src/lm/testdata" / GetParam()),
        golden_(parse_json(read_file(folder_ / "golden.json", 1 << 24), "golden")),
        net_(LlamaNet::load(folder_)) {}

  TokenForest plant_for(const TokenTree& tree) const {
    return plant(std::span(&tree, 1), net_.config().vocab_size, net_.config().max_positions);
  }

  std::vector<std::int32_t> longest_case() const {
    std::vector<std::int32_t> longest;
    for (const Json& item : golden_["cases"]) {
      const auto tokens = item["tokens"].get<std::vector<std::int32_t>>();
      if (tokens.size() > longest.size()) longest = tokens;
    }
    return longest;
  }

  std::filesystem::path folder_;
  Json golden_;
  LlamaNet net_;
};

TEST_P(Golden, LogitsAgreeWithinOneTenThousandth) {
  for (const Json& item : golden_["cases"]) {
    const auto tokens = item["tokens"].get<std::vector<std::int32_t>>();
    const std::vector<float> found = net_.logits(plant_for(sequence(tokens)));
    std::vector<double> expected;
    for (const Json& row : item["logits"]) {
      for (const Json& logit : row) expected.push_back(logit.get<double>());
    }
    ASSERT_EQ(found.size(), expected.size());
    double worst = 0, spread = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      worst = std::max(worst, std::abs(expected[i] - found[i]));
      spread = std::max(spread, std::abs(expected[i]));
    }
    EXPECT_LT(worst, 1e-4) << tokens.size() << " tokens";
    EXPECT_GT(spread, 1.0) << "logits near zero would prove nothing";
  }
}

TEST_P(Golden, LogitsAreThoseOfTheDecoder) {
  Engine engine(Weights::load(folder_), {.cache_bytes = 1 << 22});
  const std::vector<std::int32_t> tokens = longest_case();
  const std::vector<float> ours = net_.logits(plant_for(sequence(tokens)));
  const std::vector<float> theirs = engine.logits(tokens);
  ASSERT_EQ(ours.size(), theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) ASSERT_NEAR(ours[i], theirs[i], 1e-4) << i;
}

TEST_P(Golden, BranchesScoreAsTheDecoderScoresContinuations) {
  Engine engine(Weights::load(folder_), {.cache_bytes = 1 << 22});
  const std::vector<std::int32_t> tokens = longest_case();
  const std::vector<std::int32_t> prompt(tokens.begin(), tokens.begin() + tokens.size() / 2);
  const std::vector<std::int32_t> forward(tokens.begin() + tokens.size() / 2, tokens.end());
  const std::vector<std::int32_t> backward(forward.rbegin(), forward.rend());
  TokenTree tree = shared_prefix(prompt);
  const std::vector<float> ones(forward.size(), 1.0f);
  add_branch(tree, forward, ones);
  add_branch(tree, backward, ones);
  const std::vector<float> ours = net_.log_probs(plant_for(tree));
  std::vector<float> theirs = engine.score(prompt, forward);
  for (const float score : engine.score(prompt, backward)) theirs.push_back(score);
  ASSERT_EQ(ours.size(), theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours[i], theirs[i], 1e-4) << i;
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
