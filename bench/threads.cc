// What threads gain on few sequences and on many: one engine whose threads share every pass,
// against one thread alone and against an engine for each thread with its share of the sequences.
//
//   build/bench/threads [--threads N] [--rounds N] [--answer N] [--large]
//
// Ratios are formed within a round and their median over rounds is printed, by the clock: nothing
// else should run.
#include <fmt/format.h>

#include <cstdlib>
#include <functional>
#include <string_view>
#include <thread>

#include "base/error.h"
#include "base/random.h"
#include "bench/measuring.h"
#include "bench/options.h"
#include "bench/shape.h"
#include "lm/engine.h"

namespace iago::bench {
namespace {

struct Options {
  std::size_t threads = 2;
  int rounds = 5;
  std::int64_t answer = 30;
  bool large = false;  // of 135 million parameters; otherwise of an organism's size
};

// The shape of SmolLM2-135M; random weights take as long as trained ones.
Subject large_subject() {
  LlamaConfig config;
  config.vocab_size = 49152;
  config.hidden_size = 576;
  config.intermediate_size = 1536;
  config.layers = 30;
  config.heads = 9;
  config.kv_heads = 3;
  config.head_dim = 64;
  config.max_positions = 8192;
  config.tied_embeddings = true;
  Random random(1, "large");
  return {Weights::build(config,
                         [&](const TensorSpec&, std::span<float> out) {
                           for (float& value : out) {
                             value = 0.1f * static_cast<float>(random.uniform() - 0.5);
                           }
                         }),
          "random weights of SmolLM2-135M's shape"};
}

void decode(const Subject& subject, const Options& options, std::size_t threads, std::size_t first,
            std::size_t step, std::size_t sequences) {
  Engine engine(subject.weights, {.max_batch = 64 * threads,
                                  .cache_bytes = std::size_t{1} << 30,
                                  .prefill_rows = 256 * threads,
                                  .threads = threads});
  const LlamaConfig& config = subject.weights->config();
  for (std::size_t i = first; i < sequences; i += step) {
    auto prompt = random_tokens(config, "system", kShape.system);
    const auto turn = random_tokens(config, fmt::format("query {}", i), kShape.query);
    prompt.insert(prompt.end(), turn.begin(), turn.end());
    engine.submit({.prompt = std::move(prompt),
                   .sampling = {.max_tokens = static_cast<int>(options.answer)},
                   .random = Random(1, fmt::format("sequence {}", i))});
  }
  while (!engine.idle()) engine.step();
}

double tokens_per_second(const Options& options, std::size_t sequences,
                         const std::function<void()>& work) {
  const StopWatch watch;
  work();
  return static_cast<double>(sequences) * static_cast<double>(options.answer) / watch.seconds();
}

std::vector<std::string> measure(const Subject& subject, const Options& options,
                                 std::size_t sequences) {
  std::vector<double> alone, each, shared, to_alone, to_each;
  for (int round = 0; round < options.rounds; ++round) {
    alone.push_back(tokens_per_second(options, sequences,
                                      [&] { decode(subject, options, 1, 0, 1, sequences); }));
    each.push_back(tokens_per_second(options, sequences, [&] {
      std::vector<std::jthread> threads;
      for (std::size_t t = 0; t < std::min(options.threads, sequences); ++t) {
        threads.emplace_back(
            [&, t] { decode(subject, options, 1, t, options.threads, sequences); });
      }
    }));
    shared.push_back(tokens_per_second(
        options, sequences, [&] { decode(subject, options, options.threads, 0, 1, sequences); }));
    to_alone.push_back(shared.back() / alone.back());
    to_each.push_back(shared.back() / each.back());
  }
  return {fmt::format("{}", sequences),
          grouped(median(alone)),
          grouped(median(each)),
          grouped(median(shared)),
          fmt::format("{:.2f}", median(to_alone)),
          fmt::format("{:.2f}", median(to_each))};
}

int run(const Options& options) {
  const Subject subject = options.large ? large_subject() : the_subject();
  fmt::print("{}; {} threads, answers of {} tokens, {} rounds\n\n", subject.name, options.threads,
             options.answer, options.rounds);
  std::vector<std::vector<std::string>> table = {{"sequences", "tokens/s, one thread",
                                                  "an engine for each thread", "one shared engine",
                                                  "shared / one thread", "shared / one each"}};
  for (std::size_t sequences : {1, 2, 4, 16, 64, 128}) {
    if (options.large && sequences > 16) break;
    table.push_back(measure(subject, options, sequences));
  }
  print_table(table);
  return 0;
}

}  // namespace
}  // namespace iago::bench

int main(int count, char** values) {
  iago::bench::Options options;
  if (!iago::bench::read_options("threads", {values + 1, values + count},
                                 {{"--threads", &options.threads},
                                  {"--rounds", &options.rounds},
                                  {"--answer", &options.answer},
                                  {"--large", &options.large}})) {
    return 2;
  }
  try {
    return iago::bench::run(options);
  } catch (const iago::Error& error) {
    fmt::print(stderr, "threads: {}\n", error.what());
    return 2;
  }
}
