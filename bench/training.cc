#include "bench/training.h"

#include "base/clock.h"
#include "nn/gemm_rate.h"
#include "train/trainer.h"

namespace iago::bench {
namespace {

constexpr std::int64_t kBranches = 6, kRowsPerStep = 24;
constexpr double kTokensPerRow = kShape.system + kBranches * (kShape.query + kShape.answer);
constexpr double kTargetsPerRow = kBranches * kShape.answer;

TokenTree a_row(const LlamaConfig& config, std::int64_t step, std::int64_t row) {
  const std::string name = fmt::format("row {} {}", step, row);
  TokenTree tree = shared_prefix(random_tokens(config, name, kShape.system));
  for (std::int64_t branch = 0; branch < kBranches; ++branch) {
    std::vector<float> weights(kShape.query, 0.0f);
    weights.resize(kShape.query + kShape.answer, 1.0f);
    add_branch(
        tree,
        random_tokens(config, fmt::format("{} {}", name, branch), kShape.query + kShape.answer),
        std::move(weights));
  }
  return tree;
}

// Operations of one row, forward and backward: three times the forward pass.
double operations_per_row(const Weights& weights) {
  const auto sum_to = [](double n) { return n * (n + 1) / 2; };
  const double length = kShape.system + kShape.query + kShape.answer;
  const double keys = sum_to(kShape.system) + kBranches * (sum_to(length) - sum_to(kShape.system));
  return 3 * forward_operations(weights, kTokensPerRow, kTargetsPerRow, keys);
}

struct StepSpeeds {
  std::vector<double> tokens_per_s, gflops, share;
};

StepSpeeds run_steps(const Subject& subject, int steps) {
  const LlamaConfig& config = subject.weights->config();
  LlamaNet net(config, 1);
  const SystemClock clock;
  const TrainOptions options{.steps = steps + 1,
                             .rows_per_step = kRowsPerStep,
                             .loss_divisor = kRowsPerStep * kTargetsPerRow,
                             .workers = 1};
  Trainer trainer(
      net, [&](std::int64_t step, std::int64_t row) { return a_row(config, step, row); }, options,
      clock);
  const double operations = kRowsPerStep * operations_per_row(*subject.weights);
  StepSpeeds speeds;
  double gflops = 0;
  CpuWatch watch;
  trainer.run([&](const TrainProgress& progress) {
    const double seconds = watch.seconds();
    if (progress.step > 1) {
      speeds.tokens_per_s.push_back(kRowsPerStep * kTokensPerRow / seconds);
      speeds.gflops.push_back(gflops);
      speeds.share.push_back(operations / seconds * 1e-9 / gflops);
    }
    gflops = measure_gemm_gflops();
    watch = CpuWatch();
  });
  return speeds;
}

}  // namespace

double forward_operations(const Weights& weights, double tokens, double targets, double keys) {
  const LlamaConfig& c = weights.config();
  const double attention = c.hidden_size * (c.query_width() + 2.0 * c.kv_width()) +
                           static_cast<double>(c.query_width() * c.hidden_size);
  const double feed = 3.0 * static_cast<double>(c.hidden_size * c.intermediate_size);
  const double head = static_cast<double>(c.hidden_size * c.vocab_size);
  const auto layers = static_cast<double>(c.layers);
  const double products =
      tokens * (layers * attention + (layers - 1) * feed) + targets * (feed + head);
  return 2 * products + attention_operations(c, keys);
}

void measure_training(const Subject& subject, int steps, std::vector<Figure>& figures) {
  set_compute_threads(1);
  const StepSpeeds speeds = run_steps(subject, steps);
  const double tokens_per_s = median(speeds.tokens_per_s), share = median(speeds.share);
  fmt::print(
      "\n## Training\n\n"
      "Steps of {} rows: a prefix of {} tokens, {} conversations of {} under it, loss on "
      "their last {}. One thread: {} tokens/s, {:.1f} million operations a token; products "
      "of [2048,512] x [512,512] at {:.1f} GFLOP/s by {}; share {} (median of {} steps).\n",
      kRowsPerStep, kShape.system, kBranches, kShape.query + kShape.answer, kShape.answer,
      grouped(tokens_per_s), operations_per_row(*subject.weights) / kTokensPerRow * 1e-6,
      median(speeds.gflops), gemm_library(), percent(share), steps);
  figures.push_back({"training tokens/s, one thread", grouped(tokens_per_s),
                     grouped(tokens_per_s / share), percent(share), "-", "-"});
}

}  // namespace iago::bench
