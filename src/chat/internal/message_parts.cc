// Three lists decide: parts and members that hold what is said, those that hold thought, and those
// that are harmless. What is in none of them and holds text may be a thought in a spelling that is
// newer than this client. Such text is neither taken for output nor passed over in silence: it is
// named, and the reply's reasoning counts as unavailable.
#include "chat/internal/message_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

namespace iago {
namespace {

using nlohmann::json;

constexpr int kMostPartDepth = 16;

// Types of content parts.
constexpr std::array<std::string_view, 3> kSaid = {"text", "output_text", "text_delta"};
constexpr std::array<std::string_view, 13> kThought = {
    "thinking",         "thinking_delta",    "redacted_thinking", "reasoning",
    "reasoning_text",   "reasoning_content", "thought",           "think",
    "summary_text",     "reasoning.text",    "reasoning.summary", "reasoning.encrypted",
    "reasoning_summary"};
// Parts that hold neither. Calls of tools and pictures may come although none were asked for.
constexpr std::array<std::string_view, 22> kHarmlessParts = {"tool_use",
                                                             "tool_call",
                                                             "tool_result",
                                                             "function_call",
                                                             "server_tool_use",
                                                             "image",
                                                             "image_url",
                                                             "input_image",
                                                             "output_image",
                                                             "audio",
                                                             "input_audio",
                                                             "output_audio",
                                                             "file",
                                                             "document",
                                                             "document_url",
                                                             "reference",
                                                             "citation",
                                                             "signature_delta",
                                                             "input_json_delta",
                                                             "citations_delta",
                                                             "web_search_tool_result",
                                                             "fallback"};

// Members with thought, of which the first that holds any counts: servers repeat one thought under
// several names. "tool_plan" is Cohere's.
constexpr std::array<std::string_view, 13> kThoughtMembers = {
    "reasoning_details", "reasoning_content", "reasoning",         "thinking",
    "thinking_blocks",   "thought",           "thoughts",          "thinking_content",
    "reasoning_text",    "reasoning_summary", "reasoning_message", "thinking_text",
    "tool_plan"};
constexpr std::array<std::string_view, 45> kHarmlessMembers = {"role",
                                                               "content",
                                                               "refusal",
                                                               "tool_calls",
                                                               "function_call",
                                                               "annotations",
                                                               "audio",
                                                               "name",
                                                               "citations",
                                                               "references",
                                                               "images",
                                                               "context",
                                                               "signature",
                                                               "thinking_signature",
                                                               "reasoning_signature",
                                                               "tool_call_id",
                                                               "prefix",
                                                               "partial",
                                                               "stop_reason",
                                                               "channel",
                                                               "recipient",
                                                               "id",
                                                               "type",
                                                               "object",
                                                               "status",
                                                               "created_at",
                                                               "phase",
                                                               "end_turn",
                                                               "cache_control",
                                                               "reasoning_effort",
                                                               "search_results",
                                                               "logprobs",
                                                               "index",
                                                               "finish_reason",
                                                               "model",
                                                               "executed_tools",
                                                               "usage",
                                                               "tools",
                                                               "grounding_metadata",
                                                               "safety_ratings",
                                                               "content_filter_results",
                                                               "token_ids",
                                                               "video",
                                                               "mm_content",
                                                               "tool_responses"};
// Of a choice, beside those.
constexpr std::array<std::string_view, 22> kHarmlessOfChoice = {"delta",
                                                                "message",
                                                                "finishReason",
                                                                "finish_details",
                                                                "stopReason",
                                                                "done_reason",
                                                                "native_finish_reason",
                                                                "nativeFinishReason",
                                                                "matched_stop",
                                                                "stop_sequence",
                                                                "stop_str",
                                                                "content_filter_result",
                                                                "content_filter_offsets",
                                                                "safetyRatings",
                                                                "error",
                                                                "seed",
                                                                "prompt_logprobs",
                                                                "prompt_token_ids",
                                                                "citationMetadata",
                                                                "groundingMetadata",
                                                                "routed_experts",
                                                                "meta_info"};
// Where a gateway puts what it got beside what it made of it.
constexpr std::array<std::string_view, 2> kCopies = {"provider_specific_fields", "extra_content"};
// Members of a thought with its text, the first that is there.
constexpr std::array<std::string_view, 8> kThoughtTexts = {
    "thinking", "text", "summary", "reasoning", "content", "reasoning_text", "thought", "thoughts"};
// Members of an unknown part that are names, not text.
constexpr std::array<std::string_view, 8> kNames = {"type",  "id",     "signature", "role",
                                                    "index", "format", "name",      "status"};

template <std::size_t N>
bool is_among(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

bool holds_text(const json& value, int depth = 0) {
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  if (depth > kMostPartDepth) return true;
  if (value.is_array()) {
    return std::ranges::any_of(value,
                               [&](const json& item) { return holds_text(item, depth + 1); });
  }
  if (!value.is_object()) return false;
  for (const auto& [key, item] : value.items()) {
    if (!is_among(kNames, key) && holds_text(item, depth + 1)) return true;
  }
  return false;
}

// The text of a thought: a string, an array of thoughts, or an object with one of the members.
std::string thought_in(const ReplyJson& document, const json& value, int depth = 0) {
  if (value.is_string()) return document.bytes_of(value);
  std::string text;
  if (depth > kMostPartDepth) return text;
  if (value.is_array()) {
    for (const json& item : value) text += thought_in(document, item, depth + 1);
  } else if (value.is_object()) {
    for (std::string_view key : kThoughtTexts) {
      text = thought_in(document, member(value, key), depth + 1);
      if (!text.empty()) break;
    }
  }
  return text;
}

void note_unread(MessageParts& into, std::string_view kind, std::string_view name) {
  if (into.unread.empty()) into.unread = fmt::format("the {} \"{}\"", kind, excerpt_of(name));
}

void read_content(const ReplyJson& document, const json& content, MessageParts& into) {
  if (content.is_string()) {
    into.text += document.bytes_of(content);
  } else if (content.is_array()) {
    for (const json& part : content) read_content_part(document, part, into);
  } else if (content.is_object()) {
    read_content_part(document, content, into);
  }
}

bool is_called(const json& calls) {
  return (calls.is_array() || calls.is_object()) && !calls.empty();
}

// Is it a sign of thought although it has no text? An empty object or list is filler like null.
bool is_there(const json& value, bool whole) {
  if (value.is_string()) return whole;
  return (value.is_array() || value.is_object()) && !value.empty();
}

}  // namespace

void MessageParts::append(const MessageParts& more) {
  text += more.text;
  refusal += more.refusal;
  reasoning += more.reasoning;
  thought = thought || more.thought;
  calls_tools = calls_tools || more.calls_tools;
  if (unread.empty()) unread = more.unread;
}

void read_content_part(const ReplyJson& document, const json& part, MessageParts& into) {
  if (part.is_string()) {
    into.text += document.bytes_of(part);
    return;
  }
  const std::string type = document.bytes_of(member(part, "type"));
  // Google marks a part with text as a thought.
  const bool marked = member(part, "thought") == true;
  if (is_among(kThought, type) || marked) {
    into.thought = true;
    into.reasoning += thought_in(document, part);
  } else if (is_among(kSaid, type) || (type.empty() && member(part, "text").is_string())) {
    into.text += document.bytes_of(member(part, "text"));
  } else if (type == "refusal") {
    into.refusal += document.bytes_of(member(part, "refusal"));
  } else if (is_among(kHarmlessParts, type)) {
    const bool calls = type == "tool_use" || type == "tool_call" || type == "function_call";
    into.calls_tools = into.calls_tools || calls;
  } else if (holds_text(part)) {
    note_unread(into, "content part", type.empty() ? "without a type" : type);
  }
}

void read_reasoning_members(const ReplyJson& document, const json& object, bool whole,
                            MessageParts& into) {
  std::string reasoning;
  for (std::string_view key : kThoughtMembers) {
    const json& value = member(object, key);
    if (value.is_null()) continue;
    into.thought = into.thought || is_there(value, whole);
    if (reasoning.empty()) reasoning = thought_in(document, value);
  }
  if (!reasoning.empty()) into.thought = true;
  into.reasoning += reasoning;
}

MessageParts read_message(const ReplyJson& document, const json& message, bool whole) {
  MessageParts parts;
  if (!message.is_object()) return parts;
  read_content(document, member(message, "content"), parts);
  parts.refusal += document.bytes_of(member(message, "refusal"));
  parts.calls_tools = parts.calls_tools || is_called(member(message, "tool_calls")) ||
                      is_called(member(message, "function_call"));
  const bool in_content = !parts.reasoning.empty();
  if (!in_content) read_reasoning_members(document, message, whole, parts);
  for (std::string_view key : kCopies) {
    if (parts.reasoning.empty()) {
      read_reasoning_members(document, member(message, key), false, parts);
    }
  }
  for (const auto& [key, value] : message.items()) {
    const bool known =
        is_among(kHarmlessMembers, key) || is_among(kThoughtMembers, key) || is_among(kCopies, key);
    if (!known && holds_text(value)) note_unread(parts, "member", key);
  }
  return parts;
}

void note_members_around(const json& object, bool root, MessageParts& into) {
  if (!object.is_object()) return;
  for (const auto& [key, value] : object.items()) {
    if (root) {
      // OpenAI's "reasoning": {"effort": "low"} repeats an option of the request.
      const bool thought = is_among(kThoughtMembers, key) && !value.is_object();
      if (thought && holds_text(value)) note_unread(into, "member", key);
      continue;
    }
    // Completions say in "text" what the message says; some servers send both.
    const bool copy = value.is_string() && value.get_ref<const std::string&>() == into.text;
    const bool known = is_among(kHarmlessMembers, key) || is_among(kThoughtMembers, key) ||
                       is_among(kCopies, key) || is_among(kHarmlessOfChoice, key);
    const bool unknown = !known || key == "content";
    if (unknown && !copy && holds_text(value)) note_unread(into, "member", key);
  }
}

void decide_reasoning(ChatReply& reply, const MessageParts& parts, bool counts_reasoning) {
  reply.reasoning = parts.reasoning;
  if (!reply.reasoning.empty()) {
    reply.reasoning_channel = ReasoningChannel::present;
  } else if (parts.thought) {
    reply.reasoning_channel = ReasoningChannel::unavailable;
    reply.reasoning_note = "the reasoning came without its text";
  } else if (counts_reasoning) {
    reply.reasoning_channel = ReasoningChannel::unavailable;
    reply.reasoning_note = "the server counts reasoning tokens but shows no reasoning";
  } else if (!parts.unread.empty()) {
    reply.reasoning_channel = ReasoningChannel::unavailable;
    reply.reasoning_note = fmt::format("{} holds text, but Iago does not know it", parts.unread);
  }
}

}  // namespace iago
