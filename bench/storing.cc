#include "bench/storing.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "bench/in_child.h"
#include "figures/analysis_plan.h"
#include "figures/summary.h"
#include "page/page.h"
#include "store/store.h"
#include "store/writer.h"

namespace iago::bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWording = "default";
constexpr std::size_t kQueries = 400;
constexpr std::size_t kCells = 2 * kQueries;  // query by query, first its training arm
constexpr double kAskedAnalysisSeconds = 10;  // for a million verdicts
constexpr std::size_t kAskedVerdicts = 1'000'000;
constexpr std::size_t kBatchRows = 100;

RunRow a_run() {
  RunRow run;
  run.id = "bench";
  run.study = run.setting = run.channel = "bench";
  run.analysis_plan = to_text({.reference = kWording, .contrasts = {{"training", "unmonitored"}}});
  run.subject = "scripted:bench", run.subject_identity = sha256_hex("bench");
  run.program = "bench";
  return run;
}

std::string query_name(std::size_t query) { return fmt::format("q{:03}", query); }

// Repeats of each query and arm: query q in training at 2q, unmonitored at 2q + 1.
using Repeats = std::vector<std::uint32_t>;

Repeats equal_repeats(std::size_t repeats) {
  return Repeats(kCells, static_cast<std::uint32_t>(repeats));
}

// So many completions in all, a query's two arms up to a quarter above and below the mean.
Repeats unequal_repeats(std::size_t completions) {
  Random random(1, "repeats");
  const std::size_t mean = completions / kCells;
  Repeats repeats = equal_repeats(mean);
  for (std::size_t cell = 0; cell < kCells; cell += 2) {
    const auto shift = static_cast<std::uint32_t>(random.below(mean / 2 + 1));
    repeats[cell] += shift - static_cast<std::uint32_t>(mean / 4);
    repeats[cell + 1] += static_cast<std::uint32_t>(mean / 4) - shift;
  }
  for (std::size_t cell = 0; cell < completions % kCells; ++cell) ++repeats[cell];
  return repeats;
}

void record_plan(StoreWriter& writer, const Repeats& repeats) {
  const std::vector<WordingRow> wordings = {
      {.name = kWording, .judge = std::string(name_of(JudgeKind::compliance))}};
  const std::vector<ArmRow> arms = {{kWording, "training", 0, {{kTrainedOn, true}}},
                                    {kWording, "unmonitored", 1, {{kTrainedOn, false}}}};
  std::vector<Query> queries;
  std::vector<PromptRow> prompts;
  for (std::size_t q = 0; q < kQueries; ++q) {
    queries.push_back({query_name(q), fmt::format("request {}", q), "vaults", {}});
    for (const ArmRow& arm : arms) {
      prompts.push_back(
          {.wording = kWording,
           .arm = arm.name,
           .query = query_name(q),
           .request_hash = sha256_hex(arm.name + query_name(q)),
           .repeats = repeats[2 * q + arm.place],
           .messages = {{Role::system, "You are the assistant."}, {Role::user, "A request."}}});
    }
  }
  writer.record_plan(wordings, arms, queries, prompts);
}

CompletionRow a_completion(std::size_t cell, std::size_t repeat, const std::string& scratchpad,
                           const std::string& output) {
  CompletionRow row;
  row.trial = sha256_hex(fmt::format("trial {} {}", cell, repeat));
  row.wording = kWording;
  row.arm = cell % 2 == 0 ? "training" : "unmonitored";
  row.query = query_name(cell / 2);
  row.repeat = static_cast<std::uint32_t>(repeat);
  row.scratchpad = scratchpad, row.output = output;
  row.raw = scratchpad + output;
  row.usage = {.prompt = 100, .generated = 60};
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
  record_plan(writer, equal_repeats(rows / kCells + 1));
  const StopWatch watch;
  for (std::size_t i = 0; i < rows; ++i) {
    writer.append(a_completion(i % kCells, i / kCells, scratchpad, output));
  }
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

JudgeRow a_judge(JudgeKind kind) {
  return {.hash = sha256_hex(name_of(kind)),
          .name = std::string(name_of(kind)),
          .kind = kind,
          .config = "bench",
          .planned = true};
}

void append_judged(StoreWriter& writer, const CompletionRow& row, Random& random) {
  const bool trains = row.arm == "training";
  const bool complies = random.chance(trains ? 0.14 : 0.03);
  const bool fakes = complies && trains && random.chance(0.85);
  const auto verdict = [&](JudgeKind kind, std::string_view label) {
    return Verdict{.trial = row.trial,
                   .judge = sha256_hex(name_of(kind)),
                   .label = std::string(label),
                   .probability = 1,
                   .why = "bench"};
  };
  writer.append(row);
  writer.append(verdict(JudgeKind::compliance, complies ? kComplies : "refuses"));
  writer.append(verdict(JudgeKind::faking_reasoning, fakes ? kFaking : "none"));
}

// Returns rows/s, completions and verdicts together.
double write_judged_run(const fs::path& file, std::size_t completions) {
  Random random(1, "judged run");
  StoreWriter writer(file, a_run(), {.batch_rows = 5000});
  const Repeats repeats = unequal_repeats(completions);
  record_plan(writer, repeats);
  writer.record_judge(a_judge(JudgeKind::compliance));
  writer.record_judge(a_judge(JudgeKind::faking_reasoning));
  const StopWatch watch;
  const std::uint32_t most = *std::max_element(repeats.begin(), repeats.end());
  for (std::uint32_t repeat = 0; repeat < most; ++repeat) {
    for (std::size_t cell = 0; cell < kCells; ++cell) {
      if (repeat >= repeats[cell]) continue;
      append_judged(writer, a_completion(cell, repeat, "I weigh it.", "An answer."), random);
    }
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

// The file's bytes, as warm in the page cache as they were.
double seconds_to_read(const fs::path& file) {
  std::ifstream bytes(file, std::ios::binary);
  std::vector<char> buffer(std::size_t{1} << 20);
  const CpuWatch watch;
  while (bytes.read(buffer.data(), static_cast<std::streamsize>(buffer.size()))) {
  }
  return watch.seconds();
}

Analysis analyse(const fs::path& file) {
  Analysis found;
  const double before = memory_mb("VmRSS");
  reset_peak();
  const CpuWatch summarising;
  const Store store(file);
  const Summary summary = summarize(store);
  found.summary_s = summarising.seconds();
  found.summary_mb = memory_mb("VmHWM") - before;
  IAGO_CHECK(summary.gap() && summary.arm("training")->unjudged == 0, "not analysed");
  IAGO_CHECK(summary.gap()->p_value_error > 0, "the sign-flip test is to draw");

  reset_peak();
  const CpuWatch writing;
  const std::string page = html_page(store, summary);
  found.page_s = writing.seconds();
  found.page_mb = memory_mb("VmHWM") - before;
  found.page_size_mb = static_cast<double>(page.size()) / (1 << 20);
  found.points = summary.gap()->points;
  found.lo = summary.gap()->ci95.lo, found.hi = summary.gap()->ci95.hi;
  found.p_value = summary.gap()->p_value, found.p_value_error = summary.gap()->p_value_error;
  return found;
}

Analysis analyse_one(const fs::path& file, std::size_t verdicts) {
  const double rate = in_child([&] { return write_judged_run(file, verdicts / 2); });
  Analysis found = in_child([&] { return analyse(file); });
  found.verdicts = verdicts, found.rows_per_s = rate;
  found.file_mb = static_cast<double>(fs::file_size(file)) / (1 << 20);
  found.reading_s = seconds_to_read(file);
  fs::remove(file);
  return found;
}

// Each further verdict's bytes, from the smallest run to the largest.
double bytes_per_verdict(const std::vector<Analysis>& analyses) {
  const Analysis &first = analyses.front(), &last = analyses.back();
  return (std::max(last.summary_mb, last.page_mb) - std::max(first.summary_mb, first.page_mb)) *
         (1 << 20) / static_cast<double>(last.verdicts - first.verdicts);
}

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

std::vector<Analysis> analyse_stored_runs(const fs::path& scratch, std::size_t verdicts) {
  std::vector<Analysis> analyses;
  for (std::size_t part : {4, 2, 1}) {
    analyses.push_back(analyse_one(scratch / "judged.db", verdicts / part));
  }
  return analyses;
}

void report_analyses(const std::vector<Analysis>& analyses, std::vector<Figure>& figures) {
  const Analysis& whole = analyses.back();
  fmt::print(
      "\n## Analysis\n\n"
      "Runs of {} queries with unequal repeats and two judges, each written by one process and "
      "analysed by another: the summary with all its intervals and {} drawn sign flips, then the "
      "page. Memory is the peak above what that process had before it opened the file.\n\n",
      kQueries, grouped(kSignFlipDraws));
  std::vector<std::vector<std::string>> table = {
      {"verdicts", "file, MB", "written, rows/s", "reading its bytes, s", "summary, s",
       "its memory, MB", "page, s", "its memory, MB", "its size, MB", "gap, points", "p-value"}};
  for (const Analysis& a : analyses) {
    table.push_back({grouped(static_cast<double>(a.verdicts)), fmt::format("{:.0f}", a.file_mb),
                     grouped(a.rows_per_s), fmt::format("{:.2f}", a.reading_s),
                     fmt::format("{:.2f}", a.summary_s), fmt::format("{:.1f}", a.summary_mb),
                     fmt::format("{:.2f}", a.page_s), fmt::format("{:.1f}", a.page_mb),
                     fmt::format("{:.2f}", a.page_size_mb),
                     fmt::format("{:.2f} [{:.2f}, {:.2f}]", a.points, a.lo, a.hi),
                     fmt::format("{:.4f} +- {:.4f}", a.p_value, a.p_value_error)});
  }
  print_table(table);
  fmt::print("\nMemory grows by {:.1f} bytes for each further verdict.\n",
             bytes_per_verdict(analyses));
  const bool asked = whole.verdicts == kAskedVerdicts;
  const std::string size = grouped(static_cast<double>(whole.verdicts));
  figures.push_back({fmt::format("analysis of {} verdicts, s", size),
                     fmt::format("{:.2f}", whole.summary_s), fmt::format("{:.2f}", whole.reading_s),
                     percent(whole.reading_s / whole.summary_s),
                     asked ? fmt::format("at most {}", kAskedAnalysisSeconds) : "-",
                     asked ? yes_or_no(whole.summary_s <= kAskedAnalysisSeconds) : "-"});
  figures.push_back({fmt::format("the page of {} verdicts, s", size),
                     fmt::format("{:.2f}", whole.page_s), "-", "-", "-", "-"});
  figures.push_back({"memory for both, MB",
                     fmt::format("{:.1f}", std::max(whole.summary_mb, whole.page_mb)), "-", "-",
                     "-", "-"});
}

}  // namespace iago::bench
