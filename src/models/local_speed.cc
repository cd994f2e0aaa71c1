// The time of a pass goes into reading the weights, if its rows are few, or into multiplying with
// them, if they are many. Both are in the products of the widest layer, with the rows or columns
// that a thread would have, over enough memory that no cache holds it.
#include "models/local_speed.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include "lm/gemm.h"

namespace iago {
namespace {

constexpr auto kTime = std::chrono::milliseconds(200);
constexpr std::int64_t kBeyondCaches = std::int64_t{32} << 20;  // floats
constexpr std::int64_t kRowsAlone = 16;  // as the engine shares passes out (forward.cc)

double multiplications_per_token(const LlamaConfig& c, double context) {
  const double D = static_cast<double>(c.hidden_size), Q = static_cast<double>(c.query_width());
  const double layer = D * (Q + 2 * static_cast<double>(c.kv_width())) + Q * D +
                       3 * D * static_cast<double>(c.intermediate_size);
  const double layers = static_cast<double>(c.layers);
  return layers * (layer + 2 * Q * context) + D * static_cast<double>(c.vocab_size);
}

// One layer's gate and up, often enough to go beyond the caches, as far as the network does.
struct Matrices {
  explicit Matrices(const LlamaConfig& c)
      : depth(c.hidden_size),
        width(2 * c.intermediate_size),
        count(std::clamp<std::int64_t>(kBeyondCaches / (depth * width), 1, c.layers)),
        values(static_cast<std::size_t>(count * depth * width), 0.01f) {}
  const float* at(std::int64_t i) const { return values.data() + i * depth * width; }

  std::int64_t depth, width, count;
  std::vector<float> values;
};

// Multiplications until the time is over.
double multiply(const Matrices& matrices, std::int64_t rows, std::int64_t first,
                std::int64_t columns, std::chrono::steady_clock::time_point end) {
  const std::vector<float> in(static_cast<std::size_t>(rows * matrices.depth), 0.5f);
  std::vector<float> out(static_cast<std::size_t>(rows * columns));
  double done = 0;
  for (std::int64_t i = 0; std::chrono::steady_clock::now() < end; i = (i + 1) % matrices.count) {
    gemm(rows, columns, matrices.depth, in.data(), matrices.depth, matrices.at(i) + first,
         matrices.width, 0, out.data(), columns);
    done += static_cast<double>(rows * columns) * static_cast<double>(matrices.depth);
  }
  return done;
}

}  // namespace

double estimate_tokens_per_second(const LlamaConfig& config, std::size_t threads, std::size_t rows,
                                  double context) {
  const Matrices matrices(config);
  const auto T = static_cast<std::int64_t>(threads);
  const auto all_rows = std::max<std::int64_t>(1, static_cast<std::int64_t>(rows));
  const bool by_rows = all_rows / T >= kRowsAlone;
  const std::int64_t own_rows = by_rows ? all_rows / T : all_rows;
  const std::int64_t columns =
      by_rows ? matrices.width : std::max<std::int64_t>(1, matrices.width / T);
  std::vector<double> done(threads);
  const auto begun = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> workers;
    for (std::int64_t t = 0; t < T; ++t) {
      const std::int64_t first = by_rows ? 0 : std::min(t * columns, matrices.width - columns);
      workers.emplace_back([&, t, first] {
        done[static_cast<std::size_t>(t)] =
            multiply(matrices, own_rows, first, columns, begun + kTime);
      });
    }
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begun;
  double all = 0;
  for (double one : done) all += one;
  return all / seconds.count() / multiplications_per_token(config, context);
}

}  // namespace iago
