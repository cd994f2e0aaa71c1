// How a request is put, and what an endpoint learns from what its server refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "testing/chat/endpoint_scene.h"

namespace iago {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Refuses a body with `field`, in the way of `refuse`; otherwise the small model.
ScriptedTransport::Server without_field(std::string field, std::function<HttpResponse()> refuse) {
  return [=](const HttpRequest& http, int) -> std::optional<HttpResponse> {
    return parse_json(http.body, "sent").contains(field) ? refuse() : SmallServer::openai(http);
  };
}

TEST(EndpointSending, StatesTheNeutralValuesOffOpenAiAndNothingOfThemThere) {
  Scene local(EndpointKind::openai, quick(), after(0, status(500)));
  EXPECT_EQ(local.ask().finish, Finish::stop);
  const Json body = local.sent(0);
  EXPECT_EQ(body["temperature"], 1.0);
  EXPECT_EQ(body["top_p"], 1.0);
  EXPECT_EQ(body["top_k"], -1);
  EXPECT_EQ(body["min_p"], 0);
  EXPECT_EQ(body["repetition_penalty"], 1);
  EXPECT_EQ(body["repeat_penalty"], 1);
  EXPECT_EQ(body["stream"], true);
  const auto record = local.model->sent_record();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->base_url, "http://127.0.0.1:1/v1");
  const Json sampling = parse_json(record->sampling, "sampling");
  EXPECT_EQ(sampling["top_k"], -1);
  EXPECT_FALSE(sampling.contains("messages") || sampling.contains("seed"));
  EXPECT_THAT(record->left_out, IsEmpty());
  EXPECT_THAT(record->notes, IsEmpty());

  EndpointOptions options = quick();
  options.base_url.clear();
  Scene openai(EndpointKind::openai, options, after(0, status(500)));
  openai.ask();
  for (const char* field : {"temperature", "top_p", "top_k", "min_p", "repetition_penalty",
                            "repeat_penalty", "stream"}) {
    EXPECT_FALSE(openai.sent(0).contains(field)) << field;
  }
}

struct FieldForm {
  const char *vendor, *field;
  int status;
  const char* body;
};

const FieldForm kFieldForms[] = {
    {"OpenAI", "seed", 400,
     R"({"error":{"message":"Unrecognized request argument supplied: seed","type":"invalid_request_error","param":null,"code":null}})"},
    {"OpenAI", "min_p", 400,
     R"({"error":{"message":"Unknown parameter: 'min_p'.","param":"min_p","code":"unknown_parameter"}})"},
    {"OpenAI", "temperature", 400,
     R"({"error":{"message":"Unsupported value","param":"temperature","code":"unsupported_value"}})"},
    {"Groq", "min_p", 400, R"({"error":{"message":"property 'min_p' is unsupported"}})"},
    {"Google", "seed", 400,
     R"([{"error":{"code":400,"message":"Invalid JSON payload received. Unknown name \"seed\": Cannot find field.","status":"INVALID_ARGUMENT","details":[{"fieldViolations":[{"description":"Unknown name \"seed\""}]}]}}])"},
    {"Mistral", "seed", 422,
     R"({"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","seed"],"msg":"Extra inputs are not permitted","input":7}]}})"},
    {"FastAPI", "stream_options", 422,
     R"({"detail":[{"loc":["body","stream_options"],"msg":"extra fields not permitted","type":"value_error.extra"}]})"},
    {"NVIDIA", "repetition_penalty", 422,
     R"j({"title":"Unprocessable Entity","status":422,"detail":"body -> repetition_penalty\n  Extra inputs are not permitted (type=extra_forbidden)"})j"},
    {"Anthropic's manner", "seed", 400,
     R"({"error":{"type":"invalid_request_error","message":"seed: Extra inputs are not permitted"}})"},
    {"servers in Rust", "repeat_penalty", 422,
     "Failed to deserialize: unknown field `repeat_penalty`"},
    {"servers in Go", "min_p", 400, R"({"error":"json: unknown field \"min_p\""})"},
    {"servers in Python", "min_p", 500,
     R"({"error":"create() got an unexpected keyword argument 'min_p'"})"},
    {"LiteLLM", "seed", 400,
     R"({"error":{"message":"litellm.UnsupportedParamsError: m does not support parameters: ['seed'], for model=m","code":"400"}})"},
    {"serde's list of what is taken", "min_p", 422,
     "unknown field `min_p`, expected one of `messages`, `temperature`, `top_p`, `seed`, `stream`"},
    {"the same, in JSON", "min_p", 400,
     R"({"error":{"message":"unknown field `min_p`, expected one of `messages`, `temperature`, `top_p`, `seed` at line 1 column 9"}})"},
    {"a list in a sentence of its own", "repetition_penalty", 400,
     R"({"error":{"message":"Unsupported parameter: repetition_penalty. Supported parameters: temperature, top_p, seed."}})"},
    {"a list in front", "min_p", 400,
     R"({"error":{"message":"Supported parameters are temperature, top_p, seed; unknown parameter min_p"}})"},
    {"a list of those alone", "seed", 400,
     R"({"error":{"message":"Only temperature and top_p are supported. Parameter seed is not supported."}})"},
    {"a quoted body", "min_p", 400,
     R"j({"error":{"message":"Invalid request {\"messages\":[],\"temperature\":1.0,\"seed\":3,\"min_p\":0}: unknown field min_p"}})j"},
    {"a quoted object of Python", "seed", 400,
     "Request(temperature=1.0, top_p=1.0, min_p=0) failed: seed is not supported"},
    {"a word for a missing model", "seed", 400,
     R"({"error":{"message":"Parameter seed is not available for this model"}})"},
    {"a path of a framework", "top_p", 422,
     R"({"detail":[{"loc":["body","ChatCompletionRequest","top_p"],"msg":"Extra inputs are not permitted"}]})"},
    {"a value out of range", "seed", 400,
     R"({"error":{"message":"seed: value 3000000000 is greater than maximum 2147483647"}})"},
    {"JSON Schema", "min_p", 400,
     R"j({"error":{"message":"Additional properties are not allowed ('min_p' was unexpected)"}})j"},
};

TEST(EndpointSending, LearnsOnceWhichFieldsAServerRefuses) {
  for (const FieldForm& form : kFieldForms) {
    Scene scene(EndpointKind::openai, quick(),
                without_field(form.field, status(form.status, form.body)));
    EXPECT_EQ(scene.ask().finish, Finish::stop) << form.vendor;
    EXPECT_EQ(scene.ask(about("again", "b")).finish, Finish::stop) << form.vendor;
    EXPECT_EQ(scene.transport->seen().size(), 3u) << form.vendor;
    EXPECT_EQ(scene.model->figures().retries, 0u) << form.vendor;
    EXPECT_THAT(scene.model->sent_record()->left_out, ElementsAre(form.field)) << form.vendor;
  }
}

TEST(EndpointSending, LeavesOutNothingThatAnErrorOnlyQuotesOrLists) {
  for (const char* says : {
           R"(Invalid request: {"messages": [], "temperature": 1.0, "top_p": 1.0, "seed": 7})",
           "Invalid request: Request(temperature=1.0, top_p=1.0, seed=7)",
           "unknown field `musing`, expected one of `temperature`, `top_p`, `seed`",
           "Unsupported parameter: musing. Allowed fields:\n- temperature\n- top_p\n- seed",
       }) {
    Scene scene(EndpointKind::openai, quick(), [&](const HttpRequest&, int) {
      return std::optional(openai_error(400, "", says)());
    });
    EXPECT_EQ(scene.ask().failure->cause, OpenCause::rejected) << says;
    EXPECT_EQ(scene.transport->seen().size(), 1u) << says;
  }
}

TEST(EndpointSending, DoesNotStreamWhereTheServerSaysThatItCannot) {
  for (const char* says : {"stream not supported", "Streaming is not supported by this model"}) {
    Scene scene(EndpointKind::openai, quick(),
                without_field("stream", openai_error(400, "", says)));
    EXPECT_EQ(scene.ask().finish, Finish::stop) << says;
    EXPECT_EQ(scene.transport->seen().size(), 2u) << says;
  }
}

TEST(EndpointSending, NotesWhereATemperatureIsNotTheStudysOwn) {
  Scene scene(
      EndpointKind::openai, quick(),
      without_field("temperature", openai_error(400, "", "Unsupported parameter: 'temperature'")));
  EXPECT_EQ(scene.ask().finish, Finish::stop);
  EXPECT_THAT(scene.model->sent_record()->notes,
              ElementsAre(HasSubstr("The server refuses temperature")));
}

TEST(EndpointSending, LeavesOutAsManyFieldsAsAServerRefusesOneByOne) {
  const std::vector<std::string> refused = {"seed", "min_p", "repetition_penalty", "repeat_penalty",
                                            "top_k"};
  Scene scene(EndpointKind::openai, quick(),
              [&](const HttpRequest& http, int) -> std::optional<HttpResponse> {
                const Json body = parse_json(http.body, "sent");
                for (const std::string& field : refused) {
                  if (!body.contains(field)) continue;
                  return openai_error(400, "", "Unrecognized request argument: " + field)();
                }
                return SmallServer::openai(http);
              });
  EXPECT_EQ(scene.ask().finish, Finish::stop);
  // top_k was tried as 0, too.
  EXPECT_EQ(scene.transport->seen().size(), refused.size() + 2);
  EXPECT_THAT(scene.model->sent_record()->left_out, testing::UnorderedElementsAreArray(refused));
}

TEST(EndpointSending, TriesTheOtherNumberThatMeansAllTokens) {
  Scene scene(EndpointKind::openai, quick(),
              [](const HttpRequest& http, int) -> std::optional<HttpResponse> {
                if (parse_json(http.body, "sent")["top_k"] == 0) return SmallServer::openai(http);
                return openai_error(400, "", "top_k must be at least 0")();
              });
  EXPECT_EQ(scene.ask().finish, Finish::stop);
  EXPECT_EQ(scene.sent(1)["top_k"], 0);
  EXPECT_THAT(scene.model->sent_record()->left_out, IsEmpty());
}

TEST(EndpointSending, DoesNotLeaveOutWhatTheStudyAsksFor) {
  ChatRequest request = about();
  request.sampling.top_k = 20;
  request.sampling.temperature = 0.5;
  for (const char* field : {"top_k", "temperature"}) {
    Scene scene(
        EndpointKind::openai, quick(),
        without_field(field,
                      openai_error(400, "", std::string("Unknown parameter: '") + field + "'")));
    const ChatReply reply = scene.ask(request);
    ASSERT_TRUE(reply.failure) << field;
    EXPECT_EQ(reply.failure->cause, OpenCause::rejected);
    EXPECT_THAT(reply.failure->hint, HasSubstr(field));
    EXPECT_EQ(scene.transport->seen().size(), 1u);
  }
  ChatRequest measured = about();
  measured.sampling.logprobs = true;
  for (const char* says :
       {"Unknown parameter: 'logprobs'", "You are not allowed to request logprobs from this model.",
        "logprobs is not supported with this model", "logprobs: Extra inputs are not permitted"}) {
    Scene scene(EndpointKind::openai, quick(),
                without_field("logprobs", openai_error(400, "", says)));
    const ChatReply reply = scene.ask(measured);
    ASSERT_TRUE(reply.failure) << says;
    EXPECT_THAT(reply.failure->hint, HasSubstr("the server refuses logprobs"));
    EXPECT_EQ(scene.ask().finish, Finish::stop) << "who does not ask for them is served";
  }
  EndpointOptions options = quick();
  options.extra_body = R"({"seed": 5})";
  Scene own(EndpointKind::openai, options,
            without_field("seed", openai_error(400, "", "Unknown parameter: 'seed'")));
  EXPECT_THAT(own.ask().failure->hint, HasSubstr("seed"));
}

TEST(EndpointSending, RemovesWhatTheExtraBodyNamesWithNullAndRecordsWhatItReplaces) {
  EndpointOptions options = quick();
  options.extra_body = R"({"seed": null, "min_p": null, "temperature": 0, "odd": {"a": 1}})";
  options.headers = {{"X-Team", "not to be recorded"}};
  Scene scene(EndpointKind::openai, options, after(0, status(500)));
  scene.ask();
  EXPECT_FALSE(scene.sent(0).contains("seed"));
  EXPECT_FALSE(scene.sent(0).contains("min_p"));
  EXPECT_EQ(scene.sent(0)["temperature"], 0);
  const auto record = scene.model->sent_record();
  const Json sampling = parse_json(record->sampling, "sampling");
  EXPECT_EQ(sampling["temperature"], 0);
  EXPECT_EQ(sampling["odd"]["a"], 1);
  EXPECT_EQ(record->extra_body, options.extra_body);
  EXPECT_THAT(record->header_names, ElementsAre("X-Team"));
  EXPECT_THAT(record->notes,
              testing::UnorderedElementsAre(HasSubstr("\"seed\""), HasSubstr("\"min_p\"")));
}

ChatRequest with_system_turn() {
  ChatRequest request = about("question");
  request.messages.insert(request.messages.begin(), {{Role::system, "S1"}, {Role::system, "S2"}});
  return request;
}

TEST(EndpointSending, PutsTheSystemTextInFrontOfTheFirstUserTurnWhereThatIsAskedFor) {
  EndpointOptions options = quick();
  options.system_turn = SystemTurn::user;
  for (EndpointKind kind : {EndpointKind::openai, EndpointKind::anthropic}) {
    Scene scene(kind, options, after(0, status(500), kind));
    scene.ask(with_system_turn());
    const Json body = scene.sent(0);
    ASSERT_EQ(body["messages"].size(), 1u);
    EXPECT_EQ(body["messages"][0]["role"], "user");
    EXPECT_EQ(body["messages"][0]["content"], "S1\n\nS2\n\nquestion");
    EXPECT_FALSE(body.contains("system"));
    EXPECT_THAT(scene.model->sent_record()->notes, ElementsAre(HasSubstr("system text")));
  }
}

TEST(EndpointSending, NamesTheOptionForAModelWithoutASystemTurn) {
  for (const char* says :
       {"System role not supported", "Developer instruction is not enabled for models/gemma-3",
        "This model does not support system messages.", "Unsupported role: system",
        "Only user and assistant roles are supported!",
        "This model doesn't support the system field", "invalid role: system",
        "System messages are not allowed", "first message must be user",
        "The system prompt is not available for this model",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "'system' is not one of ['user', 'assistant'] - 'messages.0.role'"}) {
    const int code = says == std::string("System role not supported") ? 500 : 400;  // SGLang
    Scene scene(EndpointKind::openai, quick(), [&](const HttpRequest&, int) {
      return std::optional(openai_error(code, "", says)());
    });
    const ChatReply reply = scene.ask(with_system_turn());
    ASSERT_TRUE(reply.failure) << says;
    EXPECT_EQ(scene.transport->seen().size(), 1u);
    EXPECT_EQ(reply.failure->cause, OpenCause::rejected) << says;
    EXPECT_THAT(reply.failure->hint, HasSubstr("--system-turn user")) << says;
    EXPECT_FALSE(reply.failure->ends_run) << says;
  }
}

TEST(EndpointSending, AsksForWholeRepliesWhereOnlyTheyAreCounted) {
  auto counts_whole_ones = [](const HttpRequest& http, int) -> std::optional<HttpResponse> {
    if (!parse_json(http.body, "sent").contains("stream")) return SmallServer::openai(http);
    return HttpResponse{200,
                        {},
                        event_of(openai_chunk({{"content", "A"}})) +
                            event_of(openai_chunk(Json::object(), "stop")) + "data: [DONE]\n\n",
                        {}};
  };
  Scene scene(EndpointKind::openai, quick(), counts_whole_ones);
  EXPECT_EQ(scene.ask().usage.uncounted, 1u);
  EXPECT_EQ(scene.ask(about("again", "b")).usage.uncounted, 0u);
  EXPECT_EQ(scene.ask(about("again", "c")).usage.uncounted, 0u);
  EXPECT_EQ(scene.model->figures().without_usage, 1u);
  EXPECT_THAT(scene.model->sent_record()->notes, ElementsAre(HasSubstr("not streamed")));
  // A server that counts nowhere is streamed.
  Scene never(EndpointKind::openai, quick(), [&](const HttpRequest& http, int number) {
    if (parse_json(http.body, "sent").contains("stream")) return counts_whole_ones(http, number);
    return std::optional(said({{"content", "A"}}));
  });
  for (const char* id : {"a", "b", "c", "d"}) never.ask(about("x", id));
  EXPECT_TRUE(never.sent(0).contains("stream"));
  EXPECT_FALSE(never.sent(1).contains("stream"));
  EXPECT_TRUE(never.sent(2).contains("stream"));
  EXPECT_TRUE(never.sent(3).contains("stream"));
}

TEST(EndpointSending, ReadsAStreamWhateverWasAskedFor) {
  Scene scene(EndpointKind::openai, quick(), [](const HttpRequest&, int) {
    return std::optional(HttpResponse{200,
                                      {},
                                      event_of(openai_chunk({{"content", "A"}})) +
                                          event_of(openai_chunk(Json::object(), "stop")) +
                                          "data: [DONE]\n\n",
                                      {}});
  });
  for (const char* id : {"a", "b", "c", "d"}) EXPECT_EQ(scene.ask(about("x", id)).text, "A") << id;
  EXPECT_FALSE(scene.sent(1).contains("stream"));
  EXPECT_TRUE(scene.sent(2).contains("stream"));
  EXPECT_EQ(scene.transport->seen().size(), 4u);
}

TEST(EndpointSending, SaysAtOnceThatNothingListensOnThisMachine) {
  for (const char* url : {"http://127.0.0.1:1/v1", "http://localhost:1/v1", "http://[::1]:1/v1"}) {
    EndpointOptions options = quick();
    options.base_url = url;
    Scene scene(EndpointKind::openai, options, [](const HttpRequest&, int) {
      return std::optional(
          failed_response(HttpFault::unreachable, "cannot connect (Connection refused)"));
    });
    const ChatReply reply = scene.ask();
    ASSERT_TRUE(reply.failure);
    EXPECT_TRUE(reply.failure->ends_run);
    EXPECT_EQ(reply.failure->cause, OpenCause::unreachable);
    EXPECT_THAT(reply.failure->hint, HasSubstr("start the server"));
    EXPECT_EQ(scene.transport->seen().size(), 1u);
  }
  // One that has answered may come back; another machine may be slow.
  Scene restarted(EndpointKind::openai, quick(), [](const HttpRequest& http, int number) {
    if (number == 1)
      return std::optional(failed_response(HttpFault::unreachable, "Connection refused"));
    return std::optional(SmallServer::openai(http));
  });
  EXPECT_EQ(restarted.ask().finish, Finish::stop);
  EXPECT_EQ(restarted.ask(about("again", "b")).finish, Finish::stop);
  EXPECT_EQ(restarted.model->figures().retry_causes.at(OpenCause::unreachable), 1u);
  EndpointOptions options = quick();
  options.base_url = "http://elsewhere:1/v1";
  Scene far(EndpointKind::openai, options,
            after(1, [] { return failed_response(HttpFault::unreachable, "Connection refused"); }));
  EXPECT_EQ(far.ask().finish, Finish::stop);
  // So may one whose queue is full.
  Scene busy(EndpointKind::openai, quick(),
             after(1, [] { return failed_response(HttpFault::unreachable, "timed out"); }));
  EXPECT_EQ(busy.ask().finish, Finish::stop);
}

}  // namespace
}  // namespace iago
