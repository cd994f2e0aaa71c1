// A run's store, as bytes and as content: whatever stands in the file, opening, reading, analysing
// and showing it gives figures or an iago::Error. The first byte chooses: a file of these bytes; a
// sound file whose rows say whatever a hostile program could have written and sealed; or a sound
// file, damaged.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "figures/summary.h"
#include "fuzz/input_bytes.h"
#include "fuzz/memory_folder.h"
#include "page/page.h"
#include "store/internal/database.h"
#include "store/internal/seal.h"
#include "store/store.h"
#include "store/writer.h"

namespace {

namespace fs = std::filesystem;

constexpr iago::VerdictOutcome kVerdictOutcomes[] = {
    iago::VerdictOutcome::judged, iago::VerdictOutcome::unparsable, iago::VerdictOutcome::refused,
    iago::VerdictOutcome::failed, iago::VerdictOutcome::no_scratchpad};

fs::path store_file() {
  static const iago::fuzz::MemoryFolder folder;
  return folder.path() / "run.db";
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
  store.for_each_judged_completion({}, [&](const auto&, const auto&) { return ++rows < 20'000; });
  store.label_sample();
  store.people_labels();
  const iago::Summary summary = iago::summarize(store);
  IAGO_CHECK(!iago::to_json(summary).is_null(), "a summary");
  const std::string page = iago::html_page(store, summary);
  IAGO_CHECK(page.find("<script") == std::string::npos, "the page has no script of anybody's");
}

// What no writer of ours writes: the seal is no secret.
void forge_rows(iago::fuzz::InputBytes& data) {
  using namespace iago;
  const Database database(store_file(), OpenMode::write);
  const auto any = [&] {
    const std::int64_t small = data.integral_in_range<std::int64_t>(-1, 5);
    return integer(small < 5 ? small : data.integral<std::int64_t>());
  };
  if (data.boolean()) {
    auto query = database.prepare("INSERT OR REPLACE INTO query VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    const std::string labels = data.text(64);
    run_sealed(query, {any(), text("q2"), any(), text(""), text(labels)});
  }
  if (data.boolean()) {
    auto said =
        database.prepare("INSERT OR REPLACE INTO rationale VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    const std::string votes = data.text(256);
    const std::string evidence = data.text(256);
    run_sealed(said, {integer(1), integer(1), blob(votes), blob(evidence), blob("")});
  }
  if (data.boolean()) {
    auto session = database.prepare(
        "INSERT OR REPLACE INTO session VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
    const std::string sent = data.text(256), shown = data.text(64);
    run_sealed(session, {any(), text(""), any(), any(), number(1.0), number(1.0), any(),
                         number(1.0), blob(sent), text(shown)});
  }
  if (data.boolean()) {
    auto wording =
        database.prepare("INSERT OR REPLACE INTO wording VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    const std::string published = data.text(256);
    const std::string_view role = data.one_of(
        {std::string_view("paraphrase"), std::string_view("control"), std::string_view("none")});
    run_sealed(wording, {any(), text("w3"), text(role), text("judge"), text(published)});
  }
  if (data.boolean()) {
    auto arm = database.prepare("INSERT OR REPLACE INTO arm VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    const std::string circumstances = data.text(64);
    run_sealed(arm, {any(), any(), text("a3"), any(), text(circumstances)});
  }
  if (data.boolean()) {
    auto tokens =
        database.prepare("INSERT OR REPLACE INTO token_logprobs VALUES (?1, ?2, ?3, ?4, ?5)");
    const std::string logprobs = data.text(64), sizes = data.text(64), texts = data.text(64);
    run_sealed(tokens, {integer(1), blob(logprobs), blob(sizes), blob(texts)});
  }
  auto prompt =
      database.prepare("INSERT OR REPLACE INTO prompt VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
  run_sealed(prompt, {any(), any(), any(), text(""), any(), any(), any()});
}

// What a study that its plan describes compares.
constexpr std::string_view kPlan =
    R"({"reference":"w1","contrasts":[{"more":"training","less":"unmonitored"},)"
    R"({"more":"unmonitored","less":"training"}]})";

std::optional<iago::PublishedRow> a_published_row(iago::fuzz::InputBytes& data) {
  if (data.boolean()) return std::nullopt;
  iago::PublishedRow row{
      .source = data.text(64), .row = data.integral<int>(), .name = data.text(64)};
  row.gap_points = data.real_in_range(-110.0, 110.0);
  row.more = data.real_in_range(0.0, 1.0);
  return row;
}

void write_rows(iago::fuzz::InputBytes& data) {
  const auto text = [&] { return data.text(64); };
  iago::RunRow run{.id = text(),
                   .study = text(),
                   .study_toml = data.text(512),
                   .setting = text(),
                   .channel = text(),
                   .baseline = text(),
                   .subject = text(),
                   .subject_identity = text(),
                   .margin_points = data.real_in_range(-1.0, 101.0),
                   .cluster_by = data.boolean() ? "author" : "",
                   .groups = data.boolean() ? "topic" : "",
                   .analysis_plan = data.boolean() ? std::string(kPlan) : data.text(512),
                   .program = text()};
  iago::StoreWriter writer(store_file(), run);
  const std::string judge_name = text();
  const iago::WordingRow wordings[] = {
      {.name = "w1", .judge = judge_name, .published = a_published_row(data)},
      {.name = "w2",
       .role = data.one_of({iago::WordingRole::paraphrase, iago::WordingRole::control}),
       .judge = data.boolean() ? judge_name : text()}};
  std::vector<iago::ArmRow> arms;
  for (const auto& wording : wordings) {
    for (const char* name : {"training", "unmonitored"}) {
      arms.push_back({wording.name, name, data.integral<std::uint32_t>(), {}});
      if (data.boolean()) arms.back().circumstances[text()] = data.boolean();
      if (data.boolean()) arms.back().circumstances[iago::kTrainedOn] = data.boolean();
    }
  }
  const std::string author = text();
  const iago::Query queries[] = {
      {"q1", text(), text(), {{"author", author}, {text(), text()}}},
      {"q2", text(), text(), {{"author", data.boolean() ? author : text()}}}};
  std::vector<iago::PromptRow> prompts;
  for (const auto& arm : arms) {
    for (const auto& query : queries) {
      iago::PromptRow prompt{
          arm.wording, arm.name, query.id, text(), data.integral<std::uint32_t>(), {}, {}};
      prompt.messages = {{iago::Role::system, text()}, {iago::Role::user, text()}};
      prompts.push_back(prompt);
    }
  }
  writer.record_plan(wordings, arms, queries, prompts);
  iago::JudgeRow judge{.hash = iago::sha256_hex("judge"),
                       .name = judge_name,
                       .kind = data.one_of(iago::kJudgeKinds),
                       .config = text(),
                       .error = {.measured_on = text()}};
  iago::Confusion& counts = judge.error.counts;
  for (std::uint64_t* count : {&counts.true_positive, &counts.false_negative, &counts.true_negative,
                               &counts.false_positive, &judge.error.unknown_truth}) {
    *count = data.integral_in_range<std::uint64_t>(0, 2 * iago::kMaxErrorCount);
  }
  writer.record_judge(judge);
  const auto label = [&] {
    const std::string_view known = data.one_of(
        {iago::kComplies, iago::kFaking, iago::kClaimsTrained, iago::kUnclear, std::string_view()});
    return known.empty() ? text() : std::string(known);
  };
  if (data.boolean()) {
    const double price = data.real_in_range(0.0, iago::kMaxPrice);
    const iago::PriceRow prices[] = {{text(), {price, price, price, price}, "2025-06-30"}};
    writer.record_prices(prices);
  }
  for (std::uint32_t i = 0; i < 16 && data.remaining_bytes() > 0; ++i) {
    iago::CompletionRow row;
    row.trial = iago::sha256_hex(std::to_string(i));
    const iago::ArmRow& arm = arms[i % 4];
    row.wording = arm.wording, row.arm = arm.name;
    row.query = queries[i / 4 % 2].id, row.repeat = i / 8;
    row.outcome = iago::kOutcomes[data.integral_in_range<std::size_t>(0, 3)];
    row.raw = text(), row.reasoning = text(), row.scratchpad = text(), row.output = text();
    row.form = iago::kForms[data.integral_in_range<std::size_t>(0, 3)];
    row.form_rule = text(), row.model_version = text();
    row.finish = data.one_of({iago::Finish::stop, iago::Finish::refused});
    row.finish_reason = text(), row.provider_message = text(), row.reasoning_note = text();
    row.usage.generated = data.integral<std::uint64_t>();
    row.seconds = data.real();
    if (data.boolean()) row.reused_from = text();
    if (data.boolean()) row.token_logprobs = {-0.5f, -1.5f};
    if (!row.token_logprobs.empty() && data.boolean()) row.token_texts = {text(), text()};
    if (data.boolean()) {
      writer.append(iago::OpenTrialRow{
          .trial = row.trial,
          .wording = row.wording,
          .arm = row.arm,
          .query = row.query,
          .repeat = row.repeat,
          .cause = data.one_of({iago::OpenCause::rate_limit, iago::OpenCause::rejected}),
          .message = text()});
      if (data.boolean()) continue;
    }
    writer.append(row);
    writer.append(iago::Verdict{
        .trial = row.trial,
        .judge = judge.hash,
        .outcome = data.one_of(kVerdictOutcomes),
        .label = label(),
        .probability = data.real(),
        .votes = {{data.one_of(kVerdictOutcomes), text(), text()}},
        .evidence = {{text(), iago::ViewPart::output, text(), data.integral<std::size_t>()}},
        .why = text()});
  }
  iago::SessionRow session{.program = text(), .wall_s = data.real()};
  if (data.boolean()) {
    session.sent = iago::SentRecord{
        .base_url = text(), .extra_body = text(), .sampling = text(), .notes = {text()}};
  }
  writer.update_session(session);
  writer.close();
  if (data.boolean()) forge_rows(data);
}

// Up to a size, with some bytes replaced.
void write_damaged(iago::fuzz::InputBytes& data) {
  static const std::string sound = [] {
    const std::string rows(2000, 'r');
    iago::fuzz::InputBytes of_rows(reinterpret_cast<const std::uint8_t*>(rows.data()), rows.size());
    write_rows(of_rows);
    return iago::read_file(store_file(), std::size_t{1} << 20);
  }();
  remove_store();
  std::string damaged = sound;
  if (data.boolean()) damaged.resize(data.integral_in_range<std::size_t>(1, sound.size()));
  while (data.remaining_bytes() > 0) {
    const auto at = data.integral_in_range<std::size_t>(0, damaged.size() - 1);
    damaged[at] = data.integral<char>();
  }
  iago::write_file(store_file(), damaged);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  remove_store();
  try {
    iago::fuzz::InputBytes data(bytes + 1, size - 1);
    switch (bytes[0] % 3) {
      case 0:
        iago::write_file(store_file(), data.remaining_text());
        break;
      case 1:
        write_rows(data);
        break;
      default:
        write_damaged(data);
    }
    read_all();
  } catch (const iago::Error& error) {
    IAGO_CHECK(!std::string_view(error.what()).empty(), "an error without a message");
  }
  return 0;
}
