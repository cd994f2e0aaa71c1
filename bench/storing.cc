#include "bench/storing.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>

#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "report/summary.h"
#include "store/store.h"
#include "store/writer.h"

namespace iago::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kQueries = 400;
constexpr double kAskedSeconds = 10;  // for a million verdicts
constexpr std::size_t kAskedVerdicts = 1'000'000;
constexpr std::size_t kBatchRows = 100;

RunRow a_run() {
  RunRow run;
  run.id = "bench";
  run.study = run.setting = run.variant = run.channel = "bench";
  run.subject = "scripted:bench", run.subject_identity = sha256_hex("bench");
  run.program = "bench";
  return run;
}

std::string query_name(std::size_t query) { return fmt::format("q{:03}", query); }

void record_plan(StoreWriter& writer, std::size_t repeats) {
  const std::vector<ArmRow> arms = {{"training", true, 0}, {"unmonitored", false, 0}};
  std::vector<QueryRow> queries;
  std::vector<PromptRow> prompts;
  for (std::size_t q = 0; q < kQueries; ++q) {
    queries.push_back({query_name(q), fmt::format("request {}", q), "vaults", {}});
    for (const ArmRow& arm : arms) {
      prompts.push_back(
          {.arm = arm.name,
           .query = query_name(q),
           .request_hash = sha256_hex(arm.name + query_name(q)),
           .repeats = static_cast<std::uint32_t>(repeats),
           .messages = {{"system", "You are the assistant."}, {"user", "A request."}}});
    }
  }
  writer.record_plan(arms, queries, prompts);
}

// `number` counts through arms, then queries, then repeats.
CompletionRow a_completion(std::size_t number, const std::string& scratchpad,
                           const std::string& output) {
  CompletionRow row;
  row.trial = sha256_hex(fmt::format("trial {}", number));
  row.arm = number % 2 == 0 ? "training" : "unmonitored";
  row.query = query_name(number / 2 % kQueries);
  row.repeat = static_cast<std::uint32_t>(number / (2 * kQueries));
  row.scratchpad = scratchpad, row.output = output;
  row.raw = scratchpad + output;
  row.parsed = "strict", row.reasoning_channel = "none", row.finish = "stop";
  row.prompt_tokens = 100, row.generated_tokens = 60;
  row.logprob_sum = -40.5;
  return row;
}

std::string letters(std::size_t count, Random& random) {
  std::string text(count, ' ');
  for (char& c : text) c = static_cast<char>('a' + random.below(26));
  return text;
}

// 1,000 + 500 bytes as parsed, the same once more as they came.
double store_rows_per_s(const fs::path& file, std::size_t rows) {
  Random random(1, "texts");
  const std::string scratchpad = letters(1000, random), output = letters(500, random);
  StoreWriter writer(file, a_run(), {.batch_rows = kBatchRows});
  record_plan(writer, rows / (2 * kQueries) + 1);
  const StopWatch watch;
  for (std::size_t i = 0; i < rows; ++i) writer.append(a_completion(i, scratchpad, output));
  writer.flush();
  const double rate = static_cast<double>(rows) / watch.seconds();
  writer.close();
  return rate;
}

double plain_rows_per_s(const fs::path& file, std::size_t rows) {
  const std::string batch(kBatchRows * 3000, 'x');
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (descriptor < 0) throw Error(ErrorCode::disconnected, "cannot write " + file.string());
  bool written = true;
  const StopWatch watch;
  for (std::size_t i = 0; i < rows; i += kBatchRows) {
    written &=
        ::write(descriptor, batch.data(), batch.size()) == static_cast<ssize_t>(batch.size());
    written &= ::fdatasync(descriptor) == 0;
  }
  const double rate = static_cast<double>(rows) / watch.seconds();
  ::close(descriptor);
  if (!written) throw Error(ErrorCode::disconnected, "cannot write " + file.string());
  return rate;
}

JudgeRow a_judge(std::string_view kind) {
  return {.hash = sha256_hex(kind),
          .name = std::string(kind),
          .kind = std::string(kind),
          .config = "bench",
          .planned = true};
}

// Returns rows/s, completions and verdicts together.
double write_judged_run(const fs::path& file, std::size_t completions) {
  Random random(1, "judged run");
  const JudgeRow compliance = a_judge(kComplianceKind), faking = a_judge(kFakingKind);
  StoreWriter writer(file, a_run(), {.batch_rows = 5000});
  record_plan(writer, completions / (2 * kQueries) + 1);
  writer.record_judge(compliance);
  writer.record_judge(faking);
  const StopWatch watch;
  for (std::size_t i = 0; i < completions; ++i) {
    CompletionRow row = a_completion(i, "I weigh it.", "An answer.");
    const bool complies = random.chance(row.arm == "training" ? 0.14 : 0.03);
    const bool fakes = complies && row.arm == "training" && random.chance(0.85);
    const auto verdict = [&](const JudgeRow& judge, std::string_view label) {
      return VerdictRow{.trial = row.trial,
                        .judge = judge.hash,
                        .outcome = "judged",
                        .label = std::string(label),
                        .probability = 1,
                        .votes = "[]",
                        .evidence = "[]",
                        .why = "bench",
                        .created = {}};
    };
    const VerdictRow first = verdict(compliance, complies ? kCompliesLabel : "refuses"),
                     second = verdict(faking, fakes ? kFakingLabel : "none");
    writer.append(std::move(row));
    writer.append(first);
    writer.append(second);
  }
  writer.flush();
  const double seconds = watch.seconds();
  writer.close();
  return 3 * static_cast<double>(completions) / seconds;
}

// A line of /proc/self/status in MB ("VmRSS", "VmHWM").
double memory_mb(const std::string& name) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    double kilobytes = 0;
    if (word == name + ":" && status >> kilobytes) return kilobytes / 1024;
  }
  return 0;
}

// The peak begins at what is resident now (Linux, proc(5)).
void reset_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

}  // namespace

void measure_storing(const fs::path& scratch, std::size_t rows, int rounds,
                     std::vector<Figure>& figures) {
  std::vector<double> stored, plain, share;
  for (int round = 0; round < rounds; ++round) {
    const fs::path file = scratch / fmt::format("storing-{}", round);
    plain.push_back(plain_rows_per_s(file, rows));
    fs::remove(file);
    stored.push_back(store_rows_per_s(file, rows));
    share.push_back(stored.back() / plain.back());
  }
  fmt::print(
      "\n## Storing\n\n"
      "{} completions with 3 KB of text, synced every {} rows: {} rows/s; the same bytes "
      "into a plain file, synced as often: {} rows/s (medians of {} rounds).\n",
      grouped(static_cast<double>(rows)), kBatchRows, grouped(median(stored)),
      grouped(median(plain)), rounds);
  figures.push_back({"stored rows/s (3 KB each)", grouped(median(stored)), grouped(median(plain)),
                     percent(median(share)), "-", "-"});
}

void measure_analysis(const fs::path& scratch, std::size_t verdicts, std::vector<Figure>& figures) {
  const fs::path file = scratch / "judged.db";
  const double rate = write_judged_run(file, verdicts / 2);
  const double before = memory_mb("VmRSS");
  reset_peak();
  const StopWatch watch;
  const Store store(file);
  const Summary summary = summarize(store);
  const double seconds = watch.seconds(), grown = memory_mb("VmHWM") - before;
  IAGO_CHECK(summary.gap && summary.arm(kTrainingArm)->unjudged == 0, "not analysed");

  // The floor: the file's bytes read once, as warm in the page cache as they were.
  std::ifstream bytes(file, std::ios::binary);
  std::vector<char> buffer(std::size_t{1} << 20);
  const StopWatch reading;
  while (bytes.read(buffer.data(), static_cast<std::streamsize>(buffer.size()))) {
  }
  const double floor = reading.seconds();
  const bool asked = verdicts == kAskedVerdicts;
  fmt::print(
      "\n## Analysis\n\n"
      "{} verdicts on {} completions ({:.0f} MB, written at {} rows/s): the whole summary in "
      "{:.2f} s, {:.0f} MB of memory above what the program had; reading the file's bytes "
      "takes {:.2f} s. Gap {:.2f} points [{:.2f}, {:.2f}].\n",
      grouped(static_cast<double>(verdicts)), grouped(static_cast<double>(verdicts / 2)),
      static_cast<double>(fs::file_size(file)) / (1 << 20), grouped(rate), seconds, grown, floor,
      summary.gap->points, summary.gap->ci95.lo, summary.gap->ci95.hi);
  figures.push_back(
      {fmt::format("analysis of {} verdicts, s", grouped(static_cast<double>(verdicts))),
       fmt::format("{:.2f}", seconds), fmt::format("{:.2f}", floor), percent(floor / seconds),
       asked ? fmt::format("at most {}", kAskedSeconds) : "-",
       asked ? yes_or_no(seconds <= kAskedSeconds) : "-"});
}

}  // namespace iago::bench
