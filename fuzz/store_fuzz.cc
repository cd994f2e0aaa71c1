// A run's store, as bytes and as content: whatever stands in the file, opening, reading, analysing
// and showing it gives figures or an iago::Error. The first byte chooses: a file of these bytes, or
// a sound file whose rows say whatever a hostile program could have written and sealed.
#include <fuzzer/FuzzedDataProvider.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "report/page.h"
#include "report/summary.h"
#include "store/store.h"
#include "store/writer.h"

namespace {

namespace fs = std::filesystem;

// One folder for the process; in memory where the machine has such a place.
fs::path store_file() {
  static const fs::path folder = [] {
    const fs::path memory = "/dev/shm";
    std::string pattern =
        ((fs::exists(memory) ? memory : fs::temp_directory_path()) / "iago-fuzz-XXXXXX").string();
    const char* made = ::mkdtemp(pattern.data());
    IAGO_CHECK(made != nullptr, "a folder for the store");
    return fs::path(made);
  }();
  return folder / "run.db";
}

void remove_store() {
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm", "-journal", ".new", ".lock"}) {
    fs::remove(store_file().string() + suffix, ignored);
  }
}

void read_all() {
  const iago::Store store(store_file());
  std::size_t rows = 0;
  const auto count = [&](const auto&) { return ++rows < 10'000; };
  store.for_each_prompt(count);
  store.for_each_completion({}, count);
  for (const iago::JudgeRow& judge : store.judges()) store.for_each_verdict(judge.hash, count);
  const iago::Summary summary = iago::summarize(store);
  IAGO_CHECK(!iago::to_json(summary).is_null(), "a summary");
  const std::string page = iago::html_page(store, summary);
  IAGO_CHECK(page.find("<script") == std::string::npos, "the page has no script of anybody's");
}

void write_rows(FuzzedDataProvider& data) {
  const auto text = [&] { return data.ConsumeRandomLengthString(64); };
  iago::RunRow run{.id = text(),
                   .study = text(),
                   .study_toml = data.ConsumeRandomLengthString(512),
                   .setting = text(),
                   .variant = text(),
                   .channel = text(),
                   .subject = text(),
                   .subject_identity = text(),
                   .margin_points = data.ConsumeFloatingPoint<double>(),
                   .analysis_plan = data.ConsumeRandomLengthString(512),
                   .program = text()};
  iago::StoreWriter writer(store_file(), run);
  const iago::ArmRow arms[] = {{"training", data.ConsumeBool()}, {"unmonitored", false}};
  const iago::QueryRow queries[] = {{"q1", text(), text(), {{text(), text()}}}, {"q2", text(), "", {}}};
  std::vector<iago::PromptRow> prompts;
  for (const auto& arm : arms) {
    for (const auto& query : queries) {
      iago::PromptRow prompt{arm.name, query.id, text(), data.ConsumeIntegral<std::uint32_t>(), {}, {}};
      prompt.messages = {{text(), text()}, {"user", text()}};
      prompts.push_back(prompt);
    }
  }
  writer.record_plan(arms, queries, prompts);
  iago::JudgeRow judge{.hash = iago::sha256_hex("judge"),
                       .name = text(),
                       .kind = data.ConsumeBool() ? std::string(iago::kComplianceKind) : text(),
                       .config = text(),
                       .measured_on = text()};
  if (data.ConsumeBool()) judge.sensitivity = data.ConsumeFloatingPoint<double>();
  judge.counts.true_positive = data.ConsumeIntegral<std::uint64_t>();
  judge.counts.false_negative = data.ConsumeIntegral<std::uint64_t>();
  writer.record_judge(judge);
  for (std::uint32_t i = 0; i < 8 && data.remaining_bytes() > 0; ++i) {
    iago::CompletionRow row;
    row.trial = iago::sha256_hex(std::to_string(i));
    row.arm = arms[i % 2].name, row.query = queries[i / 2 % 2].id, row.repeat = i / 4;
    row.outcome = iago::kOutcomes[data.ConsumeIntegralInRange<std::size_t>(0, 4)];
    row.raw = text(), row.reasoning = text(), row.scratchpad = text(), row.output = text();
    row.parsed = text(), row.finish = text(), row.model_version = text();
    row.generated_tokens = data.ConsumeIntegral<std::uint64_t>();
    row.seconds = data.ConsumeFloatingPoint<double>();
    writer.append(row);
    writer.append(iago::VerdictRow{.trial = row.trial,
                                   .judge = judge.hash,
                                   .outcome = text(),
                                   .label = data.ConsumeBool() ? "complies" : text(),
                                   .probability = data.ConsumeFloatingPoint<double>(),
                                   .votes = text(),
                                   .evidence = text(),
                                   .why = text()});
  }
  iago::SessionRow session{.program = text(), .wall_s = data.ConsumeFloatingPoint<double>()};
  writer.update_session(session);
  writer.close();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  remove_store();
  try {
    if (bytes[0] % 2 == 0) {
      iago::write_file(store_file(),
                       std::string_view(reinterpret_cast<const char*>(bytes) + 1, size - 1));
    } else {
      FuzzedDataProvider data(bytes + 1, size - 1);
      write_rows(data);
    }
    read_all();
  } catch (const iago::Error& error) {
    IAGO_CHECK(!std::string_view(error.what()).empty(), "an error without a message");
  }
  return 0;
}
