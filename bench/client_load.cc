#include "bench/client_load.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "bench/in_child.h"
#include "bench/measuring.h"
#include "chat/endpoint.h"
#include "judge/rule_judges.h"
#include "run/run.h"
#include "spend/budget.h"
#include "spend/budgeted_model.h"

namespace iago::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTrialsPerRepeat = 400;  // 200 queries in two arms
constexpr double kMegabyte = 1e6;

std::unique_ptr<Endpoint> open_mock(const MockEndpoint& endpoint, std::size_t concurrency,
                                    const Clock& clock) {
  EndpointOptions options;
  options.base_url = endpoint.base_url();
  options.max_in_flight = options.first_in_flight = concurrency;
  return open_endpoint(EndpointKind::openai, "mock", std::move(options), nullptr, clock);
}

// Sends a new request for each reply, so that never more than so many are in flight.
class OurLoad {
 public:
  OurLoad(ChatModel& model, const Load& load, std::function<void(std::size_t)> on_reply)
      : model_(model), load_(load), on_reply_(std::move(on_reply)) {}

  void run() {
    const std::size_t first = std::min(load_.concurrency, load_.requests);
    next_ = first;
    for (std::size_t i = 0; i < first; ++i) send(i);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return done_ == load_.requests; });
    if (bad_ > 0) {
      throw Error(ErrorCode::disconnected,
                  fmt::format("{} replies were not what the mock says", bad_));
    }
  }

 private:
  void send(std::size_t number) {
    ChatRequest request;
    request.id = fmt::format("trial {}", number);
    request.seed = 1;
    request.messages = {{Role::system, system_}, {Role::user, user_}};
    request.sampling.max_tokens = 1024;
    model_.submit(std::move(request), {}, [this](ChatReply reply) { take(reply); });
  }

  void take(const ChatReply& reply) {
    const bool sound =
        reply.finish == Finish::stop && reply.usage.generated == 700 && reply.text.size() >= 3000;
    if (const std::size_t number = next_++; number < load_.requests) send(number);
    std::lock_guard lock(mutex_);
    ++done_;
    bad_ += !sound;
    if (on_reply_) on_reply_(done_);
    if (done_ == load_.requests) changed_.notify_one();
  }

  ChatModel& model_;
  const Load load_;
  const std::function<void(std::size_t)> on_reply_;
  const std::string system_ = system_prompt(), user_ = user_prompt();
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t done_ = 0, bad_ = 0;
};

double resident_mb() {
  std::ifstream file("/proc/self/statm");
  std::size_t pages = 0;
  file >> pages >> pages;
  return static_cast<double>(pages) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / kMegabyte;
}

double peak_mb() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024 / kMegabyte;
}

// A MemoryCourse that goes through a pipe.
struct FixedCourse {
  std::array<double, 10> resident{};
  std::size_t tenths = 0;
  double peak_sampling = 0, peak = 0, seconds = 0;

  void note(std::size_t done, std::size_t all) {
    if (tenths < resident.size() && done * 10 >= (tenths + 1) * all) {
      resident[tenths++] = resident_mb();
    }
    if (done == all) peak_sampling = peak_mb();
  }
  // The two sources differ by what the kernel has not yet added up.
  MemoryCourse course() const {
    const auto end = resident.begin() + static_cast<std::ptrdiff_t>(tenths);
    const double seen = tenths == 0 ? 0 : *std::max_element(resident.begin(), end);
    return {{resident.begin(), end}, std::max(peak_sampling, seen), std::max(peak, seen), seconds};
  }
};

FixedCourse course_of_study(const MockEndpoint& endpoint, const Load& load,
                            const fs::path& scratch) {
  const fs::path root = IAGO_SOURCE_DIR;
  StudyOverrides overrides;
  overrides.model = "openai:mock";
  overrides.channel = "full";
  overrides.arms = {"training", "unmonitored"};
  overrides.repeats = static_cast<int>(load.requests / kTrialsPerRepeat);
  const LoadedStudy loaded = load_study(root / "studies/helpful-only.toml", overrides, root);
  const SystemClock clock;
  Budget budget({.max_tokens = std::uint64_t{1} << 60}, clock);  // kept, and never met
  BudgetedModel model(open_mock(endpoint, load.concurrency, clock), budget, std::nullopt);
  FixedCourse course;
  RunOptions options;
  options.budget = &budget;
  options.runs = scratch / "client-runs";
  options.fresh = true;
  options.on_progress = [&](const RunProgress& progress) {
    course.note(progress.stored, progress.planned);
  };
  const StopWatch watch;
  const RunResult result =
      run_study(loaded, model, make_rule_judges(loaded.study.judges), options, clock);
  std::size_t answered = 0;
  for (const ArmSummary& arm : result.summary.arms()) answered += arm.count(Outcome::answered);
  if (answered != load.requests) {
    throw Error(ErrorCode::disconnected,
                fmt::format("{} of {} trials have an answer", answered, load.requests));
  }
  course.peak = peak_mb();
  course.seconds = watch.seconds();
  return course;
}

}  // namespace

LoadCost run_iago(const MockEndpoint& endpoint, const Load& load) {
  return in_child([&] {
    const SystemClock clock;
    auto model = open_mock(endpoint, load.concurrency, clock);
    const CpuWatch cpu;
    const StopWatch wall;
    OurLoad(*model, load, {}).run();
    return LoadCost{cpu.seconds(), wall.seconds()};
  });
}

LoadCost run_python(const fs::path& python, const MockEndpoint& endpoint, const Load& load) {
  const std::string command =
      fmt::format("'{}' '{}' {} {} {}", python.string(),
                  (fs::path(IAGO_SOURCE_DIR) / "bench/openai_load.py").string(),
                  endpoint.base_url(), load.concurrency, load.requests);
  ::setenv("IAGO_BENCH_SYSTEM", system_prompt().c_str(), 1);
  ::setenv("IAGO_BENCH_USER", user_prompt().c_str(), 1);
  std::fflush(stdout);
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw Error(ErrorCode::disconnected, "cannot start: " + command);
  std::string text;
  std::array<char, 4096> buffer;
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    text.append(buffer.data(), count);
  }
  const int status = ::pclose(pipe);
  if (status != 0) {
    throw Error(ErrorCode::disconnected, fmt::format("status {}: {}", status, command));
  }
  const Json cost = parse_json(text, "openai_load.py");
  return {cost.at("cpu_s").get<double>(), cost.at("wall_s").get<double>()};
}

MemoryCourse remember_iago(const MockEndpoint& endpoint, const Load& load) {
  return in_child([&] {
           const SystemClock clock;
           const StopWatch watch;
           FixedCourse course;
           auto model = open_mock(endpoint, load.concurrency, clock);
           OurLoad(*model, load, [&](std::size_t done) { course.note(done, load.requests); }).run();
           course.peak = peak_mb();
           course.seconds = watch.seconds();
           return course;
         })
      .course();
}

MemoryCourse remember_study(const MockEndpoint& endpoint, const Load& load,
                            const fs::path& scratch) {
  return in_child([&] { return course_of_study(endpoint, load, scratch); }).course();
}

}  // namespace iago::bench
