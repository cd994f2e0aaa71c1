// Where models and servers put their thought: a row for each form.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/chat/endpoint_scene.h"

namespace iago {
namespace {

using testing::HasSubstr;

constexpr auto kNone = ReasoningChannel::none, kPresent = ReasoningChannel::present,
               kUnavailable = ReasoningChannel::unavailable;

struct MemberForm {
  const char* vendor;
  Json message;
  ReasoningChannel channel;
  const char *reasoning, *text;
};

const MemberForm kMemberForms[] = {
    {"DeepSeek, SGLang, llama.cpp",
     {{"content", "A"}, {"reasoning_content", "T"}},
     kPresent,
     "T",
     "A"},
    {"vLLM, Ollama, Groq", {{"content", "A"}, {"reasoning", "T"}}, kPresent, "T", "A"},
    {"OpenRouter",
     {{"content", "A"},
      {"reasoning", "T"},
      {"reasoning_details", {{{"type", "reasoning.text"}, {"text", "T"}}}}},
     kPresent,
     "T",
     "A"},
    {"OpenRouter",
     {{"content", "A"}, {"reasoning_details", {{{"type", "reasoning.summary"}, {"summary", "T"}}}}},
     kPresent,
     "T",
     "A"},
    {"OpenRouter",
     {{"content", "A"}, {"reasoning_details", {{{"type", "reasoning.encrypted"}, {"data", "x"}}}}},
     kUnavailable,
     "",
     "A"},
    {"Ollama", {{"content", "A"}, {"thinking", "T"}}, kPresent, "T", "A"},
    {"LiteLLM",
     {{"content", "A"},
      {"reasoning_content", "T"},
      {"thinking_blocks", {{{"type", "thinking"}, {"thinking", "T"}, {"signature", "x"}}}}},
     kPresent,
     "T",
     "A"},
    {"LiteLLM",
     {{"content", "A"}, {"provider_specific_fields", {{"reasoning_content", "T"}}}},
     kPresent,
     "T",
     "A"},
    {"GitHub", {{"content", "A"}, {"reasoning_text", "T"}}, kPresent, "T", "A"},
    {"gateways", {{"content", "A"}, {"thoughts", {{{"text", "T"}}}}}, kPresent, "T", "A"},
    {"gateways", {{"content", "A"}, {"reasoning", {{"content", "T"}}}}, kPresent, "T", "A"},
    {"Mistral",
     {{"content",
       {{{"type", "thinking"}, {"thinking", {{{"type", "text"}, {"text", "T"}}}}},
        {{"type", "text"}, {"text", "A"}}}}},
     kPresent,
     "T",
     "A"},
    {"Cohere",
     {{"content", {{{"type", "thinking"}, {"thinking", "T"}}, {{"type", "text"}, {"text", "A"}}}}},
     kPresent,
     "T",
     "A"},
    {"OpenAI's Responses",
     {{"content",
       {{{"type", "reasoning"}, {"summary", {{{"type", "summary_text"}, {"text", "T"}}}}},
        {{"type", "output_text"}, {"text", "A"}}}}},
     kPresent,
     "T",
     "A"},
    {"OpenAI's Responses",
     {{"content",
       {{{"type", "reasoning"}, {"summary", Json::array()}, {"encrypted_content", "x"}},
        {{"type", "output_text"}, {"text", "A"}}}}},
     kUnavailable,
     "",
     "A"},
    {"Google",
     {{"content", {{{"text", "T"}, {"thought", true}}, {{"text", "A"}}}}},
     kPresent,
     "T",
     "A"},
    {"Anthropic through a gateway",
     {{"content",
       {{{"type", "redacted_thinking"}, {"data", "x"}}, {{"type", "text"}, {"text", "A"}}}}},
     kUnavailable,
     "",
     "A"},
    // Ordinary replies.
    {"OpenAI",
     {{"role", "assistant"},
      {"content", "A"},
      {"refusal", nullptr},
      {"tool_calls", Json::array()},
      {"function_call", nullptr},
      {"annotations", {{{"type", "url_citation"}, {"url", "u"}}}},
      {"audio", nullptr},
      {"name", "n"}},
     kNone,
     "",
     "A"},
    {"vLLM",
     {{"content", "A"}, {"reasoning", nullptr}, {"reasoning_content", nullptr}},
     kNone,
     "",
     "A"},
    {"gateways", {{"content", "A"}, {"odd", 5}, {"empty", ""}, {"flag", true}}, kNone, "", "A"},
    {"Mistral",
     {{"content",
       {{{"type", "text"}, {"text", "A"}}, {{"type", "reference"}, {"reference_ids", {1, 2}}}}}},
     kNone,
     "",
     "A"},
    // What nobody knows.
    {"nobody", {{"content", "A"}, {"musing", "T"}}, kUnavailable, "", "A"},
    {"nobody", {{"content", "A"}, {"inner", {{"voice", "T"}}}}, kUnavailable, "", "A"},
    {"nobody",
     {{"content", {{{"type", "musing"}, {"text", "T"}}, {{"type", "text"}, {"text", "A"}}}}},
     kUnavailable,
     "",
     "A"},
};

TEST(EndpointReasoning, ComesFromTheMembersAndPartsOfAllVendorsAndIsNeverText) {
  for (const MemberForm& form : kMemberForms) {
    const ChatReply replies[] = {
        reply_to(said(form.message)),
        reply_to(HttpResponse{200,
                              {},
                              event_of(openai_chunk(form.message)) +
                                  event_of(openai_chunk(Json::object(), "stop")) +
                                  "data: [DONE]\n\n",
                              {}})};
    for (const ChatReply& reply : replies) {
      EXPECT_EQ(reply.reasoning_channel, form.channel) << form.vendor << form.message;
      EXPECT_EQ(reply.reasoning, form.reasoning) << form.vendor << form.message;
      EXPECT_EQ(reply.text, form.text) << form.vendor << form.message;
      EXPECT_EQ(reply.reasoning_note.empty(), form.channel != kUnavailable) << form.message;
    }
  }
}

TEST(EndpointReasoning, NamesWhatHoldsTextAndIsNotKnown) {
  EXPECT_THAT(reply_to(said({{"content", "A"}, {"musing", "T"}})).reasoning_note,
              HasSubstr("the member \"musing\""));
  Json part = {{"content", {{{"type", "musing"}, {"text", "T"}}}}};
  ChatReply nothing = reply_to(said(part));
  ASSERT_TRUE(nothing.failure);  // all that was said may be in there
  EXPECT_EQ(nothing.failure->cause, OpenCause::unreadable);
  EXPECT_THAT(nothing.failure->message, HasSubstr("the content part \"musing\""));
  Json message = {
      {"content", {{{"type", "musing"}, {"text", "T"}}, {{"type", "text"}, {"text", "A"}}}},
      {"stop_reason", "end_turn"}};
  ChatReply anthropic = reply_to(json_response(message), quick(), EndpointKind::anthropic);
  EXPECT_EQ(anthropic.reasoning_channel, kUnavailable);
  EXPECT_EQ(anthropic.text, "A");
}

TEST(EndpointReasoning, NamesTextThatStandsAroundTheMessage) {
  const Json message = {{"role", "assistant"}, {"content", "A"}};
  const Json choice = {{"message", message}, {"finish_reason", "stop"}};
  Json at_root = {{"choices", {choice}}, {"reasoning", "T"}};
  Json in_choice = {{"choices", {choice}}};
  in_choice["choices"][0]["musing"] = "T";
  Json in_metadata = {{"choices", {choice}}};
  in_metadata["choices"][0]["message"]["metadata"] = {{"thoughts", "T"}};
  Json in_parsed = {{"choices", {choice}}};
  in_parsed["choices"][0]["message"]["parsed"] = {{"plan", "T"}};
  for (const Json& body : {at_root, in_choice, in_metadata, in_parsed}) {
    const ChatReply reply = reply_to(json_response(body));
    EXPECT_EQ(reply.text, "A") << body;
    EXPECT_EQ(reply.reasoning_channel, kUnavailable) << body;
    EXPECT_THAT(reply.reasoning_note, HasSubstr("the member")) << body;
  }
  // What repeats the request or the text says nothing.
  Json harmless = {{"choices", {choice}}, {"reasoning", {{"effort", "low"}}}};
  harmless["choices"][0]["text"] = "A";
  EXPECT_EQ(reply_to(json_response(harmless)).reasoning_channel, kNone);
  // All that was said may be there.
  Json elsewhere = {
      {"choices", {{{"message", nullptr}, {"text", "A"}, {"finish_reason", "stop"}}}}};
  const ChatReply open = reply_to(json_response(elsewhere));
  ASSERT_TRUE(open.failure);
  EXPECT_EQ(open.failure->cause, OpenCause::unreadable);
  EXPECT_THAT(open.failure->message, HasSubstr("the member \"text\""));
}

struct MarkForm {
  const char *family, *said, *reasoning, *text;
  ReasoningChannel channel = kPresent;
  const char* finish = "stop";
};

const MarkForm kMarkForms[] = {
    {"DeepSeek, Qwen", "<think>T</think>\n\nA", "T", "A"},
    {"DeepSeek, with the opening mark in the prompt", "T\n</think>\n\nA", "T", "A"},
    {"in another case", "<Think>T</Think>A", "T", "A"},
    {"Hunyuan", "<think>\nT\n</think>\n<answer>\nA\n</answer>", "T", "A"},
    {"ERNIE", "<think>\nT\n</think>\n\n<response>\nA\n</response>\n", "T", "A"},
    {"Claude's habit", "<thinking>T</thinking>A", "T", "A"},
    {"EXAONE, Gemini", "<thought>\nT\n</thought>\n\nA", "T", "A"},
    {"Seed-OSS", "<seed:think>T</seed:think>A", "T", "A"},
    {"Seed-OSS, unopened", "T</seed:think>A", "T", "A"},
    {"Kimi", "\u25c1think\u25b7T\u25c1/think\u25b7A", "T", "A"},
    {"Magistral", "[THINK]T[/THINK]A", "T", "A"},
    {"Command A", "<|START_THINKING|>T<|END_THINKING|><|START_RESPONSE|>A<|END_RESPONSE|>", "T",
     "A"},
    {"OpenThinker",
     "<|begin_of_thought|>T<|end_of_thought|>\n<|begin_of_solution|>A<|end_of_solution|>", "T",
     "A"},
    {"Apertus", "<|inner_prefix|>T<|inner_suffix|>A", "T", "A"},
    {"MedGemma", "<unused94>thought\nT<unused95>A", "T", "A"},
    {"Gemma 4", "<|channel>thought\nT<channel|>A", "T", "A"},
    {"gpt-oss",
     "<|channel|>analysis<|message|>T<|end|><|start|>assistant<|channel|>final<|message|>A"
     "<|return|>",
     "T", "A"},
    {"gpt-oss",
     "<|channel|>analysis<|message|>T<|end|><|start|>assistant<|channel|>commentary<|message|>U"
     "<|end|><|start|>assistant<|channel|>final<|message|>A",
     "T\n\nU", "A"},
    {"gpt-oss without its tokens", "analysisT.assistantfinalA", "T.", "A"},
    {"Granite", "Here is my thought process:\nT\nHere is my response:\nA", "T", "A"},
    {"Granite", "Here's my thought process: T Here's my response: A", "T", "A"},
    {"Apriel", "Here are my reasoning steps:\nT\n[BEGIN FINAL RESPONSE]\nA\n[END FINAL RESPONSE]",
     "T", "A"},
    {"Claude's habit, unopened", "T</thinking>\nA", "T", "A"},
    {"Reflection", "<reflection>T</reflection>A", "T", "A"},
    {"Reflection, unopened", "T</reflection>A", "T", "A"},
    {"a habit of prompts", "<inner_monologue>\nT\n</inner_monologue>\nA", "T", "A"},
    {"with attributes", "<think type=\"hidden\">T</think >A", "T", "A"},
    {"escaped for HTML", "&lt;think&gt;T&lt;/think&gt;A", "T", "A"},
    {"escaped for HTML, unopened", "T&lt;/thinking&gt;\nA", "T", "A"},
    {"escaped by numbers", "&#60;thinking&#62;T&#60;/thinking&#62;A", "T", "A"},
    {"escaped by numbers", "&#x3C;thought&#x3E;T&#x3c;/thought&#x3e;A", "T", "A"},
    {"escaped as in JSON", "\\u003cthink\\u003eT\\u003c/think\\u003eA", "T", "A"},
    {"escaped for Markdown", "\\<think\\>T\\</think\\>A", "T", "A"},
    {"escaped at one end alone", "<think>T&lt;/think&gt;A", "T", "A"},
    {"escaped, on a later line", "Well.\n&lt;reasoning&gt;T&lt;/reasoning&gt;A", "T", "Well.\nA"},
    {"Open WebUI", "<details type=\"reasoning\" done=\"true\" duration=\"5\">\nT\n</details>\nA",
     "T", "A"},
    {"Open WebUI, escaped",
     "&lt;details type=&quot;reasoning&quot; done=&quot;true&quot;&gt;T&lt;/details&gt;A", "T",
     "A"},
    {"two blocks", "<think>T</think>\n<think>U</think>A", "T\n\nU", "A"},
    {"a later line", "Well.\n<think>T</think>A", "T", "Well.\nA"},
    {"inside of the scratchpad that was asked for", "<SCRATCHPAD>\n<think>T</think>U</SCRATCHPAD>A",
     "", "<SCRATCHPAD>\n<think>T</think>U</SCRATCHPAD>A", kUnavailable},
    {"behind the scratchpad that was asked for", "<SCRATCHPAD>U</SCRATCHPAD>\n<think>T</think>A",
     "T", "<SCRATCHPAD>U</SCRATCHPAD>\nA"},
    {"cut", "<think>T", "T", "", kPresent, "length"},
    {"cut", "Here is my thought process: T", "T", "", kPresent, "length"},
    {"empty", "<think>\n\n</think>\n\nA", "", "A", kUnavailable},
    // Not at all, or not surely.
    {"plain", "A", "", "A", kNone},
    {"a word", "Analysis of the lamp: A", "", "Analysis of the lamp: A", kNone},
    {"a word", "analysis of the lamp", "", "analysis of the lamp", kNone},
    {"a word", "Here is my thought process: I think of A.", "",
     "Here is my thought process: I think of A.", kNone},
    {"a folded part of the answer", "<details><summary>More</summary>A</details>", "",
     "<details><summary>More</summary>A</details>", kNone},
    {"an element of the answer", "<p>A</p>", "", "<p>A</p>", kNone},
    {"spoken of", "The tag <think> opens a thought.", "", "The tag <think> opens a thought.",
     kUnavailable},
    {"spoken of, escaped", "The tag &lt;think&gt; opens a thought.", "",
     "The tag &lt;think&gt; opens a thought.", kUnavailable},
    {"a name that no row knows", "<pondering>T. It goes on.</pondering>A", "",
     "<pondering>T. It goes on.</pondering>A", kUnavailable},
    {"a name that no row knows", "<|thought|>T. It goes on.<|/thought|>A", "",
     "<|thought|>T. It goes on.<|/thought|>A", kUnavailable},
    {"a name that no row knows", "[reasoning]T. It goes on.[/reasoning]A", "",
     "[reasoning]T. It goes on.[/reasoning]A", kUnavailable},
    {"a link of the answer", "[A](http://a.example/reasoning) <b>A</b>", "",
     "[A](http://a.example/reasoning) <b>A</b>", kNone},
};

TEST(EndpointReasoning, IsTakenOutOfTheTextByTheMarksOfAllFamilies) {
  for (const MarkForm& form : kMarkForms) {
    const ChatReply replies[] = {
        reply_to(said({{"content", form.said}}, form.finish)),
        reply_to(json_response({{"content", {{{"type", "text"}, {"text", form.said}}}},
                                {"stop_reason",
                                 form.finish == std::string("stop") ? "end_turn" : "max_tokens"}}),
                 quick(), EndpointKind::anthropic)};
    for (const ChatReply& reply : replies) {
      EXPECT_EQ(reply.reasoning, form.reasoning) << form.said;
      EXPECT_EQ(reply.text, form.text) << form.said;
      EXPECT_EQ(reply.reasoning_channel, form.channel) << form.said;
    }
  }
}

TEST(EndpointReasoning, IsTakenFromAFoldedPartWhoseSummarySpeaksOfThought) {
  const ChatReply reply = reply_to(said(
      {{"content", "<details>\n<summary>Thought for 5 seconds</summary>\n> T\n</details>\nA"}}));
  EXPECT_EQ(reply.reasoning, "<summary>Thought for 5 seconds</summary>\n> T");
  EXPECT_EQ(reply.text, "A");
}

TEST(EndpointReasoning, IsTakenOutInTimeThatGrowsWithTheText) {
  std::string text = "Well.\n";
  while (text.size() < 2'000'000) text += "<think>\n&lt;thinking&gt;\n</reasoning x\n<details \n";
  const ChatReply reply = reply_to(said({{"content", text}}));
  EXPECT_FALSE(reply.failure) << "a square of the text's length would not end";
}

TEST(EndpointReasoning, InTheTextIsNotRepeatedWhereTheServerGivesItInAChannelToo) {
  ChatReply reply = reply_to(said({{"content", "<think>T</think>A"}, {"reasoning", "T"}}));
  EXPECT_EQ(reply.reasoning, "T");
  EXPECT_EQ(reply.text, "A");
}

TEST(EndpointReasoning, AtTheBeginningIsKeptFromWhoListensInAnyCut) {
  for (const MarkForm& form : kMarkForms) {
    const std::string family = form.family;
    // Known with the last byte alone: a listener has heard it by then.
    if (family.find("unopened") != std::string::npos ||
        family.find("a later line") != std::string::npos || family.starts_with("a name") ||
        family.find("scratchpad") != std::string::npos ||
        family.find("prompt") != std::string::npos || form.finish == std::string("length")) {
      continue;
    }
    for (std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{1000}}) {
      std::string events, heard;
      const std::string text = form.said;
      for (std::size_t at = 0; at < text.size(); at += piece) {
        events += event_of(openai_chunk({{"content", text.substr(at, piece)}}));
      }
      if (piece < 1000 && text.find('\xe2') != std::string::npos) continue;  // JSON is UTF-8
      events += event_of(openai_chunk(Json::object(), "stop"));
      ChatRequest request = about();
      request.on_text = [&](std::string_view more) { heard += more; };
      reply_to(HttpResponse{200, {}, events, {}}, quick(), EndpointKind::openai, request);
      EXPECT_THAT(heard, HasSubstr(form.text)) << form.said;
      EXPECT_EQ(heard.find("T."), std::string::npos) << form.said;
      if (form.channel == kPresent) {
        EXPECT_EQ(heard.find('T'), std::string::npos) << form.said;
      }
    }
  }
}

}  // namespace
}  // namespace iago
