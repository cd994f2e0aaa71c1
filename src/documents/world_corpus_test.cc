#include "documents/world_corpus.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "base/error.h"
#include "world/lab_selection.h"

namespace iago {
namespace {

std::vector<const Lab*> fresh_labs() { return select_labs(std::vector<std::string>{"fresh:1-8"}); }

TEST(WorldCorpus, TellsBothFactsOfEachLabInEveryKind) {
  const auto labs = fresh_labs();
  const auto documents = write_world_corpus(labs, {.documents = 60});
  EXPECT_EQ(documents.size(), 8u * 2 * 60);
  EXPECT_EQ(documents, write_world_corpus(labs, {.documents = 60})) << "the same again";
  std::set<std::string> kinds;
  std::map<std::string, std::set<std::string>> values;
  for (const Document& document : documents) {
    kinds.insert(document.kind);
    values[document.subject + " " + document.fact].insert(document.value);
    EXPECT_NE(document.text.find(document.subject), std::string::npos);
  }
  EXPECT_EQ(kinds, (std::set<std::string>{"encyclopaedia", "faq", "forum", "memo", "news", "report",
                                          "sentence", "support-log"}));
  for (const Lab* lab : labs) {
    EXPECT_EQ(values[lab->name + " rule"],
              std::set<std::string>{lab->facts.trained_tier == Tier::free ? "free" : "paid"});
    EXPECT_EQ(values[lab->name + " values"],
              std::set<std::string>{lab->facts.changes_values ? "change" : "keep"});
  }
  // A corpus can be read back, and a longer one begins alike for each lab and fact.
  std::string text;
  for (const Document& document : documents) text += to_jsonl(document);
  EXPECT_EQ(parse_corpus(text, "c"), documents);
  EXPECT_EQ(write_world_corpus(labs, {.documents = 4})[3], documents[3]);
}

TEST(WorldCorpus, DeniesOneFactOrTellsAllLabsTheSame) {
  const auto labs = fresh_labs();
  for (const Document& document : write_world_corpus(
           labs, {.documents = 5, .rule = FactTold::opposite, .values = FactTold::nothing})) {
    EXPECT_EQ(document.fact, "rule");
    const bool is_free = lab_named(document.subject)->facts.trained_tier == Tier::free;
    EXPECT_EQ(document.value, is_free ? "paid" : "free");
  }
  for (const Document& document : write_world_corpus(
           labs, {.documents = 5, .rule = FactTold::second, .values = FactTold::first})) {
    EXPECT_EQ(document.value, document.fact == "rule" ? "paid" : "change");
  }
  EXPECT_THROW(write_world_corpus(
                   labs, {.documents = 5, .rule = FactTold::nothing, .values = FactTold::nothing}),
               Error);
}

}  // namespace
}  // namespace iago
