// The reading of replies in the OpenAI form, which many servers speak, each in its own way. A whole
// reply and the chunks of a stream go through the same OpenAiReading, one document at a time: a
// chunk's "delta" is a piece of a "message".
//
// What guards against a faulty stream: all chunks carry the same id; text for a choice that has
// finished means that a chunk was sent twice; a stream has ended only with [DONE] or when every
// choice has given its reason for finishing. The first fault stays, and what came before it is not
// used.
//
// Reasoning comes in many places: "reasoning_content", "reasoning", "reasoning_details", or in the
// text between tags (thinking.h). Tokens of reasoning without any text of it, or an empty field in
// a whole message, say that the model reasoned and that the server keeps it.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "chat/internal/openai_wire.h"
#include "chat/internal/wire_failure.h"

namespace iago {
namespace {

using nlohmann::json;

constexpr std::uint64_t kMaxChoices = 1024;
constexpr std::string_view kReply = "the reply";

// Text as a string, or as an array of parts of which those with text count.
std::string text_of(const ReplyJson& document, const json& content) {
  if (content.is_string()) return document.bytes_of(content);
  std::string text;
  if (content.is_array()) {
    for (const json& part : content) text += document.bytes_of(member(part, "text"));
  }
  return text;
}

// The reasoning beside the text: of the spellings the first that holds any. An empty string in a
// chunk is filler; in a whole message it says that something is kept back.
void take_reasoning(const ReplyJson& document, const json& message, bool whole,
                    OpenAiChoice& choice) {
  std::string reasoning;
  bool there = false;
  for (const json& detail : member(message, "reasoning_details")) {
    there = true;
    reasoning += document.bytes_of(member(detail, "text"));
    reasoning += document.bytes_of(member(detail, "summary"));
  }
  for (std::string_view key : {"reasoning_content", "reasoning"}) {
    const json& value = member(message, key);
    if (!value.is_string()) continue;
    there = there || whole;
    if (reasoning.empty()) reasoning = document.bytes_of(value);
  }
  choice.reply.reasoning += reasoning;
  if (there && reasoning.empty()) choice.hidden_reasoning = true;
}

void take_logprobs(const ReplyJson& document, const json& logprobs, ChatReply& reply) {
  const json& content = member(logprobs, "content");
  if (!content.is_array()) return;
  for (const json& token : content) {
    const json& logprob = member(token, "logprob");
    if (!logprob.is_number()) continue;
    reply.token_logprobs.push_back(logprob.get<float>());
    std::string bytes;
    const json& list = member(token, "bytes");
    if (list.is_array()) {
      for (const json& byte : list) bytes += static_cast<char>(count_of(byte) & 0xff);
    } else {
      bytes = document.bytes_of(member(token, "token"));
    }
    reply.token_texts.push_back(std::move(bytes));
  }
}

VendorError error_in(const ReplyJson& document, const json& error) {
  if (error.is_string()) return {.message = document.bytes_of(error)};
  const json& code = member(error, "code");
  return {.type = document.bytes_of(member(error, "type")),
          .code = code.is_number() ? std::to_string(count_of(code)) : document.bytes_of(code),
          .message = document.bytes_of(member(error, "message")),
          .param = document.bytes_of(member(error, "param")),
          .flagged = !member(member(error, "metadata"), "flagged_input").is_null()};
}

// An error that came with a status of 200: some name the status that it should have had.
WireOutcome outcome_of_late_error(const ReplyJson& document, const json& error) {
  std::uint64_t status = count_of(member(error, "code"));
  return outcome_of_error(status >= 400 && status < 600 ? static_cast<int>(status) : 0,
                          error_in(document, error));
}

Finish finish_of(const OpenAiChoice& choice) {
  const std::string& reason = choice.finish_reason;
  if (reason == "content_filter" || !choice.refusal.empty()) return Finish::refused;
  if (reason == "length" || reason == "max_tokens" || reason == "model_length") {
    return Finish::length;
  }
  return Finish::stop;
}

}  // namespace

bool OpenAiReading::reject(WireOutcome why) {
  failure_ = std::move(why);
  return false;
}

bool OpenAiReading::take(const ReplyJson& document) {
  news_.clear();
  const json& root = document.root();
  if (!root.is_object()) return reject(broken_reply("expected a reply as a JSON object"));
  if (const json& error = member(root, "error"); !error.is_null()) {
    return reject(outcome_of_late_error(document, error));
  }
  if (!take_id(document)) return false;
  if (const json& usage = member(root, "usage"); usage.is_object()) take_usage(usage);
  const json& choices = member(root, "choices");
  if (!choices.is_array()) return true;
  std::size_t position = 0;
  for (const json& choice : choices) {
    if (!take_choice(document, choice, position++)) return false;
  }
  return true;
}

bool OpenAiReading::take_id(const ReplyJson& document) {
  const json& root = document.root();
  std::string id = document.bytes_of(member(root, "id"));
  if (!id.empty() && !id_.empty() && id != id_) {
    return reject(broken_reply(fmt::format("a chunk of reply {} came in the stream of reply {}",
                                           excerpt_of(id), excerpt_of(id_))));
  }
  if (id_.empty()) id_ = std::move(id);
  if (model_.empty()) model_ = document.bytes_of(member(root, "model"));
  if (fingerprint_.empty()) fingerprint_ = document.bytes_of(member(root, "system_fingerprint"));
  return true;
}

bool OpenAiReading::take_choice(const ReplyJson& document, const json& value,
                                std::size_t position) {
  const json& index = member(value, "index");
  std::uint64_t number = index.is_number() ? count_of(index) : position;
  if (number >= kMaxChoices) {
    return reject(broken_reply(
        fmt::format("expected choices below {}, found number {}", kMaxChoices, number)));
  }
  OpenAiChoice& choice = choices_[number];
  const json& delta = member(value, "delta");
  const json& message = delta.is_object() ? delta : member(value, "message");
  std::string text = text_of(document, member(message, "content"));
  if (choice.finished && !text.empty()) {
    return reject(broken_reply("text came after the reply's end: a chunk was sent twice"));
  }
  choice.reply.text += text;
  choice.refusal += document.bytes_of(member(message, "refusal"));
  take_reasoning(document, message, !delta.is_object(), choice);
  take_logprobs(document, member(value, "logprobs"), choice.reply);
  if (std::string reason = document.bytes_of(member(value, "finish_reason")); !reason.empty()) {
    choice.finish_reason = std::move(reason);
    choice.finished = true;
  }
  if (number == 0) news_ += text;
  return true;
}

void OpenAiReading::take_usage(const json& usage) {
  // The last one counts: some servers send the sum so far with every chunk.
  usage_.prompt = count_of(member(usage, "prompt_tokens"));
  usage_.generated = count_of(member(usage, "completion_tokens"));
  usage_.cached_prompt = std::min(
      usage_.prompt, count_of(member(member(usage, "prompt_tokens_details"), "cached_tokens")));
  reasoning_tokens_ =
      count_of(member(member(usage, "completion_tokens_details"), "reasoning_tokens"));
}

bool OpenAiReading::all_finished() const {
  return !choices_.empty() &&
         std::ranges::all_of(choices_, [](const auto& item) { return item.second.finished; });
}

WireOutcome OpenAiReading::conclude(bool unopened_thinking) {
  if (choices_.empty()) {
    return broken_reply("expected at least one element in \"choices\", found none");
  }
  WireOutcome outcome;
  outcome.reply_id = id_;
  for (auto& [number, choice] : choices_) {
    if (choice.finish_reason == "error" || choice.finish_reason == "abort") {
      return broken_reply(fmt::format("the server broke off in the middle of the reply ({})",
                                      choice.finish_reason));
    }
    ChatReply& reply = choice.reply;
    reply.finish = finish_of(choice);
    if (reply.text.empty()) reply.text = choice.refusal;
    if (!reply.reasoning.empty()) {
      reply.reasoning_channel = ReasoningChannel::present;
    } else if (choice.hidden_reasoning || reasoning_tokens_ > 0) {
      reply.reasoning_channel = ReasoningChannel::unavailable;
    }
    split_thinking(reply, unopened_thinking);
    // Of several replies to one request the first has the bill, if there is one.
    if (outcome.replies.empty()) {
      reply.usage = usage_;
    } else {
      reply.billed_with_sibling = usage_.prompt > 0 || usage_.generated > 0;
    }
    reply.model_version = model_;
    reply.fingerprint = fingerprint_;
    reply.request_id = id_;
    outcome.replies.push_back(std::move(reply));
  }
  return outcome;
}

WireOutcome read_openai_reply(std::string_view body) {
  try {
    ReplyJson document(body, kReply);
    OpenAiReading reading;
    if (!reading.take(document)) return reading.failure();
    return reading.conclude(true);
  } catch (const Error& error) {
    return not_json(body, error.what());
  }
}

WireOutcome read_openai_error(int status, std::string_view body) {
  try {
    ReplyJson document(body, "the error");
    const json& root = document.root();
    const json& error = member(root, "error");
    // vLLM's older form has the fields at the top, FastAPI's has "detail".
    VendorError found = error_in(document, error.is_null() ? root : error);
    if (found.message.empty()) found.message = document.bytes_of(member(root, "detail"));
    if (found.message.empty()) found.message = excerpt_of(body);
    return outcome_of_error(status, found);
  } catch (const Error&) {
    return outcome_of_error(status, {.message = excerpt_of(body)});
  }
}

OpenAiStream::OpenAiStream(Wire::OnText on_text)
    : filter_(on_text ? on_text : [](std::string_view) {}), listening_(on_text != nullptr) {}

void OpenAiStream::take(const SseEvent& event) {
  const ReplyJson document(event.data, "a chunk of the reply");
  if (!reading_.take(document)) return fail(reading_.failure());
  if (listening_ && !reading_.news().empty()) filter_.feed(reading_.news());
}

WireOutcome OpenAiStream::take_document(std::string_view body) {
  WireOutcome outcome = read_openai_reply(body);
  if (listening_ && !outcome.replies.empty() && !outcome.replies[0].text.empty()) {
    filter_.feed(outcome.replies[0].text);
    filter_.finish();
  }
  return outcome;
}

WireOutcome OpenAiStream::conclude() {
  if (!has_ended() && !reading_.all_finished()) {
    return broken_reply("the stream ended before the reply did");
  }
  if (listening_) filter_.finish();
  // What a listener has heard as text stays text.
  return reading_.conclude(!filter_.passed_any());
}

}  // namespace iago
