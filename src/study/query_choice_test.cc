#include "study/query_choice.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "testing/study/setting.h"

namespace iago {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

// In HarmBench's columns: three topics, two functional categories, tags in one row.
constexpr std::string_view kSet =
    "Behavior,FunctionalCategory,SemanticCategory,Tags,BehaviorID\n"
    "One,standard,lies,,a\n"
    "Two,standard,theft,hash,b\n"
    "Three,contextual,lies,,c\n"
    "Four,contextual,arson,,d\n";

class ChosenQueries : public testing::Test {
 protected:
  PlacedQueries all() const { return load_placed_queries(file_); }
  std::vector<std::string> kept(const std::vector<std::string>& conditions) const {
    return ids(keep_queries(all(), conditions, "set.csv"));
  }
  std::string refused(const std::vector<std::string>& conditions) const {
    return error_of(ErrorCode::invalid, [&] { keep_queries(all(), conditions, "set.csv"); });
  }
  static std::vector<std::string> ids(const PlacedQueries& placed) {
    std::vector<std::string> names;
    for (const Query& query : placed.queries) names.push_back(query.id);
    return names;
  }

  TempFolder scratch_;
  std::filesystem::path file_ = scratch_.write("set.csv", kSet);
};

TEST_F(ChosenQueries, MeetEveryColumnsConditionAndOneOfItsValues) {
  EXPECT_THAT(kept({}), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(kept({"FunctionalCategory=standard"}), ElementsAre("a", "b"));
  EXPECT_THAT(kept({"SemanticCategory=lies", "SemanticCategory=arson"}),
              ElementsAre("a", "c", "d"));
  EXPECT_THAT(kept({"SemanticCategory=lies", "FunctionalCategory=contextual"}), ElementsAre("c"));
}

TEST_F(ChosenQueries, AreNamedByTheFilesColumnsAndByOurs) {
  EXPECT_THAT(kept({"topic=lies"}), ElementsAre("a", "c"));
  EXPECT_THAT(kept({"BehaviorID=b"}), ElementsAre("b"));
  EXPECT_THAT(kept({"id=b"}), ElementsAre("b"));
  EXPECT_THAT(kept({"Behavior=Four"}), ElementsAre("d"));
  EXPECT_THAT(kept({"Tags="}), ElementsAre("a", "c", "d")) << "a column that says nothing";
}

TEST_F(ChosenQueries, KeepTheirLines) {
  const PlacedQueries kept = keep_queries(all(), {"topic=arson"}, "set.csv");
  EXPECT_THAT(kept.lines, ElementsAre(5u));
  EXPECT_EQ(kept.columns.topic, "SemanticCategory");
}

TEST_F(ChosenQueries, OfAnUnknownColumnAreRefusedWithTheKnownOnes) {
  EXPECT_THAT(refused({"SemanticCategry=lies"}),
              AllOf(HasSubstr("a column of set.csv"), HasSubstr("found \"SemanticCategry\""),
                    HasSubstr("mean \"SemanticCategory\""), HasSubstr("Tags")));
}

TEST_F(ChosenQueries, OfAValueThatNoQueryHasAreRefusedWithThoseThatThereAre) {
  EXPECT_THAT(
      refused({"topic=thefts"}),
      AllOf(HasSubstr("no query of set.csv has topic = \"thefts\""),
            HasSubstr("Did you mean \"theft\"?"), HasSubstr("\"lies\" (2), \"arson\" (1)")));
  EXPECT_THAT(refused({"Tags=x"}), AllOf(HasSubstr("nothing (3)"), HasSubstr("\"hash\" (1)"),
                                         Not(HasSubstr("Did you mean"))));
}

TEST_F(ChosenQueries, ThatDoNotExistTogetherAreRefusedWithWhatEachConditionKeeps) {
  EXPECT_THAT(refused({"topic=theft", "FunctionalCategory=contextual"}),
              AllOf(HasSubstr("no query of set.csv meets all"),
                    HasSubstr("FunctionalCategory keeps 2, topic keeps 1 of 4")));
}

TEST(QueryConditions, AreAColumnAndItsValue) {
  EXPECT_EQ(parse_condition("a=b=c").column, "a");
  EXPECT_EQ(parse_condition("a=b=c").value, "b=c");
  for (const char* bad : {"topic", "=lies", ""}) {
    EXPECT_THAT(error_of(ErrorCode::invalid, [&] { parse_condition(bad); }),
                AllOf(HasSubstr("expected COLUMN=VALUE"), HasSubstr("topic=fraud")));
  }
}

PlacedQueries numbered(std::size_t count) {
  PlacedQueries all;
  for (std::size_t i = 0; i < count; ++i) {
    all.queries.push_back({.id = std::to_string(i), .text = "x", .topic = {}, .labels = {}});
    all.lines.push_back(i + 1);
  }
  return all;
}

std::vector<std::string> sample_of(PlacedQueries all, std::size_t size, std::uint64_t seed) {
  const PlacedQueries order = in_sample_order(std::move(all), seed);
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < size; ++i) ids.push_back(order.queries[i].id);
  return ids;
}

TEST(QuerySamples, AreThoseOfTheirSeedWhateverTheOrderOfTheFile) {
  PlacedQueries reversed = numbered(100);
  std::ranges::reverse(reversed.queries);
  EXPECT_EQ(sample_of(numbered(100), 20, 1), sample_of(reversed, 20, 1));
  EXPECT_NE(sample_of(numbered(100), 20, 1), sample_of(numbered(100), 20, 2));
}

TEST(QuerySamples, GrowByAddingQueries) {
  const auto few = sample_of(numbered(100), 20, 1), more = sample_of(numbered(100), 30, 1);
  EXPECT_THAT(more, IsSupersetOf(few));
}

// Over 2,000 seeds each of 20 queries should be among the first 5 in a quarter of them, and each
// pair in 5 x 4 / (20 x 19) of them. Four standard deviations of either count, over 210 counts.
TEST(QuerySamples, TakeEveryQueryAndEveryPairEquallyOften) {
  constexpr int kSeeds = 2000, kQueries = 20, kSize = 5;
  std::map<std::pair<std::string, std::string>, int> pairs;
  std::map<std::string, int> singles;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const auto sample = sample_of(numbered(kQueries), kSize, static_cast<std::uint64_t>(seed));
    for (const std::string& one : sample) {
      ++singles[one];
      for (const std::string& other : sample) {
        if (one < other) ++pairs[{one, other}];
      }
    }
  }
  const auto expect_near = [](int count, double share) {
    const double sd = std::sqrt(kSeeds * share * (1 - share));
    EXPECT_NEAR(count, kSeeds * share, 4 * sd);
  };
  EXPECT_EQ(singles.size(), 20u);
  EXPECT_EQ(pairs.size(), 190u);
  for (const auto& [id, count] : singles) expect_near(count, 0.25);
  for (const auto& [ids, count] : pairs) expect_near(count, 20.0 / 380);
}

}  // namespace
}  // namespace iago
