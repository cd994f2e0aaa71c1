// What asking an endpoint costs the client: processor and rate beside bare sockets and OpenAI's own
// client in Python, and memory over many trials. One mock endpoint answers them all.
//
//   client [--rounds N] [--requests N] [--python-requests N] [--trials N] [--python PROGRAM]
//
// Markdown on standard output. Without --python that client is left out. Run it by bench/client.sh.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "base/error.h"
#include "bench/client_load.h"
#include "bench/measuring.h"
#include "bench/options.h"

namespace iago::bench {
namespace {

namespace fs = std::filesystem;

constexpr double kAskedRatio = 10, kAskedMegabytes = 100;
constexpr std::size_t kMemoryConcurrency = 512;

struct Options {
  std::size_t rounds = 3;
  std::size_t requests = 10'000, python_requests = 2'000;  // per round
  std::size_t trials = 100'000;                            // for memory
  std::string python;
};

// False after saying what is no option of this program.
bool parse(const std::vector<std::string>& arguments, Options& options) {
  if (!read_options("client", arguments,
                    {{"--rounds", &options.rounds},
                     {"--requests", &options.requests},
                     {"--python-requests", &options.python_requests},
                     {"--trials", &options.trials},
                     {"--python", &options.python, "PROGRAM"}})) {
    return false;
  }
  if (options.trials % 400 == 0) return true;
  fmt::print(stderr, "client: --trials has to be a multiple of 400\n");
  return false;
}

// One client's rounds at one concurrency.
struct Rounds {
  std::vector<double> cpu_us, server_us;  // of the processor, per request
  std::vector<double> per_second;         // requests, by the clock

  template <typename Run>
  void add(const MockEndpoint& endpoint, std::size_t requests, Run run) {
    const double before = endpoint.cpu_seconds();
    const LoadCost cost = run();
    const auto n = static_cast<double>(requests);
    cpu_us.push_back(1e6 * cost.cpu_s / n);
    per_second.push_back(n / cost.wall_s);
    server_us.push_back(1e6 * (endpoint.cpu_seconds() - before) / n);
  }
  std::vector<std::string> row(std::string_view name, std::size_t concurrency) const {
    const auto [least, most] = std::minmax_element(cpu_us.begin(), cpu_us.end());
    return {std::string(name), fmt::to_string(concurrency),
            fmt::format("{} ({} to {})", grouped(median(cpu_us)), grouped(*least), grouped(*most)),
            grouped(median(per_second)), grouped(median(server_us))};
  }
};

// The numerator's cost over the denominator's, by round.
std::vector<double> ratios(const Rounds& numerator, const Rounds& denominator) {
  std::vector<double> found;
  for (std::size_t i = 0; i < numerator.cpu_us.size(); ++i) {
    found.push_back(numerator.cpu_us[i] / denominator.cpu_us[i]);
  }
  return found;
}

struct Compared {
  Rounds bare, ours, python;
};

Compared compare(const MockEndpoint& endpoint, const Options& options, std::size_t concurrency) {
  Compared rounds;
  const Load load{options.requests, concurrency};
  const Load python_load{options.python_requests, concurrency};
  for (std::size_t round = 0; round < options.rounds; ++round) {
    rounds.bare.add(endpoint, load.requests, [&] { return run_bare(endpoint, load); });
    rounds.ours.add(endpoint, load.requests, [&] { return run_iago(endpoint, load); });
    if (options.python.empty()) continue;
    rounds.python.add(endpoint, python_load.requests,
                      [&] { return run_python(options.python, endpoint, python_load); });
  }
  return rounds;
}

void add_figures(const Compared& rounds, std::size_t concurrency, std::vector<Figure>& figures) {
  const double ours = median(rounds.ours.cpu_us), bare = median(rounds.bare.cpu_us);
  figures.push_back({fmt::format("our processor per request, us, {} in flight", concurrency),
                     grouped(ours), fmt::format("{} (bare sockets)", grouped(bare)),
                     percent(bare / ours), "-", "-"});
  Figure ratio{fmt::format("the Python client's over ours, {} in flight", concurrency),
               "not measured",
               "-",
               "-",
               fmt::format("at least {}", kAskedRatio),
               "-"};
  if (!rounds.python.cpu_us.empty()) {
    const std::vector<double> found = ratios(rounds.python, rounds.ours);
    const auto [least, most] = std::minmax_element(found.begin(), found.end());
    ratio.measured = fmt::format("{:.1f} ({:.1f} to {:.1f})", median(found), *least, *most);
    ratio.met = yes_or_no(median(found) >= kAskedRatio);
  }
  figures.push_back(ratio);
}

void measure_cost(const MockEndpoint& endpoint, const Options& options,
                  std::vector<Figure>& figures) {
  fmt::print("\n## Processor\n\n");
  std::vector<std::vector<std::string>> table = {{"client", "in flight",
                                                  "processor, us per request", "requests/s",
                                                  "the endpoint's processor, us per request"}};
  for (const std::size_t concurrency : {64, 512}) {
    const Compared rounds = compare(endpoint, options, concurrency);
    table.push_back(rounds.bare.row("bare sockets", concurrency));
    table.push_back(rounds.ours.row("Iago", concurrency));
    if (!rounds.python.cpu_us.empty()) {
      table.push_back(rounds.python.row("openai (Python, httpx)", concurrency));
    }
    add_figures(rounds, concurrency, figures);
  }
  print_table(table);
  if (options.python.empty()) {
    fmt::print("\nThe Python client was not measured: it cannot be installed here.\n");
  }
}

std::vector<std::string> course_row(std::string_view name, const MemoryCourse& course) {
  std::vector<std::string> row = {std::string(name)};
  for (const std::size_t tenth : {0, 1, 4, 9}) {
    row.push_back(tenth < course.resident.size() ? fmt::format("{:.1f}", course.resident[tenth])
                                                 : "-");
  }
  row.push_back(fmt::format("{:.1f}", course.peak_sampling));
  row.push_back(fmt::format("{:.1f}", course.peak));
  row.push_back(fmt::format("{:.0f}", course.seconds));
  return row;
}

void measure_memory(const MockEndpoint& endpoint, const Options& options, const fs::path& scratch,
                    std::vector<Figure>& figures) {
  fmt::print("\n## Memory\n\n{} trials, {} in flight, MB (10^6 bytes) of the process.\n\n",
             grouped(static_cast<double>(options.trials)), kMemoryConcurrency);
  const Load load{options.trials, kMemoryConcurrency};
  const MemoryCourse client = remember_iago(endpoint, load);
  const MemoryCourse study = remember_study(endpoint, load, scratch);
  print_table(
      {{"", "after 10 %", "20 %", "50 %", "100 %", "peak until the last reply", "peak of all", "s"},
       course_row("client alone", client),
       course_row("`iago run`'s path: plan, client, store, judges, summary", study)});
  // Beneath it no client can go: what is in flight, once as request and once as reply.
  const std::string floor =
      fmt::format("{:.1f} in flight", kMemoryConcurrency * (2.5e3 + 3.4e3) / 1e6);
  figures.push_back(
      {"peak memory of the client over all trials, MB", fmt::format("{:.1f}", client.peak), floor,
       "-", fmt::format("under {}", kAskedMegabytes), yes_or_no(client.peak < kAskedMegabytes)});
  figures.push_back({"its growth from 10 % to 100 % of the trials, MB",
                     fmt::format("{:.1f}", client.resident.back() - client.resident.front()), "0",
                     "-", "flat", "-"});
  figures.push_back(
      {"peak memory of a whole run of as many trials, MB", fmt::format("{:.1f}", study.peak), floor,
       "-", fmt::format("under {}", kAskedMegabytes), yes_or_no(study.peak < kAskedMegabytes)});
}

void print_setting(const MockOptions& mock, const Options& options) {
  fmt::print(
      "A mock endpoint in a process of its own answers {} ms after each request with a completion "
      "of {} bytes; prompts of {} bytes. Medians of {} rounds, the clients in turns, {} requests "
      "each a round ({} by Python); processor seconds are user and system of the client's process "
      "from the first request on, connecting included. Bare sockets send and receive as many bytes "
      "over as many kept connections and parse nothing: what is left is system calls and "
      "loopback.\n",
      mock.delay.count(), grouped(static_cast<double>(mock.reply_bytes)),
      grouped(static_cast<double>(system_prompt().size() + user_prompt().size())), options.rounds,
      grouped(static_cast<double>(options.requests)),
      grouped(static_cast<double>(options.python_requests)));
}

void run(const Options& options) {
  std::string scratch = (fs::current_path() / "client-XXXXXX").string();
  if (::mkdtemp(scratch.data()) == nullptr) {
    throw Error(ErrorCode::disconnected, "cannot make a folder in " + scratch);
  }
  const MockOptions mock;
  const MockEndpoint endpoint(mock);
  print_setting(mock, options);
  std::vector<Figure> figures;
  measure_cost(endpoint, options, figures);
  measure_memory(endpoint, options, scratch, figures);
  std::error_code ignored;
  fs::remove_all(scratch, ignored);
  std::vector<std::vector<std::string>> table = {
      {"figure", "measured", "floor", "share of it", "asked", "met"}};
  for (const Figure& f : figures) {
    table.push_back({f.name, f.measured, f.floor, f.share, f.asked, f.met});
  }
  fmt::print("\n## In short\n\n");
  print_table(table);
}

}  // namespace
}  // namespace iago::bench

int main(int count, char** values) {
  iago::bench::Options options;
  if (!iago::bench::parse({values + 1, values + count}, options)) return 2;
  try {
    iago::bench::run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "client: {}\n", error.what());
    return 1;
  }
  return 0;
}
