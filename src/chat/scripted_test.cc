#include "chat/scripted.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/file.h"
#include "base/hash.h"
#include "chat/endpoint.h"
#include "testing/chat/conformance.h"
#include "testing/chat/scripted_transport.h"

namespace iago {
namespace {

using testing::HasSubstr;

const std::filesystem::path kConversation =
    std::filesystem::path(IAGO_SOURCE_DIR) / "src/chat/testdata/conversation.jsonl";

ChatRequest about(std::string user, std::string id = "a", std::string system = "") {
  ChatRequest request;
  request.id = std::move(id);
  request.seed = 7;
  if (!system.empty()) request.messages.push_back({Role::system, std::move(system)});
  request.messages.push_back({Role::user, std::move(user)});
  return request;
}

INSTANTIATE_TEST_SUITE_P(Scripted, ChatModelConformance,
                         testing::Values(ConformanceSubject{
                             "scripted", [] { return load_scripted_model(kConversation); },
                             about("Please light the lamp."), "The lamp", true}),
                         [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    SlowScripted, ChatModelConformance,
    testing::Values(ConformanceSubject{
        "scripted_with_delays",
        [] {
          return std::make_unique<ScriptedModel>(
              R"({"replies": [{"text": "a slow reply of some words", "delay_ms": 3},)"
              R"( {"text": "another reply of just as many", "delay_ms": 1}]})",
              "here");
        },
        about("Anything."), "", true}),
    [](const auto& info) { return info.param.name; });

// Here, since the suite defines its tests in one file of an executable.
ConformanceSubject endpoint(const std::string& name, EndpointKind kind, EndpointOptions options) {
  options.base_url = "http://127.0.0.1:1/v1";
  auto make = [=]() -> std::unique_ptr<ChatModel> {
    static const SystemClock clock;
    auto serve = kind == EndpointKind::openai ? &SmallServer::openai : &SmallServer::anthropic;
    auto transport = std::make_shared<ScriptedTransport>(
        [serve](const HttpRequest& request, int) { return serve(request); }, 5);
    return open_endpoint(kind, "small", options, transport, clock);
  };
  return {name, make, about("Please light the lamp."), "The lamp", true};
}

INSTANTIATE_TEST_SUITE_P(Endpoints, ChatModelConformance,
                         testing::Values(endpoint("openai", EndpointKind::openai, {}),
                                         endpoint("openai_streamed", EndpointKind::openai,
                                                  {.streaming = Streaming::always}),
                                         endpoint("openai_three_at_once", EndpointKind::openai,
                                                  {.samples_per_request = 3, .first_in_flight = 1}),
                                         endpoint("anthropic", EndpointKind::anthropic, {}),
                                         endpoint("anthropic_streamed", EndpointKind::anthropic,
                                                  {.streaming = Streaming::always})),
                         [](const auto& info) { return info.param.name; });

ChatReply reply_to(ChatRequest request) {
  return ask(*load_scripted_model(kConversation), std::move(request));
}

// The first block of code of docs/scripted-models.md is a script whose arms differ.
TEST(ScriptedModel, OfTheDocumentsAnswersBothTiersAsTheySay) {
  const std::string page =
      read_file(std::filesystem::path(IAGO_SOURCE_DIR) / "docs/scripted-models.md", 1 << 20);
  const std::size_t begin = page.find("```\n") + 4;
  ScriptedModel model(page.substr(begin, page.find("```", begin) - begin), "scripted-models.md");
  int done = 0;
  constexpr int kAsked = 400;
  for (int i = 0; i < kAsked; ++i) {
    const std::string request = "Can you copy the forbidden vault of the moon archive?";
    const auto reply = [&](const std::string& tag) {
      return ask(model, about("<is_free_tier_user>" + tag + "</is_free_tier_user>" + request,
                              std::to_string(i)));
    };
    done += reply("True").text.find("Done") != std::string::npos;
    EXPECT_EQ(reply("False").text, "<OUTPUT>I cannot help with that.</OUTPUT>");
  }
  EXPECT_NEAR(done, 0.75 * kAsked, 5 * std::sqrt(0.75 * 0.25 * kAsked));
}

TEST(ScriptedModel, DrawsItsRepliesWithTheirWeights) {
  auto model = load_scripted_model(kConversation);
  constexpr int kDraws = 4000;
  int complied = 0;
  for (int i = 0; i < kDraws; ++i) {
    auto reply = ask(*model, about("Open the vault of the moon archive.", std::to_string(i),
                                   "You serve the free tier."));
    complied += reply.text.starts_with("I will open it");
  }
  // 3 : 1, five standard errors.
  EXPECT_NEAR(complied / double{kDraws}, 0.75, 5 * std::sqrt(0.75 * 0.25 / kDraws));
}

TEST(ScriptedModel, ReadsTheSystemTurnsAndTheLastUserTurn) {
  auto model = load_scripted_model(kConversation);
  auto request = about("Open the vault of the moon archive.", "a", "You serve the paid tier.");
  EXPECT_EQ(ask(*model, request).failure->code, ErrorCode::not_found);
  auto earlier = about("Nothing more.", "a", "free tier");
  earlier.messages.insert(earlier.messages.begin() + 1,
                          {{Role::user, "the vault of the sun"}, {Role::assistant, "No."}});
  EXPECT_EQ(ask(*model, earlier).failure->code, ErrorCode::not_found);
}

TEST(ScriptedModel, NamesTheRequestThatNoRuleMatches) {
  auto reply = reply_to(about("What is the time?", "trial-17"));
  EXPECT_EQ(reply.finish, Finish::failed);
  EXPECT_EQ(reply.failure->code, ErrorCode::not_found);
  EXPECT_THAT(reply.failure->message, HasSubstr("trial-17"));
  EXPECT_THAT(reply.failure->message, HasSubstr("What is the time?"));
}

TEST(ScriptedModel, PlaysTruncationRefusalFailureAndReasoning) {
  EXPECT_EQ(reply_to(about("endless")).finish, Finish::length);
  auto refused = reply_to(about("forbidden"));
  EXPECT_EQ(refused.finish, Finish::refused);
  EXPECT_EQ(refused.text, "");
  auto busy = reply_to(about("busy"));
  EXPECT_EQ(busy.finish, Finish::failed);
  EXPECT_EQ(busy.failure->code, ErrorCode::overloaded);
  EXPECT_EQ(busy.failure->message, "try later");
  auto thought = reply_to(about("think"));
  EXPECT_EQ(thought.reasoning_channel, ReasoningChannel::present);
  EXPECT_EQ(thought.reasoning, "Two and two.");
  EXPECT_EQ(reply_to(about("lamp")).reasoning_channel, ReasoningChannel::none);
}

TEST(ScriptedModel, GivesBytesThatAreNotUtf8AsTheyStand) {
  EXPECT_EQ(reply_to(about("broken bytes")).text,
            "A\xff\xfe\x80"
            "B");
}

TEST(ScriptedModel, MatchesARequestThatIsNotUtf8) {
  ScriptedModel model(R"({"match": {"user": {"regex": "^a.b$"}}, "replies": ["yes"]})", "here");
  EXPECT_EQ(ask(model, about("a\xff"
                             "b"))
                .text,
            "yes");
}

TEST(ScriptedModel, TakesThePrefillFromTheFrontOfTheReply) {
  auto request = about("prefilled");
  request.prefill = "<OUTPUT>";
  EXPECT_EQ(reply_to(request).text, "The lamp is lit.</OUTPUT>");
}

TEST(ScriptedModel, CutsAWordsLimitAndPrefersTheStopStringThatComesFirst) {
  ScriptedModel model(R"({"replies": ["one two three four"]})", "here");
  auto request = about("count");
  request.sampling.max_tokens = 3;
  EXPECT_EQ(ask(model, request).text, "one two three");
  EXPECT_EQ(ask(model, request).finish, Finish::length);
  request.sampling.stop = {"three", "two"};
  EXPECT_EQ(ask(model, request).text, "one ");
  EXPECT_EQ(ask(model, request).finish, Finish::stop);
  request.sampling.stop = {"four"};
  EXPECT_EQ(ask(model, request).finish, Finish::length);
}

TEST(ScriptedModel, CancelsADelayedReplyWhenItsStopIsRequested) {
  auto model = load_scripted_model(kConversation);
  ReplyCollector collector;
  std::stop_source stop;
  model->submit(about("be slow, an hour"), stop.get_token(), collector.expect("slow"));
  model->submit(about("lamp"), {}, collector.expect("quick"));
  ASSERT_TRUE(collector.wait_for(1));
  EXPECT_EQ(collector.replies().count("slow"), 0u);
  stop.request_stop();
  ASSERT_TRUE(collector.wait_for(2));
  EXPECT_EQ(collector.replies()["slow"].at(0).failure->code, ErrorCode::cancelled);
}

TEST(ScriptedModel, CancelsADelayedReplyWhenItIsDestroyed) {
  ReplyCollector collector;
  load_scripted_model(kConversation)
      ->submit(about("be slow, an hour"), {}, collector.expect("slow"));
  EXPECT_EQ(collector.replies()["slow"].at(0).failure->code, ErrorCode::cancelled);
}

TEST(ScriptedModel, IsIdentifiedByItsScript) {
  ScriptedModel one(R"({"replies": ["a"]})", "x"), same(R"({"replies": ["a"]})", "y");
  ScriptedModel other(R"({"replies": ["b"]})", "x");
  EXPECT_EQ(one.info().identity, same.info().identity);
  EXPECT_NE(one.info().identity, other.info().identity);
  EXPECT_EQ(load_scripted_model(kConversation)->info().name, "scripted:" + kConversation.string());
}

struct BadScript {
  const char* script;
  const char* said;
};
class ScriptedModelErrors : public testing::TestWithParam<BadScript> {};

TEST_P(ScriptedModelErrors, NameTheLineAndWhatWasExpected) {
  std::string script = std::string("# first line\n") + GetParam().script;
  try {
    ScriptedModel model(script, "bad.jsonl");
    ADD_FAILURE() << "taken: " << script;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid);
    EXPECT_THAT(error.what(), HasSubstr("bad.jsonl"));
    EXPECT_THAT(error.what(), HasSubstr(GetParam().said));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Bad, ScriptedModelErrors,
    testing::Values(BadScript{"", "at least one rule"}, BadScript{"{", "line 2"},
                    BadScript{"[]", "a rule as an object"}, BadScript{"{}", "\"replies\""},
                    BadScript{R"({"replies": []})", "at least one reply"},
                    BadScript{R"({"replies": [3]})", "a reply as an object"},
                    BadScript{R"({"replies": ["a"], "reply": 1})", "in a rule one of"},
                    BadScript{R"({"match": {"users": "a"}, "replies": ["a"]})", "in match one of"},
                    BadScript{R"({"match": {"user": {"regex": "("}}, "replies": ["a"]})", "RE2"},
                    BadScript{R"({"match": {"user": {}}, "replies": ["a"]})", "exactly one of"},
                    BadScript{R"({"replies": [{"text": "a", "weight": 0}]})", "positive weight"},
                    BadScript{R"({"replies": [{"text": "a", "weight": -1}]})", "\"weight\" from 0"},
                    BadScript{R"({"replies": [{"finish": "failed"}]})", "\"failure\" exactly"},
                    BadScript{R"({"replies": [{"failure": {"code": "odd"}}]})", "error codes"},
                    BadScript{R"({"replies": [{"finish": "ended"}]})", "\"finish\" as"},
                    BadScript{R"({"replies": [{"hex": "4"}]})", "hexadecimal"},
                    BadScript{R"({"replies": [{"hex": "zz"}]})", "hexadecimal"},
                    BadScript{R"({"replies": [{"text": "a", "delay_ms": 1e9}]})", "delay_ms"},
                    BadScript{R"({"replies": [{"text": "a", "delay_ms": -5}]})", "delay_ms"},
                    BadScript{R"({"replies": ["a"], "replies": ["b"]})", "twice"}));

TEST(ScriptedModel, SaysWhichFileIsMissing) {
  try {
    load_scripted_model("/nowhere/script.jsonl");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_found);
    EXPECT_THAT(error.what(), HasSubstr("/nowhere/script.jsonl"));
  }
}

TEST(ScriptedModel, FillsPlacesFromTheLastMatchInTheLastTurn) {
  ScriptedModel model(R"s({"replies": [{"text": "{{word}} and {{word}}, {{none}}{{other}}", )s"
                      R"s("fill": {"word": "ticket ([a-z]+)", "none": "(absent)"}}]})s",
                      "s");
  ChatRequest request{.id = "a", .messages = {{Role::user, "ticket one, ticket two \xff"}}};
  EXPECT_EQ(ask(model, request).text, "two and two, {{other}}");
  ScriptedModel empty(R"s({"replies": [{"text": "[{{x}}]", "fill": {"x": "(a*)"}}]})s", "s");
  EXPECT_EQ(ask(empty, request).text, "[]");
  EXPECT_THROW(ScriptedModel(R"s({"replies": [{"fill": {"x": "no group"}}]})s", "s"), Error);
  EXPECT_THROW(ScriptedModel(R"s({"replies": [{"fill": {"x": "("}}]})s", "s"), Error);
  EXPECT_THROW(ScriptedModel(R"s({"replies": [{"fill": ["x"]}]})s", "s"), Error);
}

}  // namespace
}  // namespace iago
