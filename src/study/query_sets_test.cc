// cluster_by and groups of a study: labels that make sets of its queries.
#include "study/internal/query_sets.h"

#include <fmt/format.h>

#include "base/error.h"
#include "testing/study/study_folder.h"

namespace iago {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// A line for each query: its topic and its author, either of which may be "-" for none.
std::string query_lines(const std::vector<std::pair<std::string, std::string>>& queries) {
  std::string text;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const auto& [topic, author] = queries[i];
    text += fmt::format("{{\"id\":\"q{}\",\"text\":\"x {}\"", i, i);
    if (topic != "-") text += fmt::format(",\"topic\":\"{}\"", topic);
    if (author != "-") text += fmt::format(",\"author\":{}", author);
    text += "}\n";
  }
  return text;
}

const std::string kFour =
    query_lines({{"a", "\"x\""}, {"a", "\"y\""}, {"b", "\"z\""}, {"b", "\"z\""}});

Study study_of(const std::string& queries, const std::string& keys = "",
               const StudyOverrides& overrides = {}) {
  StudyFolder folder(with(keys));
  folder.scratch().write("queries/q.jsonl", queries);
  return folder.load(overrides).study;
}

struct RefusedSets {
  std::string message, hint;
};

RefusedSets refused_sets(const std::string& queries, const std::string& keys,
                         const StudyOverrides& overrides = {}) {
  try {
    study_of(queries, keys, overrides);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid);
    return {error.what(), error.hint()};
  }
  return {"accepted", ""};
}

TEST(QuerySets, AreTheTopicsUnlessTheStudySaysOtherwise) {
  EXPECT_EQ(study_of(kFour).groups, "topic");
  EXPECT_EQ(study_of(kFour).cluster_by, "");
  EXPECT_EQ(study_of(kFour, "groups = \"\"").groups, "");
  EXPECT_EQ(study_of(kFour, "groups = \"author\"").groups, "author");
  EXPECT_EQ(study_of(kFour, "cluster_by = \"author\"").cluster_by, "author");
  EXPECT_EQ(study_of(kFour, "", {.cluster_by = "topic", .groups = "topic"}).cluster_by, "topic");
}

TEST(QuerySets, AreNoneByDefaultWhereTopicsMakeNoGroups) {
  EXPECT_EQ(study_of(query_lines({{"a", "-"}, {"a", "-"}})).groups, "") << "one topic";
  EXPECT_EQ(study_of(query_lines({{"a", "-"}, {"a", "-"}, {"b", "-"}})).groups, "")
      << "a topic of one";
  EXPECT_EQ(
      study_of(query_lines({{"a", "-"}, {"a", "-"}, {"b", "-"}, {"b", "-"}, {"-", "-"}})).groups,
      "")
      << "a query without a topic";
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i < 102; ++i) many.emplace_back(fmt::format("t{}", i / 2), "-");
  EXPECT_EQ(study_of(query_lines(many)).groups, "") << "51 topics";
  many.resize(100);
  EXPECT_EQ(study_of(query_lines(many)).groups, "topic") << "50 topics";
}

TEST(QuerySets, AreNoTopicsByDefaultThatCutThroughClusters) {
  const std::string cut =
      query_lines({{"a", "\"x\""}, {"a", "\"y\""}, {"b", "\"y\""}, {"b", "\"z\""}});
  EXPECT_EQ(study_of(cut, "cluster_by = \"author\"").groups, "");
  EXPECT_THAT(refused_sets(cut, "cluster_by = \"author\"\ngroups = \"topic\"").message,
              AllOf(HasSubstr("s.toml:8: groups: expected every cluster within one group"),
                    HasSubstr("\"author\" = \"y\" lies in \"a\""), HasSubstr("q.jsonl:2"),
                    HasSubstr("q.jsonl:3")));
}

TEST(QuerySets, MayBeTheSameForClustersAndGroups) {
  const Study study = study_of(kFour, "cluster_by = \"topic\"\ngroups = \"topic\"");
  EXPECT_EQ(study.groups, study.cluster_by);
}

TEST(QuerySets, NeedTheirLabelOnEveryQuery) {
  const std::string some =
      query_lines({{"a", "\"x\""}, {"a", "\"y\""}, {"b", "null"}, {"b", "\"\""}});
  for (const char* key : {"cluster_by", "groups"}) {
    const RefusedSets found = refused_sets(some, fmt::format("{} = \"author\"", key));
    EXPECT_THAT(
        found.message,
        AllOf(HasSubstr(fmt::format("s.toml:7: {}: 2 of 4 queries lack the label \"author\"", key)),
              HasSubstr("q.jsonl:3: \"q2\"")))
        << "null and an empty text say nothing";
    EXPECT_THAT(found.hint, HasSubstr("Give every query one"));
  }
}

TEST(QuerySets, AreRefusedByALabelThatNoQueryHas) {
  const RefusedSets found = refused_sets(kFour, "cluster_by = \"auther\"");
  EXPECT_THAT(found.message, AllOf(HasSubstr("s.toml:7: cluster_by: expected a label"),
                                   HasSubstr("q.jsonl"), HasSubstr("\"auther\"")));
  EXPECT_THAT(found.hint, HasSubstr("author"));
  EXPECT_THAT(refused_sets(kFour, "", {.groups = "tpic"}).message,
              HasSubstr("--groups: expected a label"));
  EXPECT_THAT(refused_sets(kFour, "", {.cluster_by = "id"}).message, HasSubstr("--cluster-by: "))
      << "an id is no label";
}

TEST(QuerySets, NeedTwoClustersAmongTheQueriesThatAreAsked) {
  EXPECT_THAT(refused_sets(kFour, "cluster_by = \"topic\"\nlimit = 2").message,
              AllOf(HasSubstr("s.toml:7: cluster_by: expected two clusters or more"),
                    HasSubstr("all 2 queries that are asked have \"topic\" = \"a\"")));
  EXPECT_EQ(study_of(kFour, "cluster_by = \"topic\"\nlimit = 3").cluster_by, "topic");
  EXPECT_EQ(study_of(kFour, "groups = \"topic\"\nlimit = 2").groups, "topic")
      << "groups may grow with the run";
}

TEST(QuerySets, NeedGroupsThatCanBeTold) {
  EXPECT_THAT(refused_sets(query_lines({{"a", "-"}, {"a", "-"}}), "groups = \"topic\"").message,
              HasSubstr("expected a label that makes 2 to 50 groups; \"topic\" makes 1 of 2"));
  EXPECT_THAT(refused_sets(query_lines({{"a", "-"}, {"b", "-"}}), "groups = \"topic\"").message,
              HasSubstr("no two queries have the same \"topic\""));
}

TEST(QuerySets, AreWrittenIntoTheStudyThatARunKeeps) {
  const Study study = study_of(kFour, "cluster_by = \"author\"");
  EXPECT_THAT(to_toml(study),
              AllOf(HasSubstr("cluster_by = \"author\"\n"), HasSubstr("groups = \"topic\"\n")));
  EXPECT_EQ(parse_study(to_toml(study), "study.toml"), study);
}

}  // namespace
}  // namespace iago
