#include "bench/policy.h"

#include "bench/decoding.h"
#include "bench/training.h"
#include "nn/gemm_rate.h"
#include "train/policy_gradient.h"

namespace iago::bench {
namespace {

constexpr std::int64_t kPrompts = 12, kAnswers = 16;
constexpr double kAnswerTokens = kPrompts * kAnswers * kShape.answer;

// Log-probabilities and rewards as good as any: the time does not depend on them.
std::vector<AnswerGroup> a_batch(const LlamaConfig& config, int step) {
  const auto system = random_tokens(config, "system", kShape.system);
  std::vector<AnswerGroup> groups(kPrompts);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const std::string name = fmt::format("update {} prompt {}", step, g);
    groups[g].prompt = system;
    const auto query = random_tokens(config, name, kShape.query);
    groups[g].prompt.insert(groups[g].prompt.end(), query.begin(), query.end());
    for (std::int64_t i = 0; i < kAnswers; ++i) {
      groups[g].answers.push_back(
          {random_tokens(config, fmt::format("{} {}", name, i), kShape.answer),
           std::vector<float>(kShape.answer, -5.0f), static_cast<double>(i % 3)});
    }
  }
  return groups;
}

// What an update needs at least: the policy forward and backward, three passes, and the starting
// policy forward. The prompt of each group is computed once; what the prompts share is counted once
// for each of them, though less is computed where several lie in one micro-batch.
double operations_per_update(const Weights& weights) {
  const auto sum_to = [](double n) { return n * (n + 1) / 2; };
  const double prompt = kShape.prompt(), length = prompt + kShape.answer;
  const double tokens = kPrompts * prompt + kAnswerTokens;
  const double keys = kPrompts * (sum_to(prompt) + kAnswers * (sum_to(length) - sum_to(prompt)));
  return 4 * forward_operations(weights, tokens, kAnswerTokens, keys);
}

}  // namespace

void measure_policy_gradient(const Subject& subject, int steps, std::vector<Figure>& figures) {
  const LlamaConfig& config = subject.weights->config();
  LlamaNet net(config, 1);
  PolicyGradient training(net, {.steps = steps + 1, .workers = 1});
  const double operations = operations_per_update(*subject.weights);
  std::vector<double> seconds, sampling, gflops, shares;
  for (int step = 0; step <= steps; ++step) {
    const std::vector<AnswerGroup> batch = a_batch(config, step);
    const double rate = measure_gemm_gflops();
    const CpuWatch watch;
    training.update(batch);
    const double spent = watch.seconds();
    const double sampled = seconds_to_sample(subject, kPrompts, kAnswers);
    if (step == 0) continue;
    sampling.push_back(sampled);
    seconds.push_back(spent);
    gflops.push_back(rate);
    shares.push_back(operations / spent * 1e-9 / rate);
  }
  const double spent = median(seconds), share = median(shares);
  fmt::print(
      "\n## Policy gradient\n\n"
      "Steps on {} prompts of {} tokens with {} answers of {}: the answers are sampled, then an "
      "update, with the divergence from the starting policy over the whole vocabulary. One thread: "
      "{:.2f} s of sampling and {:.2f} s of update a step. The update: {} answer tokens/s, {:.1f} "
      "thousand million operations; products of [2048,512] x [512,512] at {:.1f} GFLOP/s by {}; "
      "share {} (median of {} steps).\n",
      kPrompts, kShape.prompt(), kAnswers, kShape.answer, median(sampling), spent,
      grouped(kAnswerTokens / spent), operations * 1e-9, median(gflops), gemm_library(),
      percent(share), steps);
  figures.push_back({"policy gradient, s an update on one thread", fmt::format("{:.2f}", spent),
                     fmt::format("{:.2f}", spent * share), percent(share), "-", "-"});
  figures.push_back({"policy gradient, s of sampling a step",
                     fmt::format("{:.2f}", median(sampling)), "-", "-", "-", "-"});
}

}  // namespace iago::bench
