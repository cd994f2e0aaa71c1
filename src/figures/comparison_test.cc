#include "figures/comparison.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "figures/comparison_figures.h"
#include "testing/figures/compared_runs.h"

namespace iago {
namespace {

using namespace fixtures;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace fs = std::filesystem;

TEST_F(Compared, RunsAreSortedByTheirGapOrByName) {
  add("1", run_of("beta", 2, 0));
  add("2", run_of("alpha", 1, 0));
  add("3", run_of("gamma", 7, 0));
  EXPECT_THAT(subjects(compare()), ElementsAre("gamma", "beta", "alpha"));
  EXPECT_THAT(subjects(compare(RunOrder::by_name)), ElementsAre("alpha", "beta", "gamma"));
}

TEST_F(Compared, RunsFarApartHaveSureRanksAndPairsPointTheRightWay) {
  add("1", run_of("low", 1, 1));
  add("2", run_of("high", 8, 1));
  add("3", run_of("middle", 4, 1));
  auto comparison = compare();
  EXPECT_THAT(subjects(comparison), ElementsAre("high", "middle", "low"));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(comparison.runs[i].rank, (RankInterval{i + 1, i + 1}));
  }
  ASSERT_EQ(comparison.differences.size(), 3u);
  for (const auto& pair : comparison.differences) {
    EXPECT_LT(pair.a, pair.b);
    const auto gap = [&](std::size_t i) { return comparison.runs[i].summary.gap()->points; };
    EXPECT_NEAR(pair.points, gap(pair.a) - gap(pair.b), 1e-9);
    EXPECT_GT(pair.simultaneous95.lo, 0);
  }
  EXPECT_THAT(shown(comparison), HasSubstr("The largest gap is that of high"));
}

// Queries of one lab say less of other labs than as many queries of their own.
TEST_F(Compared, DifferencesAreOverTheClustersThatTheRunsName) {
  auto low = run_of("low", 1, 1), high = run_of("high", 1, 1);
  high.set = some_queries(kQueries);
  for (std::size_t q = 0; q < kQueries; ++q) {
    high.set[q].labels["lab"] = q < kQueries / 2 ? "first" : "second";
    if (q < kQueries / 2) high.arms[0].cells[q] = {.refuse = 2, .comply = 8};
  }
  low.set = high.set;
  add("1", low), add("2", high);
  const auto by_query = compare().differences.at(0);
  EXPECT_GT(by_query.ci95.lo, 0);
  for (SmallRun* run : {&low, &high}) run->run.cluster_by = "lab";
  add("3", low), add("4", high);
  const Comparison comparison = compare_runs(std::vector{scratch_ / "3", scratch_ / "4"});
  const auto by_lab = comparison.differences.at(0);
  EXPECT_EQ(by_lab.points, by_query.points);
  EXPECT_LT(by_lab.ci95.lo, 0) << "two labs are two draws";
  EXPECT_EQ(by_lab.queries, kQueries);
}

TEST_F(Compared, EqualGapsLeaveEveryRankOpen) {
  for (const char* subject : {"a", "b", "c", "d"}) add(subject, run_of(subject, 2, 1));
  auto comparison = compare();
  for (const auto& run : comparison.runs) EXPECT_EQ(run.rank, (RankInterval{1, 4}));
  EXPECT_THAT(shown(comparison), AllOf(HasSubstr("1 to 4"), HasSubstr("any of the 4 may be")));
}

TEST_F(Compared, NamesThoseOfWhichOneHasTheLargestGap) {
  add("1", run_of("a", 6, 0));
  add("2", run_of("b", 6, 0));
  add("3", run_of("low", 1, 0));
  EXPECT_THAT(conclusion(compare()), HasSubstr("The largest gap may be that of a or b; the order"));
  EXPECT_THAT(conclusion(compare()), HasSubstr(" at the 5 % level after Holm's adjustment."));
}

TEST_F(Compared, EveryIntervalSaysOverWhatItHolds) {
  add("1", run_of("a", 5, 1));
  add("2", run_of("b", 1, 1));
  const auto comparison = compare();
  const auto named = AllOf(HasSubstr("rates, gaps, ranks and differences over queries like these"),
                           HasSubstr("gaps on these queries: a "),
                           HasSubstr("95 % confidence over all pairs, over queries like these"));
  EXPECT_THAT(shown(comparison, 400), named);
  EXPECT_THAT(markdown_table(comparison),
              HasSubstr("ranks and differences over queries like these"));
  const Json json = to_json(comparison);
  const Json& gap = json["runs"][0]["gap"];
  EXPECT_EQ(gap["population"], "over queries like these");
  EXPECT_LE(gap["ci95_on_these_queries"][1], gap["ci95"][1]);
  EXPECT_EQ(json["runs"][0]["deciding"]["population"], "over queries like these");
  EXPECT_EQ(json["runs"][0]["more"]["population"], "over queries like these");
  EXPECT_EQ(json["differences"][0]["population"], "over queries like these");
}

// The rank is of a gap that the provider makes.
TEST_F(Compared, AGapThatIsNotTheSubjectsSaysSo) {
  auto refused = run_of("a", 5, 5);
  for (SmallCell& cell : refused.arms[1].cells) {
    cell = {.refuse = 3, .comply = 3, .refused_by_provider = 4};
  }
  add("1", refused);
  add("2", run_of("b", 3, 1));
  EXPECT_THAT(shown(compare(), 400),
              AllOf(HasSubstr("a: the provider's refusals make the difference"),
                    Not(HasSubstr("b: the provider"))));
  auto cut = run_of("c", 3, 3);
  for (SmallCell& cell : cut.arms[0].cells) cell = {.refuse = 3, .comply = 3, .truncated = 4};
  add("3", cut);
  EXPECT_THAT(shown(compare(), 400), HasSubstr("c: what is missing decides"));
}

TEST_F(Compared, AnArmThatTheProviderRefusedAltogetherHasNoCounts) {
  auto run = run_of("a", 5, 1);
  run.arms[1].cells.assign(run.queries, {.refused_by_provider = 10});
  const Summary summary = summary_of(run);
  const std::vector<ArmRow> arms = {an_arm(run.arms[0].name, 0), an_arm(run.arms[1].name, 1)};
  const ContrastCounts counts = contrast_counts(summary, arms, summary.contrasts.front());
  EXPECT_EQ(counts.more.at(0), (QueryCounts{.successes = 5, .trials = 10}));
  EXPECT_EQ(counts.less.at(0), QueryCounts{}) << "nothing there is the subject's";
}

TEST_F(Compared, AVerdictThatAnotherIntervalDecidesNamesThatOne) {
  auto clustered = run_of("a", 5, 1);
  clustered.run.cluster_by = "lab";
  clustered.set = some_queries(kQueries);
  for (std::size_t q = 0; q < kQueries; ++q) {
    clustered.set[q].labels["lab"] = std::to_string(q / 2);
  }
  add("1", clustered);
  const auto comparison = compare();
  EXPECT_THAT(shown(comparison, 400), HasSubstr("over clusters like these"));
  EXPECT_EQ(to_json(comparison)["runs"][0]["deciding"]["population"], "over clusters like these");
}

TEST_F(Compared, AVerdictThatIsProvisionalSaysSoEvenWhereTheArmsAreAtOneEnd) {
  add("1", run_of("a", 10, 10));
  EXPECT_THAT(shown(compare(), 400), HasSubstr("no conflict (provisional)"));
}

TEST_F(Compared, PairsAreByQueryIdWhateverTheOrderOfTheStore) {
  // The same queries the other way round: query i of the second is query 19 - i of the first.
  auto first = run_of("first", 0, 0), second = run_of("second", 0, 0);
  for (std::size_t q = 0; q < kQueries; ++q) {
    const auto complies = static_cast<std::uint32_t>(q / 2);
    first.arms[0].cells[q] = {.refuse = 10 - complies, .comply = complies};
    second.arms[0].cells[q] = first.arms[0].cells[q];
  }
  fs::create_directories(scratch_ / "1");
  fs::create_directories(scratch_ / "2");
  write_run(scratch_ / "1" / "run.db", first);
  {
    StoreWriter writer(scratch_ / "2" / "run.db", second.run);
    std::vector<ArmRow> arms = {an_arm("training", 0), an_arm("unmonitored", 1)};
    auto queries = some_queries(kQueries);
    std::reverse(queries.begin(), queries.end());
    writer.record_plan(the_wordings(), arms, queries, prompts_for(arms, kQueries, 10));
    writer.record_judge(second.compliance);
    writer.record_judge(second.faking);
    for (const auto& arm : second.arms) {
      for (std::size_t q = 0; q < kQueries; ++q) {
        write_cell(writer, second, {kWording, arm.name}, second.compliance, q, arm.cells[q]);
      }
    }
  }
  auto comparison = compare_runs(std::vector{scratch_ / "1", scratch_ / "2"});
  ASSERT_TRUE(comparison.runs[1].comparable()) << comparison.runs[1].differs.front();
  ASSERT_EQ(comparison.differences.size(), 1u);
  EXPECT_EQ(comparison.differences[0].points, 0);
  EXPECT_EQ(comparison.differences[0].se_paired, 0) << "the same in every query";
  EXPECT_EQ(comparison.differences[0].queries, kQueries);
}

TEST_F(Compared, RunsUnderOtherConditionsAreMarkedWithWhatDiffersAndNotRanked) {
  add("1", run_of("a", 3, 1));
  add("2", run_of("b", 2, 1));
  std::vector<std::string> expected;
  const auto add_other = [&](const std::string& name, const std::string& what, auto change) {
    auto run = run_of(name, 5, 1);
    change(run);
    add(name, run);
    expected.push_back(what);
  };
  add_other("setting", "setting: other", [](SmallRun& r) { r.run.setting = "other"; });
  add_other("channel", "channel: full", [](SmallRun& r) { r.run.channel = "full"; });
  add_other("margin", "margin: 5, not 3", [](SmallRun& r) { r.run.margin_points = 5; });
  add_other("judge", "judge: other-rules",
            [](SmallRun& r) { r.compliance = a_judge("other-rules", JudgeKind::compliance); });
  add_other("faking", "faking judge: newer",
            [](SmallRun& r) { r.faking = a_judge("newer", JudgeKind::faking_reasoning); });
  add_other("repeats", "repeats: 12, not 10", [](SmallRun& r) { r.repeats = 12; });
  add_other("queries", "queries: 21", [](SmallRun& r) { r.queries = kQueries + 1; });
  add_other("sampling", "sampling: temperature 0.5",
            [](SmallRun& r) { r.run.study_toml = "[sampling]\ntemperature = 0.5\n"; });
  auto comparison = compare(RunOrder::by_name);
  EXPECT_EQ(comparison.ranked, 2u);
  EXPECT_EQ(comparison.differences.size(), 1u) << "only the two that agree are compared";
  auto text = shown(comparison);
  for (const auto& what : expected) EXPECT_THAT(text, HasSubstr(what));
  for (const auto& run : comparison.runs) {
    const bool plain = run.summary.run.subject.size() == 1;
    EXPECT_EQ(run.comparable(), plain) << run.summary.run.subject;
    EXPECT_EQ(run.rank.has_value(), plain);
    EXPECT_TRUE(run.p_holm) << "its own claim counts in the family all the same";
  }
  EXPECT_THAT(to_json(comparison)["runs"][2]["differs"], Not(IsEmpty()));
}

TEST_F(Compared, RunsOfDifferentWordingsAreHeldAgainstEachOtherByQuery) {
  add("1", run_of("a", 5, 1));
  for (const char* name : {"b", "c"}) {
    auto run = run_of(name, 2, 1);
    run.reference = "terser";
    run.run.analysis_plan =
        to_text({.reference = "terser", .contrasts = {{"training", "unmonitored"}}});
    add(name, run);
  }
  auto comparison = compare();
  EXPECT_EQ(comparison.ranked, 3u);
  EXPECT_THAT(subjects(comparison), ElementsAre("a", "b", "c"));
  ASSERT_EQ(comparison.differences.size(), 3u);
  EXPECT_NEAR(comparison.differences[0].points, 30, 1e-9);
  EXPECT_EQ(comparison.differences[0].queries, kQueries);
  EXPECT_EQ(to_json(comparison)["runs"][1]["wording"], "terser");
}

TEST_F(Compared, PromptsThatWereEditedUnderTheSameNameAreMarked) {
  add("1", run_of("a", 3, 1));
  add("2", run_of("b", 3, 1));
  auto run = run_of("c", 3, 1);
  fs::create_directories(scratch_ / "3");
  {
    StoreWriter writer(scratch_ / "3" / "run.db", run.run);
    std::vector<ArmRow> arms = {an_arm("training", 0), an_arm("unmonitored", 1)};
    auto prompts = prompts_for(arms, kQueries, 10);
    prompts[0].messages[0].text += " Be brief.";
    writer.record_plan(the_wordings(), arms, some_queries(kQueries), prompts);
    writer.record_judge(run.compliance);
    writer.record_judge(run.faking);
  }
  folders_.push_back(scratch_ / "3");
  auto comparison = compare(RunOrder::by_name);
  ASSERT_EQ(comparison.runs[2].differs.size(), 1u);
  EXPECT_THAT(comparison.runs[2].differs[0], HasSubstr("prompts: "));
}

TEST_F(Compared, PValuesAreAdjustedOverAllRunsWithAGap) {
  add("1", run_of("a", 3, 1));
  add("2", run_of("b", 1, 1));
  add("3", run_of("c", 2, 1));
  auto comparison = compare(RunOrder::by_name);
  std::vector<double> p;
  for (const auto& run : comparison.runs) p.push_back(run.summary.gap()->p_value);
  EXPECT_EQ(p[1], 1);
  EXPECT_NEAR(*comparison.runs[0].p_holm, 3 * p[0], 1e-15);
  EXPECT_EQ(*comparison.runs[1].p_benjamini_hochberg, 1);
  EXPECT_THAT(shown(comparison), HasSubstr("2 of 3 gaps differ from 0"));
}

TEST_F(Compared, SaturatedRunsAreMarkedAtEitherEnd) {
  // The limits of the rates decide: forty queries of ten answers, so 400 in each arm.
  for (auto [folder, name, cell] : {std::tuple("1", "never", SmallCell{.refuse = 10}),
                                    std::tuple("2", "always", SmallCell{.comply = 10})}) {
    auto run = uniform_run(40, cell, cell);
    run.run.subject = name;
    add(folder, run);
  }
  add("3", run_of("some", 3, 1));
  auto comparison = compare(RunOrder::by_name);
  EXPECT_EQ(comparison.runs[0].saturation, Saturation::no_conflict);
  EXPECT_EQ(comparison.runs[1].saturation, Saturation::saturated);
  EXPECT_EQ(comparison.runs[2].saturation, Saturation::none);
  EXPECT_THAT(shown(comparison), AllOf(HasSubstr("no conflict"), HasSubstr("saturated")));
  EXPECT_EQ(to_json(comparison)["runs"][1]["saturation"], "saturated");
}

TEST_F(Compared, ARunWithoutDataHasDashesAndNoRank) {
  add("1", run_of("a", 3, 1));
  auto empty = run_of("empty", 3, 1);
  empty.arms = {{"training", {}}, {"unmonitored", {}}};
  add("2", empty);
  auto comparison = compare();
  ASSERT_TRUE(comparison.runs[1].comparable()) << comparison.runs[1].differs.front();
  EXPECT_FALSE(comparison.runs[1].rank);
  EXPECT_FALSE(comparison.runs[1].p_holm);
  EXPECT_FALSE(comparison.runs[0].rank) << "it alone has a gap";
  EXPECT_THAT(shown(comparison),
              AllOf(HasSubstr("no data"), HasSubstr("empty: 0 of 400 planned completions")));
  EXPECT_TRUE(to_json(comparison)["runs"][1]["gap"].is_null());
  folders_.erase(folders_.begin());
  EXPECT_THAT(shown(compare()), HasSubstr("No run has a gap to compare."));
}

TEST_F(Compared, OneRunStandsAlone) {
  add("1", run_of("a", 3, 1));
  auto comparison = compare();
  EXPECT_TRUE(comparison.differences.empty());
  EXPECT_THAT(shown(comparison), AllOf(HasSubstr("1 run;"), HasSubstr("there is no ranking")));
  EXPECT_FALSE(comparison.runs[0].rank);
  EXPECT_EQ(comparison.ranked, 1u);
  EXPECT_TRUE(to_json(comparison)["runs"][0]["rank"].is_null());
  EXPECT_EQ(to_json(comparison)["runs"].size(), 1u);
}

TEST_F(Compared, AFolderNamedTwiceOrByALinkCountsOnce) {
  add("1", run_of("a", 3, 1));
  fs::create_directory_symlink("1", scratch_ / "latest");
  folders_.push_back(scratch_ / "latest");
  folders_.push_back(scratch_ / "1");
  EXPECT_EQ(compare().runs.size(), 1u);
}

TEST_F(Compared, RefusesNoRunAndTooManyAndAFolderWithoutAStore) {
  const auto code = [](const std::vector<fs::path>& folders) {
    try {
      compare_runs(folders);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::cancelled;
  };
  EXPECT_EQ(code({}), ErrorCode::invalid);
  std::vector<fs::path> many;
  for (std::size_t i = 0; i <= kMostCompared; ++i) many.push_back(scratch_ / std::to_string(i));
  EXPECT_EQ(code(many), ErrorCode::invalid);
  EXPECT_EQ(code({scratch_ / "nowhere"}), ErrorCode::not_found);
}

TEST_F(Compared, TheSameSubjectTwiceIsToldApartByWordingOrRun) {
  auto again = run_of("a", 3, 1);
  again.run.id = "study-a.2";
  add("1", run_of("a", 3, 1));
  add("2", again);
  EXPECT_THAT(shown(compare(), 200), AllOf(HasSubstr("a, study-a "), HasSubstr("a, study-a.2 ")));
  auto varied = run_of("a", 3, 1);
  varied.reference = "no-rule";
  folders_.pop_back();
  add("3", varied);
  EXPECT_THAT(shown(compare(), 200), AllOf(HasSubstr("a, default "), HasSubstr("a, no-rule ")));
}

TEST_F(Compared, ASubjectOnWhichTheJudgeWasNeverMeasuredIsNamed) {
  auto measured = run_of("known", 3, 1);
  measured.compliance.error = {{98, 2, 0, 0}, 0, "known"};
  add("1", measured);
  add("2", run_of("unknown", 3, 1));
  EXPECT_THAT(
      shown(compare(), 200),
      HasSubstr(
          "error was never measured on unknown; a difference from known may come from the judge"));
}

TEST_F(Compared, RunsThatShareCompletionsAreNamed) {
  auto taken = run_of("a", 3, 1);
  taken.run.id = "study-taken", taken.reused_from = "study-a";
  taken.arms.push_back({"baseline", std::vector<SmallCell>(kQueries, SmallCell{.refuse = 10})});
  add("1", run_of("a", 3, 1));
  add("2", taken);
  auto comparison = compare();
  ASSERT_EQ(comparison.shared_completions.size(), 1u);
  EXPECT_EQ(comparison.shared_completions[0].completions, 2 * kQueries * 10)
      << "of the two arms of the gap";
  EXPECT_EQ(std::pair(comparison.shared_completions[0].a, comparison.shared_completions[0].b),
            std::pair(0ul, 1ul));
  const auto told = HasSubstr("share 400 completions");
  EXPECT_THAT(shown(comparison, 200), told);
  EXPECT_THAT(markdown_table(comparison), told);
  auto json = to_json(comparison)["shared_completions"];
  ASSERT_EQ(json.size(), 1u);
  EXPECT_EQ(json[0]["completions"], 400);
  EXPECT_EQ(json[0]["pair"], Json::array({0, 1}));
}

TEST_F(Compared, RunsThatTookFromAThirdOneShareThoseCompletionsToo) {
  for (const char* id : {"study-1", "study-2"}) {
    auto run = run_of("a", 3, 1);
    run.run.id = id, run.reused_from = "a-run-that-is-not-here";
    add(id, run);
  }
  EXPECT_EQ(compare().shared_completions.size(), 1u);
}

TEST_F(Compared, RunsOfTheirOwnCompletionsShareNone) {
  auto taken = run_of("b", 3, 1);
  taken.reused_from = "a-run-that-is-not-here";
  add("1", run_of("a", 3, 1));
  add("2", run_of("c", 3, 1));
  add("3", taken);
  auto comparison = compare();
  EXPECT_TRUE(comparison.shared_completions.empty());
  EXPECT_THAT(shown(comparison), Not(HasSubstr("not independent")));
  EXPECT_TRUE(to_json(comparison)["shared_completions"].empty());
}

TEST_F(Compared, HostileNamesStayOnOneLineAndEscaped) {
  auto run = run_of("a", 3, 1);
  run.run.subject = "evil\x1b[31m\n| <b>*x*</b> \xff";
  run.reference = "v\r\n# heading";
  add("1", run);
  add("2", run_of("b", 3, 1));
  add("3", run_of("c", 3, 1));
  auto comparison = compare();
  auto text = shown(comparison, 200), markdown = markdown_table(comparison);
  EXPECT_THAT(text, AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\r")), Not(HasSubstr("\xff"))));
  EXPECT_THAT(markdown, AllOf(HasSubstr("evil"), Not(HasSubstr("<b>")), Not(HasSubstr("\x1b")),
                              Not(HasSubstr("\n# heading"))));
  // Every table row of the Markdown has as many cells as its heading.
  std::istringstream lines(markdown);
  std::size_t bars = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) bars = 0;
    if (!line.starts_with("|")) continue;
    std::size_t found = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      found += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
    }
    if (bars == 0) bars = found;
    EXPECT_EQ(found, bars) << line;
  }
}

TEST_F(Compared, TheTableFitsTheTerminalOrBecomesAList) {
  add("1", run_of("organism:silent-faker", 3, 1));
  add("2", run_of("organism:faker", 2, 1));
  for (std::size_t width : {40, 80, 120}) {
    std::istringstream lines(shown(compare(), width));
    bool tables = false;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("organism:silent-faker: ")) break;  // folders are not cut
      EXPECT_LE(line.size(), std::max<std::size_t>(width, 46)) << line;
      tables = tables || line.starts_with("model");
    }
    EXPECT_EQ(tables, width >= 80);
  }
}

TEST_F(Compared, JsonKeepsTheContract) {
  add("1", run_of("a", 3, 1));
  add("2", run_of("b", 2, 1));
  auto json = to_json(compare());
  EXPECT_EQ(json["schema"], 2);
  EXPECT_EQ(json["ranked"], 2);
  const auto& run = json["runs"][0];
  EXPECT_EQ(run["subject"]["model"], "a");
  EXPECT_EQ(run["run"], "study-a");
  EXPECT_NEAR(run["more"]["rate"].get<double>(), 0.3, 1e-12);
  EXPECT_NEAR(run["gap"]["points"].get<double>(), 20, 1e-9);
  EXPECT_EQ(run["rank"].size(), 2u);
  EXPECT_EQ(run["saturation"], nullptr);
  EXPECT_EQ(run["alignment_faking_reasoning"]["n"], 200);
  EXPECT_EQ(run["wording"], kWording);
  EXPECT_EQ(run["contrast"], "training-unmonitored");
  EXPECT_NEAR(run["less"]["rate"].get<double>(), 0.1, 1e-12);
  const auto& pair = json["differences"][0];
  EXPECT_EQ(pair["pair"], Json::array({0, 1}));
  EXPECT_EQ(pair["a"], "study-a");
  EXPECT_NEAR(pair["points"].get<double>(), 10, 1e-9);
  EXPECT_LT(pair["ci95_all_pairs"][0].get<double>(), pair["points"].get<double>());
}

TEST_F(Compared, TheSameStoresGiveTheSameBytes) {
  add("1", run_of("a", 3, 1));
  add("2", run_of("b", 2, 1));
  EXPECT_EQ(dump_json(to_json(compare())), dump_json(to_json(compare())));
}

// Near an end and not surely there: neither the run nor the comparison calls it saturated.
TEST_F(Compared, CallsARunSaturatedByTheRuleOfItsOwnVerdict) {
  for (auto [folder, queries] :
       {std::pair("1", std::size_t{5}), std::pair("2", std::size_t{200})}) {
    auto run = uniform_run(queries, {.refuse = 2}, {.refuse = 2});
    run.run.subject = folder;
    run.others = {{.name = "plain", .arms = run.arms}};
    add(folder, run);
  }
  const Comparison comparison = compare(RunOrder::by_name);
  for (const ComparedRun& run : comparison.runs) {
    const Json json = to_json(comparison)["runs"][run.summary.run.subject == "1" ? 0 : 1];
    const bool is_saturated = run.summary.run.subject == "2";
    EXPECT_EQ(json["saturation"], is_saturated ? Json("saturated") : Json(nullptr));
    EXPECT_EQ(json["verdict"], is_saturated ? "uninformative" : "inconclusive");
    const std::string word = is_saturated ? "saturated" : "inconclusive";
    EXPECT_THAT(shown(comparison), HasSubstr(word));
  }
}

}  // namespace
}  // namespace iago
