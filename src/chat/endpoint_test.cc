// The endpoint on its bad days. (The conformance suite runs on endpoints in scripted_test.cc.)
#include "chat/endpoint.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>

#include "base/error.h"
#include "chat/scripted.h"
#include "testing/chat/endpoint_scene.h"

namespace iago {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

// ---- waiting

TEST(Endpoint, WaitsAsLongAsARetryAfterAsksAndNoOtherRequestDoes) {
  struct Spelling {
    const char *name, *value;
    std::chrono::nanoseconds wait;
  };
  for (const Spelling& spelling :
       {Spelling{"Retry-After", "30", 30s}, Spelling{"retry-after-ms", "2500", 2500ms},
        Spelling{"Retry-After", "Thu, 01 Jan 1970 00:00:40 GMT", 40s}}) {
    ManualClock clock;
    Scene scene(EndpointKind::openai, quick(),
                after(1, status(429, "{}", {{spelling.name, spelling.value}})), clock);
    std::promise<ChatReply> held;
    auto reply = held.get_future();
    scene.model->submit(about("held"), {}, [&](ChatReply r) { held.set_value(std::move(r)); });
    while (scene.model->figures().retries == 0) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(scene.model->figures().waiting, 1u);
    clock.advance(spelling.wait - 1ms);
    // Another request goes at once, although the first still waits.
    EXPECT_EQ(scene.ask(about("other", "b")).finish, Finish::stop);
    EXPECT_EQ(scene.transport->seen().size(), 2u) << spelling.value;
    clock.advance(spelling.wait / 10 + 2ms);
    EXPECT_EQ(reply.get().finish, Finish::stop) << spelling.value;
    EXPECT_EQ(scene.model->figures().rate_limited, 1u);
  }
}

TEST(Endpoint, TellsTheLimitsThatItsServerStatesToThoseWhoSeeAnyModel) {
  for (EndpointKind kind : {EndpointKind::openai, EndpointKind::anthropic}) {
    const bool openai = kind == EndpointKind::openai;
    Scene scene(kind, quick(), [&](const HttpRequest& http, int) {
      HttpResponse response = openai ? SmallServer::openai(http) : SmallServer::anthropic(http);
      const std::string name =
          openai ? "x-ratelimit-{}-requests" : "anthropic-ratelimit-requests-{}";
      for (const char* part : {"limit", "remaining"}) {
        std::string header = name;
        response.headers.push_back({header.replace(header.find("{}"), 2, part), "500"});
      }
      return std::optional(response);
    });
    const ChatModel& model = *scene.model;
    ASSERT_TRUE(model.endpoint_figures());
    EXPECT_TRUE(model.endpoint_figures()->rate_limits.empty());
    EXPECT_EQ(scene.ask().finish, Finish::stop);
    const EndpointFigures figures = *model.endpoint_figures();
    ASSERT_EQ(figures.rate_limits.size(), 1u);
    EXPECT_EQ(figures.rate_limits[0].kind, RateKind::requests);
    EXPECT_NEAR(figures.rate_limits[0].per_minute(), 500, 1e-9);
    EXPECT_EQ(figures.counts_use, !openai);
  }
  EXPECT_FALSE(ScriptedModel(R"({"replies": [{"text": "A"}]})", "script").endpoint_figures());
}

TEST(Endpoint, TriesAgainWhatIsWorthIt) {
  std::map<std::string, Respond> bad_days = {
      {"429", status(429, "slow down")},
      {"500", status(500, "<html>oops</html>")},
      {"503", status(503)},
      {"529", status(529, R"({"type":"error","error":{"type":"overloaded_error"}})")},
      {"408", status(408)},
      {"reset", [] { return failed_response(HttpFault::reset); }},
      {"timeout", [] { return failed_response(HttpFault::timeout); }},
      {"unresolved", [] { return failed_response(HttpFault::unresolved); }},
      {"half a JSON", status(200, R"({"choices": [{"message": {"cont)")},
      {"empty", status(200, "")},
      {"HTML", status(200, "<html><title>Sign in</title></html>")},
      {"no choices", status(200, R"({"choices": []})")},
      {"an array", status(200, "[]")},
      {"error in 200", status(200, R"({"error": {"message": "busy", "code": 503}})")},
      {"aborted", [] {
         return said({{"content", "half"}}, "abort");
       }}};
  for (const auto& [name, response] : bad_days) {
    Scene scene(EndpointKind::openai, quick(), after(1, response));
    ChatReply reply = scene.ask();
    EXPECT_EQ(reply.finish, Finish::stop) << name;
    EXPECT_EQ(reply.text, kSmallModelSays) << name;
    EXPECT_EQ(scene.model->figures().retries, 1u) << name;
  }
}

struct LastWord {
  std::string name;
  Respond response;
  ErrorCode code;
  std::string said;
  std::size_t attempts;
  bool ends_run;
  EndpointKind kind = EndpointKind::openai;
};

TEST(Endpoint, SaysWhatWasWrongWhenNoAttemptHelps) {
  const auto anthropic = EndpointKind::anthropic;
  std::vector<LastWord> words = {
      {"429", status(429, "slow"), ErrorCode::overloaded, "429", 4, false},
      {"529", status(529), ErrorCode::overloaded, "529", 4, false},
      {"500", status(500), ErrorCode::disconnected, "after 4 attempts", 4, false},
      {"reset", [] { return failed_response(HttpFault::reset, "POST u: reset"); },
       ErrorCode::disconnected, "POST u: reset", 4, false},
      {"silence", [] { return failed_response(HttpFault::timeout, "silence for 300 s"); },
       ErrorCode::disconnected, "silence for 300 s", 4, false},
      {"HTML", status(200, "<html>Sign in"), ErrorCode::disconnected, "page of HTML", 3, false},
      {"half", status(200, R"({"choices": [)"), ErrorCode::disconnected, "expected JSON", 3, false},
      {"none", status(200, R"({"choices": []})"), ErrorCode::disconnected, "choices", 3, false},
      {"401", openai_error(401, "invalid_api_key", std::string("Incorrect key: ") + kKey),
       ErrorCode::invalid, "Incorrect key: ***", 1, true},
      {"403", openai_error(403, "forbidden"), ErrorCode::invalid, "403", 1, true},
      {"404", openai_error(404, "model_not_found"), ErrorCode::not_found, "said so", 1, true},
      {"400 model", openai_error(400, "model_not_found"), ErrorCode::not_found, "said so", 1, true},
      {"OpenRouter's model", openai_error(400, "", "odd/one is not a valid model ID"),
       ErrorCode::not_found, "odd/one", 1, true},
      {"LiteLLM's model",
       openai_error(400, "400", "/chat/completions: Invalid model name passed in model=odd"),
       ErrorCode::not_found, "model=odd", 1, true},
      {"no credit", openai_error(429, "insufficient_quota"), ErrorCode::unsupported, "said so", 1,
       true},
      {"low credit",
       anthropic_error(400, "invalid_request_error", "Your credit balance is too low"),
       ErrorCode::unsupported, "credit", 1, true, anthropic},
      {"400", openai_error(400, "odd"), ErrorCode::invalid, "said so", 1, false},
      {"413", status(413, "too big"), ErrorCode::invalid, "413", 1, false},
      {"temperature", openai_error(400, "unsupported_value"), ErrorCode::unsupported, "said so", 1,
       true},
      {"redirect", status(308, "", {{"Location", "http://127.0.0.1:2/v1?token=x"}}),
       ErrorCode::unsupported, "redirects to http://127.0.0.1:2/v1;", 1, true},
      {"certificate", [] { return failed_response(HttpFault::untrusted, "expired"); },
       ErrorCode::disconnected, "expired", 1, true},
      {"too large", [] { return failed_response(HttpFault::too_large, "64 MiB"); },
       ErrorCode::disconnected, "64 MiB", 1, false},
      {"529 of Anthropic", anthropic_error(529, "overloaded_error", "Overloaded"),
       ErrorCode::overloaded, "Overloaded", 4, false, anthropic},
      {"401 of Anthropic", anthropic_error(401, "authentication_error"), ErrorCode::invalid,
       "said so", 1, true, anthropic},
      {"no content", status(200, R"({"type": "message"})"), ErrorCode::disconnected, "content", 3,
       false, anthropic}};
  for (const LastWord& word : words) {
    Scene scene(word.kind, quick(), after(1000, word.response));
    ChatReply reply = scene.ask();
    ASSERT_EQ(reply.finish, Finish::failed) << word.name;
    EXPECT_EQ(reply.failure->code, word.code) << word.name << ": " << reply.failure->message;
    EXPECT_THAT(reply.failure->message, HasSubstr(word.said)) << word.name;
    EXPECT_THAT(reply.failure->message + reply.failure->hint, Not(HasSubstr(kKey))) << word.name;
    EXPECT_EQ(reply.failure->ends_run, word.ends_run) << word.name;
    EXPECT_EQ(!word.ends_run || !reply.failure->hint.empty(), true) << word.name;
    const bool says_fewer = reply.failure->hint.find("--max-in-flight") != std::string::npos;
    EXPECT_EQ(says_fewer, word.name == "silence") << reply.failure->hint;
    EXPECT_EQ(scene.transport->seen().size(), word.attempts) << word.name;
  }
}

TEST(Endpoint, ShowsNoSecretThatAServerQuotes) {
  EndpointOptions options = quick();
  options.headers = {{"Authorization", "Bearer gate-most-private"}, {"X-Brief", "odd"}};
  const std::string quoted =
      fmt::format("{} | Bearer gate-most-private | gate-most-private | odd", kKey);
  auto message = [&](const std::string& text) {
    return reply_to(openai_error(401, "", text)(), options).failure->message;
  };
  EXPECT_THAT(message(quoted), HasSubstr("*** | *** | *** | odd"));
  // However the message is shortened.
  for (std::size_t before = 180; before < 200; ++before) {
    EXPECT_THAT(message(std::string(before, '.') + quoted), Not(HasSubstr("sk-")));
    EXPECT_THAT(message(std::string(before, '.') + "gate-most-private"), Not(HasSubstr("gate")));
  }
}

TEST(Endpoint, SendsTheKeyToTheBaseUrlAlone) {
  Scene scene(EndpointKind::openai, quick(),
              after(1, status(302, "", {{"location", "http://127.0.0.1:2/"}})));
  EXPECT_THAT(scene.ask().failure->message, HasSubstr("neither the request nor the key"));
  for (const HttpRequest& request : scene.transport->seen()) {
    EXPECT_EQ(request.url, "http://127.0.0.1:1/v1/chat/completions");
    EXPECT_EQ(find_header(request.headers, "authorization"), std::string("Bearer ") + kKey);
    EXPECT_THAT(request.body, Not(HasSubstr(kKey)));
  }
}

TEST(Endpoint, EndsSilenceWhenItIsStoppedOrDestroyed) {
  std::vector<ErrorCode> codes;
  std::promise<ChatReply> stopped;
  {
    Scene scene(EndpointKind::openai, quick(),
                [](const HttpRequest&, int) -> std::optional<HttpResponse> { return {}; });
    std::stop_source stop;
    scene.model->submit(about(), stop.get_token(),
                        [&](ChatReply reply) { stopped.set_value(std::move(reply)); });
    while (scene.transport->seen().empty()) std::this_thread::sleep_for(1ms);
    stop.request_stop();
    EXPECT_EQ(stopped.get_future().get().failure->code, ErrorCode::cancelled);
    for (int i = 0; i < 40; ++i) {
      scene.model->submit(about("x", std::to_string(i)), {},
                          [&](ChatReply reply) { codes.push_back(reply.failure->code); });
    }
    scene.model.reset();
  }
  EXPECT_EQ(codes, std::vector<ErrorCode>(40, ErrorCode::cancelled));
}

// ---- what replies say

TEST(Endpoint, TakesARefusalByAnyChannelAsAReply) {
  ChatReply refusal = reply_to(said({{"content", nullptr}, {"refusal", "I will not."}}));
  EXPECT_EQ(refusal.finish, Finish::refused);
  EXPECT_EQ(refusal.text, "I will not.");
  ChatReply filtered = reply_to(said({{"content", "Half a"}}, "content_filter"));
  EXPECT_EQ(filtered.finish, Finish::refused);
  EXPECT_EQ(filtered.text, "Half a");
  for (auto code : {"content_policy_violation", "content_filter", "cyber_policy"}) {
    ChatReply reply = reply_to(openai_error(400, code)());
    EXPECT_EQ(reply.finish, Finish::refused) << code;
    EXPECT_EQ(reply.provider_message, "said so") << code;
  }
  // OpenRouter's moderation, which has the status of a wrong key.
  for (const Json& metadata : {Json(nullptr), Json{{"flagged_input", "Please"}}}) {
    const char* says = metadata.is_null() ? "Your input was flagged for \"hate\"." : "Forbidden";
    Json error = {{"code", 403}, {"message", says}, {"metadata", metadata}};
    EXPECT_EQ(reply_to(json_response({{"error", error}}, 403)).finish, Finish::refused) << says;
  }
  Json message = {{"content", {{{"type", "text"}, {"text", "Half"}}}}, {"stop_reason", "refusal"}};
  ChatReply stopped = reply_to(json_response(message), quick(), EndpointKind::anthropic);
  EXPECT_EQ(stopped.finish, Finish::refused);
  EXPECT_EQ(stopped.text, "Half");
}

TEST(Endpoint, TakesAContextThatFillsUpAsALengthAndAnEmptyTurnAsAStop) {
  Json window = {{"content", Json::array()}, {"stop_reason", "model_context_window_exceeded"}};
  EXPECT_EQ(reply_to(json_response(window), quick(), EndpointKind::anthropic).finish,
            Finish::length);
  Json empty = {{"content", Json::array()}, {"stop_reason", "end_turn"}};
  ChatReply nothing = reply_to(json_response(empty), quick(), EndpointKind::anthropic);
  EXPECT_EQ(nothing.finish, Finish::stop);
  EXPECT_EQ(nothing.text, "");
  EXPECT_EQ(reply_to(said({{"content", nullptr}})).finish, Finish::stop);
}

TEST(Endpoint, FindsReasoningInEverySpelling) {
  struct Spelling {
    Json message;
    ReasoningChannel channel;
    std::string reasoning, text;
  };
  const auto present = ReasoningChannel::present, unavailable = ReasoningChannel::unavailable;
  std::vector<Spelling> spellings = {
      {{{"content", "A"}}, ReasoningChannel::none, "", "A"},
      {{{"content", "A"}, {"reasoning", nullptr}}, ReasoningChannel::none, "", "A"},
      {{{"content", "A"}, {"reasoning_content", "T"}}, present, "T", "A"},
      {{{"content", "A"}, {"reasoning", "T"}}, present, "T", "A"},
      {{{"content", "A"}, {"reasoning_content", "T"}, {"reasoning", "T"}}, present, "T", "A"},
      {{{"content", "A"}, {"reasoning", "no"}, {"reasoning_details", {{{"text", "T"}}}}},
       present,
       "T",
       "A"},
      {{{"content", "A"}, {"reasoning_details", {{{"data", "xyz"}}}}}, unavailable, "", "A"},
      {{{"content", "A"}, {"reasoning_content", ""}}, unavailable, "", "A"},
      {{{"content", "<think>T</think>\n\nA"}}, present, "T", "A"},
      {{{"content", "T\n</think>\n\nA"}}, present, "T", "A"},
      {{{"content", "<think>\n\n</think>\n\nA"}}, unavailable, "", "A"},
      {{{"content", "<think>T"}}, present, "T", ""},
      {{{"content", "A <think>T</think>"}}, unavailable, "", "A <think>T</think>"}};
  for (const Spelling& spelling : spellings) {
    ChatReply reply = reply_to(said(spelling.message));
    EXPECT_EQ(reply.reasoning_channel, spelling.channel) << spelling.message;
    EXPECT_EQ(reply.reasoning, spelling.reasoning) << spelling.message;
    EXPECT_EQ(reply.text, spelling.text) << spelling.message;
    EXPECT_EQ(reply.reasoning_note.empty(), spelling.channel != unavailable) << spelling.message;
  }
  Json usage = {{"completion_tokens", 9}, {"completion_tokens_details", {{"reasoning_tokens", 5}}}};
  EXPECT_EQ(reply_to(said({{"content", "A"}}, "stop", usage)).reasoning_channel, unavailable);
  for (auto [thinking, channel] : {std::pair{"T", present}, {"", unavailable}}) {
    Json message = {{"content",
                     {{{"type", "thinking"}, {"thinking", thinking}},
                      {{"type", "redacted_thinking"}, {"data", "xyz"}},
                      {{"type", "text"}, {"text", "A"}}}},
                    {"stop_reason", "end_turn"}};
    ChatReply reply = reply_to(json_response(message), quick(), EndpointKind::anthropic);
    EXPECT_EQ(reply.reasoning_channel, channel);
    EXPECT_EQ(reply.reasoning, thinking);
    EXPECT_EQ(reply.text, "A");
  }
}

TEST(Endpoint, CountsCachedTokensWithinThePromptForBothVendors) {
  Json usage = {{"prompt_tokens", 100},
                {"completion_tokens", 7},
                {"prompt_tokens_details", {{"cached_tokens", 60}}}};
  ChatReply openai = reply_to(said({{"content", "A"}}, "stop", usage));
  EXPECT_EQ(openai.usage.prompt, 100u);
  EXPECT_EQ(openai.usage.cached_prompt, 60u);
  EXPECT_EQ(openai.usage.generated, 7u);
  Json message = {{"id", "msg_1"},
                  {"model", "small-2"},
                  {"content", {{{"type", "text"}, {"text", "A"}}}},
                  {"stop_reason", "end_turn"},
                  {"usage",
                   {{"input_tokens", 10},
                    {"cache_read_input_tokens", 60},
                    {"cache_creation_input_tokens", 30},
                    {"output_tokens", 7}}}};
  ChatReply anthropic = reply_to(json_response(message, 200, {{"request-id", "req_7"}}), quick(),
                                 EndpointKind::anthropic);
  EXPECT_EQ(anthropic.usage.prompt, 100u);
  EXPECT_EQ(anthropic.usage.cached_prompt, 60u);
  EXPECT_EQ(anthropic.usage.cache_written, 30u);
  EXPECT_EQ(anthropic.request_id, "req_7");
  EXPECT_EQ(anthropic.model_version, "small-2");
}

TEST(Endpoint, DoesWithoutUsage) {
  Scene scene(EndpointKind::openai, quick(), [](const HttpRequest&, int) {
    return std::optional(said({{"content", "A"}}));
  });
  ChatReply reply = scene.ask();
  EXPECT_EQ(reply.text, "A");
  EXPECT_EQ(reply.usage.generated, 0u);
  EXPECT_EQ(scene.model->figures().without_usage, 1u);
}

TEST(Endpoint, KeepsBytesThatAreNotUtf8AndMendsHalvesOfPairs) {
  auto body = [](const std::string& text) {
    return HttpResponse{
        200,
        {},
        R"({"choices":[{"finish_reason":"stop","message":{"content":")" + text + R"("}}]})",
        {}};
  };
  EXPECT_EQ(reply_to(body("A\xff\x80 \xe2\x82\xac \xe2\x82z")).text,
            "A\xff\x80 \xe2\x82\xac \xe2\x82z");
  EXPECT_EQ(reply_to(body(R"(\ud83d\ude00 \ud83d! \\ud83d \ude00)")).text,
            "\xf0\x9f\x98\x80 \xef\xbf\xbd! \\ud83d \xef\xbf\xbd");
}

TEST(Endpoint, TakesTenMegabytes) {
  std::string long_text(10'000'000, 'x');
  EXPECT_EQ(reply_to(said({{"content", long_text}})).text, long_text);
  ChatReply failed = reply_to(failed_response(HttpFault::too_large));
  EXPECT_EQ(failed.failure->ends_run, false);
}

TEST(Endpoint, TakesNoServersNameForAnotherRequest) {
  HttpResponse response = said({{"content", "A"}});
  for (const char* name : {"iago-gateway-7", "req-of-iago-0123", "iago-0123456789ABCDEF"}) {
    response.headers = {{"x-request-id", name}};
    ChatReply reply = reply_to(response);
    EXPECT_EQ(reply.finish, Finish::stop) << name;
    EXPECT_EQ(reply.request_id, name);
  }
}

TEST(Endpoint, TellsAReplyToAnotherRequest) {
  std::string earlier;
  Scene scene(EndpointKind::openai, quick(),
              [&](const HttpRequest& http, int number) -> std::optional<HttpResponse> {
                std::string own(*find_header(http.headers, "x-request-id"));
                HttpResponse response = SmallServer::openai(http);
                // The second request gets the name of the first, then its own as vLLM wraps it.
                std::string name = number == 1 ? earlier : "chatcmpl-" + own + "-0";
                if (number == 0) earlier = own;
                response.headers.push_back({"x-request-id", name});
                return response;
              });
  EXPECT_EQ(scene.ask().finish, Finish::stop);
  EXPECT_EQ(scene.ask(about("again", "b")).finish, Finish::stop);
  EXPECT_EQ(scene.model->figures().broken, 1u);
  EXPECT_EQ(scene.transport->seen().size(), 3u);
}

TEST(Endpoint, CutsTheLogProbabilitiesOfWhatItCutsFromTheText) {
  Json tokens = Json::array();
  for (const char* text : {"Yes", ". E", "ND", " more", ""}) {
    tokens.push_back({{"token", text}, {"logprob", -1}, {"bytes", nullptr}});
  }
  ChatRequest request = about();
  request.sampling.stop = {"END"};
  ChatReply reply = reply_to(json_response({{"choices",
                                             {{{"message", {{"content", "Yes. END more"}}},
                                               {"finish_reason", "stop"},
                                               {"logprobs", {{"content", tokens}}}}}}}),
                             quick(), EndpointKind::openai, request);
  EXPECT_EQ(reply.text, "Yes. ");
  // The token across the cut begins in what is left.
  EXPECT_EQ(reply.token_texts, (std::vector<std::string>{"Yes", ". "}));
  EXPECT_EQ(reply.token_logprobs.size(), 2u);
}

TEST(Endpoint, ReadsLogProbabilitiesWithTheirBytes) {
  HttpResponse response =
      json_response({{"choices",
                      {{{"message", {{"content", "\xe2\x82\xac!"}}},
                        {"finish_reason", "stop"},
                        {"logprobs",
                         {{"content",
                           {{{"token", "\\xe2\\x82"}, {"logprob", -0.5}, {"bytes", {0xe2, 0x82}}},
                            {{"token", "!"}, {"logprob", -1.5}, {"bytes", nullptr}}}}}}}}}});
  ChatReply reply = reply_to(response);
  EXPECT_EQ(reply.token_logprobs, (std::vector<float>{-0.5f, -1.5f}));
  EXPECT_EQ(reply.token_texts, (std::vector<std::string>{"\xe2\x82", "!"}));
}

TEST(Endpoint, ReadsLogProbabilitiesInTwoListsSideBySide) {
  ChatReply reply = reply_to(json_response(
      {{"choices",
        {{{"message", {{"content", "No."}}},
          {"finish_reason", "stop"},
          {"logprobs", {{"tokens", {"No", "."}}, {"token_logprobs", {-0.5, -1.5}}}}}}}}));
  EXPECT_EQ(reply.token_logprobs, (std::vector<float>{-0.5f, -1.5f}));
  EXPECT_EQ(reply.token_texts, (std::vector<std::string>{"No", "."}));
}

// Nobody knows then what the others belong to.
TEST(Endpoint, TakesNoLogProbabilitiesOfWhichOneIsNoNumber) {
  for (const Json& odd : {Json(nullptr), Json("-0.5"), Json(-1e300), Json::object()}) {
    ChatReply reply = reply_to(json_response(
        {{"choices",
          {{{"message", {{"content", "No."}}},
            {"finish_reason", "stop"},
            {"logprobs",
             {{"content",
               {{{"token", "No"}, {"logprob", -0.5}}, {{"token", "."}, {"logprob", odd}}}}}}}}}}));
    EXPECT_EQ(reply.text, "No.");
    EXPECT_TRUE(reply.token_logprobs.empty()) << odd;
    EXPECT_TRUE(reply.token_texts.empty()) << odd;
  }
}

// ---- what is sent

TEST(Endpoint, FallsBackToTheOtherNameForTheTokenLimit) {
  Respond rejects = openai_error(400, "unsupported_parameter",
                                 "Unsupported parameter: 'max_tokens' is not supported with this "
                                 "model. Use 'max_completion_tokens' instead.");
  Scene scene(EndpointKind::openai, quick(), after(1, rejects));
  EXPECT_EQ(scene.ask().finish, Finish::stop);
  EXPECT_EQ(scene.ask(about("again", "b")).finish, Finish::stop);
  EXPECT_TRUE(scene.sent(0).contains("max_tokens"));
  EXPECT_TRUE(scene.sent(1).contains("max_completion_tokens"));
  EXPECT_FALSE(scene.sent(1).contains("max_tokens"));
  EXPECT_TRUE(scene.sent(2).contains("max_completion_tokens"));
  EXPECT_EQ(scene.model->figures().retries, 0u);
  Scene never(EndpointKind::openai, quick(), after(1000, rejects));
  EXPECT_TRUE(never.ask().failure->ends_run);
  EXPECT_EQ(never.transport->seen().size(), 2u);
}

TEST(Endpoint, PutsOpenAiRequestsAsServersOfOpenWeightsWantThem) {
  Scene scene(EndpointKind::openai, quick(), after(0, status(500)));
  ChatRequest request = about();
  request.prefill = "The ";
  request.sampling.stop = {"END"};
  request.sampling.top_k = 20;
  request.sampling.logprobs = true;
  scene.ask(request);
  scene.ask(about());
  Json body = scene.sent(0), plain = scene.sent(1);
  EXPECT_EQ(body["model"], "small");
  EXPECT_EQ(body["messages"][1]["role"], "assistant");
  EXPECT_EQ(body["messages"][1]["content"], "The ");
  EXPECT_EQ(body["continue_final_message"], true);
  EXPECT_EQ(body["add_generation_prompt"], false);
  EXPECT_EQ(body["temperature"], 1.0);
  EXPECT_EQ(body["top_k"], 20);
  EXPECT_EQ(body["stop"][0], "END");
  EXPECT_EQ(body["seed"], plain["seed"]);
  EXPECT_EQ(body["logprobs"], true);
  EXPECT_FALSE(plain.contains("logprobs"));
  EXPECT_FALSE(plain.contains("continue_final_message"));
  request.id = "b";
  scene.ask(request);
  EXPECT_NE(scene.sent(2)["seed"], body["seed"]);
}

TEST(Endpoint, PutsAnthropicRequestsWithTheirSystemPromptFirst) {
  Scene scene(EndpointKind::anthropic, quick(), after(0, status(500), EndpointKind::anthropic));
  ChatRequest request = about("last");
  request.messages.insert(request.messages.begin(),
                          {{Role::system, std::string(5000, 's')}, {Role::user, "first"}});
  request.prefill = "The \n";
  scene.ask(request);
  Json body = scene.sent(0);
  EXPECT_EQ(body["system"][0]["cache_control"]["type"], "ephemeral");
  EXPECT_EQ(body["messages"][0]["content"], "first\n\nlast");
  EXPECT_EQ(body["messages"][1]["content"], "The");
  EXPECT_FALSE(body.contains("temperature"));
  HttpHeaders headers = scene.transport->seen().at(0).headers;
  EXPECT_EQ(find_header(headers, "x-api-key"), kKey);
  EXPECT_EQ(find_header(headers, "anthropic-version"), "2023-06-01");
  ChatRequest brief = about();
  brief.messages.insert(brief.messages.begin(), {Role::system, "short"});
  scene.ask(brief);
  EXPECT_FALSE(scene.sent(1)["system"][0].contains("cache_control"));
}

TEST(Endpoint, AsksOnceForRequestsThatDifferInTheirIdAlone) {
  EndpointOptions options = quick();
  options.samples_per_request = 4;
  options.first_in_flight = 1;
  Scene scene(EndpointKind::openai, options, after(0, status(500)));
  std::promise<void> all;
  std::mutex mutex;
  std::uint64_t prompt = 0;
  std::size_t with_the_bill = 0;
  int replies = 0;
  for (int i = 0; i < 9; ++i) {
    scene.model->submit(about(i < 8 ? "same" : "other", std::to_string(i)), {}, [&](ChatReply r) {
      std::lock_guard lock(mutex);
      prompt += r.usage.prompt;
      EXPECT_NE(r.usage.prompt > 0, r.billed_with_sibling);
      with_the_bill += !r.billed_with_sibling;
      EXPECT_EQ(r.text, kSmallModelSays);
      if (++replies == 9) all.set_value();
    });
  }
  all.get_future().get();
  std::size_t sent = scene.transport->seen().size();
  EXPECT_LT(sent, 9u);
  EXPECT_EQ(prompt, sent);  // one word each, counted once for each request over the wire
  EXPECT_EQ(with_the_bill, sent);
}

TEST(Endpoint, NamesNoSiblingWhereNothingWasCounted) {
  EndpointOptions options = quick();
  options.samples_per_request = 2;
  options.first_in_flight = 1;
  options.streaming = Streaming::never;
  std::promise<void> submitted;
  auto all_are_there = submitted.get_future().share();
  Scene scene(EndpointKind::openai, options, [=](const HttpRequest& http, int) {
    all_are_there.wait();
    Json body = parse_json(SmallServer::openai(http).body, "reply");
    body.erase("usage");
    return std::optional(json_response(body));
  });
  std::promise<void> all;
  std::atomic<int> replies = 0;
  for (int i = 0; i < 6; ++i) {
    scene.model->submit(about("same", std::to_string(i)), {}, [&](ChatReply reply) {
      EXPECT_FALSE(reply.billed_with_sibling);
      if (++replies == 6) all.set_value();
    });
  }
  submitted.set_value();
  all.get_future().get();
  EXPECT_LT(scene.transport->seen().size(), 6u);
}

TEST(Endpoint, DebitsTheServersAllowanceForEverySampleOfARequest) {
  constexpr int kSamples = 4;
  EndpointOptions options = quick();
  options.samples_per_request = kSamples;
  ManualClock clock;
  // The limit is told once; what is asked later is never answered.
  Scene scene(
      EndpointKind::openai, options,
      [](const HttpRequest& http, int number) -> std::optional<HttpResponse> {
        if (number > 0) return std::nullopt;
        HttpResponse response = SmallServer::openai(http);
        response.headers.push_back({"x-ratelimit-limit-tokens", "1000"});
        response.headers.push_back({"x-ratelimit-remaining-tokens", "1000"});
        return response;
      },
      clock);
  auto ask_for = [&](int max_tokens, const std::string& text, const std::string& id) {
    ChatRequest request = about(text, id);
    request.sampling.max_tokens = max_tokens;
    scene.model->submit(std::move(request), {}, [](ChatReply) {});
  };
  auto seen = [&](std::size_t requests) {
    for (int i = 0; i < 2000 && scene.transport->seen().size() < requests; ++i) {
      std::this_thread::sleep_for(5ms);
    }
    return scene.transport->seen().size();
  };
  scene.ask();
  ask_for(1000, "empties the bucket", "e");
  ASSERT_EQ(seen(2), 2u);
  for (int i = 0; i < kSamples; ++i) ask_for(200, "same", std::to_string(i));
  while (scene.model->figures().waiting < kSamples) std::this_thread::sleep_for(1ms);
  clock.advance(50s);  // of the minute that fills it
  ASSERT_EQ(seen(3), 3u);
  EXPECT_EQ(scene.sent(2)["n"], kSamples);
  ask_for(200, "other", "o");
  std::this_thread::sleep_for(200ms);
  EXPECT_EQ(scene.transport->seen().size(), 3u) << "800 of the 833 tokens are gone";
  clock.advance(20s);
  EXPECT_EQ(seen(4), 4u);
}

TEST(Endpoint, AsksAgainForSamplesThatTheServerLeftOut) {
  EndpointOptions options = quick();
  options.samples_per_request = 4;
  Scene scene(EndpointKind::openai, options, [](const HttpRequest& http, int) {
    Json body = parse_json(http.body, "request");
    body.erase("n");
    HttpRequest single = http;
    single.body = dump_json(body);
    return std::optional(SmallServer::openai(single));
  });
  std::promise<void> all;
  std::atomic<int> replies = 0;
  for (int i = 0; i < 12; ++i) {
    scene.model->submit(about("same", std::to_string(i)), {}, [&](ChatReply reply) {
      EXPECT_EQ(reply.text, kSmallModelSays);
      if (++replies == 12) all.set_value();
    });
  }
  all.get_future().get();
  EXPECT_FALSE(scene.sent(scene.transport->seen().size() - 1).contains("n"));
}

// Of nine equal requests that go by fours. Another goes before them and is answered when all are
// there, so that none of them goes with fewer for having come first.
struct Asked {
  std::vector<ChatReply> replies;
  std::vector<HttpRequest> sent;

  explicit Asked(const ScriptedTransport::Server& server) {
    EndpointOptions options = quick();
    options.samples_per_request = 4;
    options.first_in_flight = 1;
    std::promise<void> first_is_there, submitted;
    auto all_are_there = submitted.get_future().share();
    Scene scene(EndpointKind::openai, options, [&](const HttpRequest& http, int number) {
      if (number == 0) first_is_there.set_value();
      all_are_there.wait();
      return server(http, number);
    });
    std::promise<void> first_is_answered;
    scene.model->submit(about("another"), {}, [&](ChatReply) { first_is_answered.set_value(); });
    first_is_there.get_future().wait();
    std::vector<std::promise<ChatReply>> promises(9);
    for (std::size_t i = 0; i < promises.size(); ++i) {
      scene.model->submit(about("same", std::to_string(i)), {},
                          [&, i](ChatReply reply) { promises[i].set_value(std::move(reply)); });
    }
    submitted.set_value();
    first_is_answered.get_future().wait();
    for (auto& promise : promises) replies.push_back(promise.get_future().get());
    sent = scene.transport->seen();
    sent.erase(sent.begin());
  }
  static bool is_for_several(const HttpRequest& http) {
    return parse_json(http.body, "request").contains("n");
  }
  auto for_several() const { return std::ranges::count_if(sent, is_for_several); }
};

TEST(Endpoint, AsksOneByOneWhereTheServerRejectsARequestForSeveral) {
  Asked asked([](const HttpRequest& http, int) -> std::optional<HttpResponse> {
    if (!Asked::is_for_several(http)) return SmallServer::openai(http);
    return openai_error(400, "invalid_request_error", "Only one completion choice is allowed")();
  });
  for (const ChatReply& reply : asked.replies) EXPECT_EQ(reply.text, kSmallModelSays);
  EXPECT_EQ(asked.for_several(), 1);
  EXPECT_EQ(asked.sent.size(), 10u);
}

TEST(Endpoint, GoesOnAskingForSeveralWhereARequestIsRejectedForWhatItAsks) {
  Asked rejected([](const HttpRequest&, int) { return std::optional(openai_error(400, "odd")()); });
  for (const ChatReply& reply : rejected.replies) {
    ASSERT_EQ(reply.finish, Finish::failed);
    EXPECT_EQ(reply.failure->code, ErrorCode::invalid);
  }
  EXPECT_EQ(rejected.for_several(), 2);
  EXPECT_EQ(rejected.sent.size(), 11u);
  std::atomic<bool> filtered = false;
  Asked refused([&](const HttpRequest& http, int) -> std::optional<HttpResponse> {
    if (!Asked::is_for_several(http) || filtered.exchange(true)) return SmallServer::openai(http);
    return openai_error(400, "content_filter")();
  });
  EXPECT_EQ(std::ranges::count(refused.replies, Finish::refused, &ChatReply::finish), 1);
  EXPECT_GT(refused.for_several(), 1);
}

TEST(Endpoint, FailsAPrefillWhereTheServerWouldNotContinueIt) {
  EndpointOptions options = quick();
  options.base_url.clear();
  Scene scene(EndpointKind::openai, options, after(0, status(500)));
  ChatRequest request = about();
  request.prefill = "The ";
  ChatReply reply = scene.ask(request);
  EXPECT_EQ(reply.failure->code, ErrorCode::unsupported);
  EXPECT_TRUE(reply.failure->ends_run);
  EXPECT_TRUE(scene.transport->seen().empty());
  ChatReply said_so = reply_to(
      anthropic_error(400, "invalid_request_error", "This model does not support prefill")(),
      quick(), EndpointKind::anthropic, request);
  EXPECT_EQ(said_so.failure->code, ErrorCode::unsupported);
  EXPECT_TRUE(said_so.failure->ends_run);
}

TEST(Endpoint, DemandsAKeyExceptOnThisMachineAndSoundOptions) {
  auto open = [](EndpointOptions options) {
    auto transport = std::make_shared<ScriptedTransport>(after(0, status(500)));
    open_endpoint(EndpointKind::anthropic, "small", std::move(options), transport, kClock);
  };
  EXPECT_NO_THROW(open({.base_url = "http://localhost:8080/v1"}));
  EXPECT_NO_THROW(open({.key = Secret("k")}));
  try {
    open({});
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid);
    EXPECT_THAT(error.hint(), HasSubstr("ANTHROPIC_API_KEY"));
  }
  EXPECT_THROW(open({.base_url = "localhost:8080"}), Error);
  EXPECT_THROW(open({.key = Secret("k"), .extra_body = "[]"}), Error);
  EXPECT_THROW(open({.key = Secret("k"), .extra_body = R"({"model": "x"})"}), Error);
  for (const char* name : {"max_tokens", "max_completion_tokens"}) {
    try {
      open({.key = Secret("k"), .extra_body = fmt::format(R"({{"{}": 9}})", name)});
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid);
      EXPECT_THAT(error.what(), HasSubstr(name));
      EXPECT_THAT(error.hint(), HasSubstr("[sampling]"));
    }
  }
  EXPECT_THROW(open({.key = Secret("k"), .samples_per_request = 0}), Error);
  EXPECT_THROW(open({.key = Secret("k"), .max_in_flight = 0}), Error);
}

TEST(Endpoint, IsIdentifiedByKindModelAndExtraBodyAndNotByItsAddress) {
  auto identity = [](EndpointKind kind, const std::string& url, const std::string& model,
                     const std::string& extra, const std::string& key) {
    EndpointOptions options = quick();
    options.base_url = url;
    options.extra_body = extra;
    options.key = Secret(key);
    auto transport = std::make_shared<ScriptedTransport>(after(0, status(500)));
    return open_endpoint(kind, model, options, transport, kClock)->info().identity;
  };
  auto one = identity(EndpointKind::openai, "http://127.0.0.1:1/v1", "m", "", "a");
  EXPECT_EQ(one, identity(EndpointKind::openai, "HTTP://127.0.0.1:1/v1/", "m", "", "b"));
  EXPECT_NE(one, identity(EndpointKind::anthropic, "http://127.0.0.1:1/v1", "m", "", "a"));
  EXPECT_EQ(one, identity(EndpointKind::openai, "http://127.0.0.1:2/v1", "m", "", "a"));
  EXPECT_NE(one, identity(EndpointKind::openai, "http://127.0.0.1:1/v1", "n", "", "a"));
  EXPECT_NE(one, identity(EndpointKind::openai, "http://127.0.0.1:1/v1", "m", R"({"a":1})", "a"));
}

}  // namespace
}  // namespace iago
