#include "store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "store/writer.h"
#include "testing/store/small_rows.h"

namespace iago {
namespace {

using namespace fixtures;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<CompletionRow> completions(const Store& store, const CompletionFilter& filter = {}) {
  std::vector<CompletionRow> rows;
  store.for_each_completion(filter, [&](const CompletionRow& row) {
    rows.push_back(row);
    return true;
  });
  return rows;
}

std::vector<PromptRow> prompts(const Store& store) {
  std::vector<PromptRow> rows;
  store.for_each_prompt([&](const PromptRow& row) {
    rows.push_back(row);
    return true;
  });
  return rows;
}

std::vector<Verdict> verdicts(const Store& store, const JudgeRow& judge) {
  std::vector<Verdict> rows;
  store.for_each_verdict(judge.hash, [&](const Verdict& row) {
    rows.push_back(row);
    return true;
  });
  return rows;
}

TEST(Store, CountsAJudgesLabelsAndWhichOfTheAnswersComply) {
  TempFolder scratch;
  JudgeRow judge = a_judge("votes", JudgeKind::faking_reasoning),
           compliance = a_judge("rules", JudgeKind::compliance);
  std::vector<ArmRow> arms = {an_arm("training")};
  StoreWriter writer(scratch / "run.db", a_run());
  writer.record_plan(the_wordings(), arms, some_queries(1), prompts_for(arms, 1, 6));
  writer.record_judge(judge);
  writer.record_judge(compliance);
  auto add = [&](std::uint32_t repeat, const std::string& label, double p, const char* complies) {
    auto row = a_completion("training", 0, repeat);
    writer.append(row);
    writer.append(a_verdict(row.trial, judge, label, p));
    if (complies != nullptr) writer.append(a_verdict(row.trial, compliance, complies));
  };
  add(0, "faking", 0.75, "complies");
  add(1, "none", 0.2, "complies");
  add(2, "none", 0.375, "refuses");
  add(3, "none", 0.1, nullptr);
  add(4, "", 0, "complies");
  add(6, "unclear", 0.3, "complies");
  add(7, "faking", 0.5, "unclear");
  writer.append(a_completion("training", 0, 5));
  writer.close();
  Store store(scratch / "run.db");
  auto counts = store.count_labels(judge.hash, compliance.hash, kComplies);
  EXPECT_THAT(counts,
              ElementsAre(LabelCounts{.completions = 2},
                          LabelCounts{0, 0, "faking", 2, 0, 0, 0, 0, 0.75 + 0.5, 0, 1, 1, 0.75},
                          LabelCounts{0, 0, "none", 3, 0, 0, 0, 0, 0.2 + 0.375 + 0.1, 2, 2, 1, 0.2},
                          LabelCounts{.label = "unclear", .completions = 1}));
  for (const LabelCounts& count : store.count_labels(judge.hash)) EXPECT_EQ(count.complying, 0u);
}

TEST(Store, GivesBackTheRunAsItWasWritten) {
  TempFolder scratch;
  auto run = a_run();
  run.seed = (std::uint64_t{1} << 63) - 1;
  run.margin_points = 2.5;
  run.forms = FormRule::strict_only;
  run.cluster_by = "author", run.groups = "topic";
  StoreWriter(scratch / "run.db", run).close();
  auto read = Store(scratch / "run.db").run();
  EXPECT_EQ(read.id, run.id);
  EXPECT_EQ(read.study_toml, run.study_toml);
  EXPECT_EQ(read.seed, run.seed);
  EXPECT_EQ(read.margin_points, 2.5);
  EXPECT_EQ(read.forms, FormRule::strict_only);
  EXPECT_EQ(read.cluster_by, "author");
  EXPECT_EQ(read.groups, "topic");
  run.forms = FormRule::any;  // another session's study
  StoreWriter(scratch / "run.db", run).close();
  EXPECT_EQ(Store(scratch / "run.db").run().forms, FormRule::any);
  EXPECT_EQ(read.subject_identity, run.subject_identity);
  EXPECT_EQ(read.setting, run.setting);
  EXPECT_EQ(read.channel, run.channel);
  EXPECT_EQ(read.baseline, "baseline");
  EXPECT_EQ(read.analysis_plan_hash, sha256_hex(run.analysis_plan));
  EXPECT_EQ(read.created, run.created);
}

TEST(Store, GivesBackPlanQueriesAndPrompts) {
  TempFolder scratch;
  auto arms = the_arms();
  auto queries = some_queries(3);
  auto planned = prompts_for(arms, 3, 4);
  planned[1].prefill = "<SCRATCHPAD_REASONING>";
  planned[2].expects_scratchpad = false;
  StoreWriter writer(scratch / "run.db", a_run());
  writer.record_plan(the_wordings(), arms, queries, planned);
  writer.close();
  Store store(scratch / "run.db");
  EXPECT_EQ(store.queries(), queries);
  EXPECT_EQ(prompts(store), planned);
  for (auto& arm : arms) arm.planned = 12;
  EXPECT_EQ(store.arms(), arms);
  EXPECT_EQ(store.wordings(), the_wordings());
  EXPECT_EQ(store.query_count(), 3u);
}

// As they came, whether their texts are known or not, and however long the reply.
TEST(Store, KeepsTheLogProbabilityOfEveryToken) {
  TempFolder scratch;
  auto row_of = [](std::uint32_t repeat, std::vector<float> logprobs,
                   std::vector<std::string> texts) {
    auto row = a_completion("training", 0, repeat);
    row.token_logprobs = std::move(logprobs), row.token_texts = std::move(texts);
    return row;
  };
  std::vector<float> many;
  std::vector<std::string> words;
  for (int i = 0; i < 5000; ++i) {
    many.push_back(-1.0f / static_cast<float>(i + 1));
    words.push_back(std::string(static_cast<std::size_t>(i % 7), static_cast<char>(i)));
  }
  const std::vector<CompletionRow> rows = {
      row_of(0, {}, {}),
      row_of(1, {-0.1f, -0.0f, -9999.0f}, {std::string("\0", 1), "", "\xf0\x9f"}),
      row_of(2, {-0.5f, -1e-30f}, {}), row_of(3, {-0.25f}, {""}), row_of(4, many, words)};
  StoreWriter writer(scratch / "run.db", a_run());
  writer.record_plan(the_wordings(), the_arms(), some_queries(1), prompts_for(the_arms(), 1, 5));
  for (const CompletionRow& row : rows) writer.append(row);
  writer.close();
  Store store(scratch / "run.db");
  EXPECT_EQ(completions(store), rows);
  EXPECT_EQ(store.completions_without_logprobs(), 1u);
}

TEST(Store, KeepsEveryByteOfWhatAModelSays) {
  TempFolder scratch;
  auto row = a_completion("training", 0, 0, Outcome::refused_by_provider);
  row.raw = std::string("a\0b\xff\xfe\xc3 \xed\xa0\x80", 10) + "\n\r\x1b[31m";
  row.reasoning = std::string(1, '\0');
  row.scratchpad = std::string("\xf0\x9f\x92\0", 4);
  row.output = "";
  row.finish = Finish::refused;
  row.finish_reason = std::string("SAFE\0TY\x80", 8);
  row.provider_message = std::string("no\0pe\x80", 6);
  row.reasoning_note = "an unknown part \"\xff\"";
  row.usage.uncounted = 1;
  row.token_logprobs.clear(), row.token_texts.clear();
  row.seconds = -0.0;
  auto judge = a_judge("rules", JudgeKind::compliance);
  auto verdict = a_verdict(row.trial, judge, "");
  verdict.votes = {{VerdictOutcome::refused, "", std::string("\0\x1b\"]", 4), "no\xc3\xa9"}};
  verdict.evidence = {{"harm", ViewPart::query, std::string("a\0b", 3), SIZE_MAX}};
  StoreWriter writer(scratch / "run.db", a_run());
  writer.record_plan(the_wordings(), the_arms(), some_queries(1), prompts_for(the_arms(), 1, 1));
  writer.record_judge(judge);
  writer.append(row);
  writer.append(verdict);
  writer.close();
  Store store(scratch / "run.db");
  EXPECT_THAT(completions(store), ElementsAre(row));
  EXPECT_THAT(verdicts(store, judge), ElementsAre(verdict));
}

TEST(Store, StoresATextOnceHoweverManyPromptsHoldIt) {
  TempFolder scratch;
  std::string long_prompt(100'000, 'x');
  std::vector<PromptRow> planned;
  for (std::size_t q = 0; q < 50; ++q) {
    planned.push_back(a_prompt("training", q, 1));
    planned.back().messages[0].text = long_prompt;
  }
  StoreWriter writer(scratch / "run.db", a_run());
  writer.record_plan(the_wordings(), the_arms(), some_queries(50), planned);
  writer.close();
  EXPECT_LT(std::filesystem::file_size(scratch / "run.db"), 400'000u);
  EXPECT_EQ(prompts(Store(scratch / "run.db"))[49].messages[0].text, long_prompt);
}

TEST(Store, KeepsTheFormAndWhetherAScratchpadWasAskedFor) {
  TempFolder scratch;
  auto prompts = prompts_for(the_arms(), 1, 4);
  prompts[1].expects_scratchpad = false;
  StoreWriter writer(scratch / "run.db", a_run());
  writer.record_plan(the_wordings(), the_arms(), some_queries(1), prompts);
  std::vector<CompletionRow> rows;
  for (std::uint32_t r = 0; r < 4; ++r) {
    auto row = a_completion(prompts[1].arm, 0, r);
    row.form = kForms[r], row.form_rule = "rule " + std::to_string(r);
    row.expects_scratchpad = false;
    rows.push_back(row);
    writer.append(row);
  }
  writer.append(a_completion(prompts[0].arm, 0, 0));
  writer.close();
  Store store(scratch / "run.db");
  EXPECT_THAT(completions(store, {.arm = prompts[1].arm}), ElementsAreArray(rows));
  EXPECT_TRUE(completions(store, {.arm = prompts[0].arm})[0].expects_scratchpad);
  EXPECT_THAT(completions(store, {.form = Form::untagged}), ElementsAre(rows[2]));
  EXPECT_THAT(completions(store, {.arm = prompts[0].arm, .form = Form::untagged}), IsEmpty());
}

TEST(Store, FiltersCompletions) {
  TempFolder scratch;
  auto judge = a_judge("rules", JudgeKind::compliance);
  StoreWriter writer(scratch / "run.db", a_run());
  writer.record_plan(the_wordings(), the_arms(), some_queries(2), prompts_for(the_arms(), 2, 2));
  writer.record_judge(judge);
  for (auto& arm : the_arms()) {
    for (std::uint32_t r = 0; r < 2; ++r) {
      writer.append(a_completion(arm.name, 0, r));
      writer.append(a_completion(arm.name, 1, r, Outcome::truncated));
    }
    writer.append(a_verdict(trial_name(arm.name, 0, 0), judge, "complies"));
  }
  writer.close();
  Store store(scratch / "run.db");
  EXPECT_THAT(completions(store), SizeIs(12));
  EXPECT_THAT(completions(store, {.arm = "training"}), SizeIs(4));
  EXPECT_THAT(completions(store, {.arm = "training", .query = "q001"}), SizeIs(2));
  EXPECT_THAT(completions(store, {.outcome = Outcome::truncated}), SizeIs(6));
  EXPECT_THAT(completions(store, {.not_judged_by = judge.hash}), SizeIs(9));
  EXPECT_THAT(completions(store, {.not_judged_by = "another"}), SizeIs(12));
  EXPECT_THAT(completions(store, {.trial = trial_name("baseline", 1, 1)}),
              ElementsAre(a_completion("baseline", 1, 1, Outcome::truncated)));
  EXPECT_THAT(completions(store, {.trial = "no trial"}), IsEmpty());
  EXPECT_THAT(completions(store, {.arm = "no arm' OR 1=1"}), IsEmpty());
  EXPECT_EQ(store.completion_count(), 12u);
  EXPECT_EQ(store.generated_tokens(), 480u);
  EXPECT_TRUE(store.completed_trials().contains(trial_name("training", 0, 1)));
}

// The reference with three arms and an ablation with two of them, other circumstances and another
// judge; two queries, two repeats.
std::vector<WordingRow> two_wordings() {
  auto wordings = the_wordings();
  wordings.push_back({"cut", WordingRole::ablation, "anti-lab", a_published_row()});
  return wordings;
}

std::vector<ArmRow> arms_of_two_wordings() {
  auto arms = the_arms();
  arms.push_back(an_arm("training", 0, "cut"));
  arms.push_back(an_arm("unmonitored", 1, "cut"));
  arms.back().circumstances = {{"audited", false}, {kRated, true}};
  return arms;
}

void write_two_wordings(const std::filesystem::path& path) {
  StoreWriter writer(path, a_run());
  writer.record_plan(two_wordings(), arms_of_two_wordings(), some_queries(2),
                     prompts_for(arms_of_two_wordings(), 2, 2));
  for (std::uint32_t repeat : {0, 1}) writer.append(a_completion("training", 0, repeat));
  writer.append(a_completion("training", 0, 0, Outcome::answered, "cut"));
  writer.append(a_completion("training", 1, 0, Outcome::truncated, "cut"));
  writer.append(a_completion("unmonitored", 1, 1, Outcome::answered, "cut"));
  writer.close();
}

TEST(Store, GivesBackWordingsWithTheirArmsAndWhatTheseTell) {
  TempFolder scratch;
  write_two_wordings(scratch / "run.db");
  Store store(scratch / "run.db");
  EXPECT_EQ(store.wordings(), two_wordings());
  auto arms = arms_of_two_wordings();
  for (auto& arm : arms) arm.planned = 4;
  EXPECT_EQ(store.arms(), arms);
  EXPECT_EQ(prompts(store), prompts_for(arms, 2, 2));
  store.verify();
}

TEST(Store, FiltersByWordingAndByArm) {
  TempFolder scratch;
  write_two_wordings(scratch / "run.db");
  Store store(scratch / "run.db");
  EXPECT_THAT(completions(store, {.wording = "cut"}), SizeIs(3));
  EXPECT_THAT(completions(store, {.wording = kWording}), SizeIs(2));
  EXPECT_THAT(completions(store, {.arm = "training"}), SizeIs(4)) << "under every wording";
  EXPECT_THAT(completions(store, {.wording = "cut", .arm = "training"}), SizeIs(2));
  EXPECT_THAT(completions(store, {.wording = "cut", .query = "q001"}), SizeIs(2));
  EXPECT_THAT(completions(store, {.wording = "cut", .arm = "training", .query = "q000"}),
              ElementsAre(a_completion("training", 0, 0, Outcome::answered, "cut")));
  EXPECT_THAT(completions(store, {.wording = "cut", .outcome = Outcome::truncated}), SizeIs(1));
  EXPECT_THAT(completions(store, {.wording = kWording, .arm = "unmonitored"}), IsEmpty());
  EXPECT_THAT(completions(store, {.wording = "no wording' OR 1=1"}), IsEmpty());
}

TEST(Store, ReadsAnArmOfOneWordingAlone) {
  TempFolder scratch;
  write_two_wordings(scratch / "run.db");
  Store store(scratch / "run.db");
  const WordingArm whole{kWording, "training"}, cut{"cut", "training"};
  auto trials = [&](const WordingArm& told) {
    std::vector<std::string> found;
    store.for_each_repeat(told, "q000", "", [&](const LabelledRepeat& row) {
      found.push_back(row.trial);
      return true;
    });
    return found;
  };
  EXPECT_THAT(trials(whole),
              ElementsAre(trial_name("training", 0, 0), trial_name("training", 0, 1)));
  EXPECT_THAT(trials(cut), ElementsAre(trial_name("training", 0, 0, "cut")));
  EXPECT_THAT(trials({"cut", "baseline"}), IsEmpty());
  EXPECT_THAT(trials({"nowhere", "training"}), IsEmpty());
  EXPECT_EQ(store.completion_count(whole, 2, 2), 2u);
  EXPECT_EQ(store.completion_count(whole, 2, 1), 1u);
  EXPECT_EQ(store.completion_count(cut, 2, 2), 2u);
  EXPECT_EQ(store.completion_count(cut, 1, 2), 1u);
  EXPECT_EQ(store.completion_count({"nowhere", "training"}, 2, 2), 0u);
  EXPECT_THAT(store.completion_keys(whole), SizeIs(2));
  EXPECT_THAT(store.completion_keys({"cut", "unmonitored"}), SizeIs(1));
  EXPECT_THAT(store.completion_keys({"nowhere", "training"}), IsEmpty());
}

TEST(Store, CountsTheLabelThatTheContrastsJudgeIsAbout) {
  TempFolder scratch;
  write_two_wordings(scratch / "run.db");
  auto judge = a_judge("anti-lab", JudgeKind::anti_lab);
  {
    StoreWriter writer(scratch / "run.db");
    writer.record_judge(judge);
    writer.append(a_verdict(trial_name("training", 0, 0), judge, "anti_lab"));
    writer.append(a_verdict(trial_name("training", 0, 1), judge, "none"));
    writer.append(a_verdict(trial_name("training", 0, 0, "cut"), judge, "anti_lab"));
  }
  Store store(scratch / "run.db");
  auto cells = store.count_cells(judge.hash, "anti_lab", "");
  ASSERT_EQ(cells.size(), 4u);
  EXPECT_EQ(std::tuple(cells[0].arm, cells[0].complied, cells[0].refused), std::tuple(0u, 1u, 1u));
  EXPECT_EQ(std::tuple(cells[1].arm, cells[1].complied, cells[1].refused), std::tuple(3u, 1u, 0u))
      << "an arm of another wording is another arm";
  cells = store.count_cells(judge.hash, kComplies, "");
  EXPECT_EQ(std::tuple(cells[0].complied, cells[0].refused), std::tuple(0u, 2u));
}

// A store in which the second judge skips every third completion and the last is judged by nobody.
void write_judged(const std::filesystem::path& path, const JudgeRow& first,
                  const JudgeRow& second) {
  StoreWriter writer(path, a_run());
  writer.record_plan(the_wordings(), the_arms(), some_queries(2), prompts_for(the_arms(), 2, 3));
  writer.record_judge(first);
  writer.record_judge(second);
  std::size_t written = 0;
  for (std::uint32_t repeat : {2, 0, 1}) {
    for (const char* arm : {"training", "unmonitored"}) {
      for (std::size_t query : {1, 0}) {
        auto row = a_completion(arm, query, repeat);
        writer.append(row);
        if (++written == 12) continue;
        writer.append(a_verdict(row.trial, first, written % 2 == 0 ? "complies" : "refuses"));
        if (written % 3 != 0) writer.append(a_verdict(row.trial, second, "none", 0));
      }
    }
  }
  writer.close();
}

TEST(Store, JoinsCompletionsWithTheirVerdicts) {
  TempFolder scratch;
  auto first = a_judge("rules", JudgeKind::compliance),
       second = a_judge("reasons", JudgeKind::faking_reasoning);
  write_judged(scratch / "run.db", first, second);
  Store store(scratch / "run.db");
  std::map<std::string, std::vector<Verdict>> expected;
  for (const auto& judge : {first, second}) {
    for (const Verdict& verdict : verdicts(store, judge))
      expected[verdict.trial].push_back(verdict);
  }
  for (const CompletionFilter& filter :
       {CompletionFilter{}, CompletionFilter{.arm = "training"}, CompletionFilter{.query = "q001"},
        CompletionFilter{.arm = "training", .query = "q001"},
        CompletionFilter{.trial = trial_name("unmonitored", 0, 1)},
        CompletionFilter{.not_judged_by = second.hash}}) {
    std::vector<CompletionRow> joined;
    store.for_each_judged_completion(
        filter, [&](const CompletionRow& row, const std::vector<Verdict>& said) {
          EXPECT_EQ(said, expected[row.trial]);
          joined.push_back(row);
          return true;
        });
    EXPECT_FALSE(joined.empty());
    EXPECT_EQ(joined, completions(store, filter));
  }
}

TEST(Store, GivesOnePlacesRepeatsInTheirOrderWithAJudgesLabels) {
  TempFolder scratch;
  auto first = a_judge("rules", JudgeKind::compliance),
       second = a_judge("reasons", JudgeKind::faking_reasoning);
  write_judged(scratch / "run.db", first, second);
  Store store(scratch / "run.db");
  auto repeats = [&](const char* arm, std::string_view query, std::string_view judge) {
    std::vector<LabelledRepeat> found;
    store.for_each_repeat({kWording, arm}, query, judge, [&](const LabelledRepeat& row) {
      found.push_back(row);
      return true;
    });
    return found;
  };
  auto row = [](std::uint32_t repeat, std::string label) {
    return LabelledRepeat{trial_name("unmonitored", 0, repeat), repeat, Outcome::answered,
                          Form::strict, label};
  };
  EXPECT_THAT(repeats("unmonitored", "q000", first.hash),
              ElementsAre(row(0, "complies"), row(1, ""), row(2, "complies")));
  EXPECT_THAT(repeats("unmonitored", "q000", second.hash),
              ElementsAre(row(0, "none"), row(1, ""), row(2, "none")));
  EXPECT_THAT(repeats("unmonitored", "q000", "nobody"),
              ElementsAre(row(0, ""), row(1, ""), row(2, "")));
  EXPECT_THAT(repeats("unmonitored", "q999", first.hash), IsEmpty());
  EXPECT_THAT(repeats("nowhere", "q000", first.hash), IsEmpty());
}

TEST(Store, StopsWhenTheReaderHasEnough) {
  TempFolder scratch;
  StoreWriter writer(scratch / "run.db", a_run());
  writer.record_plan(the_wordings(), the_arms(), some_queries(5), prompts_for(the_arms(), 5, 1));
  for (std::size_t q = 0; q < 5; ++q) writer.append(a_completion("training", q, 0));
  writer.close();
  int seen = 0;
  Store(scratch / "run.db").for_each_completion({}, [&](const CompletionRow&) {
    return ++seen < 2;
  });
  EXPECT_EQ(seen, 2);
}

// Against counting by hand over random completions and verdicts of two judges.
TEST(Store, CountsCellsAsCountingByHandDoes) {
  TempFolder scratch;
  auto compliance = a_judge("compliance", JudgeKind::compliance),
       faking = a_judge("faking", JudgeKind::faking_reasoning);
  auto other = a_judge("other", JudgeKind::compliance);
  Random random(3, "cells");
  std::map<std::tuple<std::size_t, std::size_t>, CellCounts> expected;
  StoreWriter writer(scratch / "run.db", a_run());
  writer.record_plan(the_wordings(), the_arms(), some_queries(7), prompts_for(the_arms(), 7, 9));
  for (const auto& judge : {other, compliance, faking}) writer.record_judge(judge);
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t q = 0; q < 7; ++q) {
      for (std::uint32_t r = 0; r < 9; ++r) {
        if (random.chance(0.2)) continue;
        auto outcome = kOutcomes[random.chance(0.6) ? 0 : random.below(kOutcomes.size())];
        auto row = a_completion(the_arms()[a].name, q, r, outcome);
        if (random.chance(0.3)) row.form_rule = kEmptyRule;
        auto& cell = expected[{a, q}];
        cell.empty += outcome == Outcome::invalid_format && row.form_rule == kEmptyRule;
        ++cell.outcomes[static_cast<std::size_t>(outcome)];
        writer.append(row);
        writer.append(a_verdict(row.trial, other, "complies"));
        bool is_answer = outcome == Outcome::answered;
        // complies, refuses, unclear, unparsable, no verdict
        auto label = random.below(5);
        auto fakes = random.below(5);
        constexpr std::string_view kLabels[] = {"complies", "refuses", kUnclear, ""};
        constexpr std::string_view kFakes[] = {"faking", "none", kUnclear, ""};
        if (label < 4) writer.append(a_verdict(row.trial, compliance, std::string(kLabels[label])));
        if (fakes < 4) writer.append(a_verdict(row.trial, faking, std::string(kFakes[fakes])));
        if (!is_answer) continue;
        cell.complied += label == 0;
        cell.refused += label == 1;
        cell.unclear += label == 2;
        cell.complied_faking += label == 0 && fakes == 0;
        cell.complied_nofaking += label == 0 && fakes == 1;
        cell.faking += fakes == 0;
      }
    }
  }
  writer.close();
  auto cells = Store(scratch / "run.db").count_cells(compliance.hash, kComplies, faking.hash);
  ASSERT_EQ(cells.size(), expected.size());
  for (const auto& cell : cells) {
    const auto& hand = expected.at({cell.arm, cell.query});
    EXPECT_EQ(cell.outcomes, hand.outcomes);
    EXPECT_EQ(cell.empty, hand.empty);
    EXPECT_EQ(std::tuple(cell.complied, cell.refused, cell.unclear, cell.faking),
              std::tuple(hand.complied, hand.refused, hand.unclear, hand.faking));
    EXPECT_EQ(std::pair(cell.complied_faking, cell.complied_nofaking),
              std::pair(hand.complied_faking, hand.complied_nofaking));
  }
}

OpenTrialRow an_open_trial(const std::string& arm, std::size_t query, std::uint32_t repeat,
                           OpenCause cause, std::string message) {
  return {.trial = trial_name(arm, query, repeat),
          .wording = kWording,
          .arm = arm,
          .query = query_name(query),
          .repeat = repeat,
          .cause = cause,
          .status = 429,
          .message = std::move(message),
          .created = std::chrono::nanoseconds(7)};
}

std::vector<OpenTrialRow> open_trials(const Store& store) {
  std::vector<OpenTrialRow> rows;
  store.for_each_open_trial([&](const OpenTrialRow& row) {
    rows.push_back(row);
    return true;
  });
  return rows;
}

TEST(Store, KeepsWhyATrialIsOpenUntilItIsAnswered) {
  TempFolder scratch;
  StoreWriter writer(scratch / "run.db", a_run());
  writer.record_plan(the_wordings(), the_arms(), some_queries(2), prompts_for(the_arms(), 2, 2));
  auto limited = an_open_trial("training", 0, 0, OpenCause::rate_limit, std::string("no\0\xff", 4));
  auto rejected = an_open_trial("baseline", 1, 1, OpenCause::rejected, "a field");
  for (const auto& row : {rejected, limited, limited}) writer.append(row);
  writer.flush();
  limited.attempts = 2;
  EXPECT_THAT(open_trials(Store(scratch / "run.db")), ElementsAre(limited, rejected));
  limited.cause = OpenCause::overloaded, limited.status = 503, limited.message = "full";
  writer.append(limited);
  writer.append(a_completion("baseline", 1, 1));
  writer.append(rejected);  // late: the trial has its completion
  writer.close();
  EXPECT_EQ(writer.duplicates(), 1u);
  Store store(scratch / "run.db");
  limited.attempts = 1;
  EXPECT_THAT(open_trials(store), ElementsAre(limited)) << "another cause counts from one";
  EXPECT_EQ(store.completed_trials().count(limited.trial), 0u);
  store.verify();
}

TEST(Store, CountsOpenTrialsByTheirCauseWithTheNewestMessage) {
  TempFolder scratch;
  StoreWriter writer(scratch / "run.db", a_run());
  writer.record_plan(the_wordings(), the_arms(), some_queries(2), prompts_for(the_arms(), 2, 2));
  auto old = an_open_trial("training", 1, 0, OpenCause::rate_limit, "old");
  auto young = an_open_trial("training", 1, 1, OpenCause::rate_limit, "young");
  young.created += std::chrono::nanoseconds(1);
  for (const auto& row : {young, old, an_open_trial("training", 0, 0, OpenCause::too_long, "long")})
    writer.append(row);
  writer.close();
  const auto counts = Store(scratch / "run.db").count_open();
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts[0].query, 0u);
  EXPECT_EQ(counts[0].cause, OpenCause::too_long);
  EXPECT_EQ(counts[1].trials, 2u);
  EXPECT_EQ(counts[1].message, "young");
}

TEST(Store, TellsWhichModelsAnsweredInWhichArm) {
  TempFolder scratch;
  StoreWriter writer(scratch / "run.db", a_run());
  writer.record_plan(the_wordings(), the_arms(), some_queries(2), prompts_for(the_arms(), 2, 2));
  auto add = [&](const char* arm, std::uint32_t repeat, const char* version) {
    auto row = a_completion(arm, 0, repeat);
    row.model_version = version, row.fingerprint = "fp";
    writer.append(row);
  };
  add("training", 0, "m-1"), add("training", 1, "m-2");
  add("baseline", 0, "m-1"), add("baseline", 1, "m-1");
  writer.close();
  EXPECT_THAT(Store(scratch / "run.db").answered_by(),
              ElementsAre(AnsweredBy{0, "m-1", "fp", 1}, AnsweredBy{0, "m-2", "fp", 1},
                          AnsweredBy{2, "m-1", "fp", 2}));
}

TEST(Store, CountsHowCompletionsEndedInTheOtherSidesWords) {
  TempFolder scratch;
  StoreWriter writer(scratch / "run.db", a_run());
  writer.record_plan(the_wordings(), the_arms(), some_queries(1), prompts_for(the_arms(), 1, 20));
  std::uint32_t repeat = 0;
  auto add = [&](Outcome outcome, std::string reason, std::string message, int times) {
    for (int i = 0; i < times; ++i) {
      auto row = a_completion("training", 0, repeat++, outcome);
      row.finish_reason = reason, row.provider_message = message;
      writer.append(row);
    }
  };
  const std::string hostile("no\0\xff<b>", 7);
  add(Outcome::answered, "stop", "", 5);
  add(Outcome::answered, "STOP", "", 1);
  add(Outcome::refused_by_provider, "SAFETY", hostile, 2);
  for (const char* id : {"a", "b", "c"}) add(Outcome::refused_by_provider, "SAFETY", id, 1);
  add(Outcome::truncated, "MAX_TOKENS", "", 2);
  auto other = a_completion("baseline", 0, 0, Outcome::answered);
  other.finish_reason = "stop", other.provider_message.clear();
  writer.append(other);
  writer.close();
  EXPECT_THAT(Store(scratch / "run.db").count_endings(),
              ElementsAre(EndingCounts{0, Outcome::answered, "stop", "", 5},
                          EndingCounts{0, Outcome::answered, "STOP", "", 1},
                          EndingCounts{0, Outcome::refused_by_provider, "SAFETY", hostile, 2},
                          EndingCounts{0, Outcome::refused_by_provider, "SAFETY", "a", 1},
                          EndingCounts{0, Outcome::refused_by_provider, "SAFETY", "b", 1},
                          EndingCounts{0, Outcome::truncated, "MAX_TOKENS", "", 2},
                          EndingCounts{2, Outcome::answered, "stop", "", 1}))
      << "three of each outcome at most";
}

TEST(Store, CountsRepeatsThatSayTheSame) {
  TempFolder scratch;
  StoreWriter writer(scratch / "run.db", a_run());
  writer.record_plan(the_wordings(), the_arms(), some_queries(2), prompts_for(the_arms(), 2, 3));
  auto add = [&](const char* arm, std::size_t query, std::uint32_t repeat, const char* raw,
                 const char* reasoning = "", Outcome outcome = Outcome::answered) {
    auto row = a_completion(arm, query, repeat, outcome);
    row.raw = raw, row.reasoning = reasoning;
    writer.append(row);
  };
  add("training", 0, 0, "a"), add("training", 0, 1, "a"), add("training", 0, 2, "b");
  add("training", 1, 0, "a"), add("training", 1, 1, "a", "thought otherwise");
  add("baseline", 0, 0, "a"), add("baseline", 1, 0, "a");
  add("baseline", 1, 1, "a", "", Outcome::truncated);
  writer.close();
  EXPECT_THAT(Store(scratch / "run.db").count_repeats(), ElementsAre(RepeatCounts{0, 3, 1}))
      << "another thought is another answer; other prompts and what was cut off do not count";
}

TEST(Store, CountsWithoutJudges) {
  TempFolder scratch;
  StoreWriter writer(scratch / "run.db", a_run());
  writer.record_plan(the_wordings(), the_arms(), some_queries(1), prompts_for(the_arms(), 1, 1));
  writer.append(a_completion("training", 0, 0));
  writer.close();
  auto cells = Store(scratch / "run.db").count_cells("", "", "");
  ASSERT_EQ(cells.size(), 1u);
  EXPECT_EQ(cells[0].count(Outcome::answered), 1u);
  EXPECT_EQ(cells[0].complied + cells[0].refused + cells[0].faking, 0u);
}

// Against the bill of prices.toml's models worked out by hand, in dollars for a million tokens.
TEST(TokenPrice, BillsCachedTokensApart) {
  const TokenPrice price{15, 75, 1.5, 18.75};
  // 1000 read afresh, 2000 from the cache, 500 written, 100 generated.
  const TokenUsage tokens{3500, 2000, 500, 100};
  EXPECT_DOUBLE_EQ(price.cost(tokens), (15000 + 3000 + 9375 + 7500) / 1e6);
  EXPECT_DOUBLE_EQ(price.saved_by_cache(tokens), (2000 * 13.5 - 500 * 3.75) / 1e6);
  EXPECT_LT(price.saved_by_cache({500, 0, 500, 0}), 0) << "written and never read";
}

TEST(Store, GivesCopiesOfACompletionTheSameKeyAndOthersAnother) {
  TempFolder scratch;
  auto row = a_completion("training", 0, 0);
  auto write = [&](std::string_view name, const std::vector<CompletionRow>& rows) {
    StoreWriter writer(scratch / name, a_run());
    auto prompts = prompts_for(the_arms(), 2, 2);
    // The second arm sends the first one's request.
    prompts[2].request_hash = prompts[0].request_hash;
    writer.record_plan(the_wordings(), the_arms(), some_queries(2), prompts);
    for (const auto& each : rows) writer.append(each);
    writer.close();
    return Store(scratch / name);
  };
  auto copy = row;
  copy.trial = trial_name("elsewhere", 0, 0), copy.arm = "unmonitored";
  copy.reused_from = "first", copy.output = "as a later parser has it";
  const auto key = write("first.db", {row}).completion_keys({kWording, "training"});
  ASSERT_THAT(key, SizeIs(1));
  Store second = write("second.db", {copy});
  EXPECT_EQ(second.completion_keys({kWording, "unmonitored"}), key);
  EXPECT_THAT(second.completion_keys({kWording, "training"}), IsEmpty());
  EXPECT_THAT(second.completion_keys({kWording, "no arm"}), IsEmpty());
  auto later = row, other_query = a_completion("training", 1, 0);
  later.created += std::chrono::nanoseconds(1);
  auto other_repeat = a_completion("training", 0, 1);
  auto keys =
      write("third.db", {later, other_query, other_repeat}).completion_keys({kWording, "training"});
  EXPECT_THAT(keys, SizeIs(3));
  EXPECT_TRUE(std::ranges::is_sorted(keys));
  EXPECT_THAT(keys, ::testing::Not(::testing::Contains(key[0])));
}

TEST(Store, ReadsWhileAWriterWrites) {
  TempFolder scratch;
  StoreWriter writer(scratch / "run.db", a_run());
  writer.record_plan(the_wordings(), the_arms(), some_queries(1), prompts_for(the_arms(), 1, 3));
  Store store(scratch / "run.db");
  EXPECT_EQ(store.completion_count(), 0u);
  writer.append(a_completion("training", 0, 0));
  writer.flush();
  EXPECT_EQ(store.completion_count(), 1u);
  // A reader in the midst of its rows neither blocks the writer nor sees what comes after.
  int seen = 0;
  store.for_each_completion({}, [&](const CompletionRow&) {
    writer.append(a_completion("training", 0, 1));
    writer.flush();
    return ++seen < 10;
  });
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(store.completion_count(), 2u);
}

TEST(Store, IsNotFoundWhereThereIsNone) {
  TempFolder scratch;
  EXPECT_EQ(code_of([&] { Store store(scratch / "run.db"); }), ErrorCode::not_found);
  EXPECT_EQ(code_of([&] { Store store(scratch.path()); }), ErrorCode::invalid) << "a folder";
  EXPECT_EQ(code_of([&] { StoreWriter writer(scratch / "run.db"); }), ErrorCode::not_found);
  const auto said_of = [](const std::filesystem::path& path) {
    try {
      Store store(path);
    } catch (const Error& error) {
      return error.what() + error.hint();
    }
    return std::string();
  };
  EXPECT_THAT(said_of(scratch / "run.db"), HasSubstr("it has no run.db"));
  EXPECT_THAT(
      said_of(scratch / "latest" / "run.db"),
      ::testing::AllOf(HasSubstr("there is no such folder"), HasSubstr("iago run starts one")));
  EXPECT_THAT(std::filesystem::directory_iterator(scratch.path()),
              ::testing::Eq(std::filesystem::directory_iterator()))
      << "looking must leave nothing behind";
}

TEST(Store, OpensUnderAnyFileName) {
  TempFolder scratch;
  auto path = scratch / "a b?mode=memory#%41 \xc3\xa4.db";
  StoreWriter(path, a_run()).close();
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(Store(path).run().id, a_run().id);
}

}  // namespace
}  // namespace iago
