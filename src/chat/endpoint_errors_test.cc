// What errors mean: a row for each vendor's documented or reported form.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/chat/endpoint_scene.h"

namespace iago {
namespace {

using testing::HasSubstr;
using testing::Not;

// ---- beyond the context

struct OverflowForm {
  const char* vendor;
  int status;
  const char* message;
  const char* reads;  // what the failure's message has to say
  const char* hint;
};

const OverflowForm kOverflowForms[] = {
    {"OpenAI, vLLM, DeepSeek", 400,
     "This model's maximum context length is 16384 tokens. However, you requested 122946 tokens "
     "(112946 in the messages, 10000 in the completion). Please reduce the length.",
     "the prompt (112946 tokens) exceeds the context of 16384 tokens", "shorter prompt"},
    {"vLLM", 400,
     "This model's maximum context length is 8192 tokens, 8420 were requested: 228 in the "
     "messages, 8192 in the completion.",
     "the prompt (228 tokens) and max_tokens (8192 tokens) together exceed the context of 8192",
     "to at most 7964"},
    {"OpenAI", 400,
     "This model's maximum context length is 128000 tokens. However, your messages resulted in "
     "150000 tokens.",
     "the prompt (150000 tokens) exceeds the context of 128000", "shorter prompt"},
    {"OpenAI", 400,
     "max_tokens is too large: 100000. This model supports at most 16384 completion tokens, "
     "whereas you provided 100000.",
     "max_tokens (100000 tokens) is more than the 16384", "at most 16384"},
    {"vLLM", 400,
     "'max_tokens' or 'max_completion_tokens' is too large: 32000. This model's maximum context "
     "length is 16384 tokens and your request has 1234 input tokens (32000 > 16384 - 1234).",
     "the prompt (1234 tokens) and max_tokens (32000 tokens) together exceed the context of "
     "16384",
     "at most 15150"},
    {"vLLM", 400,
     "You passed 99073 input tokens and requested 32000 output tokens. However, the model's "
     "context length is only 131072 tokens, resulting in a maximum input length of 99072 tokens.",
     "the prompt (99073 tokens) and max_tokens (32000 tokens) together exceed the context of "
     "131072",
     "at most 31999"},
    {"vLLM", 400,
     "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
     "the prompt (5000 tokens) exceeds the context of 4096", "shorter"},
    {"SGLang, Together", 400,
     "The input (61709 tokens) is longer than the model's context length (40960 tokens).",
     "the prompt (61709 tokens) exceeds the context of 40960", "shorter"},
    {"SGLang", 400,
     "Requested token count exceeds the model's maximum context length of 8192 tokens. You "
     "requested a total of 9000 tokens: 8000 tokens from the input messages and 1000 tokens for "
     "the completion.",
     "the prompt (8000 tokens) and max_tokens (1000 tokens) together exceed the context of "
     "8192",
     "at most 192"},
    {"llama.cpp", 400,
     "the request exceeds the available context size (4096 tokens), try increasing it",
     "exceed the context of 4096", "larger context"},
    {"llama.cpp", 400, "request (5000 tokens) exceeds the available context size (4096 tokens)",
     "the prompt (5000 tokens) exceeds the context of 4096", "shorter"},
    {"LM Studio", 400,
     "Trying to keep the first 5000 tokens when context the overflows. However, the model is "
     "loaded with context length of only 4096 tokens, which is not enough.",
     "exceed the context of 4096", "larger context"},
    {"TGI, Together", 422,
     "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: 3000 "
     "`inputs` tokens and 2000 `max_new_tokens`",
     "the prompt (3000 tokens) and max_tokens (2000 tokens) together exceed the context of "
     "4097",
     "at most 1097"},
    {"TGI", 422, "Input validation error: `inputs` must have less than 1000 tokens. Given: 1500",
     "the prompt (1500 tokens) exceeds the context of 1000", "shorter"},
    {"Anthropic", 400, "prompt is too long: 213462 tokens > 200000 maximum",
     "the prompt (213462 tokens) exceeds the context of 200000", "shorter"},
    {"Anthropic", 400,
     "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input "
     "length or `max_tokens` and try again",
     "the prompt (188240 tokens) and max_tokens (21333 tokens) together exceed the context of "
     "200000",
     "at most 11760"},
    {"Anthropic", 400,
     "max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens for m",
     "max_tokens (100000 tokens) is more than the 8192", "at most 8192"},
    {"Google", 400,
     "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
     "the prompt (1200000 tokens) exceeds the context of 1048576", "shorter"},
    {"Mistral", 400,
     "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum "
     "context length",
     "the prompt (40000 tokens) exceeds the context of 32768", "shorter"},
    {"Groq", 400, "Please reduce the length of the messages or completion.", "exceed the model's",
     "lower max_tokens"},
    {"Groq", 400,
     "`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens` is "
     "less than the `context_window` for this model",
     "max_tokens is more than the 8192", "at most 8192"},
    {"Fireworks", 400, "The prompt is too long: 9000, model maximum context length: 8192",
     "the prompt (9000 tokens) exceeds the context of 8192", "shorter"},
    {"OpenRouter", 400,
     "This endpoint's maximum context length is 8192 tokens. However, you requested about 9000 "
     "tokens (8000 of text input, 1000 in the output). Please reduce the length of either one.",
     "the prompt (8000 tokens) and max_tokens (1000 tokens) together exceed the context of "
     "8192",
     "at most 192"},
    {"Cohere", 400,
     "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000.",
     "the prompt (5000 tokens) exceeds the context of 4081", "shorter"},
    {"xAI", 400,
     "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
     "the prompt (537812 tokens) exceeds the context of 131072", "shorter"},
    {"Moonshot", 400,
     "Invalid request: Your request exceeded model token limit: 8192 (requested: 9000)",
     "the request of 9000 tokens exceeds the context of 8192", "lower max_tokens"},
    {"Alibaba", 400, "Range of input length should be [1, 129024]", "exceed the context of 129024",
     "larger context"},
    {"MiniMax", 400, "invalid params, context window exceeds limit", "exceed the model's context",
     "lower max_tokens"},
    {"GitHub", 400, "prompt token count of 200000 exceeds the limit of 128000",
     "the prompt (200000 tokens) exceeds the context of 128000", "shorter"},
    {"Amazon Bedrock", 400, "Input is too long for requested model.", "exceed the model's context",
     "lower max_tokens"},
    {"Ollama", 400, "input length exceeds context length", "exceed the model's context",
     "lower max_tokens"},
    {"TensorRT-LLM", 400,
     "The sum of prompt length (100), query length (0) and max_tokens (50) should not exceed "
     "max_seq_len (128)",
     "the prompt (100 tokens) and max_tokens (50 tokens) together exceed the context of 128",
     "at most 28"},
    {"TensorRT-LLM, Replicate", 400, "Prompt length (1251) exceeds maximum input length (1024).",
     "the prompt (1251 tokens) exceeds the context of 1024", "shorter"},
    {"Replicate", 400,
     R"({"detail":"E1002 PromptTooLong: Prompt length exceeds maximum input length"})",
     "exceed the model's context", "shorter"},
    {"Replicate", 422,
     "Your input is too long. Max input length is 4096 tokens, but you supplied 5441 tokens.",
     "the prompt (5441 tokens) exceeds the context of 4096", "shorter"},
    {"DeepInfra", 400, "Requested input length 39818 exceeds maximum input length 32767",
     "the prompt (39818 tokens) exceeds the context of 32767", "shorter"},
    {"TabbyAPI, ExLlama", 400, "Prompt length 5000 is greater than max_seq_len 4096",
     "the prompt (5000 tokens) exceeds the context of 4096", "shorter"},
    {"TabbyAPI, ExLlama", 400, "Request length 64000 + 2048 is greater than max_seq_len 65536",
     "the prompt (64000 tokens) and max_tokens (2048 tokens) together exceed the context of 65536",
     "at most 1536"},
    {"Aphrodite", 400,
     "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 "
     "in the messages, 1000 in the completion). Please reduce the length of the messages or "
     "completion.",
     "the prompt (4000 tokens) and max_tokens (1000 tokens) together exceed the context of 4096",
     "at most 96"},
    {"Databricks", 400,
     "Bad request: rpc error: code = InvalidArgument desc = prompt token count (5000) cannot "
     "exceed "
     "4096. Please reduce the length of your prompt.",
     "the prompt (5000 tokens) exceeds the context of 4096", "shorter"},
    {"Databricks", 400,
     "Bad request: rpc error: code = InvalidArgument desc = max_tokens (10000) cannot exceed 8192. "
     "Please reduce the length of max output tokens generated.",
     "max_tokens (10000 tokens) is more than the 8192", "at most 8192"},
    {"watsonx", 400,
     "Invalid input argument for Model 'meta-llama/llama-2-70b-chat': the number of input tokens "
     "4098 cannot exceed the total tokens limit 4096 for this model",
     "the prompt (4098 tokens) exceeds the context of 4096", "shorter"},
    {"watsonx, TGIS", 400, "input tokens (1200) plus prefix length (0) must be < 1024",
     "the prompt (1200 tokens) exceeds the context of 1024", "shorter"},
    {"DeepSpeed-MII", 500, "prompt length must be less than max_length",
     "exceed the model's context", "shorter"},
    {"SGLang", 400,
     "Input length (160062 tokens) exceeds the maximum allowed length (59862 tokens). Use a "
     "shorter "
     "input or enable --allow-auto-truncate.",
     "the prompt (160062 tokens) exceeds the context of 59862", "shorter"},
    {"oMLX", 400, "Prompt too long: 35057 tokens exceeds max context window of 32768 tokens",
     "the prompt (35057 tokens) exceeds the context of 32768", "shorter"},
    {"MLX Core", 400, "Prompt exceeds maximum context length", "exceed the model's context",
     "shorter"},
    {"llama-box, ik_llama.cpp", 500,
     "Input prompt is too big compared to KV size. Please try increasing KV size",
     "exceed the model's context", "shorter"},
    {"others", 400, "Prompt length 3000 plus max_tokens 2000 exceeds model context of 4096",
     "the prompt (3000 tokens) and max_tokens (2000 tokens) together exceed the context of 4096",
     "at most 1096"},
    {"others", 400, "Requested max_length 8192 exceeds max context 4096",
     "max_tokens (8192 tokens) is more than the 4096", "at most 4096"},
    {"others", 400, "Input prompt (9000 tokens) is too long and exceeds limit of 4096",
     "the prompt (9000 tokens) exceeds the context of 4096", "shorter"},
    {"others", 422, "E1234: input too long: 9000 tokens, max 4096",
     "the prompt (9000 tokens) exceeds the context of 4096", "shorter"},
    {"Amazon Nova", 400,
     "Too many input tokens. Max input tokens: 128000, request input token count: 140000",
     "the prompt (140000 tokens) exceeds the context of 128000", "shorter"},
    {"with commas", 400,
     "This model's maximum context length is 8,192 tokens. However, your messages resulted in "
     "12,345 tokens.",
     "the prompt (12345 tokens) exceeds the context of 8192", "shorter"},
    {"a server that lets its own error through", 500,
     "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
     "the prompt (5000 tokens) exceeds the context of 4096", "shorter"},
    {"LiteLLM", 400,
     "litellm.ContextWindowExceededError: This model's maximum context length is 8192 tokens. "
     "However, your messages resulted in 9000 tokens.",
     "the prompt (9000 tokens) exceeds the context of 8192", "shorter"},
};

TEST(EndpointErrors, NamesBothLengthsWhereARequestIsBeyondTheContext) {
  for (const OverflowForm& form : kOverflowForms) {
    for (EndpointKind kind : {EndpointKind::openai, EndpointKind::anthropic}) {
      Scene scene(kind, quick(), [&](const HttpRequest&, int) {
        return std::optional(openai_error(form.status, "", form.message)());
      });
      const ChatReply reply = scene.ask();
      ASSERT_TRUE(reply.failure) << form.vendor;
      EXPECT_EQ(reply.failure->cause, OpenCause::too_long) << form.vendor;
      EXPECT_FALSE(reply.failure->ends_run) << form.vendor;
      EXPECT_EQ(reply.failure->status, form.status) << form.vendor;
      EXPECT_THAT(reply.failure->message, HasSubstr(form.reads)) << form.vendor;
      EXPECT_THAT(reply.failure->hint, HasSubstr(form.hint)) << form.vendor;
      EXPECT_EQ(scene.transport->seen().size(), 1u) << form.vendor;
    }
  }
}

TEST(EndpointErrors, ReadsTheCountsThatStandBesideAnErrorsMessage) {
  const ChatReply reply = reply_to(json_response(
      {{"error",
        {{"code", 400},
         {"message", "the request exceeds the available context size, try increasing it"},
         {"type", "exceed_context_size_error"},
         {"n_prompt_tokens", 5000},
         {"n_ctx", 4096}}}},
      400));
  EXPECT_THAT(reply.failure->message,
              HasSubstr("the prompt (5000 tokens) exceeds the context of 4096 tokens"));
}

TEST(EndpointErrors, TakesAnInvalidPromptThatSpeaksOfTheContextForNoRefusal) {
  const ChatReply reply =
      reply_to(openai_error(400, "invalid_prompt", "the prompt is longer than the context")());
  ASSERT_TRUE(reply.failure);
  EXPECT_EQ(reply.failure->cause, OpenCause::too_long);
}

TEST(EndpointErrors, TellsALimitOfTheAccountFromTheContext) {
  const ChatReply reply = reply_to(openai_error(
      413, "rate_limit_exceeded",
      "Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 7000")());
  EXPECT_EQ(reply.failure->cause, OpenCause::rejected);
  EXPECT_THAT(reply.failure->hint, HasSubstr("in a minute"));
}

TEST(EndpointErrors, TakesARequestThatIsTooLargeForAPromptThatIsTooLong) {
  const struct {
    int status;
    const char *code, *message;
  } cases[] = {{413, "request_too_large", "Request exceeds the maximum size"},
               {413, "", "nothing that is known"},
               {400, "invalid_request_error", "The request exceeds the maximum size of 32 MB."},
               {422, "", "Payload Too Large"},
               {400, "", "Request body too large: 4194304 bytes allowed"}};
  for (const auto& c : cases) {
    const ChatReply reply = reply_to(openai_error(c.status, c.code, c.message)());
    ASSERT_TRUE(reply.failure) << c.message;
    EXPECT_EQ(reply.failure->cause, OpenCause::too_long) << c.message;
    EXPECT_THAT(reply.failure->hint, HasSubstr("shorter prompt")) << c.message;
  }
}

// ---- errors of any shape

struct ShapeForm {
  const char* what;
  int status;
  const char* body;
  const char* said;
  const char* hint;
  bool ends_run = true;
};

const ShapeForm kShapes[] = {
    {"OpenAI's key", 401, R"({"error":{"message":"Incorrect API key","code":"invalid_api_key"}})",
     "Incorrect API key", "the key is missing, wrong"},
    {"Google's key", 400,
     R"([{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}])",
     "API key not valid", "the key is missing, wrong"},
    {"a bare string", 401, R"("No auth credentials found")", "No auth", "the key is missing"},
    {"plain text", 401, "Unauthorized", "Unauthorized", "the key is missing"},
    {"FastAPI's key", 403, R"({"detail":"Invalid API key"})", "Invalid API key", "the key is"},
    {"a list of errors", 403,
     R"({"success":false,"errors":[{"code":10000,"message":"Authentication error"}]})",
     "Authentication error", "the key is"},
    {"nested errors", 401, R"({"error":{"error":{"message":"wrong token"}}})", "wrong token",
     "the key is"},
    {"Cloudflare's page", 403,
     "<!DOCTYPE html><html><head><title>Just a moment...</title><style>x{}</style></head></html>",
     "a web page: Just a moment...", "proxy, gateway or firewall"},
    {"nginx's login", 401, "<html><head><title>401 Authorization Required</title></head></html>",
     "401 Authorization Required", "wants a login"},
    {"a proxy's login", 407, "<html>Proxy Authentication Required</html>", "Proxy Auth", "--proxy"},
    {"vLLM's model", 404,
     R"({"object":"error","message":"The model `x` does not exist.","type":"NotFoundError","code":404})",
     "does not exist", "/models"},
    {"Ollama's model", 404,
     R"({"error":{"message":"model \"x\" not found, try pulling it first"}})", "try pulling",
     "/models"},
    {"Anthropic's model", 404,
     R"({"type":"error","error":{"type":"not_found_error","message":"model: x not found"}})",
     "model: x", "/models"},
    {"OpenRouter's model", 404, R"({"error":{"message":"No endpoints found for x.","code":404}})",
     "No endpoints", "/models"},
    {"FastAPI's path", 404, R"({"detail":"Not Found"})", "Not Found",
     "nothing answers at this URL"},
    {"Go's path", 404, "404 page not found", "page not found", "nothing answers at this URL"},
    {"nginx's path", 404, "<html><title>404 Not Found</title></html>", "404 Not Found",
     "nothing answers at this URL"},
    {"Azure's deployment", 404,
     R"({"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}})",
     "does not exist", "/models"},
    {"DeepSeek's credit", 402, R"({"error":{"message":"Insufficient Balance"}})", "Insufficient",
     "no credit"},
    {"a gateway's credit", 403, R"({"error":{"message":"insufficient balance"}})", "insufficient",
     "no credit"},
    {"a gateway's credit", 403, R"({"error":{"message":"You have run out of credits"}})", "run out",
     "no credit"},
    {"Alibaba's credit", 400, R"({"code":"Arrearage","message":"Access denied"})", "Access denied",
     "no credit"},
    {"OpenAI's country", 403,
     R"({"error":{"code":"unsupported_country_region_territory","message":"not supported"}})",
     "not supported", "does not serve the region"},
    {"RFC 9457", 401, R"({"title":"Unauthorized","status":401,"detail":"bad token"})", "bad token",
     "the key is"},
    {"AWS", 403, R"({"__type":"AccessDeniedException","Message":"not authorized"})",
     "not authorized", "the key is"},
    {"an empty body", 401, "", "nothing more", "the key is"},
    {"LM Studio's model", 400, R"({"error":"Model \"m\" is not loaded"})", "is not loaded",
     "does not offer this model"},
    {"LM Studio without a model", 400,
     R"({"error":{"message":"No models loaded. Please load a model in the developer page."}})",
     "No models loaded", "does not offer this model"},
    {"an unknown field", 400,
     R"({"detail":[{"loc":["body","chat_template_kwargs"],"msg":"Extra inputs are not permitted","type":"extra_forbidden"}]})",
     "Extra inputs", "chat_template_kwargs", false},
};

TEST(EndpointErrors, TellsAKeyAModelAProxyAndCreditApartInErrorsOfAnyShape) {
  for (const ShapeForm& form : kShapes) {
    Scene scene(EndpointKind::openai, quick(), [&](const HttpRequest&, int) {
      return std::optional(status(form.status, form.body)());
    });
    const ChatReply reply = scene.ask();
    ASSERT_TRUE(reply.failure) << form.what;
    EXPECT_THAT(reply.failure->message, HasSubstr(form.said)) << form.what;
    EXPECT_THAT(reply.failure->hint, HasSubstr(form.hint)) << form.what;
    EXPECT_EQ(reply.failure->ends_run, form.ends_run) << form.what;
    const bool is_credit = std::string_view(form.hint).find("credit") != std::string_view::npos;
    EXPECT_EQ(reply.failure->cause, is_credit       ? OpenCause::no_credit
                                    : form.ends_run ? OpenCause::no_access
                                                    : OpenCause::rejected)
        << form.what;
    EXPECT_EQ(reply.failure->status, form.status) << form.what;
    EXPECT_EQ(scene.transport->seen().size(), 1u) << form.what;
  }
}

TEST(EndpointErrors, ReadsAGatewaysErrorThatComesWithAStatusOf200) {
  for (const char* body : {R"({"code":401,"msg":"invalid token"})",
                           R"({"object":"error","message":"invalid token","code":401})",
                           R"({"error":"invalid token","status":401})",
                           R"([{"error":{"code":401,"message":"invalid token"}}])"}) {
    for (Streaming streaming : {Streaming::always, Streaming::never}) {
      EndpointOptions options = quick();
      options.streaming = streaming;
      const ChatReply reply = reply_to(status(200, body)(), options);
      ASSERT_TRUE(reply.failure) << body;
      EXPECT_THAT(reply.failure->message, HasSubstr("invalid token")) << body;
      EXPECT_TRUE(reply.failure->ends_run) << body;
    }
  }
}

TEST(EndpointErrors, TakesGooglesQuotaForALimitAndNotForCredit) {
  const char* body =
      R"([{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED"}}])";
  const ChatReply reply = reply_to(status(429, body)());
  EXPECT_EQ(reply.failure->cause, OpenCause::rate_limit);
  EXPECT_FALSE(reply.failure->ends_run);
}

TEST(EndpointErrors, NamesTheCauseOfEveryFailure) {
  const std::pair<Respond, OpenCause> failures[] = {
      {[] { return failed_response(HttpFault::reset); }, OpenCause::unreachable},
      {[] { return failed_response(HttpFault::unresolved); }, OpenCause::unreachable},
      {[] { return failed_response(HttpFault::too_large); }, OpenCause::unreadable},
      {[] { return failed_response(HttpFault::malformed); }, OpenCause::unreadable},
      {status(200, "no JSON"), OpenCause::unreadable},
      {status(429), OpenCause::rate_limit},
      {status(503), OpenCause::overloaded},
      {status(529), OpenCause::overloaded},
      {status(500), OpenCause::server_error},
      {status(400), OpenCause::rejected},
      {status(301), OpenCause::no_access}};
  for (const auto& [response, cause] : failures) {
    const ChatReply reply = reply_to(response());
    ASSERT_TRUE(reply.failure);
    EXPECT_EQ(reply.failure->cause, cause) << reply.failure->message;
    EXPECT_EQ(reply.failure->status, response().status);
  }
}

TEST(EndpointErrors, SaysInTheHintHowLongAServerAsksToWait) {
  const ChatReply reply = reply_to(status(429, "{}", {{"Retry-After", "7200"}})());
  EXPECT_EQ(reply.failure->hint, "wait 120 minutes, as the server asks");
  // The message counts open trials, so it must be the same for all.
  EXPECT_THAT(reply.failure->message, Not(HasSubstr("minutes")));
  EXPECT_EQ(reply.failure->cause, OpenCause::rate_limit);
}

struct WaitForm {
  const char *what, *body, *hint;
  HttpHeaders headers;
};

const WaitForm kWaitForms[] = {
    {"a week in a header", "{}", "wait 168 hours", {{"Retry-After", "604800"}}},
    {"words",
     R"({"error":{"message":"Limit reached. Please try again in 7h12m0s."}})",
     "wait 432 minutes",
     {}},
    {"words",
     R"({"error":{"message":"Quota used up, retry after 3 days and 2 hours"}})",
     "wait 74 hours",
     {}},
    {"Google",
     R"([{"error":{"code":429,"message":"M","details":[{"retryDelay":"7200s"}]}}])",
     "wait 120 minutes",
     {}},
    {"a member", R"({"error":{"message":"M","retry_after":7200}})", "wait 120 minutes", {}},
};

TEST(EndpointErrors, FailsAtOnceWhereTheServerAsksToWaitForLong) {
  for (const WaitForm& form : kWaitForms) {
    Scene scene(EndpointKind::openai, quick(), [&](const HttpRequest&, int) {
      return std::optional(status(429, form.body, form.headers)());
    });
    const ChatReply reply = scene.ask();
    ASSERT_TRUE(reply.failure) << form.what;
    EXPECT_THAT(reply.failure->hint, HasSubstr(form.hint)) << form.what;
    EXPECT_TRUE(reply.failure->retry_at) << form.what;
    EXPECT_EQ(scene.transport->seen().size(), 1u) << form.what;
  }
}

TEST(EndpointErrors, TakesARefusedPromptForAWrongKeyOnlyWhereNothingWasAnswered) {
  const auto forbids_b = [](const HttpRequest& http, int) -> std::optional<HttpResponse> {
    if (http.body.find("forbidden") == std::string::npos) return SmallServer::openai(http);
    return status(403, R"({"error":{"message":"not authorized"}})")();
  };
  Scene first(EndpointKind::openai, quick(), forbids_b);
  EXPECT_TRUE(first.ask(about("forbidden")).failure->ends_run);
  Scene scene(EndpointKind::openai, quick(), forbids_b);
  EXPECT_FALSE(scene.ask().failure);
  const ChatReply reply = scene.ask(about("forbidden", "b"));
  ASSERT_TRUE(reply.failure);
  EXPECT_FALSE(reply.failure->ends_run);
  EXPECT_EQ(reply.failure->cause, OpenCause::rejected);
  EXPECT_THAT(reply.failure->hint, HasSubstr("other prompts were answered"));
}

}  // namespace
}  // namespace iago
