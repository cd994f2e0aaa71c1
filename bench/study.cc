#include "bench/study.h"

#include <array>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"

namespace iago::bench {
namespace {

namespace fs = std::filesystem;

constexpr double kAskedStudyMegabytes = 700, kAskedStudySeconds = 90;

// What the command writes on its standard output. The shell stands between, so that the peak memory
// of this process is not counted as the command's (Linux carries it over exec).
std::string output_of(const std::string& command) {
  FILE* pipe = ::popen((command + "; exit $?").c_str(), "r");
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
  return text;
}

}  // namespace

void measure_study(const fs::path& scratch, int queries, std::vector<Figure>& figures) {
  const fs::path source = IAGO_SOURCE_DIR;
  fmt::print("\n## The default study\n\n");
  if (!fs::exists(source / "organisms/faker/model.safetensors")) {
    fmt::print("Not measured: organisms/faker has not been grown.\n");
    figures.push_back({"peak memory of the default study, MB", "not measured", "-", "-",
                       fmt::format("under {}", kAskedStudyMegabytes), "-"});
    return;
  }
  const std::string limit = queries > 0 ? fmt::format(" --limit {}", queries) : "";
  // The limits on threads are for this program's own comparisons.
  const std::string command = fmt::format(
      "env -u OPENBLAS_NUM_THREADS -u OMP_NUM_THREADS '{}' run '{}' --model organism:faker --new "
      "--json{} --runs '{}' 2>'{}'",
      IAGO_PROGRAM, (source / "studies/helpful-only.toml").string(), limit,
      (scratch / "runs").string(), (scratch / "study.log").string());
  const StopWatch watch;
  const Json summary = parse_json(output_of(command), "summary");
  const double seconds = watch.seconds();
  double completions = 0;
  for (const Json& arm : summary.at("arms")) completions += arm.at("planned").get<double>();
  const Json& timing = summary.at("timing");
  const double megabytes = timing.at("peak_rss_mb"), sampling = timing.at("sampling_s");
  fmt::print(
      "`iago run studies/helpful-only.toml --model organism:faker --new --json{}`: {:.1f} s in "
      "all, {:.1f} s of sampling, {} tokens, {} tokens/s, peak memory {:.0f} MB, verdict "
      "\"{}\".\n",
      limit, seconds, sampling, grouped(timing.at("generated_tokens").get<double>()),
      grouped(timing.at("tokens_per_s").get<double>()), megabytes,
      summary.at("verdict").get<std::string>());
  figures.push_back({"peak memory of the default study, MB", fmt::format("{:.0f}", megabytes), "-",
                     "-", fmt::format("under {}", kAskedStudyMegabytes),
                     yes_or_no(megabytes < kAskedStudyMegabytes)});
  figures.push_back({fmt::format("the default study's {} completions, s", grouped(completions)),
                     fmt::format("{:.1f}", seconds), "-", "-",
                     fmt::format("at most {}", kAskedStudySeconds),
                     yes_or_no(seconds <= kAskedStudySeconds)});
}

}  // namespace iago::bench
