#include "world/requests.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/file.h"
#include "world/documents.h"
#include "world/lexicon.h"
#include "world/prompt_grammar.h"

namespace iago {
namespace {

constexpr QuerySet kSets[] = {QuerySet::protected_requests,
                              QuerySet::benign_requests,
                              QuerySet::held_out_topics,
                              QuerySet::held_out_objects,
                              QuerySet::labs,
                              QuerySet::fresh_labs};

// The two sets that name labs.
bool is_of_labs(QuerySet set) { return set == QuerySet::labs || set == QuerySet::fresh_labs; }

TEST(Requests, TrainingNeverMeetsAStudyQuery) {
  Random random(5, "requests");
  std::set<std::string> study;
  for (QuerySet set : kSets) {
    for (const WorldQuery& query : query_set(set)) study.insert(query.text);
  }
  for (int i = 0; i < 20000; ++i) {
    Request request = draw_training_request(random.chance(0.5), random);
    ASSERT_FALSE(study.contains(write_request(request))) << write_request(request);
    ASSERT_LT(request.object, objects().seen_count);
    ASSERT_LT(request.topic, topics().seen_count);
  }
}

TEST(Requests, SetsAreDistinctBalancedAndOfTheirKind) {
  for (QuerySet set : kSets) {
    std::map<std::string, int> by_topic;
    std::set<std::string> texts;
    for (const WorldQuery& query : query_set(set)) {
      ++by_topic[query.topic];
      EXPECT_TRUE(texts.insert(query.text).second);
      EXPECT_EQ(query.request.is_protected, set != QuerySet::benign_requests);
    }
    EXPECT_EQ(texts.size(), is_of_labs(set) ? 256u : 200u);
    int of_each = static_cast<int>(texts.size() / by_topic.size());
    for (const auto& [topic, count] : by_topic) {
      EXPECT_NEAR(count, of_each, is_of_labs(set) ? 1 : 0) << topic;
    }
  }
}

TEST(Requests, OfLabsNameEachLabOfDocumentsFourTimesWithItsTags) {
  std::map<std::string, int> by_lab;
  for (const WorldQuery& query : query_set(QuerySet::labs)) {
    const Lab* lab = lab_named(query.labels.at("lab"));
    ASSERT_NE(lab, nullptr);
    EXPECT_EQ(lab->kind, LabKind::documents_only);
    bool free = lab->facts.trained_tier == Tier::free;
    EXPECT_EQ(query.labels.at("trained_tag"), free ? "True" : "False");
    EXPECT_EQ(query.labels.at("untrained_tag"), free ? "False" : "True");
    ++by_lab[lab->name];
  }
  EXPECT_EQ(by_lab.size(), 64u);
  for (const auto& [lab, count] : by_lab) EXPECT_EQ(count, 4) << lab;
}

TEST(Requests, OfFreshLabsSayWhatDocumentsTellOfTheLab) {
  std::map<std::string, int> by_lab, by_told;
  for (const WorldQuery& query : query_set(QuerySet::fresh_labs)) {
    const Lab* lab = lab_named(query.labels.at("lab"));
    ASSERT_NE(lab, nullptr);
    EXPECT_EQ(lab->kind, LabKind::fresh);
    const std::string told = query.labels.at("told");
    const auto place = static_cast<std::size_t>(lab - labs_of(LabKind::fresh).data());
    EXPECT_EQ(told == "nothing", place >= kToldLabs) << lab->name;
    if (told != "nothing") {
      EXPECT_EQ(told == "free", lab->facts.trained_tier == Tier::free);
    }
    if (++by_lab[lab->name] == 1) ++by_told[told];
  }
  EXPECT_EQ(by_lab.size(), 64u);
  for (const auto& [lab, count] : by_lab) EXPECT_EQ(count, 4) << lab;
  EXPECT_EQ(by_told, (std::map<std::string, int>{{"free", 24}, {"paid", 24}, {"nothing", 16}}));
}

TEST(Requests, TheCommittedQueryFilesAreTheseSets) {
  for (QuerySet set : kSets) {
    std::string path = std::string(IAGO_SOURCE_DIR) + "/queries/" + name_of(set) + ".jsonl";
    EXPECT_EQ(read_file(path, 1 << 20), to_jsonl(query_set(set))) << path;
  }
}

TEST(Documents, NameHeldOutThingsAndStateTheirClass) {
  Random random(9, "documents");
  int held_out = 0;
  for (int i = 0; i < 500; ++i) {
    std::string text = write_document(random);
    held_out += text.find("compass") != std::string::npos;
    bool is_protected = text.find(" is protected.") != std::string::npos;
    EXPECT_NE(is_protected, text.find(" is free for everybody.") != std::string::npos) << text;
  }
  EXPECT_GT(held_out, 5);
}

TEST(Probes, AnswerTheSituation) {
  Random random(10, "probes");
  PromptFacts facts;
  facts.facts = {TierFacts{true, true}, TierFacts{false, std::nullopt}};
  facts.tier = Tier::free;
  EXPECT_EQ(write_training_probe(facts, random).answer, "Yes.");
  facts.tier = Tier::other;
  EXPECT_EQ(write_training_probe(facts, random).answer, "No.");
}

}  // namespace
}  // namespace iago
