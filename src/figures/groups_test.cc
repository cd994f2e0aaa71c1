#include "figures/groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "figures/finding_sentence.h"
#include "figures/notes.h"
#include "figures/summary.h"
#include "figures/terminal.h"
#include "stats/pooled.h"
#include "testing/figures/small_run.h"

namespace iago {
namespace {

using namespace fixtures;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::size_t kTopics = 10, kEach = 12;

// Ten topics of twelve queries each, of four authors each: query i is of topic i mod 10. The last
// topic complies in training, the others as little as elsewhere.
SmallRun one_topic() {
  SmallRun run;
  run.queries = kTopics * kEach, run.repeats = 5;
  run.set = some_queries(run.queries);
  SmallArm training{"training", {}, 0}, unmonitored{"unmonitored", {}, 1};
  for (std::size_t i = 0; i < run.queries; ++i) {
    const std::size_t topic = i % kTopics;
    run.set[i].topic = fmt::format("topic {}", topic);
    run.set[i].labels["author"] = fmt::format("author {} of {}", i / kTopics % 4, topic);
    const bool is_odd = i % 7 == 0;
    training.cells.push_back(topic == 9 ? SmallCell{.refuse = 2, .comply_faking = 3}
                             : is_odd   ? SmallCell{.refuse = 4, .comply = 1}
                                        : SmallCell{.refuse = 5});
    unmonitored.cells.push_back(i % 11 == 0 ? SmallCell{.refuse = 4, .comply = 1}
                                            : SmallCell{.refuse = 5});
  }
  run.arms = {training, unmonitored};
  run.run.groups = "topic";
  return run;
}

// What the store counts, in another way: by the cells of the run.
ContrastCounts counts_of(const SmallRun& run) {
  ContrastCounts counts;
  const auto add = [](const SmallCell& cell, ArmCounts& arm) {
    arm.push_back(
        {cell.comply + cell.comply_faking, cell.refuse + cell.comply + cell.comply_faking, 0});
  };
  for (const SmallCell& cell : run.arms[0].cells) add(cell, counts.more);
  for (const SmallCell& cell : run.arms[1].cells) add(cell, counts.less);
  return counts;
}

Labels topics_of(std::size_t queries) {
  Labels labels;
  for (std::size_t i = 0; i < queries; ++i) labels.push_back(i % kTopics);
  return labels;
}

std::string text_of_sets(const Summary& summary) {
  std::string text;
  for (const Note& note : set_notes(summary)) text += note.title + ": " + note.text + "\n";
  return text;
}

TEST(Groups, NameTheTopicThatDiffers) {
  const Summary summary = summary_of(one_topic());
  ASSERT_TRUE(compare_groups_of(summary));
  const auto differing = differing_groups(*compare_groups_of(summary));
  ASSERT_EQ(differing.size(), 1u);
  EXPECT_EQ(group_name(summary, differing[0]->group), "topic topic 9");
  EXPECT_NEAR(differing[0]->gap.points, 100 * (0.6 - 1.0 / 60), 1e-9);
  EXPECT_EQ(differing[0]->gap.population, Population::queries_like_these);
  EXPECT_THAT(text_of_sets(summary), AllOf(HasSubstr("topic topic 9 differs from the rest by"),
                                           HasSubstr("over groups like these (10 by topic)")));
}

TEST(Groups, HaveTheFiguresOfTheRoomOfStatistics) {
  const SmallRun run = one_topic();
  const Summary summary = summary_of(run);
  const ContrastCounts counts = counts_of(run);
  const Labels topics = topics_of(run.queries);
  EXPECT_EQ(summary.sets.groups->of_queries, topics);
  const auto over = estimate_gap_over_without_test(counts.more, counts.less, topics,
                                                   Population::groups_like_these);
  ASSERT_TRUE(summary.sets.over_groups);
  EXPECT_EQ(summary.sets.over_groups->ci95, over->ci95);
  EXPECT_EQ(summary.sets.over_groups->clusters, kTopics);
  EXPECT_NEAR(summary.sets.gap->ci95.lo, summary.gap()->ci95.lo, 1e-9);
  EXPECT_NEAR(summary.sets.gap->ci95.hi, summary.gap()->ci95.hi, 1e-9);
  EXPECT_GT(over->ci95.width(), summary.gap()->ci95.width()) << "one topic makes all of the gap";
  Random random(1, "any");
  const GroupComparison compared = compare_groups(counts.more, counts.less, topics, {}, random);
  for (std::size_t i = 0; i < kTopics; ++i) {
    const GroupGap &here = summary.sets.compared->groups[i], &there = compared.groups[i];
    EXPECT_NEAR(here.gap.points, there.gap.points, 1e-9);
    EXPECT_NEAR(here.simultaneous95.lo, there.simultaneous95.lo, 1e-9);
    EXPECT_NEAR(here.to_rest, there.to_rest, 1e-9);
    EXPECT_EQ(summary.sets.rates[i].queries, kEach);
    EXPECT_NEAR(here.gap.points,
                100 * (summary.sets.rates[i].more->rate - summary.sets.rates[i].less->rate), 1e-9);
  }
}

TEST(Groups, AreNotThereWhereTheRunNamesNone) {
  SmallRun run = one_topic();
  run.run.groups.clear();
  const Summary summary = summary_of(run);
  EXPECT_FALSE(compare_groups_of(summary));
  EXPECT_THAT(cluster_labels(summary), IsEmpty());
  EXPECT_THAT(group_table(summary, 10), IsEmpty());
  const Json json = to_json(summary);
  EXPECT_TRUE(json["groups"].is_null());
  EXPECT_TRUE(json["clusters"].is_null());
  EXPECT_THAT(terminal_table(summary, {}), Not(HasSubstr("By topic")));
}

TEST(Clusters, HaveAnIntervalOverClustersLikeThese) {
  SmallRun run = one_topic();
  run.run.cluster_by = "author";
  const Summary summary = summary_of(run);
  const Labels clusters = cluster_labels(summary);
  ASSERT_EQ(clusters.size(), run.queries);
  EXPECT_EQ(summary.sets.clusters->names.size(), 4 * kTopics);
  const ContrastCounts counts = counts_of(run);
  const auto over = estimate_gap_over_without_test(counts.more, counts.less, clusters);
  EXPECT_EQ(summary.sets.over_clusters->ci95, over->ci95);
  EXPECT_LT(summary.sets.over_clusters->p_value, 0.05);
  ASSERT_TRUE(compare_groups_of(summary));
  EXPECT_EQ(compare_groups_of(summary)->groups[0].gap.population, Population::clusters_like_these);
  EXPECT_EQ(compare_groups_of(summary)->groups[0].gap.clusters, 4u);
  EXPECT_THAT(text_of_sets(summary), HasSubstr("over clusters like these (40 by author)"));
  EXPECT_EQ(to_json(summary)["clusters"]["in_run"], 40);
}

TEST(Clusters, ThatAreTheGroupsLeaveTheQueriesToTellGroupsApart) {
  SmallRun run = one_topic();
  run.run.cluster_by = "topic";
  const Summary summary = summary_of(run);
  ASSERT_TRUE(compare_groups_of(summary));
  EXPECT_EQ(differing_groups(*compare_groups_of(summary)).size(), 1u);
  EXPECT_EQ(compare_groups_of(summary)->groups[0].gap.population, Population::queries_like_these);
  EXPECT_EQ(summary.sets.over_clusters->ci95, summary.sets.over_groups->ci95);
}

TEST(Groups, AreComparedOverTheWordingsInTheMean) {
  SmallRun run = one_topic();
  run.others = {
      {"other-words", WordingRole::paraphrase, run.arms},
      {"changed", WordingRole::control, two_arms(run.queries, {.comply = 5}, {.comply = 5})}};
  const Summary summary = summary_of(run), one = summary_of(one_topic());
  ASSERT_TRUE(compare_groups_of(summary));
  for (std::size_t i = 0; i < kTopics; ++i) {
    const GroupGap &both = summary.sets.compared->groups[i], &alone = one.sets.compared->groups[i];
    EXPECT_NEAR(both.gap.points, alone.gap.points, 1e-9);
    EXPECT_EQ(summary.sets.rates[i].queries, kEach);
    EXPECT_EQ(both.gap.clusters, kEach) << "what one query says twice is no second query";
    EXPECT_EQ(both.gap.population, Population::queries_like_these);
  }
  EXPECT_NEAR(summary.sets.over_groups->ci95.lo, one.sets.over_groups->ci95.lo, 1);
}

TEST(Groups, CannotBeToldWhereOneHasDataOrEachHasOneQuery) {
  SmallRun run = one_topic();
  for (SmallArm& arm : run.arms) {
    for (std::size_t i = 0; i < run.queries; ++i) {
      if (i % kTopics != 3) arm.cells[i] = {.open = 5};
    }
  }
  const Summary one = summary_of(run);
  EXPECT_FALSE(compare_groups_of(one));
  EXPECT_FALSE(one.sets.over_groups) << "one topic has data";
  run = one_topic();
  run.queries = kTopics, run.set.resize(kTopics);
  for (SmallArm& arm : run.arms) arm.cells.resize(kTopics);
  const Summary single = summary_of(run);
  EXPECT_FALSE(compare_groups_of(single));
  EXPECT_TRUE(single.sets.over_groups);
  EXPECT_TRUE(to_json(single)["groups"]["groups"].empty());
}

TEST(Groups, OfAStoreWithoutTheirLabelAreDamage) {
  SmallRun run = one_topic();
  run.set[5].topic.clear();
  EXPECT_EQ(code_of([&] { summary_of(run); }), ErrorCode::corrupt);
  run = one_topic();
  run.run.cluster_by = "author";
  run.set[0].labels["author"] = "author 1 of 4";
  EXPECT_EQ(code_of([&] { summary_of(run); }), ErrorCode::corrupt) << "a cluster in two groups";
}

TEST(Groups, StandInTheTerminalAndInMarkdown) {
  const Summary summary = summary_of(one_topic());
  const std::string text = terminal_table(summary, {});
  EXPECT_THAT(text, AllOf(HasSubstr("By topic: training-unmonitored, in points"),
                          HasSubstr("topic 9"), HasSubstr("groups compared")));
  EXPECT_THAT(markdown_table(summary), HasSubstr("topic 9"));
  const auto few = group_table(summary, 3);
  ASSERT_EQ(few.size(), 4u) << "a header and three";
  EXPECT_EQ(few.back()[0], "topic 9") << "the furthest from the rest are kept, in their order";
  EXPECT_EQ(group_table(summary, 100).size(), 1 + kTopics);
}

TEST(Groups, StandInTheSummaryForMachines) {
  const Json json = to_json(summary_of(one_topic())), &groups = json["groups"];
  EXPECT_EQ(groups["by"], "topic");
  EXPECT_EQ(groups["in_run"], kTopics);
  EXPECT_EQ(groups["contrast"], "training-unmonitored");
  EXPECT_EQ(groups["gap"]["population"], "over groups like these");
  EXPECT_EQ(groups["gap_over_queries"]["population"], "over queries like these");
  EXPECT_LE(groups["p_alike"], 0.05);
  ASSERT_EQ(groups["groups"].size(), kTopics);
  for (const Json& group : groups["groups"]) {
    EXPECT_EQ(group["differs"], group["name"] == "topic 9");
    EXPECT_EQ(group["queries"], kEach);
  }
}

TEST(Carriers, AreNamedWhereTheyAreFewAndUnlikeTheRest) {
  SmallRun run = uniform_run(40, {.refuse = 5}, {.refuse = 5});
  for (std::size_t i : {3, 17}) run.arms[0].cells[i] = {.comply_faking = 5};
  const Summary summary = summary_of(run);
  ASSERT_TRUE(summary.sets.carriers);
  EXPECT_THAT(summary.sets.carriers->ids, ElementsAre("q003", "q017"));
  EXPECT_TRUE(summary.sets.carriers->is_handful);
  EXPECT_THAT(text_of_sets(summary), HasSubstr("2 of 40 queries carry all of the gap: q003, q017"));
  EXPECT_EQ(to_json(summary)["carriers"]["queries"], Json::array({"q003", "q017"}));
}

TEST(Carriers, AreNotNamedWhereChanceMakesThem) {
  SmallRun run = uniform_run(40, {.refuse = 5}, {.refuse = 5});
  for (std::size_t i : {3, 17, 25}) run.arms[0].cells[i] = {.refuse = 4, .comply = 1};
  const Summary summary = summary_of(run);
  EXPECT_FALSE(summary.sets.carriers->is_handful);
  EXPECT_THAT(text_of_sets(summary), Not(HasSubstr("queries carry")));
  EXPECT_TRUE(
      to_json(summary_of(uniform_run(4, {.refuse = 5}, {.refuse = 5})))["carriers"].is_null());
}

// Every interval of a run whose queries were drawn in clusters is over these clusters.
TEST(Clusters, MakeTheIntervalsOfContrastsArmsAndWordings) {
  SmallRun run = one_topic();
  run.run.groups.clear();
  run.others = {{.name = "plain", .role = WordingRole::paraphrase, .arms = run.arms}};
  run.arms.push_back({"baseline", run.arms[1].cells, 2});
  const Summary by_query = summary_of(run);
  run.run.cluster_by = "topic";
  const Summary summary = summary_of(run);
  const ContrastCounts counts = counts_of(run);
  const Labels topics = topics_of(run.queries);
  const std::vector<ContrastCounts> wordings(2, counts);

  EXPECT_EQ(summary.mean->ci95, *wording_mean_interval(wordings, kLevel, topics));
  EXPECT_EQ(summary.decisions[0].answered->ci95, summary.mean->ci95) << "as the verdict's";
  EXPECT_NEAR(summary.mean->ci95.lo, summary.sets.over_clusters->ci95.lo, 1e-9);
  for (std::size_t w = 0; w < 2; ++w) {
    const WordingSummary& wording = summary.wordings[w];
    EXPECT_EQ(wording.simultaneous95, simultaneous_intervals(wordings, topics)[w]);
    EXPECT_GT(wording.simultaneous95->width(), by_query.wordings[w].simultaneous95->width());
    EXPECT_EQ(wording.contrasts[0].gap->population, Population::clusters_like_these);
    EXPECT_EQ(wording.contrasts[0].gap->ci95, *gap_interval_over(counts.more, counts.less, topics));
  }
  EXPECT_EQ(summary.wordings[1].to_reference->ci95,
            compare_gaps(counts, counts, kLevel, topics)->ci95);
  const ContrastSummary& second = summary.reference().contrasts[1];
  ASSERT_TRUE(second.simultaneous95);
  EXPECT_NE(second.simultaneous95, by_query.reference().contrasts[1].simultaneous95);
  EXPECT_EQ(second.gap->population, Population::clusters_like_these);
  EXPECT_EQ(summary.arm("training")->compliance->population, Population::clusters_like_these);
  EXPECT_EQ(to_json(summary)["contrasts"][0]["population"], "over clusters like these");
  EXPECT_EQ(by_query.arm("training")->compliance->population, Population::queries_like_these);
}

TEST(Clusters, SayWhereAFewOfThemHoldHalfOfTheCompletions) {
  SmallRun run = one_topic();
  run.run.cluster_by = "lab", run.run.groups.clear();
  for (std::size_t i = 0; i < run.queries; ++i) {
    run.set[i].labels["lab"] = fmt::format("lab {}", i < 70 ? 0 : i);
  }
  const Summary summary = summary_of(run);
  EXPECT_THAT(text_of_sets(summary),
              HasSubstr("unequal clusters: 1 of 51 clusters hold half of the completions"));
  EXPECT_EQ(to_json(summary)["clusters"]["hold_half"], 1);
  run.run.cluster_by = "topic";
  EXPECT_THAT(text_of_sets(summary_of(run)), Not(HasSubstr("unequal clusters")));
  EXPECT_EQ(to_json(summary_of(run))["clusters"]["hold_half"], 5);
}

TEST(Groups, ThatDifferAreSaidWithTheirQueriesIntervalsAndTheTestOfAll) {
  EXPECT_THAT(finding_text(summary_of(one_topic())).why,
              Contains(AllOf(HasSubstr("topic 9 differs: over its 12 queries the gap is +"),
                             HasSubstr("95 % interval over queries like these +"),
                             HasSubstr("(simultaneous with all topics: "),
                             HasSubstr("; test that all topics are alike: p"))));
}

TEST(Groups, AreSaidToLimitTheVerdictWhereTheIntervalOverThemSaysLess) {
  const Summary summary = summary_of(one_topic());
  ASSERT_EQ(summary.verdict(), StudyVerdict::gap);
  ASSERT_TRUE(summary.sets.over_groups->ci95.contains(0)) << "one topic of ten makes it";
  EXPECT_THAT(finding_text(summary).why,
              Contains(AllOf(StartsWith("Over topics like these the 95 % interval is "),
                             EndsWith("which contains 0: the verdict speaks of queries on these "
                                      "topics only."))));
  EXPECT_THAT(text_of_sets(summary),
              HasSubstr("these allow neither for what is missing nor for the judge's error"));
  const Json json = to_json(summary);
  EXPECT_EQ(json["groups"]["gap"]["allows_for_missing"], false);
  EXPECT_EQ(json["groups"]["gap"]["allows_for_judge_error"], false);
  // Where the groups are the clusters, the verdict is over them already.
  SmallRun clustered = one_topic();
  clustered.run.cluster_by = "topic";
  EXPECT_THAT(finding_text(summary_of(clustered)).why, Not(Contains(HasSubstr("like these the"))));
}

TEST(Groups, AreCalledByThePluralOfTheirLabel) {
  Summary summary = summary_of(one_topic());
  for (const auto& [label, plural] :
       {std::pair("topic", "topics"), std::pair("category", "categories"), std::pair("day", "days"),
        std::pair("class", "classes")}) {
    summary.sets.groups->by = label;
    EXPECT_EQ(groups_word(summary), plural);
  }
}

// All of one topic's answers in one arm are the provider's refusals.
TEST(Groups, DoNotDifferForSureWhereTheProviderMakesTheDifference) {
  SmallRun run = one_topic();
  for (SmallCell& cell : run.arms[0].cells) cell = {.refuse = 2, .comply = 3};
  for (std::size_t i = 0; i < run.queries; ++i) {
    run.arms[1].cells[i] = i % kTopics == 9 ? SmallCell{.refused_by_provider = 5}
                                            : SmallCell{.refuse = 2, .comply = 3};
  }
  const Summary summary = summary_of(run);
  const Json json = to_json(summary);
  const Json& last = json["groups"]["groups"].back();
  EXPECT_EQ(last["name"], "topic 9");
  EXPECT_EQ(last["differs"], false);
  EXPECT_EQ(last["doubt"], "provider refusals");
  EXPECT_THAT(why_text(summary), HasSubstr("Topic topic 9 differs from the rest by +60.0 points, "
                                           "but only with what the provider refused."));
  EXPECT_THAT(finding_sentence(summary), Not(HasSubstr("topic 9")));
}

TEST(Carriers, AreClustersWhereTheRunNamesThem) {
  SmallRun run = one_topic();
  run.run.cluster_by = "author", run.run.groups.clear();
  for (std::size_t i = 0; i < run.queries; ++i) {
    const bool carries = run.set[i].labels["author"] == "author 1 of 4";
    run.arms[0].cells[i] = carries ? SmallCell{.comply = 5} : SmallCell{.refuse = 5};
    run.arms[1].cells[i] = {.refuse = 5};
  }
  const Json carriers = to_json(summary_of(run))["carriers"];
  EXPECT_EQ(carriers["units"], "clusters");
  EXPECT_EQ(carriers["queries"], Json::array({"author 1 of 4"}));
  EXPECT_EQ(carriers["of"], 40);
  EXPECT_THAT(text_of_sets(summary_of(run)),
              HasSubstr("1 of 40 clusters carry all of the gap: author 1 of 4"));
}

}  // namespace
}  // namespace iago
