#include "serve/chat_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serve/internal/api_error.h"

namespace iago {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kMessages =
    R"("model": "m", "messages": [{"role": "user", "content": "Hi"}])";

// A call with these fields more.
std::string with(const std::string& fields) {
  return std::string("{") + kMessages + (fields.empty() ? "" : ", ") + fields + "}";
}

ApiError error_of(const std::string& body) {
  try {
    parse_chat_call(body);
  } catch (const ApiError& error) {
    return error;
  }
  return ApiError(200, "taken: " + body);
}

TEST(ChatCall, ReadsEveryFieldThatItKnows) {
  ChatCall call = parse_chat_call(with(
      R"("n": 3, "seed": 7, "stop": ["a", "b"], "stream": true, "temperature": 0.5, "top_p": 0.9,
         "top_k": 40, "max_completion_tokens": 12, "logprobs": true, "top_logprobs": 0,
         "stream_options": {"include_usage": true}, "user": "u", "tools": [], "min_p": 0.0)"));
  EXPECT_EQ(call.model, "m");
  EXPECT_THAT(call.request.messages, ElementsAre(Message{Role::user, "Hi"}));
  EXPECT_EQ(call.choices, 3);
  EXPECT_EQ(call.seed, 7u);
  EXPECT_TRUE(call.stream);
  EXPECT_TRUE(call.include_usage);
  Sampling sampling{.temperature = 0.5,
                    .top_p = 0.9,
                    .top_k = 40,
                    .max_tokens = 12,
                    .stop = {"a", "b"},
                    .logprobs = true};
  EXPECT_EQ(call.request.sampling, sampling);
}

TEST(ChatCall, HasTheUsualDefaults) {
  ChatCall call = parse_chat_call(with(R"("seed": null, "stop": null, "n": null)"));
  EXPECT_EQ(call.choices, 1);
  EXPECT_FALSE(call.seed);
  EXPECT_FALSE(call.stream);
  Sampling sampling{.max_tokens = ChatCallLimits{}.default_max_tokens};
  EXPECT_EQ(call.request.sampling, sampling);
  EXPECT_EQ(call.request.prefill, "");
}

TEST(ChatCall, ReadsSeedsOfAllSixtyFourBits) {
  EXPECT_EQ(parse_chat_call(with(R"("seed": 18446744073709551615)")).seed, UINT64_MAX);
  EXPECT_EQ(parse_chat_call(with(R"("seed": -1)")).seed, UINT64_MAX);
  EXPECT_EQ(error_of(with(R"("seed": 1.5)")).param(), "seed");
}

TEST(ChatCall, JoinsTextPartsAndCallsDevelopersSystem) {
  ChatCall call = parse_chat_call(
      R"({"model": "m", "messages": [
           {"role": "developer", "content": [{"type": "text", "text": "Be "},
                                             {"type": "text", "text": "brief."}]},
           {"role": "user", "content": "Hi", "name": "Ann"}]})");
  EXPECT_THAT(call.request.messages,
              ElementsAre(Message{Role::system, "Be brief."}, Message{Role::user, "Hi"}));
}

TEST(ChatCall, TakesALastMessageOfTheAssistantAsTheAnswersBeginning) {
  const std::string messages =
      R"({"model": "m", "messages": [{"role": "user", "content": "Hi"},
                                     {"role": "assistant", "content": "Well,"}])";
  for (const char* flags :
       {"}", R"(, "continue_final_message": true})", R"(, "add_generation_prompt": false})",
        R"(, "continue_final_message": true, "add_generation_prompt": false})"}) {
    ChatCall call = parse_chat_call(messages + flags);
    EXPECT_EQ(call.request.prefill, "Well,") << flags;
    EXPECT_THAT(call.request.messages, ElementsAre(Message{Role::user, "Hi"})) << flags;
  }
  EXPECT_EQ(error_of(messages + R"(, "add_generation_prompt": true})").param(),
            "add_generation_prompt");
  EXPECT_EQ(error_of(messages + R"(, "continue_final_message": false})").param(),
            "continue_final_message");
  EXPECT_EQ(error_of(with(R"("continue_final_message": true)")).param(), "continue_final_message");
  EXPECT_EQ(error_of(with(R"("add_generation_prompt": false)")).param(), "add_generation_prompt");
}

TEST(ChatCall, ReadsAnAssistantsTurnWithoutContentAsAnEmptyOne) {
  for (const char* turn : {R"("content": null)", R"("content": null, "refusal": null)",
                           R"("content": null, "tool_calls": [])", R"("tool_calls": null)"}) {
    ChatCall call = parse_chat_call(
        R"({"model": "m", "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", )" +
        std::string(turn) + R"(}, {"role": "user", "content": "Still there?"}]})");
    EXPECT_THAT(call.request.messages,
                ElementsAre(Message{Role::user, "Hi"}, Message{Role::assistant, ""},
                            Message{Role::user, "Still there?"}))
        << turn;
  }
  ChatCall last = parse_chat_call(
      R"({"model": "m", "messages": [{"role": "user", "content": "Hi"},
                                     {"role": "assistant", "content": null}]})");
  EXPECT_EQ(last.request.prefill, "");
  EXPECT_THAT(last.request.messages, ElementsAre(Message{Role::user, "Hi"}));
}

TEST(ChatCall, TakesTheNeutralValuesOfOtherServersFields) {
  const ChatCall call = parse_chat_call(
      with(R"("top_k": -1, "min_p": 0, "repetition_penalty": 1.0, "repeat_penalty": 1,
              "typical_p": 1.0, "top_a": 0, "min_tokens": 0, "length_penalty": 1.0,
              "frequency_penalty": 0.0, "presence_penalty": 0, "mirostat": 0,
              "skip_special_tokens": true, "cache_prompt": true)"));
  EXPECT_EQ(call.request.sampling, (Sampling{.max_tokens = ChatCallLimits{}.default_max_tokens}));
  for (const char* field : {"min_p", "repetition_penalty", "repeat_penalty", "typical_p"}) {
    EXPECT_EQ(error_of(with(std::string("\"") + field + "\": 0.5")).param(), field);
  }
}

TEST(ChatCall, NamesTheFieldThatIsWrong) {
  struct Case {
    std::string fields, param;
  };
  for (const Case& c :
       std::vector<Case>{{R"("n": 0)", "n"},
                         {R"("n": 129)", "n"},
                         {R"("n": "2")", "n"},
                         {R"("temperature": -0.1)", "temperature"},
                         {R"("temperature": 101)", "temperature"},
                         {R"("top_p": 0)", "top_p"},
                         {R"("top_p": 1.1)", "top_p"},
                         {R"("top_k": -2)", "top_k"},
                         {R"("top_k": 1.5)", "top_k"},
                         {R"("max_tokens": 0)", "max_tokens"},
                         {R"("max_tokens": 1e300)", "max_tokens"},
                         {R"("stop": "")", "stop"},
                         {R"("stop": [1])", "stop"},
                         {R"("stream": 1)", "stream"},
                         {R"("logprobs": 5)", "logprobs"},
                         {R"("top_logprobs": 5)", "top_logprobs"},
                         {R"("stream_options": {"include_usage": true})", "stream_options"},
                         {R"("tools": [{"type": "function"}])", "tools"},
                         {R"("frequency_penalty": 0.5)", "frequency_penalty"},
                         {R"("response_format": {"type": "json_object"})", "response_format"},
                         {R"("temprature": 1)", "temprature"}}) {
    ApiError error = error_of(with(c.fields));
    EXPECT_EQ(error.status(), 400) << c.fields;
    EXPECT_EQ(error.param(), c.param) << c.fields;
    EXPECT_THAT(error.what(), HasSubstr(c.param));
  }
}

TEST(ChatCall, NamesTheMessageThatIsWrong) {
  auto of = [](const std::string& messages) {
    return error_of(R"({"model": "m", "messages": )" + messages + "}").param();
  };
  EXPECT_EQ(of("[]"), "messages");
  EXPECT_EQ(of(R"("Hi")"), "messages");
  EXPECT_EQ(of(R"([{"role": "user"}])"), "messages[0]");
  EXPECT_EQ(of(R"([{"role": "tool", "content": "x"}])"), "messages[0].role");
  EXPECT_EQ(of(R"([{"role": "user", "content": null}])"), "messages[0].content");
  EXPECT_EQ(of(R"([{"role": "system", "content": null}])"), "messages[0].content");
  EXPECT_EQ(of(R"([{"role": "user", "content": "x"},
                   {"role": "assistant", "content": null, "tool_calls": [{"id": "1"}]}])"),
            "messages[1].tool_calls");
  EXPECT_EQ(of(R"([{"role": "user", "content": "x"},
                   {"role": "assistant", "content": null, "refusal": "No."}])"),
            "messages[1].refusal");
  EXPECT_EQ(of(R"([{"role": "user", "content": [{"type": "image_url"}]}])"),
            "messages[0].content[0].type");
  EXPECT_EQ(of(R"([{"role": "user", "content": "x", "tool_calls": [{}]}])"),
            "messages[0].tool_calls");
  EXPECT_EQ(of(R"([{"role": "system", "content": "x"}])"), "messages");
  EXPECT_EQ(of(R"([{"role": "assistant", "content": "x"}])"), "messages");
  EXPECT_EQ(error_of(R"({"messages": [{"role": "user", "content": "Hi"}]})").param(), "model");
  EXPECT_EQ(error_of(R"({"model": "m"})").param(), "messages");
}

TEST(ChatCall, SaysWhereJsonBreaks) {
  ApiError error = error_of("{\"model\": \"m\",\n \"n\": }");
  EXPECT_EQ(error.status(), 400);
  EXPECT_EQ(error.code_word(), "invalid_json");
  EXPECT_THAT(error.what(), HasSubstr("line 2, column"));
  for (const char* body : {"", "[]", "null", "{\"a\": 1, \"a\": 2}", "{\"a\": 1e999}",
                           "{\"model\": \"\xff\xfe\"}", "{\"model\": \"\\ud800\"}"}) {
    EXPECT_EQ(error_of(body).code_word(), "invalid_json") << body;
  }
  EXPECT_EQ(error_of(std::string(100'000, '[')).code_word(), "invalid_json");
}

TEST(ApiError, QuotesLittleOfAHugeRequest) {
  ApiError error = error_of(with("\"" + std::string(1 << 20, 'x') + "\": 1"));
  EXPECT_EQ(error.status(), 400);
  EXPECT_LT(error.body().size(), 4000u);
}

}  // namespace
}  // namespace iago
