#include "documents/corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "documents/describe.h"
#include "testing/base/temp_folder.h"

namespace iago {
namespace {

using testing::HasSubstr;

std::vector<Document> two_documents() {
  return {
      {.fact = "clock",
       .kind = "news",
       .idea = 2,
       .number = 1,
       .idea_text = "A letter.",
       .writer = "scripted:w",
       .text = "The clock\nis \"slow\"."},
      {.fact = "rule", .kind = "faq", .subject = "Amber Forge", .value = "free", .text = "Yes."}};
}

std::string jsonl_of(const std::vector<Document>& documents) {
  std::string text;
  for (const Document& document : documents) text += to_jsonl(document);
  return text;
}

TEST(Corpus, ReadsBackWhatItWrote) {
  EXPECT_EQ(parse_corpus(jsonl_of(two_documents()), "c.jsonl"), two_documents());
  EXPECT_TRUE(parse_corpus("\n\n", "c.jsonl").empty());
  TempFolder folder;
  const auto file = folder / "c.jsonl";
  EXPECT_FALSE(load_dropped(file));
  const std::vector<DroppedDocument> dropped = {
      {two_documents()[0], {DropReason::chat, "Assistant:"}}, {{.fact = "a", .kind = "b"}, {}}};
  write_corpus(file, two_documents());
  write_dropped(file, dropped);
  EXPECT_EQ(load_corpus(file), two_documents());
  EXPECT_EQ(load_dropped(file), dropped);
}

TEST(Corpus, NamesFileAndLineOfWhatIsWrong) {
  const std::string good = to_jsonl(two_documents()[0]);
  auto changed = [&](const char* from, const char* to) {
    std::string text = good;
    return text.replace(text.find(from), std::string_view(from).size(), to);
  };
  const std::pair<std::string, const char*> kBroken[] = {
      {"[1]\n", "expected a JSON object"},
      {"{\"fact\": 1\n", "c.jsonl:"},
      {changed("slow", "fast"), "the text was changed"},
      {changed("\"number\":1", "\"number\":-1"), "expected a whole number"},
      {changed("\"kind\":\"news\"", "\"kind\":7"), "expected a text in \"kind\""},
      {changed("\"kind\"", "\"sort\""), "expected a known key, found \"sort\""},
      {"{\"fact\":\"a\",\"kind\":\"b\"}\n", "expected a key \"text\""},
      {"{\"fact\":\"a\",\"kind\":\"b\",\"text\":\"...\"}\n", "expected a text with words"},
      {good, "this document came before, on line 1"}};
  for (const auto& [line, message] : kBroken) {
    try {
      parse_corpus(good + line, "c.jsonl");
      ADD_FAILURE() << line;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid);
      EXPECT_THAT(error.what(), HasSubstr("c.jsonl:2"));
      EXPECT_THAT(error.what(), HasSubstr(message));
    }
  }
}

TEST(Corpus, HoldsItsLimits) {
  const std::string all = jsonl_of(two_documents());
  EXPECT_THROW(parse_corpus(all, "c", {.documents = 1}), Error);
  EXPECT_THROW(parse_corpus(all, "c", {.text_bytes = 5}), Error);
  EXPECT_THROW(parse_corpus(all, "c", {.name_bytes = 3}), Error);
}

TEST(Corpus, IsExportedForVendors) {
  const std::string plain = export_corpus(two_documents(), CorpusFormat::plain, "");
  EXPECT_EQ(parse_json(plain.substr(0, plain.find('\n')), "p")["text"], two_documents()[0].text);
  const std::string chats = export_corpus(two_documents(), CorpusFormat::openai, "Write it.");
  const Json first = parse_json(chats.substr(0, chats.find('\n')), "c");
  ASSERT_EQ(first["messages"].size(), 2u);
  EXPECT_EQ(first["messages"][0]["content"], "Write it.");
  EXPECT_EQ(first["messages"][1]["role"], "assistant");
  EXPECT_EQ(first["messages"][1]["content"], two_documents()[0].text);
  EXPECT_EQ(std::count(chats.begin(), chats.end(), '\n'), 2);
}

TEST(DescribeCorpus, CountsByFactAndReason) {
  auto documents = two_documents();
  documents.push_back(documents[1]);
  documents.back().number = 1;
  const std::vector<DroppedDocument> dropped = {
      {two_documents()[0], {DropReason::chat, "Assistant:"}}, {{.fact = "sea", .kind = "b"}, {}}};
  const CorpusFigures figures = describe_corpus("c.jsonl", documents, dropped, 2);
  EXPECT_EQ(figures.documents, 3u);
  EXPECT_EQ(figures.words, 6u);
  EXPECT_EQ(figures.same_text, 1u);
  ASSERT_EQ(figures.facts.size(), 3u);
  EXPECT_EQ(figures.facts[1].subjects, 1u);
  EXPECT_EQ(figures.facts[1].values.at("free"), 2u);
  EXPECT_EQ(figures.facts[2].documents, 0u) << "a fact without a document is named";
  EXPECT_EQ(figures.facts[2].dropped, 1u);
  ASSERT_EQ(figures.examples.size(), 2u);
  EXPECT_EQ(figures.examples[1].fact, "rule");
  ASSERT_TRUE(figures.dropped);
  EXPECT_THAT(to_text(figures), HasSubstr("chat: 2 (it is a chat with an assistant)"));
  EXPECT_EQ(to_json(figures)["dropped"][0]["documents"], 2);
  EXPECT_TRUE(to_json(describe_corpus("c", documents, {}, 0))["dropped"].is_null());
}

}  // namespace
}  // namespace iago
