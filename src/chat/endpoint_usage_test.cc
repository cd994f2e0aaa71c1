// How vendors count tokens: a row for each documented or reported form.
#include <gtest/gtest.h>

#include "testing/chat/endpoint_scene.h"

namespace iago {
namespace {

struct UsageForm {
  const char* vendor;
  Json usage;
  TokenUsage counts;
};

const UsageForm kUsageForms[] = {
    {"OpenAI",
     {{"prompt_tokens", 100},
      {"completion_tokens", 20},
      {"total_tokens", 120},
      {"prompt_tokens_details", {{"cached_tokens", 60}}},
      {"completion_tokens_details", {{"reasoning_tokens", 15}}}},
     {100, 60, 0, 20, 0}},
    {"OpenAI's Responses",
     {{"input_tokens", 100},
      {"input_tokens_details", {{"cached_tokens", 60}}},
      {"output_tokens", 20}},
     {100, 60, 0, 20, 0}},
    {"DeepSeek",
     {{"prompt_tokens", 1000},
      {"completion_tokens", 20},
      {"total_tokens", 1020},
      {"prompt_cache_hit_tokens", 900},
      {"prompt_cache_miss_tokens", 100}},
     {1000, 900, 0, 20, 0}},
    {"Moonshot",
     {{"prompt_tokens", 100}, {"completion_tokens", 20}, {"cached_tokens", 60}},
     {100, 60, 0, 20, 0}},
    {"OpenRouter",
     {{"prompt_tokens", 100},
      {"completion_tokens", 20},
      {"prompt_tokens_details", {{"cached_tokens", 60}, {"cache_write_tokens", 30}}}},
     {100, 60, 30, 20, 0}},
    {"LiteLLM for Anthropic",
     {{"prompt_tokens", 100},
      {"completion_tokens", 20},
      {"total_tokens", 120},
      {"cache_read_input_tokens", 60},
      {"cache_creation_input_tokens", 30}},
     {100, 60, 30, 20, 0}},
    {"xAI: reasoning beside the completion",
     {{"prompt_tokens", 100},
      {"completion_tokens", 20},
      {"total_tokens", 420},
      {"completion_tokens_details", {{"reasoning_tokens", 300}}}},
     {100, 0, 0, 320, 0}},
    {"Google's OpenAI interface: thoughts only in the total",
     {{"prompt_tokens", 100}, {"completion_tokens", 20}, {"total_tokens", 420}},
     {100, 0, 0, 320, 0}},
    {"Google",
     {{"promptTokenCount", 100},
      {"candidatesTokenCount", 20},
      {"thoughtsTokenCount", 300},
      {"totalTokenCount", 420},
      {"cachedContentTokenCount", 60}},
     {100, 60, 0, 320, 0}},
    {"Amazon Bedrock",
     {{"inputTokens", 100},
      {"outputTokens", 20},
      {"totalTokens", 120},
      {"cacheReadInputTokens", 60}},
     {100, 60, 0, 20, 0}},
    {"Cohere",
     {{"billed_units", {{"input_tokens", 90}, {"output_tokens", 18}}},
      {"tokens", {{"input_tokens", 100}, {"output_tokens", 20}}}},
     {100, 0, 0, 20, 0}},
    {"Perplexity, without a total",
     {{"prompt_tokens", 100}, {"completion_tokens", 20}, {"reasoning_tokens", 300}},
     {100, 0, 0, 320, 0}},
    {"a total alone", {{"prompt_tokens", 100}, {"total_tokens", 120}}, {100, 0, 0, 20, 0}},
    // Contradictions.
    {"cached beside the prompt, by the total",
     {{"prompt_tokens", 100},
      {"completion_tokens", 20},
      {"total_tokens", 1020},
      {"prompt_tokens_details", {{"cached_tokens", 900}}}},
     {1000, 900, 0, 20, 0}},
    {"cached beside the prompt, without a total",
     {{"prompt_tokens", 100}, {"completion_tokens", 20}, {"cached_tokens", 900}},
     {1000, 900, 0, 20, 0}},
    {"more cached than the total allows",
     {{"prompt_tokens", 100},
      {"completion_tokens", 20},
      {"total_tokens", 120},
      {"cached_tokens", 900}},
     {100, 100, 0, 20, 0}},
    {"more reasoning than the total allows",
     {{"prompt_tokens", 100},
      {"completion_tokens", 20},
      {"total_tokens", 120},
      {"reasoning_tokens", 300}},
     {100, 0, 0, 20, 0}},
    // Nothing known is not 0.
    {"nothing", nullptr, {0, 0, 0, 0, 1}},
    {"empty", Json::object(), {0, 0, 0, 0, 1}},
    {"zeros",
     {{"prompt_tokens", 0}, {"completion_tokens", 0}, {"total_tokens", 0}},
     {0, 0, 0, 0, 1}},
    {"texts", {{"prompt_tokens", "many"}, {"completion_tokens", "few"}}, {0, 0, 0, 0, 1}},
    {"negative", {{"prompt_tokens", -1}, {"completion_tokens", 20}}, {0, 0, 0, 20, 1}},
    {"no prompt", {{"completion_tokens", 20}}, {0, 0, 0, 20, 1}},
    {"no completion", {{"prompt_tokens", 100}}, {100, 0, 0, 0, 1}},
    {"text without tokens", {{"prompt_tokens", 100}, {"completion_tokens", 0}}, {100, 0, 0, 0, 1}},
};

std::string text_of(const TokenUsage& usage) {
  return std::to_string(usage.prompt) + " prompt, " + std::to_string(usage.cached_prompt) +
         " cached, " + std::to_string(usage.cache_written) + " written, " +
         std::to_string(usage.generated) + " generated, " + std::to_string(usage.uncounted) +
         " uncounted";
}

TEST(EndpointUsage, IsReadInTheSpellingsOfAllVendorsAndMissingOnesAreUnknown) {
  for (const UsageForm& form : kUsageForms) {
    Scene scene(EndpointKind::openai, quick(), [&](const HttpRequest&, int) {
      return std::optional(said({{"content", "A"}}, "stop", form.usage));
    });
    const ChatReply reply = scene.ask();
    EXPECT_EQ(text_of(reply.usage), text_of(form.counts)) << form.vendor;
    EXPECT_EQ(scene.model->figures().without_usage, form.counts.uncounted) << form.vendor;
  }
}

TEST(EndpointUsage, IsFoundWhereverAStreamPutsIt) {
  const Json usage = {{"prompt_tokens", 100}, {"completion_tokens", 20}};
  const std::string text = event_of(openai_chunk({{"content", "A"}}));
  const std::string end = event_of(openai_chunk(Json::object(), "stop"));
  Json in_choice = openai_chunk(Json::object(), "stop");
  in_choice["choices"][0]["usage"] = usage;
  Json in_end = openai_chunk(Json::object(), "stop");
  in_end["usage"] = usage;
  Json groq = openai_chunk(Json::object(), "stop");
  groq["x_groq"] = {{"id", "r"}, {"usage", usage}};
  const std::string done = "data: [DONE]\n\n";
  const std::string streams[] = {
      text + end + event_of({{"id", "other"}, {"choices", Json::array()}, {"usage", usage}}) + done,
      event_of({{"choices", Json::array()}, {"usage", usage}}) + text + end + done,
      text + event_of(in_choice) + done, text + event_of(in_end) + done,
      text + event_of(groq) + done};
  for (const std::string& stream : streams) {
    EXPECT_EQ(text_of(reply_to(HttpResponse{200, {}, stream, {}}).usage),
              text_of({.prompt = 100, .generated = 20}))
        << stream;
  }
}

TEST(EndpointUsage, OfAnthropicCountsTheCacheBesideItsInput) {
  Json message = {{"content", {{{"type", "text"}, {"text", "A"}}}}, {"stop_reason", "end_turn"}};
  auto counted = [&](const Json& usage) {
    message["usage"] = usage;
    return text_of(reply_to(json_response(message), quick(), EndpointKind::anthropic).usage);
  };
  EXPECT_EQ(counted({{"input_tokens", 10},
                     {"cache_read_input_tokens", 60},
                     {"cache_creation_input_tokens", 30},
                     {"output_tokens", 7}}),
            text_of({100, 60, 30, 7, 0}));
  EXPECT_EQ(counted(nullptr), text_of({.uncounted = 1}));
}

TEST(EndpointUsage, OfAReplyThatCannotBeUsedIsKeptWithItsFailure) {
  const Json usage = {{"prompt_tokens", 100}, {"completion_tokens", 20}};
  const ChatReply reply = reply_to(said({{"content", "A"}}, "eureka", usage));
  EXPECT_EQ(reply.finish, Finish::failed);
  EXPECT_EQ(reply.usage.prompt, 200u);  // asked twice
  EXPECT_EQ(reply.usage.generated, 40u);
}

}  // namespace
}  // namespace iago
