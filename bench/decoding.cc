#include "bench/decoding.h"

#include <cmath>

#include "base/error.h"
#include "bench/naive_loop.h"
#include "lm/engine.h"
#include "lm/gemm.h"

namespace iago::bench {
namespace {

constexpr std::int64_t kRepeats = 10;  // of each query, as in the default study
constexpr double kAskedShare = 0.4;    // of the sgemm rate, at batch 256
constexpr double kAskedRatio = 2.5;    // to the naive loop

enum class Prefix { shared, own };

using Prompts = std::vector<std::vector<std::int32_t>>;

// Shared: one system prompt, every query `repeats` times. Own: prompts of the same length that have
// nothing in common.
Prompts prompts_of(const LlamaConfig& config, Prefix prefix, std::int64_t count,
                   std::int64_t repeats = kRepeats) {
  Prompts prompts;
  for (std::int64_t i = 0; i < count; ++i) {
    const bool shared = prefix == Prefix::shared;
    const std::int64_t query = shared ? i / repeats : i;
    auto prompt =
        random_tokens(config, shared ? "system" : fmt::format("system {}", i), kShape.system);
    const auto turn = random_tokens(config, fmt::format("query {}", query), kShape.query);
    prompt.insert(prompt.end(), turn.begin(), turn.end());
    prompts.push_back(std::move(prompt));
  }
  return prompts;
}

struct Speed {
  double whole = 0;   // tokens/s from the first submit to the last token, prompts included
  double decode = 0;  // tokens/s of the passes in which no prompt had to be computed
};

Speed decode_all(const Subject& subject, const Prompts& prompts, std::int64_t batch) {
  Engine engine(subject.weights, {.max_batch = static_cast<std::size_t>(batch),
                                  .cache_bytes = std::size_t{512} << 20});
  const CpuWatch watch;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    engine.submit({.prompt = prompts[i],
                   .sampling = {.max_tokens = static_cast<int>(kShape.answer)},
                   .random = Random(1, fmt::format("sequence {}", i))});
  }
  double tokens = 0, decode_tokens = 0, decode_seconds = 0;
  while (!engine.idle()) {
    const std::uint64_t before = engine.figures().prefilled;
    const CpuWatch step;
    const auto count = static_cast<double>(engine.step().size());
    tokens += count;
    if (engine.figures().prefilled != before) continue;
    decode_tokens += count;
    decode_seconds += step.seconds();
  }
  const double seconds = watch.seconds();
  IAGO_CHECK(tokens == static_cast<double>(prompts.size()) * kShape.answer,
             fmt::format("{}", tokens));
  return {tokens / seconds, decode_tokens / decode_seconds};
}

struct BatchSpeeds {
  std::vector<double> shared, own, decode, network, square, share, strict_share;
};

void measure_round(const Subject& subject, std::int64_t batch, const Prompts& shared,
                   const Prompts& own, BatchSpeeds& speeds) {
  const double operations = operations_per_token(*subject.weights, kShape);
  const double network = network_gemm_gflops(*subject.weights, batch);
  const double square = square_gemm_gflops(batch);
  const Speed with = decode_all(subject, shared, batch), without = decode_all(subject, own, batch);
  speeds.shared.push_back(with.whole);
  speeds.decode.push_back(with.decode);
  speeds.own.push_back(without.whole);
  speeds.network.push_back(network);
  speeds.square.push_back(square);
  speeds.share.push_back(operations * with.whole * 1e-9 / network);
  speeds.strict_share.push_back(operations * with.whole * 1e-9 / std::max(network, square));
}

std::vector<std::string> table_row(std::int64_t batch, const BatchSpeeds& speeds,
                                   double operations) {
  return {fmt::format("{}", batch),
          grouped(median(speeds.shared)),
          grouped(median(speeds.decode)),
          grouped(median(speeds.own)),
          fmt::format("{:.2f}", median(speeds.shared) / median(speeds.own)),
          fmt::format("{:.1f}", median(speeds.network)),
          fmt::format("{:.1f}", median(speeds.square)),
          grouped(median(speeds.network) * 1e9 / operations),
          percent(median(speeds.share)),
          fmt::format(
              "{} ({} to {})", percent(median(speeds.strict_share)),
              percent(*std::min_element(speeds.strict_share.begin(), speeds.strict_share.end())),
              percent(*std::max_element(speeds.strict_share.begin(), speeds.strict_share.end())))};
}

}  // namespace

void measure_decoding(const Subject& subject, int rounds, std::vector<Figure>& figures) {
  const double operations = operations_per_token(*subject.weights, kShape);
  std::vector<std::vector<std::string>> table = {
      {"batch", "tokens/s, shared prefix", "decode passes alone", "tokens/s, own prefixes",
       "shared / own", "sgemm GFLOP/s, the network's matrices", "[rows,512] x [512,512]",
       "floor: tokens/s at the former", "share of it", "share of the faster of both"}};
  for (const std::int64_t batch : {1, 16, 64, 256}) {
    const std::int64_t sequences = batch == 1    ? 20
                                   : batch == 16 ? 64
                                                 : std::max<std::int64_t>(batch, 128);
    const LlamaConfig& config = subject.weights->config();
    const Prompts shared = prompts_of(config, Prefix::shared, sequences),
                  own = prompts_of(config, Prefix::own, sequences);
    BatchSpeeds speeds;
    for (int round = 0; round < rounds; ++round) measure_round(subject, batch, shared, own, speeds);
    table.push_back(table_row(batch, speeds, operations));
    const bool asked = batch == 256;
    const double share = median(speeds.strict_share);
    figures.push_back({fmt::format("tokens/s at batch {}, shared prefix", batch),
                       grouped(median(speeds.shared)), grouped(median(speeds.shared) / share),
                       percent(share), asked ? "40 % of sgemm" : "-",
                       asked ? yes_or_no(share >= kAskedShare) : "-"});
  }
  fmt::print("\n## Decoding\n\n");
  fmt::print(
      "Prompts of {} tokens ({} of them the system prompt), answers of {}; {:.2f} million "
      "operations a token (2 x {} parameters of products, and attention). Tokens/s count "
      "generated tokens over the whole time, prompts included; the share counts the "
      "generated tokens' operations alone. Products by {}.\n\n",
      kShape.prompt(), kShape.system, kShape.answer, operations * 1e-6,
      grouped(static_cast<double>(subject.weights->matmul_parameter_count())), gemm_name());
  print_table(table);
}

void measure_against_naive(const Subject& subject, int rounds, std::vector<Figure>& figures) {
  constexpr std::int64_t kBatch = 64;
  const LlamaConfig& config = subject.weights->config();
  const auto prompt = prompts_of(config, Prefix::shared, 1).front();
  NaiveLoop naive(*subject.weights);
  Engine engine(subject.weights);
  const std::vector<float> ours = engine.logits(prompt), theirs = naive.last_logits(prompt);
  double largest = 0;
  const std::size_t last = ours.size() - theirs.size();
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(ours[last + i]) - theirs[i]));
  }
  IAGO_CHECK(largest < 1e-3, fmt::format("the two networks differ by {}", largest));

  std::vector<double> fast, slow, ratio;
  for (int round = 0; round < rounds; ++round) {
    fast.push_back(decode_all(subject, Prompts(kBatch, prompt), kBatch).whole);
    const CpuWatch watch;
    naive.sample(prompt, kBatch, kShape.answer);
    slow.push_back(kBatch * kShape.answer / watch.seconds());
    ratio.push_back(fast.back() / slow.back());
  }
  fmt::print(
      "\n## Against the naive loop\n\n"
      "64 repeats of one query: Iago {} tokens/s, LibTorch with a concatenated cache and an "
      "expanded prefix {} tokens/s; ratio {:.2f} (median of {} rounds, {:.2f} to {:.2f}). "
      "Logits of the two differ by at most {:.1e}.\n",
      grouped(median(fast)), grouped(median(slow)), median(ratio), rounds,
      *std::min_element(ratio.begin(), ratio.end()), *std::max_element(ratio.begin(), ratio.end()),
      largest);
  figures.push_back({"64 repeats of one query: ratio to the naive LibTorch loop",
                     fmt::format("{:.2f}", median(ratio)), "-", "-",
                     fmt::format("at least {}", kAskedRatio),
                     yes_or_no(median(ratio) >= kAskedRatio)});
}

double seconds_to_sample(const Subject& subject, std::int64_t prompts, std::int64_t answers) {
  const std::int64_t count = prompts * answers;
  const Prompts asked = prompts_of(subject.weights->config(), Prefix::shared, count, answers);
  return static_cast<double>(count * kShape.answer) / decode_all(subject, asked, count).whole;
}

}  // namespace iago::bench
