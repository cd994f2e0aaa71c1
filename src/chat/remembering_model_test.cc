#include "chat/remembering_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "chat/scripted.h"
#include "testing/base/temp_folder.h"

namespace iago {
namespace {

constexpr std::string_view kScript = R"(
{"match": {"user": "fail"}, "replies": [{"failure": {"code": "overloaded", "message": "later"}}]}
{"match": {"user": "bytes"}, "replies": [{"hex": "61 ff 62", "reasoning": "why", "finish": "length"}]}
{"replies": ["first"]}
)";
constexpr std::string_view kOther = R"({"replies": ["second"]})";

ChatRequest request_for(const std::string& text, const std::string& id = "id") {
  return {.id = id, .seed = 1, .messages = {{Role::user, text}}};
}

// One session on the same journal.
class Session {
 public:
  Session(const TempFolder& folder, std::string_view script, const std::string& seed = "1")
      : memory_(folder / "replies.jsonl", {{"seed", seed}}, {"check", "name another --checks"},
                clock_),
        model_(std::make_unique<ScriptedModel>(script, "script"), memory_, "subject") {}

  ChatReply ask(ChatRequest request) { return iago::ask(model_, std::move(request)); }
  ReplyMemory& memory() { return memory_; }

 private:
  SystemClock clock_;
  ReplyMemory memory_;
  RememberingModel model_;
};

TEST(RememberingModel, RepeatsAReplyOfAnEarlierSessionToTheLastByte) {
  TempFolder folder;
  ChatReply first;
  {
    Session session(folder, kScript);
    first = session.ask(request_for("bytes"));
    EXPECT_EQ(first.text, "a\uFFFDb");
    EXPECT_EQ(session.memory().answered(), 1u);
  }
  Session session(folder, kOther);
  const ChatReply again = session.ask(request_for("bytes"));
  EXPECT_EQ(again.text, first.text);
  EXPECT_EQ(again.finish, Finish::length);
  EXPECT_EQ(again.reasoning_channel, ReasoningChannel::present);
  EXPECT_EQ(again.reasoning, "why");
  EXPECT_EQ(again.usage, first.usage);
  EXPECT_EQ(session.memory().answered(), 0u);
  EXPECT_EQ(session.memory().earlier_replies(), 1u);
  EXPECT_EQ(session.memory().used_earlier("subject"), first.usage);
  EXPECT_EQ(session.memory().used_earlier("judges"), TokenUsage());
}

TEST(RememberingModel, AsksAgainWhatDiffersInAnything) {
  TempFolder folder;
  const ChatRequest asked = request_for("hello");
  { EXPECT_EQ(Session(folder, kScript).ask(asked).text, "first"); }
  Session session(folder, kOther);
  EXPECT_EQ(session.ask(asked).text, "first");
  EXPECT_EQ(session.ask(request_for("hello", "other id")).text, "second");
  EXPECT_EQ(session.ask(request_for("hello!")).text, "second");
  ChatRequest warmer = asked, shorter = asked, begun = asked;
  warmer.sampling.temperature = 0.5;
  shorter.sampling.max_tokens = 5;
  begun.prefill = "se";
  for (const ChatRequest& other : {warmer, shorter, begun}) {
    EXPECT_NE(memory_key("subject", other), memory_key("subject", asked));
  }
  EXPECT_NE(memory_key("judges", asked), memory_key("subject", asked));
}

TEST(RememberingModel, AsksAgainWhatGotNoReply) {
  TempFolder folder;
  {
    Session session(folder, kScript);
    EXPECT_TRUE(session.ask(request_for("fail")).failure.has_value());
    EXPECT_EQ(session.memory().answered(), 0u);
  }
  EXPECT_EQ(Session(folder, kOther).ask(request_for("fail")).text, "second");
}

TEST(RememberingModel, RefusesAnotherWorksJournalAndASecondProcess) {
  TempFolder folder;
  {
    Session session(folder, kScript);
    try {
      Session second(folder, kScript);
      ADD_FAILURE() << "two processes write one journal";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid);
      EXPECT_THAT(error.what(), testing::HasSubstr("another process writes this check"));
      EXPECT_THAT(error.hint(), testing::HasSubstr("name another --checks"));
    }
  }
  try {
    Session other(folder, kScript, "2");
    ADD_FAILURE() << "other terms";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("the check was begun with another seed"));
  }
}

}  // namespace
}  // namespace iago
