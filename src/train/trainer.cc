// A step has four parts, each worked on by the whole team and finished by all before the next
// begins: make the rows, compute gradients, add them up, update the weights (internal/core.h).
// Between them the calling thread is alone, so nothing here needs a lock. During them each member
// writes only what is its own: its rows and its sums.
//
// Stopping and failing. The stop token is looked at between steps, so a training state always
// holds whole steps; rows are a function of (step, row), so nothing of the data needs to be kept in
// it. A loss or gradient that is not finite is found before the weights are touched.
#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "fmt/format.h"
#include "nn/gemm_rate.h"
#include "nn/torch/net.h"
#include "train/internal/core.h"
#include "train/internal/require.h"

namespace iago {
namespace {

CoreOptions core_options(const TrainOptions& o) {
  return {o.adamw, o.clip_norm, o.ema_decay, o.workers, o.micro_batch_tokens};
}

void check(const TrainOptions& o) {
  const auto require = require_option;
  require(o.steps > 0, "steps", "must be above 0");
  require(o.rows_per_step > 0, "rows_per_step", "must be above 0");
  require(o.loss_divisor > 0 && std::isfinite(o.loss_divisor), "loss_divisor", "must be above 0");
  check_schedule(o.schedule);
  check_core_options(core_options(o));
}

TokenForest plant_some(std::span<const TokenTree> trees, std::span<const std::size_t> items,
                       const LlamaConfig& config) {
  std::vector<const TokenTree*> group;
  for (const std::size_t item : items) group.push_back(&trees[item]);
  return plant(group, config.vocab_size, config.max_positions);
}

std::vector<std::size_t> lengths_of(std::span<const TokenTree> trees) {
  std::vector<std::size_t> lengths;
  for (const TokenTree& tree : trees) lengths.push_back(tree.token_count());
  return lengths;
}

double weight_of(const TokenForest& forest) {
  double sum = 0;
  for (const auto& target : forest.targets) sum += target.weight;
  return sum;
}

}  // namespace

Random row_stream(std::uint64_t seed, std::int64_t step, std::int64_t row) {
  return Random(seed, fmt::format("training step {} row {}", step, row));
}

std::string identity(const TrainOptions& o, const LlamaConfig& c) {
  Hasher hasher;
  hasher.field("train 1").field(o.data_identity);
  hasher.field(fmt::format("{} {} {}", o.steps, o.rows_per_step, o.loss_divisor));
  hasher.field(schedule_identity(o.schedule)).field(core_identity(core_options(o), c));
  if (o.adapter) hasher.field(adapter_identity(*o.adapter));
  return hasher.hex();
}

struct Trainer::State {
  State(LlamaNet& net_in, DataSource data_in, TrainOptions options_in, const Clock& clock_in)
      : net(net_in),
        data(std::move(data_in)),
        options(std::move(options_in)),
        clock(clock_in),
        core(net, core_options(options), options.adapter),
        losses(core.workers()),
        weights(core.workers()),
        tokens(core.workers()) {}

  void load_training_state();
  void save_training_state();
  void make_rows();
  void compute_gradients();
  TrainProgress one_step();

  LlamaNet& net;
  DataSource data;
  TrainOptions options;
  const Clock& clock;
  TrainingCore core;
  std::vector<TokenTree> trees;
  std::vector<double> losses, weights;  // of a step, per worker
  std::vector<std::int64_t> tokens;     // of a step, per worker
  std::int64_t step = 0;
  bool is_restored = false;
};

void Trainer::State::load_training_state() {
  if (is_restored) return;
  is_restored = true;
  const auto found = core.restore(options.training_state, identity(options, net.config()));
  if (found) step = *found;
}

void Trainer::State::save_training_state() {
  core.save(options.training_state, {.step = step, .identity = identity(options, net.config())});
}

void Trainer::State::make_rows() {
  trees.resize(static_cast<std::size_t>(options.rows_per_step));
  core.run([&](int member) {
    for (std::int64_t row = member; row < options.rows_per_step; row += core.workers()) {
      trees[row] = data(step, row);
    }
  });
}

void Trainer::State::compute_gradients() {
  for (int w = 0; w < core.workers(); ++w) {
    losses[w] = weights[w] = 0;
    tokens[w] = 0;
  }
  core.accumulate(lengths_of(trees),
                  [&](int w, GradientBuffer& gradient, std::span<const std::size_t> items) {
                    const TokenForest forest = plant_some(trees, items, net.config());
                    losses[w] += gradient.accumulate(forest, 1 / options.loss_divisor);
                    weights[w] += weight_of(forest);
                    tokens[w] += static_cast<std::int64_t>(forest.tokens.size());
                  });
}

TrainProgress Trainer::State::one_step() {
  make_rows();
  compute_gradients();
  const double norm = core.sum_gradients();
  const double loss = std::accumulate(losses.begin(), losses.end(), 0.0);
  const double weight = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (!std::isfinite(loss) || !std::isfinite(norm)) {
    throw Divergence(
        step,
        fmt::format("training diverged at step {} of {}: loss {}, gradient norm {}; the last "
                    "state is kept",
                    step, options.steps, loss, norm),
        "lower the learning rate or warm up longer");
  }
  TrainProgress progress;
  progress.learning_rate = options.schedule.rate(step, options.steps);
  progress.gradient_norm = norm;
  progress.loss = loss / options.loss_divisor;
  progress.loss_per_weight = weight > 0 ? loss / weight : 0;
  core.step(step + 1, progress.learning_rate, norm);
  progress.step = ++step;
  progress.steps = options.steps;
  return progress;
}

Trainer::Trainer(LlamaNet& net, DataSource data, TrainOptions options, const Clock& clock) {
  check(options);
  state_ = std::make_unique<State>(net, std::move(data), std::move(options), clock);
}

Trainer::~Trainer() = default;

namespace {

// Tokens per second over about the last twenty steps.
class Speed {
 public:
  double add(std::int64_t tokens, double seconds) {
    const double now = static_cast<double>(tokens) / std::max(seconds, 1e-9);
    rate_ = rate_ == 0 ? now : 0.95 * rate_ + 0.05 * now;
    return rate_;
  }

 private:
  double rate_ = 0;
};

// The mean of the last hundred losses.
class RecentLoss {
 public:
  void add(double loss) {
    losses_.push_back(loss);
    if (losses_.size() > 100) losses_.pop_front();
  }
  double mean() const {
    if (losses_.empty()) return 0;
    return std::accumulate(losses_.begin(), losses_.end(), 0.0) /
           static_cast<double>(losses_.size());
  }

 private:
  std::deque<double> losses_;
};

void warn_of_slow_products(const LlamaNet& net) {
  if (net.device() != Device::cpu) return;
  const std::string warning = gemm_warning(measure_gemm_gflops());
  if (!warning.empty()) log_warning(warning);
}

}  // namespace

std::int64_t Trainer::restore() {
  state_->load_training_state();
  return state_->step;
}

LoraAdapter Trainer::adapter() const { return state_->core.adapter(); }

TrainReport Trainer::run(const std::function<void(const TrainProgress&)>& on_step,
                         std::stop_token stop) {
  State& s = *state_;
  warn_of_slow_products(s.net);
  s.load_training_state();
  const auto start = s.clock.steady();
  auto last_saved = start;
  const bool keeps = !s.options.training_state.empty();
  TrainReport report;
  Speed speed;
  RecentLoss recent;
  while (s.step < s.options.steps && !stop.stop_requested()) {
    const auto begin = s.clock.steady();
    TrainProgress progress = s.one_step();
    const std::int64_t tokens = std::accumulate(s.tokens.begin(), s.tokens.end(), std::int64_t{0});
    report.tokens += tokens;
    recent.add(progress.loss_per_weight);
    progress.tokens_per_s = speed.add(tokens, seconds_since(s.clock, begin));
    progress.seconds_left =
        static_cast<double>((s.options.steps - s.step) * tokens) / progress.tokens_per_s;
    const bool due = s.clock.steady() - last_saved >= s.options.save_every;
    progress.saved = keeps && (save_requested_.exchange(false) || due || s.step == s.options.steps);
    if (on_step) on_step(progress);
    if (progress.saved) {
      s.save_training_state();
      last_saved = s.clock.steady();
    }
  }
  report.step = s.step;
  report.finished = s.step == s.options.steps;
  report.seconds = seconds_since(s.clock, start);
  report.loss_per_weight = recent.mean();
  if (report.finished) s.core.take_average();
  // Not when finished: the last step wrote one, and the net holds the averaged weights now.
  if (!report.finished && keeps) s.save_training_state();
  return report;
}

Evaluation evaluate(const LlamaNet& net, std::span<const TokenTree> trees,
                    std::int64_t micro_batch_tokens) {
  std::vector<std::size_t> all(trees.size());
  std::iota(all.begin(), all.end(), 0);
  Evaluation out;
  for (const auto& items : micro_batches(all, lengths_of(trees), micro_batch_tokens)) {
    const TokenForest forest = plant_some(trees, items, net.config());
    const std::vector<float> log_p = net.log_probs(forest);
    for (std::size_t i = 0; i < log_p.size(); ++i) {
      out.weighted_loss -= static_cast<double>(forest.targets[i].weight) * log_p[i];
    }
    out.weight += weight_of(forest);
  }
  return out;
}

}  // namespace iago
