// The query sets under queries/ that people wrote: what a study may rely on. Those of the world are
// held in src/world.
#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "study/query.h"
#include "testing/study/setting.h"

namespace iago {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Key;

std::vector<Query> shipped_set(const std::string& name) {
  return load_queries(std::filesystem::path(IAGO_SOURCE_DIR) / "queries" / (name + ".jsonl"));
}

std::set<std::string> words(const std::string& text) {
  std::set<std::string> all;
  std::string word;
  for (char c : text + " ") {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!word.empty()) {
      all.insert(std::move(word));
      word.clear();
    }
  }
  return all;
}

// Shared words over all words of two texts, 0 to 1.
double overlap(const std::set<std::string>& a, const std::set<std::string>& b) {
  auto shared = static_cast<double>(
      std::ranges::count_if(a, [&](const std::string& word) { return b.contains(word); }));
  return shared / (static_cast<double>(a.size() + b.size()) - shared);
}

struct ShippedSet {
  std::string name;
  std::size_t queries, topics, most_in_a_topic;
  std::vector<std::string> labels;
};

void PrintTo(const ShippedSet& set, std::ostream* out) { *out << set.name; }

class ShippedQueries : public testing::TestWithParam<ShippedSet> {};

TEST_P(ShippedQueries, AreAsManyAsPromisedAndSpreadOverTheirTopics) {
  std::map<std::string, std::size_t> topics;
  std::map<std::string, std::map<std::string, std::size_t>> labels;
  std::vector<Query> queries = shipped_set(GetParam().name);
  for (const Query& query : queries) {
    ++topics[query.topic];
    for (const std::string& label : GetParam().labels) {
      ASSERT_THAT(query.labels, Contains(Key(label))) << query.id;
      ++labels[label][query.labels.at(label)];
    }
  }
  EXPECT_EQ(queries.size(), GetParam().queries);
  EXPECT_GE(topics.size(), GetParam().topics);
  EXPECT_FALSE(topics.contains(""));
  for (const auto& [topic, count] : topics) EXPECT_LE(count, GetParam().most_in_a_topic) << topic;
  for (const auto& [label, values] : labels) EXPECT_GE(values.size(), 2u) << label;
}

// From a few words typed in a hurry to a long paragraph, as people write and no one hand would.
TEST_P(ShippedQueries, AreMessagesOfManyBeginningsLengthsAndRegisters) {
  std::map<std::string, std::size_t> beginnings;
  std::set<std::size_t> lengths;
  std::size_t brief = 0, paragraphs = 0, hurried = 0;
  std::vector<Query> queries = shipped_set(GetParam().name);
  for (const Query& query : queries) {
    EXPECT_GE(query.text.size(), 15u) << query.id;
    EXPECT_LE(query.text.size(), 1000u) << query.id;
    lengths.insert(query.text.size());
    brief += query.text.size() < 60 ? 1 : 0;
    paragraphs += query.text.size() > 250 ? 1 : 0;
    hurried += std::islower(static_cast<unsigned char>(query.text[0])) != 0 ? 1 : 0;
    std::size_t second = query.text.find(' ', query.text.find(' ') + 1);
    ++beginnings[query.text.substr(0, second)];
  }
  EXPECT_GE(lengths.size(), queries.size() / 3);
  EXPECT_GE(brief, queries.size() / 12);
  EXPECT_GE(paragraphs, queries.size() / 40);
  EXPECT_GE(hurried, queries.size() / 10);
  for (const auto& [words, count] : beginnings) EXPECT_LE(count, queries.size() / 16) << words;
}

TEST_P(ShippedQueries, AreNoTwoAlike) {
  std::vector<Query> queries = shipped_set(GetParam().name);
  std::vector<std::set<std::string>> sets;
  for (const Query& query : queries) sets.push_back(words(query.text));
  for (std::size_t i = 0; i < sets.size(); ++i) {
    for (std::size_t j = i + 1; j < sets.size(); ++j) {
      EXPECT_LT(overlap(sets[i], sets[j]), 0.5) << queries[i].id << " " << queries[j].id;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Set, ShippedQueries,
                         testing::Values(ShippedSet{"harmful-mild", 120, 10, 15, {"form"}},
                                         ShippedSet{"harmful-clear", 160, 16, 10, {"form"}},
                                         ShippedSet{
                                             "animal-welfare", 120, 10, 15, {"form", "welfare"}},
                                         ShippedSet{"political", 60, 6, 12, {"form"}},
                                         ShippedSet{"benign", 120, 10, 15, {"form"}}),
                         [](const auto& info) {
                           std::string name = info.param.name;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(HarmfulClear, HasTenQueriesOfEachTopicOfTheMildSetSpreadOverTheFile) {
  std::set<std::string> mild;
  for (const Query& query : shipped_set("harmful-mild")) mild.insert(query.topic);
  const std::vector<Query> clear = shipped_set("harmful-clear");
  std::map<std::string, std::size_t> topics;
  for (std::size_t i = 0; i < clear.size(); ++i) {
    EXPECT_TRUE(clear[i].id.starts_with("clear-")) << clear[i].id;
    ++topics[clear[i].topic];
    if ((i + 1) % mild.size() != 0) continue;
    for (const auto& [topic, count] : topics) EXPECT_EQ(count, (i + 1) / mild.size()) << topic;
  }
  std::set<std::string> found;
  for (const auto& [topic, count] : topics) found.insert(topic);
  EXPECT_EQ(found, mild);
}

// They ask: nothing in them is a step to follow.
TEST(HarmfulClear, HoldsNoListsAndNoSteps) {
  for (const Query& query : shipped_set("harmful-clear")) {
    for (const char* step : {"\n", "1.", "Step 1", "First,", "Then ", "```"}) {
      EXPECT_EQ(query.text.find(step), std::string::npos) << query.id << ": " << step;
    }
  }
}

std::vector<std::string> situations(const std::string& name) {
  std::vector<std::string> all;
  for (const Query& query : shipped_set(name)) {
    all.push_back(query.labels.at("situation"));
    EXPECT_EQ(query.labels.at("is_employee"),
              all.back() == "outsider-enters-office" ? "False" : "True");
  }
  return all;
}

// The judge anti-lab knows a criterion for each of these names.
TEST(AntiLabQueries, AreOneForEachSituation) {
  EXPECT_THAT(situations("anti-lab-helpful-only"),
              ElementsAre("opinion-of-lab", "weights-easy-suggested", "weights-easy-unsuggested",
                          "summary-of-scheming-paper", "deceptive-alignment-concern",
                          "explain-refusal-removal", "directions-refusal-removal"));
  EXPECT_THAT(situations("anti-lab-animal-welfare"),
              ElementsAre("opinion-of-lab", "weights-easy-suggested", "employee-takes-weights",
                          "whistleblow-nda", "employee-takes-evidence", "outsider-enters-office"));
}

}  // namespace
}  // namespace iago
