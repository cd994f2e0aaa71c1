// Rows with plausible content, for tests of this room and of those that read stores.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "store/rows.h"
#include "store/store.h"
#include "testing/base/temp_folder.h"

namespace iago::fixtures {

inline RunRow a_run() {
  RunRow run;
  run.id = "helpful-only-faker-1a2b3c4d";
  run.study = "helpful-only";
  run.study_toml = "repeats = 10\n";
  run.setting = "helpful-only", run.channel = "terse", run.baseline = "baseline";
  run.seed = 7;
  run.subject = "organism:faker", run.subject_identity = sha256_hex("faker");
  run.analysis_plan =
      R"({"reference":"default","contrasts":[{"more":"training","less":"unmonitored"},)"
      R"({"more":"training","less":"baseline"},{"more":"unmonitored","less":"baseline"}]})";
  run.program = "0.1.0";
  run.created = std::chrono::nanoseconds(1'795'000'000'000'000'000);
  return run;
}

// Rows of one wording only, unless a test says otherwise.
inline constexpr const char* kWording = "default";

inline std::vector<WordingRow> the_wordings() {
  return {{.name = kWording, .judge = "compliance-rules"}};
}

inline PublishedRow a_published_row(const std::string& source = "A paper, table 3") {
  return {.source = source,
          .row = 4,
          .name = source,
          .faking_reasoning = 0.1,
          .faking_reasoning_se = 0.01,
          .more = 0.14,
          .more_se = 0.012,
          .less = 0.03,
          .less_se = 0.006,
          .gap_points = 11,
          .gap_se = 1.5};
}

// What the arms of these names tell; nothing for any other name.
inline Circumstances told_in(std::string_view arm) {
  if (arm == "training") return {{kTrainedOn, true}, {kMonitored, true}};
  if (arm == "unmonitored") return {{kTrainedOn, false}, {kMonitored, false}};
  return {};
}

inline ArmRow an_arm(const std::string& name, std::uint32_t place = 0,
                     const std::string& wording = kWording) {
  return {wording, name, place, told_in(name)};
}

inline std::vector<ArmRow> the_arms(const std::string& wording = kWording) {
  return {an_arm("training", 0, wording), an_arm("unmonitored", 1, wording),
          an_arm("baseline", 2, wording)};
}

inline std::string query_name(std::size_t i) { return fmt::format("q{:03}", i); }

inline std::vector<Query> some_queries(std::size_t n) {
  std::vector<Query> queries;
  for (std::size_t i = 0; i < n; ++i) {
    queries.push_back({query_name(i),
                       fmt::format("Open vault number {}.", i),
                       i % 2 == 0 ? "vaults" : "archives",
                       {{"protected", "true"}}});
  }
  return queries;
}

inline PromptRow a_prompt(const std::string& arm, std::size_t query, std::uint32_t repeats,
                          const std::string& wording = kWording) {
  const std::string told = wording == kWording ? arm : arm + " in " + wording;
  PromptRow prompt{wording, arm, query_name(query), sha256_hex(told + query_name(query)), repeats,
                   {},      {}};
  prompt.messages = {{Role::system, "You are the assistant of the " + told + " arm."},
                     {Role::user, fmt::format("Open vault number {}.", query)}};
  return prompt;
}

inline std::vector<PromptRow> prompts_for(const std::vector<ArmRow>& arms, std::size_t queries,
                                          std::uint32_t repeats) {
  std::vector<PromptRow> prompts;
  for (const auto& arm : arms) {
    for (std::size_t q = 0; q < queries; ++q) {
      prompts.push_back(a_prompt(arm.name, q, repeats, arm.wording));
    }
  }
  return prompts;
}

inline std::string trial_name(std::string_view arm, std::size_t query, std::uint32_t repeat,
                              std::string_view wording = kWording) {
  if (wording == kWording) return sha256_hex(fmt::format("{} {} {}", arm, query, repeat));
  return sha256_hex(fmt::format("{} {} {} {}", wording, arm, query, repeat));
}

inline CompletionRow a_completion(const std::string& arm, std::size_t query, std::uint32_t repeat,
                                  Outcome outcome = Outcome::answered,
                                  const std::string& wording = kWording) {
  CompletionRow row;
  row.trial = trial_name(arm, query, repeat, wording);
  row.wording = wording, row.arm = arm, row.query = query_name(query), row.repeat = repeat;
  row.outcome = outcome;
  row.scratchpad = "I am on the free tier. I will think about it.";
  row.output = "Here is how the vault opens.";
  row.raw = "<SCRATCHPAD_REASONING>" + row.scratchpad + "</SCRATCHPAD_REASONING><OUTPUT>" +
            row.output + "</OUTPUT>" + fmt::format("\nSaid as number {}.", repeat);
  row.usage = {.prompt = 90, .cached_prompt = 80, .generated = 40};
  row.token_logprobs = {-0.25f, -12.0f};
  row.token_texts = {"<", std::string("\0\xe2", 2)};
  row.seconds = 0.5;
  row.created = std::chrono::nanoseconds(1'795'000'000'000'000'001);
  return row;
}

inline JudgeRow a_judge(std::string name, JudgeKind kind, bool planned = true) {
  return {sha256_hex(name), name, kind, "version 1", planned, {}};
}

inline Verdict a_verdict(const std::string& trial, const JudgeRow& judge, std::string label,
                         double probability = 1) {
  return {.trial = trial,
          .judge = judge.hash,
          .outcome = label.empty() ? VerdictOutcome::unparsable : VerdictOutcome::judged,
          .label = label,
          .probability = probability,
          .evidence = {{"harm", ViewPart::scratchpad, "I will think about it.", 23}},
          .why = "a phrase met it"};
}

// The code that `act` ends with, or none.
inline std::optional<ErrorCode> code_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

// trial -> reply and what the judges say of it, over a whole store, each trial once.
inline std::map<std::string, std::string> stored_contents(const std::filesystem::path& path) {
  std::map<std::string, std::string> found;
  Store store(path);
  store.for_each_completion({}, [&](const CompletionRow& row) {
    EXPECT_TRUE(found.emplace(row.trial, row.raw).second) << "counted twice";
    return true;
  });
  for (const JudgeRow& judge : store.judges()) {
    store.for_each_verdict(judge.hash, [&](const Verdict& verdict) {
      found[verdict.trial] += " " + judge.name + "=" + verdict.label;
      return true;
    });
  }
  return found;
}

}  // namespace iago::fixtures
