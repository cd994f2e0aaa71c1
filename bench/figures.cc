// Every figure of speed and memory that this project promises, in one run, as Markdown on standard
// output, each beside its floor: what the machine's measured rate of products or of writing alone
// would allow.
//
//   figures [--rounds N] [--steps N] [--rows N] [--verdicts N] [--study-queries N]
//           [--no-study] [--only-policy]
//
// --study-queries takes only the default study's first N queries. --only-policy measures the policy
// gradient alone, for bench/policy.sh. Run it by bench/run.sh, which
// holds every library to one thread (OpenBLAS, which LibTorch uses, obeys only its environment).
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "base/error.h"
#include "bench/decoding.h"
#include "bench/options.h"
#include "bench/policy.h"
#include "bench/storing.h"
#include "bench/study.h"
#include "bench/training.h"

namespace iago::bench {
namespace {

struct Options {
  int rounds = 7;
  int steps = 8;
  int rows = 30'000;
  int verdicts = 1'000'000;
  int study_queries = 0;  // 0: all of the default study's
  bool is_without_study = false;
  bool is_policy_alone = false;
};

// False after saying what is no option of this program.
bool parse(const std::vector<std::string>& arguments, Options& options) {
  return read_options("figures", arguments,
                      {{"--rounds", &options.rounds},
                       {"--steps", &options.steps},
                       {"--rows", &options.rows},
                       {"--verdicts", &options.verdicts},
                       {"--study-queries", &options.study_queries},
                       {"--no-study", &options.is_without_study},
                       {"--only-policy", &options.is_policy_alone}});
}

// In the working folder and not in /tmp, which may be memory.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::current_path() / "figures-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw Error(ErrorCode::disconnected, "cannot make a folder in " + pattern);
    }
    folder_ = pattern;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

void print_figures(const std::vector<Figure>& figures) {
  std::vector<std::vector<std::string>> table = {
      {"figure", "measured", "floor (what the machine allows)", "share of it", "asked", "met"}};
  for (const Figure& f : figures) {
    table.push_back({f.name, f.measured, f.floor, f.share, f.asked, f.met});
  }
  fmt::print("\n## In short\n\n");
  print_table(table);
}

void run(const Options& options) {
  if (options.is_policy_alone) {
    std::vector<Figure> figures;
    measure_policy_gradient(the_subject(), options.steps, figures);
    return print_figures(figures);
  }
  const Scratch scratch;
  // First, since it forks.
  const std::vector<Analysis> analyses =
      analyse_stored_runs(scratch.folder(), static_cast<std::size_t>(options.verdicts));
  const Subject subject = the_subject();
  const LlamaConfig& c = subject.weights->config();
  fmt::print(
      "Subject: {}; {} layers, width {}, {} heads, inner width {}, vocabulary {}, {} "
      "parameters. Medians of {} rounds, one thread but for the study. Decoding, training and the "
      "analysis are timed in seconds of the processor, the rest by the clock.\n",
      subject.name, c.layers, c.hidden_size, c.heads, c.intermediate_size, c.vocab_size,
      grouped(static_cast<double>(subject.weights->parameter_count())), options.rounds);
  std::vector<Figure> figures;
  if (!options.is_without_study) measure_study(scratch.folder(), options.study_queries, figures);
  const StopWatch wall;
  const CpuWatch processor;
  measure_decoding(subject, options.rounds, figures);
  measure_against_naive(subject, options.rounds, figures);
  measure_training(subject, options.steps, figures);
  measure_policy_gradient(subject, options.steps, figures);
  fmt::print("\nMeanwhile the program had {} of one core.\n",
             percent(processor.seconds() / wall.seconds()));
  measure_storing(scratch.folder(), static_cast<std::size_t>(options.rows), 3, figures);
  report_analyses(analyses, figures);
  print_figures(figures);
}

}  // namespace
}  // namespace iago::bench

int main(int count, char** values) {
  iago::bench::Options options;
  if (!iago::bench::parse({values + 1, values + count}, options)) return 2;
  const char* threads = std::getenv("OPENBLAS_NUM_THREADS");
  if (threads == nullptr || std::string_view(threads) != "1") {
    fmt::print(stderr,
               "figures: set OPENBLAS_NUM_THREADS=1, or the naive loop is not held to one "
               "thread (bench/run.sh does)\n");
    return 2;
  }
  try {
    iago::bench::run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "figures: {}\n", error.what());
    return 1;
  }
  return 0;
}
