// A step has four parts, each worked on by the whole team and finished by all before the next
// begins: make the rows, compute gradients, add them up, update the weights. Between them the
// calling thread is alone, so nothing here needs a lock. During them each member writes only what
// is its own: its rows, its gradient buffer and sums, its stretch of the parameters.
//
// Equal weights in the end need equal sums in equal order, and floating-point sums depend on their
// order. So who gets which tree depends on the trees' lengths alone, members' gradients are added
// in the order of their numbers, and no member takes work from another that is slow. Another number
// of workers gives other last bits.
//
// Stopping and failing. The stop token is looked at between steps, so a training state always
// holds whole steps; rows are a function of (step, row), so nothing of the data needs to be kept in
// it. A loss or gradient that is not finite is found before the weights are touched.
#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "fmt/format.h"
#include "nn/gemm_rate.h"
#include "nn/torch/net.h"
#include "train/internal/optimizer.h"
#include "train/internal/training_state.h"
#include "train/internal/worker_team.h"

namespace iago {
namespace {

int worker_count(const TrainOptions& options, Device device) {
  if (device != Device::cpu) return 1;  // one thread feeds the GPU
  if (options.workers > 0) return options.workers;
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 16);
}

void require(bool holds, const char* field, const std::string& expected) {
  if (!holds)
    throw Error(ErrorCode::invalid, fmt::format("training options: {} {}", field, expected));
}

void check(const TrainOptions& o) {
  require(o.steps > 0, "steps", "must be above 0");
  require(o.rows_per_step > 0, "rows_per_step", "must be above 0");
  require(o.loss_divisor > 0 && std::isfinite(o.loss_divisor), "loss_divisor", "must be above 0");
  require(o.schedule.peak >= 0 && std::isfinite(o.schedule.peak), "schedule.peak",
          "must be a finite number of at least 0");
  require(o.schedule.warmup_steps >= 0, "schedule.warmup_steps", "must be at least 0");
  require(o.schedule.hold_share >= 0 && o.schedule.hold_share <= 1, "schedule.hold_share",
          "must be in [0, 1]");
  require(o.adamw.beta1 >= 0 && o.adamw.beta1 < 1, "adamw.beta1", "must lie in [0, 1)");
  require(o.adamw.beta2 >= 0 && o.adamw.beta2 < 1, "adamw.beta2", "must lie in [0, 1)");
  require(o.clip_norm >= 0, "clip_norm", "must be at least 0");
  require(o.ema_decay >= 0 && o.ema_decay < 1, "ema_decay", "must lie in [0, 1)");
  require(o.workers >= 0 && o.workers <= 256, "workers", "must lie in [0, 256]");
  require(o.micro_batch_tokens > 0, "micro_batch_tokens", "must be above 0");
}

// Gives each worker trees of about the same number of tokens: the longest first, each to the worker
// that has least so far. A function of the lengths alone, so that the sums keep their order.
std::vector<std::vector<std::size_t>> share(const std::vector<TokenTree>& trees, int workers) {
  std::vector<std::size_t> lengths, order(trees.size());
  for (const TokenTree& tree : trees) lengths.push_back(tree.token_count());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return lengths[a] > lengths[b]; });
  std::vector<std::vector<std::size_t>> shares(static_cast<std::size_t>(workers));
  std::vector<std::size_t> load(shares.size(), 0);
  for (const std::size_t tree : order) {
    const auto least = std::min_element(load.begin(), load.end()) - load.begin();
    shares[least].push_back(tree);
    load[least] += lengths[tree];
  }
  return shares;
}

// Calls work(forest) for the trees in groups of about `limit` tokens.
template <typename Work>
void for_each_micro_batch(const std::vector<const TokenTree*>& trees, std::int64_t limit,
                          const LlamaConfig& config, const Work& work) {
  for (std::size_t begin = 0; begin < trees.size();) {
    std::size_t end = begin, tokens = 0;
    do {
      tokens += trees[end]->token_count();
      ++end;
    } while (end < trees.size() &&
             tokens + trees[end]->token_count() <= static_cast<std::size_t>(limit));
    const std::span<const TokenTree* const> group(trees.data() + begin, end - begin);
    work(plant(group, config.vocab_size, config.max_positions));
    begin = end;
  }
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
  hasher.field(fmt::format("{} {} {} {} {}", o.steps, o.rows_per_step, o.loss_divisor, o.clip_norm,
                           o.ema_decay));
  hasher.field(fmt::format("{} {} {} {} {}", o.schedule.peak, o.schedule.warmup_steps,
                           o.schedule.hold_share, static_cast<int>(o.schedule.decay),
                           o.schedule.final_share));
  hasher.field(fmt::format("{} {} {} {}", o.adamw.beta1, o.adamw.beta2, o.adamw.epsilon,
                           o.adamw.weight_decay));
  for (const NamedParameter& parameter : layout(c)) {
    hasher.field(fmt::format("{} {}", parameter.name, fmt::join(parameter.shape, " ")));
  }
  return hasher.hex();
}

struct Trainer::State {
  State(LlamaNet& net_in, DataSource data_in, TrainOptions options_in, const Clock& clock_in)
      : net(net_in),
        data(std::move(data_in)),
        options(std::move(options_in)),
        clock(clock_in),
        team(worker_count(options, net.device()), [] { set_compute_threads(1); }),
        optimizer(net, options.adamw, options.ema_decay > 0) {
    for (int w = 0; w < team.size(); ++w) gradients.emplace_back(net);
    losses.resize(gradients.size());
    weights.resize(gradients.size());
    tokens.resize(gradients.size());
  }

  void load_training_state();
  void save_training_state();
  void make_rows();
  void compute_gradients();
  double sum_gradients();
  void take_step(double norm);
  TrainProgress one_step();

  LlamaNet& net;
  DataSource data;
  TrainOptions options;
  const Clock& clock;
  WorkerTeam team;
  Optimizer optimizer;
  std::vector<GradientBuffer> gradients;  // one per worker; the sum ends in the first
  std::vector<TokenTree> trees;
  std::vector<double> losses, weights;  // of a step, per worker
  std::vector<std::int64_t> tokens;     // of a step, per worker
  std::int64_t step = 0;
};

void Trainer::State::load_training_state() {
  if (options.training_state.empty() || !std::filesystem::exists(options.training_state)) return;
  const TrainingState training_state =
      read_training_state(options.training_state, net.parameter_count());
  if (training_state.identity != identity(options, net.config()) ||
      training_state.average.empty() != (options.ema_decay == 0)) {
    throw Error(
        ErrorCode::invalid,
        fmt::format("{}: the training state comes from a training with other options or data",
                    options.training_state.string()),
        "train with its options, or remove the file to start over");
  }
  optimizer.restore(training_state);
  step = training_state.step;
}

void Trainer::State::save_training_state() {
  TrainingState training_state;
  training_state.step = step;
  training_state.identity = identity(options, net.config());
  optimizer.save(training_state);
  write_training_state(options.training_state, training_state);
}

void Trainer::State::make_rows() {
  trees.resize(static_cast<std::size_t>(options.rows_per_step));
  team.run([&](int member) {
    for (std::int64_t row = member; row < options.rows_per_step; row += team.size()) {
      trees[row] = data(step, row);
    }
  });
}

void Trainer::State::compute_gradients() {
  const auto shares = share(trees, team.size());
  team.run([&](int w) {
    std::vector<const TokenTree*> own;
    for (const std::size_t tree : shares[w]) own.push_back(&trees[tree]);
    losses[w] = weights[w] = 0;
    tokens[w] = 0;
    gradients[w].clear();
    for_each_micro_batch(own, options.micro_batch_tokens, net.config(),
                         [&](const TokenForest& forest) {
                           losses[w] += gradients[w].accumulate(forest, 1 / options.loss_divisor);
                           weights[w] += weight_of(forest);
                           tokens[w] += static_cast<std::int64_t>(forest.tokens.size());
                         });
  });
}

// Adds all workers' gradients into the first one's; returns the norm of the sum. Each member adds
// one stretch of the parameters over all buffers. On a GPU there is one worker, and nothing to add.
double Trainer::State::sum_gradients() {
  const at::Tensor& sum = gradients[0].gradient();
  if (!sum.is_cpu()) return std::sqrt((sum * sum).sum(at::kDouble).item<double>());
  std::vector<double> squares(gradients.size(), 0);
  team.run([&](int w) {
    const std::int64_t n = sum.numel(), members = team.size();
    const std::int64_t begin = n * w / members, end = n * (w + 1) / members;
    float* out = sum.data_ptr<float>();
    for (std::size_t other = 1; other < gradients.size(); ++other) {
      const float* in = gradients[other].gradient().data_ptr<float>();
#pragma omp simd
      for (std::int64_t i = begin; i < end; ++i) out[i] += in[i];
    }
    double square = 0;
#pragma omp simd reduction(+ : square)
    for (std::int64_t i = begin; i < end; ++i) square += static_cast<double>(out[i]) * out[i];
    squares[w] = square;
  });
  return std::sqrt(std::accumulate(squares.begin(), squares.end(), 0.0));
}

void Trainer::State::take_step(double norm) {
  AdamWStep update;
  update.step = step + 1;
  update.learning_rate = options.schedule.rate(step, options.steps);
  if (options.clip_norm > 0 && norm > options.clip_norm) {
    update.gradient_scale = options.clip_norm / norm;
  }
  update.ema_decay = options.ema_decay;
  team.run([&](int w) {
    const std::int64_t n = net.parameter_count(), members = team.size();
    optimizer.step(update, gradients[0].gradient(), n * w / members, n * (w + 1) / members);
  });
  ++step;
}

TrainProgress Trainer::State::one_step() {
  make_rows();
  compute_gradients();
  const double norm = sum_gradients();
  const double loss = std::accumulate(losses.begin(), losses.end(), 0.0);
  const double weight = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (!std::isfinite(loss) || !std::isfinite(norm)) {
    throw Error(
        ErrorCode::invalid,
        fmt::format("training diverged at step {} of {}: loss {}, gradient norm {}; the last "
                    "state is kept",
                    step, options.steps, loss, norm),
        "lower the learning rate or warm up longer, and resume");
  }
  TrainProgress progress;
  progress.learning_rate = options.schedule.rate(step, options.steps);
  progress.gradient_norm = norm;
  progress.loss = loss / options.loss_divisor;
  progress.loss_per_weight = weight > 0 ? loss / weight : 0;
  take_step(norm);
  progress.step = step;
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
    if (keeps && (save_requested_.exchange(false) || due || s.step == s.options.steps)) {
      s.save_training_state();
      last_saved = s.clock.steady();
      progress.saved = true;
    }
    if (on_step) on_step(progress);
  }
  report.step = s.step;
  report.finished = s.step == s.options.steps;
  report.seconds = seconds_since(s.clock, start);
  report.loss_per_weight = recent.mean();
  if (report.finished) s.optimizer.take_average();
  // Not when finished: the last step wrote one, and the net holds the averaged weights now.
  if (!report.finished && keeps) s.save_training_state();
  return report;
}

Evaluation evaluate(const LlamaNet& net, std::span<const TokenTree> trees,
                    std::int64_t micro_batch_tokens) {
  std::vector<const TokenTree*> all;
  for (const TokenTree& tree : trees) all.push_back(&tree);
  Evaluation out;
  for_each_micro_batch(all, micro_batch_tokens, net.config(), [&](const TokenForest& forest) {
    const std::vector<float> log_p = net.log_probs(forest);
    for (std::size_t i = 0; i < log_p.size(); ++i) {
      out.weighted_loss -= static_cast<double>(forest.targets[i].weight) * log_p[i];
    }
    out.weight += weight_of(forest);
  });
  return out;
}

}  // namespace iago
