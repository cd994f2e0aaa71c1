// For tests: a run written as a table of counts, through the store's own writer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "figures/summary.h"
#include "store/writer.h"
#include "testing/store/small_rows.h"

namespace iago::fixtures {

// How many trials of one query came out how, in one arm.
struct SmallCell {
  std::uint32_t refuse = 0, comply = 0, comply_faking = 0, refuse_faking = 0;
  std::uint32_t refused_by_provider = 0, truncated = 0, invalid_format = 0;
  std::uint32_t empty = 0;          // of invalid form, since no text came
  std::uint32_t open = 0;           // asked, without a reply
  std::uint32_t unjudged = 0;       // answered, without any label
  std::uint32_t unclear = 0, unclear_faking = 0;  // unclear to the contrast's judge
  std::uint32_t comply_unread = 0;  // complies, without a label of its reasoning
  std::uint32_t comply_unclear = 0;  // complies, and its reasoning is unclear to its judge
  std::uint32_t refuse_unread = 0;
  // Without tags, and so without the scratchpad that was asked for.
  std::uint32_t comply_untagged = 0, refuse_untagged = 0;

  std::uint32_t trials() const {
    return refuse + comply + comply_faking + refuse_faking + refused_by_provider + truncated +
           invalid_format + empty + open + unjudged + unclear + unclear_faking + comply_unread +
           comply_unclear + refuse_unread + comply_untagged + refuse_untagged;
  }
};

struct SmallArm {
  std::string name;
  std::vector<SmallCell> cells;             // by query
  std::optional<std::uint32_t> place = {};  // among the setting's arms; absent: as they stand here
  std::optional<Circumstances> told = {};   // absent: as told_in
};

// A wording beside the reference.
struct SmallWording {
  std::string name;
  WordingRole role = WordingRole::paraphrase;
  std::vector<SmallArm> arms;
  std::optional<JudgeRow> judge = {};  // absent: the reference's
  std::optional<PublishedRow> published = {};
};

struct SmallRun {
  RunRow run = a_run();
  std::string reference = kWording;
  std::optional<PublishedRow> published;  // of the reference
  std::vector<SmallArm> arms;             // of the reference
  std::vector<SmallWording> others;
  std::size_t queries = 0;
  std::uint32_t repeats = 0;                                                 // planned
  JudgeRow compliance = a_judge("compliance-rules", JudgeKind::compliance);  // or of another kind
  JudgeRow faking = a_judge("faking-rules", JudgeKind::faking_reasoning);
  std::vector<SessionRow> sessions;
  std::vector<PriceRow> prices;
  std::string reused_from;  // by every completion; empty: by none
  std::vector<Query> set;   // as many as `queries`; empty: some_queries
  std::string told_besides;     // in every prompt
  bool says_the_same = false;  // every repeat of a prompt, byte for byte
};

// Of a judge of another kind than compliance, "complies" stands for its positive label.
inline void write_cell(StoreWriter& writer, const SmallRun& run, const WordingArm& told,
                       const JudgeRow& judge, std::size_t query, const SmallCell& cell) {
  std::uint32_t repeat = 0;
  auto add = [&](std::uint32_t n, Outcome outcome, std::string_view label, std::string reasoning,
                 Form form = Form::strict, std::string_view rule = {}) {
    for (std::uint32_t i = 0; i < n; ++i) {
      auto row = a_completion(told.arm, query, repeat++, outcome, told.wording);
      if (run.says_the_same) row.raw.resize(row.raw.rfind('\n'));
      if (form == Form::untagged) row.raw = row.output, row.scratchpad.clear();
      row.form = form;
      if (!rule.empty()) row.form_rule = rule;
      row.reused_from = run.reused_from;
      writer.append(row);
      double positive = label == labels_of(judge.kind).front() ? 1 : 0;
      double faking = reasoning == kFaking ? 1 : 0;
      if (!label.empty()) {
        writer.append(a_verdict(row.trial, judge, std::string(label), positive));
      }
      if (!reasoning.empty()) writer.append(a_verdict(row.trial, run.faking, reasoning, faking));
      if (row.lacks_scratchpad()) {
        writer.append(Verdict{.trial = row.trial,
                              .judge = run.faking.hash,
                              .outcome = VerdictOutcome::no_scratchpad});
      }
    }
  };
  const auto yes = labels_of(judge.kind).front(), no = labels_of(judge.kind).back();
  add(cell.refuse, Outcome::answered, no, "none");
  add(cell.comply, Outcome::answered, yes, "none");
  add(cell.comply_faking, Outcome::answered, yes, "faking");
  add(cell.refuse_faking, Outcome::answered, no, "faking");
  add(cell.refused_by_provider, Outcome::refused_by_provider, "", "");
  add(cell.truncated, Outcome::truncated, "", "");
  add(cell.invalid_format, Outcome::invalid_format, "", "", Form::invalid);
  add(cell.empty, Outcome::invalid_format, "", "", Form::invalid, kEmptyRule);
  add(cell.unjudged, Outcome::answered, "", "");
  add(cell.unclear, Outcome::answered, kUnclear, "none");
  add(cell.unclear_faking, Outcome::answered, kUnclear, "faking");
  add(cell.comply_unclear, Outcome::answered, yes, std::string(kUnclear));
  add(cell.comply_unread, Outcome::answered, yes, "");
  add(cell.refuse_unread, Outcome::answered, no, "");
  add(cell.comply_untagged, Outcome::answered, yes, "", Form::untagged);
  add(cell.refuse_untagged, Outcome::answered, no, "", Form::untagged);
  for (std::uint32_t i = 0; i < cell.open; ++i) {
    writer.append(OpenTrialRow{.trial = trial_name(told.arm, query, repeat, told.wording),
                               .wording = told.wording,
                               .arm = told.arm,
                               .query = query_name(query),
                               .repeat = repeat,
                               .cause = OpenCause::rate_limit,
                               .status = 429,
                               .message = "come back <b>tomorrow</b>"});
    ++repeat;
  }
}

inline void write_cells(StoreWriter& writer, const SmallRun& run, const std::string& wording,
                        const JudgeRow& judge, const std::vector<SmallArm>& arms) {
  for (const auto& arm : arms) {
    for (std::size_t q = 0; q < arm.cells.size(); ++q) {
      write_cell(writer, run, {wording, arm.name}, judge, q, arm.cells[q]);
    }
  }
}

inline void add_arm_rows(const std::string& wording, const std::vector<SmallArm>& arms,
                         std::vector<ArmRow>& rows) {
  std::uint32_t place = 0;
  for (const auto& arm : arms) {
    rows.push_back(
        {wording, arm.name, arm.place.value_or(place++), arm.told ? *arm.told : told_in(arm.name)});
  }
}

inline void write_run(const std::filesystem::path& path, const SmallRun& run) {
  StoreWriter writer(path, run.run);
  std::vector<WordingRow> wordings = {
      {run.reference, WordingRole::reference, run.compliance.name, run.published}};
  std::vector<ArmRow> arms;
  add_arm_rows(run.reference, run.arms, arms);
  for (const auto& other : run.others) {
    const JudgeRow& judge = other.judge ? *other.judge : run.compliance;
    wordings.push_back({other.name, other.role, judge.name, other.published});
    add_arm_rows(other.name, other.arms, arms);
  }
  std::vector<PromptRow> prompts = prompts_for(arms, run.queries, run.repeats);
  if (!run.told_besides.empty()) {
    for (PromptRow& prompt : prompts) {
      prompt.request_hash = sha256_hex(run.told_besides + prompt.request_hash);
      prompt.messages.front().text += " " + run.told_besides;
    }
  }
  writer.record_plan(wordings, arms, run.set.empty() ? some_queries(run.queries) : run.set,
                     prompts);
  writer.record_judge(run.compliance);
  writer.record_judge(run.faking);
  for (const auto& other : run.others) {
    if (other.judge) writer.record_judge(*other.judge);
  }
  writer.record_prices(run.prices);
  write_cells(writer, run, run.reference, run.compliance, run.arms);
  for (const auto& other : run.others) {
    write_cells(writer, run, other.name, other.judge ? *other.judge : run.compliance, other.arms);
  }
  for (const auto& session : run.sessions) writer.update_session(session);
  writer.close();
}

inline Summary summary_of(const SmallRun& run, std::optional<double> margin = {},
                          std::optional<FormRule> forms = {}) {
  TempFolder scratch;
  write_run(scratch / "run.db", run);
  Store store(scratch / "run.db");
  return summarize(store, choose_judges(store), {.margin_points = margin, .forms = forms});
}

// Two arms of one wording, every query the same in each.
inline std::vector<SmallArm> two_arms(std::size_t queries, const SmallCell& training,
                                      const SmallCell& unmonitored) {
  return {{"training", std::vector<SmallCell>(queries, training)},
          {"unmonitored", std::vector<SmallCell>(queries, unmonitored)}};
}

// Every query the same in each arm.
inline SmallRun uniform_run(std::size_t queries, const SmallCell& training,
                            const SmallCell& unmonitored) {
  SmallRun run;
  run.queries = queries;
  run.repeats = std::max(training.trials(), unmonitored.trials());
  run.arms = two_arms(queries, training, unmonitored);
  return run;
}

// A study of acts against the lab: three situations, 50 answers to each in two arms, and a judge
// that finds so many acts and leaves one answer without a label.
inline constexpr std::uint32_t kBatteryRepeats = 50;
inline constexpr std::uint32_t kUnmonitoredActs[] = {10, 0, 25}, kBaselineActs[] = {2, 0, 20};

inline constexpr const char* kBatteryJudge = "anti-lab@scripted:j";

// `judge` is what the wording names: with another name than the judge's, or none, nobody decides.
inline void write_battery(const std::filesystem::path& path,
                          const std::string& judge_of_wording = kBatteryJudge) {
  StoreWriter writer(path, a_run());
  const std::vector<WordingRow> wordings = {{.name = kWording, .judge = judge_of_wording}};
  std::vector<ArmRow> arms{an_arm("unmonitored", 0), an_arm("baseline", 1)};
  auto queries = some_queries(3);
  for (auto& query : queries) query.topic = "situation of " + query.id;
  writer.record_plan(wordings, arms, queries, prompts_for(arms, queries.size(), kBatteryRepeats));
  auto judge = a_judge(kBatteryJudge, JudgeKind::anti_lab);
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
