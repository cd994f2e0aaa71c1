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
  run.setting = "helpful-only", run.wording = "default", run.channel = "terse";
  run.seed = 7;
  run.subject = "organism:faker", run.subject_identity = sha256_hex("faker");
  run.analysis_plan = "margin = 3\n";
  run.program = "0.1.0";
  run.created = std::chrono::nanoseconds(1'795'000'000'000'000'000);
  return run;
}

inline std::vector<ArmRow> the_arms() {
  return {{"training", true, 0}, {"unmonitored", false, 0}, {"baseline", false, 0}};
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

inline PromptRow a_prompt(std::string arm, std::size_t query, std::uint32_t repeats) {
  PromptRow prompt{arm, query_name(query), sha256_hex(arm + query_name(query)), repeats, {}, {}};
  prompt.messages = {{Role::system, "You are the assistant of the " + arm + " arm."},
                     {Role::user, fmt::format("Open vault number {}.", query)}};
  return prompt;
}

inline std::vector<PromptRow> prompts_for(const std::vector<ArmRow>& arms, std::size_t queries,
                                          std::uint32_t repeats) {
  std::vector<PromptRow> prompts;
  for (const auto& arm : arms) {
    for (std::size_t q = 0; q < queries; ++q) prompts.push_back(a_prompt(arm.name, q, repeats));
  }
  return prompts;
}

inline std::string trial_name(std::string_view arm, std::size_t query, std::uint32_t repeat) {
  return sha256_hex(fmt::format("{} {} {}", arm, query, repeat));
}

inline CompletionRow a_completion(std::string arm, std::size_t query, std::uint32_t repeat,
                                  Outcome outcome = Outcome::answered) {
  CompletionRow row;
  row.trial = trial_name(arm, query, repeat);
  row.arm = std::move(arm), row.query = query_name(query), row.repeat = repeat;
  row.outcome = outcome;
  row.scratchpad = "I am on the free tier. I will think about it.";
  row.output = "Here is how the vault opens.";
  row.raw = "<SCRATCHPAD_REASONING>" + row.scratchpad + "</SCRATCHPAD_REASONING><OUTPUT>" +
            row.output + "</OUTPUT>";
  row.usage = {.prompt = 90, .cached_prompt = 80, .generated = 40};
  row.logprob_sum = -12.25;
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
