// What replies and errors mean: a row for each vendor's documented or reported form.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "testing/chat/endpoint_scene.h"

namespace iago {
namespace {

using testing::HasSubstr;
using testing::Not;

// ---- finish reasons

struct FinishForm {
  const char *vendor, *reason;
  Finish finish;  // failed: unknown, or broken off
};

constexpr auto kStop = Finish::stop, kLength = Finish::length, kRefused = Finish::refused,
               kFailed = Finish::failed;

const FinishForm kFinishForms[] = {
    {"OpenAI", "stop", kStop},
    {"OpenAI", "length", kLength},
    {"OpenAI, Azure", "content_filter", kRefused},
    {"OpenAI", "tool_calls", kFailed},
    {"OpenAI", "function_call", kFailed},
    {"Anthropic", "end_turn", kStop},
    {"Anthropic", "stop_sequence", kStop},
    {"Anthropic", "max_tokens", kLength},
    {"Anthropic", "model_context_window_exceeded", kLength},
    {"Anthropic", "refusal", kRefused},
    {"Anthropic", "tool_use", kFailed},
    {"Anthropic", "pause_turn", kFailed},
    {"Google", "STOP", kStop},
    {"Google", "FinishReason.STOP", kStop},
    {"Google", "MAX_TOKENS", kLength},
    {"Google", "SAFETY", kRefused},
    {"Google", "RECITATION", kRefused},
    {"Google", "BLOCKLIST", kRefused},
    {"Google", "PROHIBITED_CONTENT", kRefused},
    {"Google", "SPII", kRefused},
    {"Google", "IMAGE_SAFETY", kRefused},
    {"Google", "MODEL_ARMOR", kRefused},
    {"Google", "LANGUAGE", kFailed},
    {"Google", "OTHER", kFailed},
    {"Google", "FINISH_REASON_UNSPECIFIED", kFailed},
    {"Google", "MALFORMED_FUNCTION_CALL", kFailed},
    {"Google", "UNEXPECTED_TOOL_CALL", kFailed},
    {"Cohere", "COMPLETE", kStop},
    {"Cohere", "STOP_SEQUENCE", kStop},
    {"Cohere", "MAX_TOKENS", kLength},
    {"Cohere", "ERROR_LIMIT", kLength},
    {"Cohere", "ERROR_TOXIC", kRefused},
    {"Cohere", "ERROR", kFailed},
    {"Cohere", "TOOL_CALL", kFailed},
    {"Mistral", "model_length", kLength},
    {"Mistral", "error", kFailed},
    {"Amazon Bedrock", "guardrail_intervened", kRefused},
    {"Amazon Bedrock", "content_filtered", kRefused},
    {"Amazon Titan", "FINISH", kStop},
    {"AI21", "endoftext", kStop},
    {"vLLM", "abort", kFailed},
    {"llama.cpp", "limit", kLength},
    {"Together", "eos", kStop},
    {"TGI", "eos_token", kStop},
    {"watsonx", "token_limit", kLength},
    {"watsonx", "time_limit", kFailed},
    {"DeepSeek", "insufficient_system_resource", kFailed},
    {"Zhipu", "sensitive", kRefused},
    {"Zhipu", "network_error", kFailed},
    {"Baidu", "normal", kStop},
    {"GigaChat", "blacklist", kRefused},
    {"xAI", "REASON_MAX_LEN", kLength},
    {"YandexGPT", "ALTERNATIVE_STATUS_CONTENT_FILTER", kRefused},
    {"LM Studio", "maxPredictedTokensReached", kLength},
    {"gateways", "Content-Filter", kRefused},
    {"gateways", "end turn", kStop},
    {"nobody", "eureka", kFailed},
    {"nobody", "stopped_early", kFailed},
    {"nobody", "", kFailed},
};

HttpResponse ended_by(EndpointKind kind, const Json& reason) {
  if (kind == EndpointKind::openai) return said({{"content", "Half a"}}, reason);
  return json_response({{"type", "message"},
                        {"content", {{{"type", "text"}, {"text", "Half a"}}}},
                        {"stop_reason", reason}});
}

std::string streamed_end(const Json& reason) {
  return event_of(openai_chunk({{"content", "Half a"}})) +
         event_of(openai_chunk(Json::object(), reason)) + "data: [DONE]\n\n";
}

TEST(EndpointMeaning, KnowsTheFinishReasonsOfAllVendorsOnEveryEndpoint) {
  for (const FinishForm& form : kFinishForms) {
    const Json reason = form.reason[0] == 0 ? Json(nullptr) : Json(form.reason);
    const ChatReply replies[] = {
        reply_to(ended_by(EndpointKind::openai, reason)),
        reply_to(ended_by(EndpointKind::anthropic, reason), quick(), EndpointKind::anthropic),
        reply_to(HttpResponse{200, {}, streamed_end(reason), std::nullopt})};
    for (const ChatReply& reply : replies) {
      EXPECT_EQ(reply.finish, form.finish) << form.vendor << ": " << form.reason;
      if (form.finish == kFailed) continue;
      EXPECT_EQ(reply.finish_reason, form.reason);
      EXPECT_EQ(reply.text, "Half a");
    }
  }
}

TEST(EndpointMeaning, AsksOnceMoreWhereAFinishReasonIsUnknownAndThenNamesIt) {
  for (const Json& reason : {Json("eureka"), Json(nullptr)}) {
    const std::string named = reason.is_null() ? "none" : "eureka";
    Scene scene(EndpointKind::openai, quick(), [&](const HttpRequest&, int) {
      return std::optional(ended_by(EndpointKind::openai, reason));
    });
    const ChatReply reply = scene.ask();
    ASSERT_TRUE(reply.failure);
    EXPECT_EQ(reply.failure->cause, OpenCause::unknown_finish);
    EXPECT_FALSE(reply.failure->ends_run);
    EXPECT_THAT(reply.failure->hint, HasSubstr("--finish " + named + "=stop|truncated|refused"));
    EXPECT_EQ(scene.transport->seen().size(), 2u);
    EXPECT_EQ(scene.model->figures().retry_causes.at(OpenCause::unknown_finish), 1u);
    Scene mended(EndpointKind::openai, quick(),
                 after(1, [&] { return ended_by(EndpointKind::openai, reason); }));
    EXPECT_EQ(mended.ask().finish, kStop);
  }
}

TEST(EndpointMeaning, TakesTheUsersWordForAFinishReason) {
  EndpointOptions options = quick();
  for (const char* word : {"Eureka=refused", "none=stop", "stop=truncated", "gone-away=stop"}) {
    add_finish_word(options.finish_words, word);
  }
  auto finish_by = [&](const Json& reason) {
    return reply_to(ended_by(EndpointKind::openai, reason), options).finish;
  };
  EXPECT_EQ(finish_by("EUREKA"), kRefused);
  EXPECT_EQ(finish_by(nullptr), kStop);
  EXPECT_EQ(finish_by("none"), kStop);
  EXPECT_EQ(finish_by("stop"), kLength);
  EXPECT_EQ(finish_by("gone_away"), kStop);
  // A stream that just ends.
  EXPECT_EQ(reply_to(HttpResponse{200, {}, event_of(openai_chunk({{"content", "A"}})), {}}, options)
                .finish,
            kStop);
  FinishWords words;
  for (const char* wrong : {"eureka", "=stop", "eureka=", "eureka=length", ""}) {
    EXPECT_THROW(add_finish_word(words, wrong), Error) << wrong;
  }
}

HttpResponse with_choice(Json choice) {
  choice["message"] = {{"role", "assistant"}, {"content", "Half a"}};
  return json_response({{"choices", {choice}}});
}

TEST(EndpointMeaning, NamesAReasonThatIsNoTextAndReadsItUnderItsOtherNames) {
  const Json type = {{"type", "max_tokens"}};
  const std::pair<Json, const char*> unknown[] = {
      {{{"finish_reason", 3}}, "\"3\""},
      {{{"finish_reason", type}}, R"("{"type":"max_tokens"}")"},
      {{{"finish_details", type}}, R"("{"type":"max_tokens"}")"},
      {{{"finish_reason", nullptr}, {"stop_reason", "eureka"}}, "\"eureka\""}};
  for (const auto& [choice, named] : unknown) {
    const ChatReply reply = reply_to(with_choice(choice));
    ASSERT_TRUE(reply.failure) << choice;
    EXPECT_EQ(reply.failure->cause, OpenCause::unknown_finish) << choice;
    EXPECT_THAT(reply.failure->message, HasSubstr(named));
    EXPECT_THAT(reply.failure->hint, Not(HasSubstr("none=")));
  }
  EXPECT_EQ(reply_to(with_choice({{"finishReason", "SAFETY"}})).finish, kRefused);
  EXPECT_EQ(reply_to(with_choice({{"stop_reason", "max_tokens"}})).finish, kLength);
  // vLLM names in it the string at which it stopped.
  EXPECT_EQ(reply_to(with_choice({{"finish_reason", "stop"}, {"stop_reason", "odd"}})).finish,
            kStop);
}

struct SignForm {
  const char *vendor, *choice;
  Finish finish;
  const char* reason;
};

const SignForm kSignForms[] = {
    {"Azure",
     R"({"finish_reason":"stop","content_filter_results":{"hate":{"filtered":false},"violence":{"filtered":true}}})",
     kRefused, "stop (filtered)"},
    {"Google", R"({"finish_reason":"stop","safety_ratings":[{"category":"x","blocked":true}]})",
     kRefused, "stop (filtered)"},
    {"OpenRouter", R"({"finish_reason":"stop","native_finish_reason":"SAFETY"})", kRefused,
     "stop (SAFETY)"},
    {"OpenRouter", R"({"finish_reason":"stop","native_finish_reason":"MAX_TOKENS"})", kLength,
     "stop (MAX_TOKENS)"},
    {"OpenRouter", R"({"finish_reason":"length","native_finish_reason":"SAFETY"})", kRefused,
     "length (SAFETY)"},
    {"OpenRouter", R"({"finish_reason":null,"native_finish_reason":"SAFETY"})", kRefused,
     "none (SAFETY)"},
    {"Azure", R"({"finish_reason":"stop","content_filter_results":{"hate":{"filtered":false}}})",
     kStop, "stop"},
    {"OpenRouter", R"({"finish_reason":"stop","native_finish_reason":"STOP"})", kStop, "stop"},
    {"OpenRouter", R"({"finish_reason":"stop","native_finish_reason":"odd"})", kStop, "stop"},
};

TEST(EndpointMeaning, LetsTheProvidersOwnSignDecideBesideAGatewaysStop) {
  for (const SignForm& form : kSignForms) {
    Json choice = parse_json(form.choice, "form");
    Json chunk = choice;
    chunk["delta"] = {{"content", "Half a"}};
    const std::string stream = event_of({{"choices", {chunk}}}) + "data: [DONE]\n\n";
    for (const ChatReply& reply :
         {reply_to(with_choice(choice)), reply_to(HttpResponse{200, {}, stream, {}})}) {
      EXPECT_EQ(reply.finish, form.finish) << form.vendor << form.choice;
      EXPECT_EQ(reply.finish_reason, form.reason) << form.choice;
      EXPECT_EQ(reply.text, "Half a");
    }
  }
}

TEST(EndpointMeaning, SpellsOptionsInHintsAsTheModelHasThem) {
  EndpointOptions options = quick();
  options.option_prefix = "--judge-";
  const ChatReply reply = reply_to(ended_by(EndpointKind::openai, "eureka"), options);
  EXPECT_THAT(reply.failure->hint, HasSubstr("--judge-finish eureka="));
  EXPECT_THAT(reply.failure->hint, Not(HasSubstr("--finish")));
}

TEST(EndpointMeaning, TakesACallOfAToolForNoAnswer) {
  Json message = {{"content", nullptr}, {"tool_calls", {{{"id", "1"}, {"type", "function"}}}}};
  EXPECT_EQ(reply_to(said(message, "stop")).failure->cause, OpenCause::unknown_finish);
  message["tool_calls"] = Json::array();
  message["content"] = "A";
  EXPECT_EQ(reply_to(said(message, "stop")).text, "A");
}

// ---- refusals by policy

struct ErrorForm {
  const char* vendor;
  int status;
  const char* body;
};

const ErrorForm kRefusalForms[] = {
    {"OpenAI", 400,
     R"({"error":{"message":"M1","type":"invalid_request_error","code":"content_policy_violation"}})"},
    {"OpenAI", 400,
     R"({"error":{"message":"Invalid prompt: M1 was flagged as potentially violating our usage policy.","code":"invalid_prompt"}})"},
    {"OpenAI", 400, R"({"error":{"message":"M1","code":"cyber_policy"}})"},
    {"Azure", 400,
     R"({"error":{"message":"M1 triggering Azure OpenAI's content management policy","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}})"},
    {"LiteLLM for Azure", 400,
     R"({"error":{"message":"litellm.BadRequestError: litellm.ContentPolicyViolationError: M1","code":"400"}})"},
    {"Anthropic", 400,
     R"({"type":"error","error":{"type":"invalid_request_error","message":"Output blocked by content filtering policy M1"}})"},
    {"OpenRouter", 403,
     R"({"error":{"code":403,"message":"M1 requires moderation","metadata":{"reasons":["hate"],"flagged_input":"Please"}}})"},
    {"OpenRouter", 403, R"({"error":{"code":403,"message":"Your input was flagged M1"}})"},
    {"Google", 400, R"([{"error":{"code":400,"message":"M1","status":"PROHIBITED_CONTENT"}}])"},
    {"Amazon Bedrock", 400,
     R"({"message":"M1. This request has been blocked by our content filters."})"},
    {"Databricks", 400,
     R"({"error_code":"BAD_REQUEST","message":"input guardrail triggered: M1"})"},
    {"DeepSeek", 400,
     R"({"error":{"message":"Content Exists Risk M1","type":"invalid_request_error"}})"},
    {"Cohere", 400, R"({"message":"invalid request: prompt contains unsafe content M1"})"},
    {"Alibaba", 400,
     R"({"error":{"code":"data_inspection_failed","message":"M1","type":"data_inspection_failed"}})"},
    {"Moonshot", 400,
     R"({"error":{"type":"content_filter","message":"The request was rejected because it was considered high risk M1"}})"},
    {"Zhipu", 400,
     R"({"contentFilter":[{"level":1}],"error":{"code":"1301","message":"M1 sensitive"}})"},
    {"ByteDance", 400, R"({"error":{"code":"InputTextSensitiveContentDetected","message":"M1"}})"},
    {"xAI", 403, R"({"code":"forbidden","error":"Content violates usage guidelines. M1"})"},
    {"a gateway", 400, R"({"error":{"message":"M1 was flagged by our safety classifier"}})"},
    {"a gateway", 400, R"({"error":{"message":"M1","code":"request_flagged"}})"},
    {"unavailable for legal reasons", 451, R"({"error":{"message":"M1"}})"},
    {"Cloudflare", 424,
     R"({"errors":[{"code":2016,"message":"Prompt blocked due to security configurations M1"}]})"},
    {"quoted by a gateway", 400,
     R"({"error":{"message":"upstream said {\"error\":{\"code\":\"content_filter\",\"message\":\"M1\"}}"}})"},
};

TEST(EndpointMeaning, CountsAPolicyOfTheProviderAsARefusalAndKeepsItsMessage) {
  for (const ErrorForm& form : kRefusalForms) {
    for (EndpointKind kind : {EndpointKind::openai, EndpointKind::anthropic}) {
      const ChatReply reply = reply_to(status(form.status, form.body)(), quick(), kind);
      EXPECT_EQ(reply.finish, kRefused) << form.vendor;
      EXPECT_THAT(reply.provider_message, HasSubstr("M1")) << form.vendor;
      EXPECT_EQ(reply.usage, TokenUsage()) << form.vendor;
    }
  }
}

TEST(EndpointMeaning, ReadsARefusalInsideOfAReply) {
  const ChatReply blocked = reply_to(
      json_response({{"choices", Json::array()}, {"promptFeedback", {{"blockReason", "SAFETY"}}}}));
  EXPECT_EQ(blocked.finish, kRefused);
  EXPECT_EQ(blocked.finish_reason, "SAFETY");
  EXPECT_THAT(blocked.provider_message, HasSubstr("SAFETY"));
  const ChatReply minimax = reply_to(json_response(
      {{"choices", nullptr},
       {"base_resp", {{"status_code", 1026}, {"status_msg", "input new_sensitive"}}}}));
  EXPECT_EQ(minimax.finish, kRefused);
  EXPECT_EQ(minimax.provider_message, "input new_sensitive");
  const ChatReply late = reply_to(HttpResponse{
      200,
      {},
      event_of(openai_chunk({{"content", "A"}})) +
          event_of({{"error", {{"code", "data_inspection_failed"}, {"message", "no"}}}}),
      {}});
  EXPECT_EQ(late.finish, kRefused);
  const ChatReply declined = reply_to(said({{"content", nullptr}, {"refusal", "I will not."}}));
  EXPECT_EQ(declined.provider_message, "I will not.");
  Json message = {{"content", Json::array()},
                  {"stop_reason", "refusal"},
                  {"stop_details", {{"category", "cyber"}, {"explanation", "because"}}}};
  const ChatReply anthropic = reply_to(json_response(message), quick(), EndpointKind::anthropic);
  EXPECT_EQ(anthropic.provider_message, "because");
}

const ErrorForm kNoRefusals[] = {
    {"our server's or OpenAI's unreadable prompt", 400,
     R"({"error":{"message":"messages: expected text","code":"invalid_prompt"}})"},
    {"a wrong key", 401, R"({"error":{"message":"Incorrect API key","code":"invalid_api_key"}})"},
    {"a firewall", 403,
     "<html><title>Blocked</title>This request was blocked by our security policy: guardrail"
     "</html>"},
    {"a country", 403,
     R"({"error":{"code":"unsupported_country_region_territory","message":"Country, region, or territory not supported"}})"},
    {"a country", 451, R"({"error":{"message":"This service is not offered in your country"}})"},
    {"a limit", 429, R"({"error":{"message":"content_filter requests per minute"}})"},
    {"the prompt quoted", 422,
     R"({"detail":[{"type":"extra_forbidden","loc":["body","odd"],"msg":"Extra inputs are not permitted","input":"content_policy_violation"}]})"},
};

TEST(EndpointMeaning, CountsNothingElseAsARefusal) {
  for (const ErrorForm& form : kNoRefusals) {
    const ChatReply reply = reply_to(status(form.status, form.body)());
    EXPECT_EQ(reply.finish, kFailed) << form.vendor;
  }
}

}  // namespace
}  // namespace iago
