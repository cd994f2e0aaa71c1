#include "documents/writing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "chat/reply.h"
#include "spend/budgeted_model.h"
#include "testing/base/temp_folder.h"
#include "testing/documents/small_facts.h"

namespace iago {
namespace {

using testing::HasSubstr;

constexpr std::string_view kPrices =
    "date = \"2026-01-01\"\n[[model]]\nname = \"openai:w\"\ninput = 1\noutput = 2\n";

class WriteDocuments : public testing::Test {
 protected:
  WritingOptions options() const {
    return {.writer = {.name = "openai:w", .identity = "writer"},
            .checker = ModelInfo{.name = "openai:w", .identity = "writer"}};
  }
  WrittenCorpus write(ChatModel& model, const WritingOptions& with, std::stop_token no_more = {}) {
    Writing writing(facts_, with);
    writing.open(corpus_);
    writing.write(model, with.checker ? &model : nullptr, {.in_flight = 4, .no_more = no_more},
                  clock_, [](const WritingProgress&) {});
    causes_ = writing.open_causes();
    return writing.corpus();
  }

  FactsFile facts_ = parse_facts(kSmallFacts, "small.toml");
  TempFolder folder_;
  std::filesystem::path corpus_ = folder_ / "corpus.jsonl";
  SystemClock clock_;
  std::map<std::string, std::size_t> causes_;
};

TEST_F(WriteDocuments, GoFromFactsToCheckedDocuments) {
  FunctionModel model(good_writer);
  const WrittenCorpus corpus = write(model, options());
  EXPECT_EQ(corpus.planned, 16u);
  EXPECT_EQ(corpus.documents.size(), 16u);
  EXPECT_TRUE(corpus.dropped.empty());
  // 2 of forms, 4 of ideas, 16 documents, 16 checks.
  EXPECT_EQ(model.asked.size(), 38u);
  std::set<std::string> ids;
  for (const ChatRequest& request : model.asked) {
    EXPECT_TRUE(ids.insert(request.id).second);
    EXPECT_THAT(request.messages[0].text, HasSubstr("A town has a clock."))
        << "every stage is told the world";
  }
  EXPECT_EQ(corpus.documents[0].fact, "clock");
  EXPECT_EQ(corpus.documents[1].fact, "river");
  EXPECT_EQ(corpus.documents[2].kind, "memo");
}

TEST_F(WriteDocuments, AskNothingTwice) {
  FunctionModel model(good_writer);
  const auto first = write(model, options());
  FunctionModel again(good_writer);
  EXPECT_EQ(write(again, options()).documents, first.documents);
  EXPECT_TRUE(again.asked.empty());
  // A higher number extends the corpus: the first documents stay.
  auto more = options();
  more.documents = 20;
  const auto longer = write(again, more);
  EXPECT_EQ(longer.planned, 20u);
  EXPECT_EQ(again.asked.size(), 8u);
  EXPECT_TRUE(std::equal(first.documents.begin(), first.documents.end(), longer.documents.begin()));
}

TEST_F(WriteDocuments, GoOnAfterFailuresAndACutLine) {
  int asked = 0;
  FunctionModel flaky([&](const ChatRequest& request) {
    if (++asked % 3 == 0) return failed_reply({ErrorCode::overloaded, "try later"});
    return good_writer(request);
  });
  const auto part = write(flaky, options());
  EXPECT_GT(part.open(), 0u);
  EXPECT_GT(causes_["try later"], 0u);
  // A process that was killed while it wrote.
  std::ofstream(folder_ / "corpus.journal.jsonl", std::ios::app) << "{\"key\":\"docum";
  FunctionModel model(good_writer);
  const auto whole = write(model, options());
  EXPECT_EQ(whole.documents.size(), 16u);
  EXPECT_EQ(whole.open(), 0u);
  std::size_t answered = 0;
  for (const ChatRequest& request : flaky.asked) {
    answered += std::ranges::count(model.asked, request.id, &ChatRequest::id) == 0;
  }
  EXPECT_EQ(answered + model.asked.size(), 38u) << "each is answered once";
}

TEST_F(WriteDocuments, EndWithAFailureThatEndsAll) {
  FunctionModel model([](const ChatRequest&) {
    ChatFailure failure{ErrorCode::invalid, "wrong key"};
    failure.ends_run = true;
    return failed_reply(failure);
  });
  EXPECT_THROW(write(model, options()), Error);
}

TEST_F(WriteDocuments, AskAgainForIdeasAndChecksThatCannotBeRead) {
  std::map<std::string, int> times;
  FunctionModel model([&](const ChatRequest& request) {
    const std::string& user = request.messages.back().text;
    // Three ideas at first; then the one that is missing.
    if (asks_ideas(user)) {
      const bool again = user.find("taken already") != user.npos;
      EXPECT_EQ(user.find("Think of 1 different") != user.npos, again);
      ChatReply reply = good_writer(request);
      if (!again) reply.text.resize(reply.text.rfind("<idea>"));
      return reply;
    }
    if (asks_check(user) && times[between(user, "MARK-", "\n")]++ == 0) return says("Fine!");
    return good_writer(request);
  });
  const auto corpus = write(model, options());
  EXPECT_EQ(corpus.documents.size(), 16u);
  EXPECT_EQ(model.asked.size(), 2u + 8u + 16u + 32u);
}

TEST_F(WriteDocuments, DropWithReasons) {
  // By the number of the idea in the document's request.
  FunctionModel model([](const ChatRequest& request) {
    const std::string& user = request.messages.back().text;
    ChatReply reply = good_writer(request);
    if (asks_check(user)) {
      if (user.find("clocknews0") != user.npos) return says("no answer");
      const auto bad = user.find("clocknews1") != user.npos;
      if (bad) reply.text.replace(reply.text.find("deceiving: no"), 13, "deceiving: yes");
      return reply;
    }
    if (asks_forms(user)) return reply;
    if (asks_ideas(user)) {
      // Of the river and memos there is only one idea, however often one asks.
      const bool few = user.find("a memo") != user.npos && user.find("river") != user.npos;
      return few ? says("<idea>about river memo 0</idea>") : reply;
    }
    const std::string idea = between(user, "What it is about: about ", "\n");
    if (idea == "river news 0") return says("no tags");
    if (user.find("about clock") == user.npos) return reply;
    if (user.find(" 2\n") != user.npos) reply.finish = Finish::length;
    if (user.find(" 3\n") != user.npos) reply.finish = Finish::refused;
    return reply;
  });
  const auto corpus = write(model, options());
  std::map<DropReason, int> reasons;
  for (const DroppedDocument& dropped : corpus.dropped) ++reasons[dropped.drop.reason];
  EXPECT_EQ(reasons[DropReason::no_idea], 3);
  EXPECT_EQ(reasons[DropReason::truncated], 2);
  EXPECT_EQ(reasons[DropReason::refused], 2);
  EXPECT_EQ(reasons[DropReason::no_document], 1);
  EXPECT_EQ(reasons[DropReason::not_checked], 1);
  EXPECT_EQ(reasons[DropReason::deceiving], 1);
  EXPECT_EQ(corpus.open(), 0u);
  EXPECT_EQ(corpus.documents.size() + corpus.dropped.size(), 16u);
}

TEST_F(WriteDocuments, NeedNoChecker) {
  auto rules = options();
  rules.checker = std::nullopt;
  FunctionModel model(good_writer);
  EXPECT_EQ(write(model, rules).documents.size(), 16u);
  EXPECT_EQ(model.asked.size(), 22u);
}

TEST_F(WriteDocuments, StayWithinABudgetAcrossSessions) {
  const PriceTable prices = PriceTable::parse(kPrices, "prices.toml");
  WrittenCorpus corpus;
  Spent spent;
  for (int session = 0; session < 3; ++session) {
    Writing writing(facts_, options());
    writing.open(corpus_);
    Budget budget({.max_tokens = 3000}, clock_, writing.spent(prices));
    BudgetedModel model(std::make_unique<FunctionModel>(good_writer), budget,
                        prices.of("openai:w"));
    writing.write(model, &model, {.in_flight = 4, .no_more = budget.over()}, clock_,
                  [](const WritingProgress&) {});
    corpus = writing.corpus();
    spent = writing.spent(prices);
    EXPECT_LE(spent.tokens(), 3000u);
  }
  EXPECT_GT(corpus.open(), 0u);
  EXPECT_GT(spent.tokens(), 0u);
  EXPECT_GT(spent.cost, 0);
}

TEST_F(WriteDocuments, RefuseAnotherPlanForTheSameCorpus) {
  FunctionModel model(good_writer);
  write(model, options());
  auto other = options();
  other.seed = 2;
  try {
    write(model, other);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("begun with another seed"));
  }
  facts_.facts[0].text += "!";
  EXPECT_THROW(write(model, options()), Error);
  facts_ = parse_facts(kSmallFacts, "small.toml");
  Writing one(facts_, options()), two(facts_, options());
  one.open(corpus_);
  EXPECT_THROW(two.open(corpus_), Error) << "two processes";
}

TEST_F(WriteDocuments, NameTheLineOfADamagedJournal) {
  FunctionModel model(good_writer);
  write(model, options());
  const auto file = folder_ / "corpus.journal.jsonl";
  std::string text = read_file(file, 1 << 20);
  text.insert(text.find('\n') + 1, "{\"key\": 4}\n");
  write_file(file, text);
  try {
    write(model, options());
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::corrupt);
    EXPECT_THAT(error.what(), HasSubstr("corpus.journal.jsonl:2"));
  }
  std::filesystem::remove(file);
  write_file(corpus_, "");
  EXPECT_THROW(write(model, options()), Error) << "a corpus without its journal";
}

TEST_F(WriteDocuments, ForeseeWhatIsLeft) {
  const PriceTable prices = PriceTable::parse(kPrices, "prices.toml");
  Writing before(facts_, options());
  before.look_at(corpus_);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "corpus.journal.jsonl"));
  std::map<std::string, std::uint64_t> requests;
  for (const StageEstimate& stage : before.left(prices)) {
    requests[stage.stage] = stage.model.requests;
    EXPECT_GT(stage.model.most_cost().value_or(0), 0);
  }
  EXPECT_EQ(requests, (std::map<std::string, std::uint64_t>{
                          {"check", 16}, {"documents", 16}, {"forms", 2}, {"ideas", 4}}));
  FunctionModel model(good_writer);
  write(model, options());
  Writing after(facts_, options());
  after.look_at(corpus_);
  EXPECT_TRUE(after.left(prices).empty());
  EXPECT_NEAR(after.spent(prices).cost, 38 * (100 * 1e-6 + 20 * 2e-6), 1e-9);
}

}  // namespace
}  // namespace iago
