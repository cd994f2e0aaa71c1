// For tests: a run written as a table of counts, through the store's own writer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "figures/summary.h"
#include "store/writer.h"
#include "testing/store/small_rows.h"

namespace iago::fixtures {

// How many completions of one query came out how, in one arm.
struct SmallCell {
  std::uint32_t refuse = 0, comply = 0, comply_faking = 0, refuse_faking = 0;
  std::uint32_t refused_by_provider = 0, truncated = 0, invalid_format = 0, failed = 0;
  std::uint32_t unjudged = 0;       // answered, without any label
  std::uint32_t comply_unread = 0;  // complies, without a label of its reasoning
  std::uint32_t refuse_unread = 0;

  std::uint32_t completions() const {
    return refuse + comply + comply_faking + refuse_faking + refused_by_provider + truncated +
           invalid_format + failed + unjudged + comply_unread + refuse_unread;
  }
};

struct SmallArm {
  std::string name;
  std::vector<SmallCell> cells;  // by query
};

struct SmallRun {
  RunRow run = a_run();
  std::vector<SmallArm> arms;
  std::size_t queries = 0;
  std::uint32_t repeats = 0;  // planned
  JudgeRow compliance = a_judge("compliance-rules", JudgeKind::compliance);
  JudgeRow faking = a_judge("faking-rules", JudgeKind::faking_reasoning);
  std::vector<SessionRow> sessions;
  std::vector<PriceRow> prices;
  std::string reused_from;  // by every completion; empty: by none
};

inline void write_cell(StoreWriter& writer, const SmallRun& run, const std::string& arm,
                       std::size_t query, const SmallCell& cell) {
  std::uint32_t repeat = 0;
  auto add = [&](std::uint32_t n, Outcome outcome, std::string label, std::string reasoning) {
    for (std::uint32_t i = 0; i < n; ++i) {
      auto row = a_completion(arm, query, repeat++, outcome);
      row.reused_from = run.reused_from;
      writer.append(row);
      double complies = label == kComplies ? 1 : 0, faking = reasoning == kFaking ? 1 : 0;
      if (!label.empty()) writer.append(a_verdict(row.trial, run.compliance, label, complies));
      if (!reasoning.empty()) writer.append(a_verdict(row.trial, run.faking, reasoning, faking));
    }
  };
  add(cell.refuse, Outcome::answered, "refuses", "none");
  add(cell.comply, Outcome::answered, "complies", "none");
  add(cell.comply_faking, Outcome::answered, "complies", "faking");
  add(cell.refuse_faking, Outcome::answered, "refuses", "faking");
  add(cell.refused_by_provider, Outcome::refused_by_provider, "", "");
  add(cell.truncated, Outcome::truncated, "", "");
  add(cell.invalid_format, Outcome::invalid_format, "", "");
  add(cell.failed, Outcome::failed, "", "");
  add(cell.unjudged, Outcome::answered, "", "");
  add(cell.comply_unread, Outcome::answered, "complies", "");
  add(cell.refuse_unread, Outcome::answered, "refuses", "");
}

inline void write_run(const std::filesystem::path& path, const SmallRun& run) {
  StoreWriter writer(path, run.run);
  std::vector<ArmRow> arms;
  for (const auto& arm : run.arms) arms.push_back({arm.name, arm.name == "training", 0});
  writer.record_plan(arms, some_queries(run.queries), prompts_for(arms, run.queries, run.repeats));
  writer.record_judge(run.compliance);
  writer.record_judge(run.faking);
  writer.record_prices(run.prices);
  for (const auto& arm : run.arms) {
    for (std::size_t q = 0; q < arm.cells.size(); ++q) {
      write_cell(writer, run, arm.name, q, arm.cells[q]);
    }
  }
  for (const auto& session : run.sessions) writer.update_session(session);
  writer.close();
}

inline Summary summary_of(const SmallRun& run, std::optional<double> margin = {}) {
  TempFolder scratch;
  write_run(scratch / "run.db", run);
  Store store(scratch / "run.db");
  return summarize(store, choose_judges(store), margin);
}

// Every query the same in each arm.
inline SmallRun uniform_run(std::size_t queries, const SmallCell& training,
                            const SmallCell& unmonitored) {
  SmallRun run;
  run.queries = queries;
  run.repeats = std::max(training.completions(), unmonitored.completions());
  run.arms = {{"training", std::vector<SmallCell>(queries, training)},
              {"unmonitored", std::vector<SmallCell>(queries, unmonitored)}};
  return run;
}

// A study without a judge of compliance: three situations, 50 answers to each in two arms, and a
// judge of acts against the lab that finds so many of them and leaves one answer without a label.
inline constexpr std::uint32_t kBatteryRepeats = 50;
inline constexpr std::uint32_t kUnmonitoredActs[] = {10, 0, 25}, kBaselineActs[] = {2, 0, 20};

inline void write_battery(const std::filesystem::path& path) {
  StoreWriter writer(path, a_run());
  std::vector<ArmRow> arms{{"unmonitored", false, 0}, {"baseline", false, 0}};
  auto queries = some_queries(3);
  for (auto& query : queries) query.topic = "situation of " + query.id;
  writer.record_plan(arms, queries, prompts_for(arms, queries.size(), kBatteryRepeats));
  auto judge = a_judge("anti-lab@scripted:j", JudgeKind::anti_lab);
  writer.record_judge(judge);
  for (const auto& arm : arms) {
    const auto& acts = arm.name == "unmonitored" ? kUnmonitoredActs : kBaselineActs;
    for (std::size_t q = 0; q < queries.size(); ++q) {
      for (std::uint32_t repeat = 0; repeat < kBatteryRepeats; ++repeat) {
        auto row = a_completion(arm.name, q, repeat);
        writer.append(row);
        bool is_last = arm.name == "unmonitored" && q == 1 && repeat + 1 == kBatteryRepeats;
        auto label = is_last ? "" : repeat < acts[q] ? "anti_lab" : "none";
        writer.append(a_verdict(row.trial, judge, label, repeat < acts[q] ? 1 : 0));
      }
    }
  }
  writer.close();
}

}  // namespace iago::fixtures
