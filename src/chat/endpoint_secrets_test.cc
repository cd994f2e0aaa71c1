// What an endpoint passes on of a server that sends the key back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "testing/chat/endpoint_scene.h"

namespace iago {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kLongKey = "sk-proj-Zq8vT2nB7xW4mK9cR1dL6hJ3";
constexpr const char* kBase64 = "c2stcHJvai1acTh2VDJuQjd4VzRtSzljUjFkTDZoSjM=";

EndpointOptions with_long_key() {
  EndpointOptions options = quick();
  options.key = Secret(kLongKey);
  return options;
}

// All that a reply says, in one text.
std::string all_of(const ChatReply& reply) {
  std::string all = reply.text + "\n" + reply.reasoning + "\n" + reply.reasoning_note + "\n" +
                    reply.finish_reason + "\n" + reply.provider_message + "\n" +
                    reply.model_version + "\n" + reply.fingerprint + "\n" + reply.request_id;
  for (const std::string& token : reply.token_texts) all += token;
  if (reply.failure) all += "\n" + reply.failure->message + "\n" + reply.failure->hint;
  return all;
}

void expect_hidden(const ChatReply& reply) {
  const std::string all = all_of(reply);
  EXPECT_THAT(all, HasSubstr("***"));
  for (const char* part : {"Zq8vT2", "W4mK9c", "dL6hJ3", "acTh2VDJ", "4VzRtSzlj"}) {
    EXPECT_THAT(all, Not(HasSubstr(part)));
  }
}

TEST(EndpointSecrets, AreHiddenInEveryFieldOfAReply) {
  const std::string key = kLongKey;
  Json body = {{"id", "chat-" + key},
               {"model", "small-" + key},
               {"system_fingerprint", key},
               {"choices",
                {{{"index", 0},
                  {"message",
                   {{"role", "assistant"},
                    {"content", "Your header was Bearer " + key + " or " + kBase64},
                    {"reasoning_content", "They sent " + key}}},
                  {"logprobs",
                   {{"content",
                     {{{"token", "sk-proj-Zq8vT2nB"}, {"logprob", -0.5}},
                      {{"token", "7xW4mK9cR1dL6hJ3"}, {"logprob", -0.25}}}}}},
                  {"finish_reason", "stop"}}}},
               {"usage", {{"prompt_tokens", 3}, {"completion_tokens", 4}}}};
  Scene scene(EndpointKind::openai, with_long_key(), [&](const HttpRequest&, int) {
    return std::optional(json_response(body, 200, {{"x-request-id", "req-" + key}}));
  });
  ChatReply reply = scene.ask();
  ASSERT_FALSE(reply.failure) << reply.failure->message;
  expect_hidden(reply);
  EXPECT_EQ(reply.text, "Your header was Bearer *** or ***");
  EXPECT_EQ(reply.reasoning, "They sent ***");
  EXPECT_EQ(reply.model_version, "small-***");
  EXPECT_EQ(reply.fingerprint, "***");
  EXPECT_EQ(reply.request_id, "req-***");
  EXPECT_EQ(reply.token_logprobs.size(), 2u);
  EXPECT_EQ(scene.model->figures().scrubbed, 1u);
}

TEST(EndpointSecrets, AreHiddenInErrorsWhereverTheyAreCut) {
  const std::string key = kLongKey;
  for (int status : {200, 400, 401, 404, 500, 302}) {
    for (std::size_t before : {0u, 165u, 180u, 190u, 195u}) {
      for (const std::string& shape :
           {std::string(R"({"error":{"message":"%"}})"), std::string(R"({"detail":"%"})"),
            std::string("<html>%</html>"), std::string("%")}) {
        for (const std::string& secret : {key, std::string(kBase64)}) {
          std::string body = shape;
          body.replace(body.find('%'), 1, std::string(before, '.') + secret);
          HttpResponse response{status, {{"Location", "http://127.0.0.1/" + secret}}, body, {}};
          ChatReply reply = reply_to(response, with_long_key());
          const std::string all = all_of(reply);
          for (const char* part : {"Zq8vT2", "W4mK9c", "dL6hJ3", "acTh2VDJ", "4VzRtSzlj"}) {
            EXPECT_THAT(all, Not(HasSubstr(part))) << status << " " << body;
          }
        }
      }
    }
  }
}

TEST(EndpointSecrets, AreHiddenInAStreamHoweverItIsCut) {
  const std::string key = kLongKey;
  for (std::size_t piece : {1u, 3u, 5u, 40u}) {
    Scene scene(EndpointKind::openai, with_long_key(), [&](const HttpRequest&, int) {
      std::string events;
      const std::string text = "The key is " + key + ", is it?";
      for (std::size_t at = 0; at < text.size(); at += piece) {
        events += event_of(openai_chunk({{"content", text.substr(at, piece)}}));
      }
      events += event_of(openai_chunk(Json::object(), "stop")) + "data: [DONE]\n\n";
      return std::optional(HttpResponse{200, {}, events, {}});
    });
    ChatRequest request = about();
    std::string told;
    request.on_text = [&](std::string_view text) { told += text; };
    ChatReply reply = scene.ask(request);
    EXPECT_EQ(reply.text, "The key is ***, is it?");
    EXPECT_EQ(told, reply.text) << piece;
    EXPECT_EQ(scene.model->figures().scrubbed, 1u);
  }
}

TEST(EndpointSecrets, AreTheHeadersThatMayHoldOneAndPasswordsOfProxies) {
  EndpointOptions options = quick();
  options.headers = {{"X-Team", "Bearer team-4711-secret"},
                     {"anthropic-beta", "thinking-2025-05-14"},
                     {"X-Short", "abc"}};
  options.proxy = "http://me:hunter2hunter2@proxy:8080";
  const std::string says =
      "team-4711-secret, bearer TEAM-4711-secret, thinking-2025-05-14, abc, "
      "bWU6aHVudGVyMmh1bnRlcjI=";
  ChatReply reply = reply_to(said({{"content", says}}), options);
  EXPECT_EQ(reply.text, "***, ***, thinking-2025-05-14, abc, bWU***");
  ::setenv("https_proxy", "http://me:correcthorse@proxy", 1);
  reply = reply_to(said({{"content", "It was correct horse."}}), quick());
  ::unsetenv("https_proxy");
  EXPECT_EQ(reply.text, "It was ***.");
}

TEST(EndpointSecrets, LeaveOtherRepliesAsTheyAre) {
  Scene scene(EndpointKind::openai, with_long_key(), [](const HttpRequest& http, int) {
    return std::optional(SmallServer::openai(http));
  });
  EXPECT_EQ(scene.ask().text, kSmallModelSays);
  EXPECT_EQ(scene.model->figures().scrubbed, 0u);
}

}  // namespace
}  // namespace iago
