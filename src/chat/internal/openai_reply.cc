// The reading of replies in the OpenAI form, which many servers speak, each in its own way. A whole
// reply and the chunks of a stream go through the same OpenAiReading, one document at a time: a
// chunk's "delta" is a piece of a "message".
//
// What guards against a faulty stream. The chunks with choices carry one id, or each its own: some
// servers number them; an id that changes among chunks that share one is another reply's. The model
// does not change. Text for a choice that has finished means that a chunk was sent twice, and two
// reasons for its end that differ in meaning contradict each other. A stream has ended only with
// [DONE] or when every choice has given its reason. One that brings nothing for very many chunks is
// given up. The first fault stays, and what came before it is not used.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "chat/internal/finish_reason.h"
#include "chat/internal/openai_wire.h"
#include "chat/internal/wire_failure.h"

namespace iago {
namespace {

using nlohmann::json;

constexpr std::uint64_t kMaxChoices = 1024;
constexpr std::size_t kMostWithoutNews = 100'000;  // chunks; servers send one a token
constexpr std::string_view kReply = "the reply";

// What is no number stays in its place, and drop_partial_logprobs sees it.
float logprob_in(const json& value) {
  return value.is_number() ? value.get<float>() : std::numeric_limits<float>::quiet_NaN();
}

// Together's and Fireworks' form: two lists side by side.
void take_logprob_lists(const ReplyJson& document, const json& logprobs, ChatReply& reply) {
  const json &numbers = member(logprobs, "token_logprobs"), &texts = member(logprobs, "tokens");
  if (!numbers.is_array() || !texts.is_array() || numbers.size() != texts.size()) return;
  for (const json& number : numbers) reply.token_logprobs.push_back(logprob_in(number));
  for (const json& text : texts) reply.token_texts.push_back(document.bytes_of(text));
}

// Where one number is missing, or is none that a float holds, nobody knows what the others are of.
void drop_partial_logprobs(ChatReply& reply) {
  const auto is_finite = [](float logprob) { return std::isfinite(logprob); };
  if (std::ranges::all_of(reply.token_logprobs, is_finite)) return;
  reply.token_logprobs.clear();
  reply.token_texts.clear();
}

void take_logprobs(const ReplyJson& document, const json& logprobs, ChatReply& reply) {
  const json& content = member(logprobs, "content");
  if (!content.is_array()) return take_logprob_lists(document, logprobs, reply);
  for (const json& token : content) {
    reply.token_logprobs.push_back(logprob_in(member(token, "logprob")));
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

// An error that came with a status of 200: some name the status that it should have had.
WireOutcome outcome_of_late_error(const ReplyJson& document, const json& error) {
  return outcome_of_error(0, vendor_error_in(document, error));
}

WireOutcome endless_stream() {
  return broken_reply(
      fmt::format("the stream brought {} chunks without any text", kMostWithoutNews));
}

// Our name for a request, where an id has it; see WireCall::id.
std::string own_name_in(const std::string& id) {
  constexpr std::size_t kDigits = 16;
  const auto at = id.find("iago-");
  return at == std::string::npos ? std::string() : id.substr(at, 5 + kDigits);
}

bool is_error(const json& error) {
  return !error.is_null() && error != false && !(error.is_object() && error.empty());
}

// A gateway's error with a status of 200, with its fields at the top.
bool is_bare_error(const json& root) {
  if (root.contains("choices") || root.contains("usage")) return false;
  if (member(root, "object") == "error") return true;
  return std::ranges::any_of(std::array<std::string_view, 6>{"message", "msg", "detail", "errors",
                                                             "error_msg", "error_code"},
                             [&](std::string_view key) { return !member(root, key).is_null(); });
}

// A chunk of the user's or a tool's turn is not of this reply.
bool is_foreign_role(const std::string& role) {
  return role == "user" || role == "system" || role == "developer" || role == "tool";
}

// Azure's results of its filter, or Google's ratings.
std::string filter_results(const json& choice) {
  for (std::string_view key :
       {"content_filter_results", "content_filter_result", "safety_ratings", "safetyRatings"}) {
    const json& results = member(choice, key);
    if (!results.is_null()) {
      return results.dump(-1, ' ', true, json::error_handler_t::replace);
    }
  }
  return {};
}

// {"hate": {"filtered": true}} of Azure, [{"category": ..., "blocked": true}] of Google.
bool says_filtered(const json& results, int depth = 0) {
  if (!results.is_structured() || depth > 4) return false;
  if (member(results, "filtered") == true || member(results, "blocked") == true) return true;
  return std::ranges::any_of(results,
                             [&](const json& inner) { return says_filtered(inner, depth + 1); });
}

// The reason for the end, under the names that servers give it. A value that is no text is shown as
// JSON: nobody documents it, so it is not known.
std::string finish_in(const ReplyJson& document, const json& object) {
  for (std::string_view key : {"finish_reason", "finishReason", "finish_details", "stop_reason",
                               "stopReason", "done_reason"}) {
    const json& reason = member(object, key);
    if (reason.is_null() || reason == false || (reason.is_structured() && reason.empty())) continue;
    std::string text = reason.is_string()
                           ? document.bytes_of(reason)
                           : reason.dump(-1, ' ', true, json::error_handler_t::replace);
    if (!finish_key(text).empty()) return text;
  }
  return {};
}

// What OpenRouter and others pass on of the provider's own reason.
std::string native_finish_in(const ReplyJson& document, const json& choice) {
  for (const json* place : {&choice, &member(choice, "provider_specific_fields")}) {
    for (std::string_view key : {"native_finish_reason", "nativeFinishReason"}) {
      std::string reason = document.bytes_of(member(*place, key));
      if (!reason.empty()) return reason;
    }
  }
  return {};
}

}  // namespace

bool OpenAiReading::reject(WireOutcome why) {
  failure_ = std::move(why);
  return false;
}

bool OpenAiReading::take(const ReplyJson& document) {
  news_.clear();
  const json& root = document.root();
  if (root.is_array()) return reject(outcome_of_late_error(document, root));
  if (!root.is_object()) return reject(broken_reply("expected a reply as a JSON object"));
  // The whole document: some put the status beside the error.
  if (is_error(member(root, "error"))) return reject(outcome_of_late_error(document, root));
  if (const json& state = member(root, "base_resp"); count_of(member(state, "status_code")) != 0) {
    return reject(outcome_of_late_error(document, root));  // MiniMax
  }
  if (is_bare_error(root)) return reject(outcome_of_late_error(document, root));
  const json& choices = member(root, "choices");
  usage_.take_from(root);
  says_something_ = false;
  if (!choices.is_array() || choices.empty()) {
    return take_names(document, false) && take_block(document);
  }
  if (!take_names(document, true)) return false;
  if (unread_.empty()) {
    MessageParts around;
    note_members_around(root, true, around);
    unread_ = around.unread;
  }
  std::size_t position = 0;
  for (const json& choice : choices) {
    if (!take_choice(document, choice, position++)) return false;
  }
  chunks_without_news_ = says_something_ ? 0 : chunks_without_news_ + 1;
  if (chunks_without_news_ > kMostWithoutNews) return reject(endless_stream());
  return true;
}

// Chunks without choices, which bring figures, may have an id of their own. The others share one,
// or each has its own. Of a server that puts our name for the request into its ids, all ids have
// the same name in them.
bool OpenAiReading::take_names(const ReplyJson& document, bool has_choices) {
  const json& root = document.root();
  const std::string id = document.bytes_of(member(root, "id"));
  if (has_choices && !id.empty()) {
    const std::string& before = last_id_.empty() ? id : last_id_;
    id_changed_ = id_changed_ || id != before;
    id_repeated_ = id_repeated_ || (!last_id_.empty() && (id == before || id == id_));
    if ((id_changed_ && id_repeated_) || own_name_in(id) != own_name_in(before)) {
      return reject(
          broken_reply(fmt::format("a chunk of reply {} came in the stream of reply {}",
                                   excerpt_of(id), excerpt_of(id == before ? id_ : before))));
    }
    last_id_ = id;
    if (id_.empty()) id_ = id;
  }
  if (reply_id_.empty()) reply_id_ = id;
  const std::string model = document.bytes_of(member(root, "model"));
  if (has_choices && !model.empty() && !model_.empty() && model != model_) {
    return reject(broken_reply(fmt::format("a chunk of model {} came in a reply of model {}",
                                           excerpt_of(model), excerpt_of(model_))));
  }
  if (model_.empty()) model_ = model;
  if (fingerprint_.empty()) fingerprint_ = document.bytes_of(member(root, "system_fingerprint"));
  return true;
}

// Google answers a prompt that it does not let pass with 200 and a reason in place of choices.
bool OpenAiReading::take_block(const ReplyJson& document) {
  const json& root = document.root();
  for (std::string_view key : {"promptFeedback", "prompt_feedback"}) {
    const json& feedback = member(root, key);
    std::string reason = document.bytes_of(member(feedback, "blockReason"));
    if (reason.empty()) reason = document.bytes_of(member(feedback, "block_reason"));
    if (reason.empty() || finish_key(reason) == "blockreasonunspecified") continue;
    const std::string says = document.bytes_of(member(feedback, "blockReasonMessage"));
    return reject(refused_reply(
        says.empty() ? fmt::format("the prompt was blocked: {}", reason) : says, reason));
  }
  return ++chunks_without_news_ <= kMostWithoutNews || reject(endless_stream());
}

bool OpenAiReading::take_choice(const ReplyJson& document, const json& value,
                                std::size_t position) {
  const json& index = member(value, "index");
  std::uint64_t number = index.is_number() ? count_of(index) : position;
  if (number >= kMaxChoices) {
    return reject(broken_reply(
        fmt::format("expected choices below {}, found number {}", kMaxChoices, number)));
  }
  if (const json& error = member(value, "error"); is_error(error)) {
    return reject(outcome_of_late_error(document, error));
  }
  const json& delta = member(value, "delta");
  const bool whole = !delta.is_object();
  const json& message = whole ? member(value, "message") : delta;
  const std::string role = document.bytes_of(member(message, "role"));
  if (is_foreign_role(role)) {
    return reject(broken_reply(
        fmt::format("expected a turn of the assistant, found role {}", excerpt_of(role))));
  }
  OpenAiChoice& choice = choices_[number];
  MessageParts parts = read_message(document, message, whole);
  if (parts.reasoning.empty()) read_reasoning_members(document, value, false, parts);
  if (parts.unread.empty()) note_members_around(value, false, parts);
  if (choice.from_deltas && member(value, "message").is_object()) {
    if (!whole) parts = read_message(document, member(value, "message"), true);
    if (!take_whole_message(parts, choice)) return false;
    if (!choice.parts.text.empty()) parts.text.clear();
    if (!choice.parts.reasoning.empty()) parts.reasoning.clear();
  }
  choice.from_deltas = choice.from_deltas || !whole;
  if (!choice.finish_reason.empty() && !parts.text.empty()) {
    return reject(broken_reply("text came after the reply's end: a chunk was sent twice"));
  }
  says_something_ = says_something_ || !parts.text.empty() || !parts.reasoning.empty();
  if (number == 0) news_ += parts.text;
  choice.parts.append(parts);
  take_signs(document, value, choice);
  usage_.take(member(value, "usage"));  // Moonshot
  take_logprobs(document, member(value, "logprobs"), choice.reply);
  std::string reason = finish_in(document, value);
  if (reason.empty()) reason = finish_in(document, message);
  return take_finish(choice, std::move(reason));
}

// Some streams end with the whole message. It repeats what the pieces said.
bool OpenAiReading::take_whole_message(const MessageParts& whole, OpenAiChoice& choice) {
  const std::string& said = choice.parts.text;
  if (whole.text.empty() || said.empty() || whole.text == said) return true;
  return reject(broken_reply("the whole message in the stream differs from its pieces"));
}

void OpenAiReading::take_signs(const ReplyJson& document, const json& value, OpenAiChoice& choice) {
  for (std::string_view key :
       {"content_filter_results", "content_filter_result", "safety_ratings", "safetyRatings"}) {
    if (choice.is_filtered || !says_filtered(member(value, key))) continue;
    choice.is_filtered = true;
    choice.filtered = member(value, key).dump(-1, ' ', true, json::error_handler_t::replace);
  }
  if (choice.filtered.empty()) choice.filtered = filter_results(value);
  if (std::string native = native_finish_in(document, value); !native.empty()) {
    choice.native = std::move(native);
  }
}

// A gateway may say "stop" where its provider's filter or limit cut the reply: the provider's own
// sign decides. True if it does.
bool OpenAiReading::decide_by_sign(OpenAiChoice& choice) const {
  ChatReply& reply = choice.reply;
  const FinishMeaning native = finish_key(choice.native).empty()
                                   ? FinishMeaning::unknown
                                   : meaning_of_finish(choice.native, words_);
  const bool refused = choice.is_filtered || native == FinishMeaning::refused;
  const bool cut = native == FinishMeaning::length && reply.finish == Finish::stop;
  if (reply.finish == Finish::refused || (!refused && !cut)) return false;
  reply.finish = refused ? Finish::refused : Finish::length;
  const std::string sign = choice.is_filtered ? "filtered" : choice.native;
  const std::string said = choice.finish_reason.empty() ? "none" : choice.finish_reason;
  reply.finish_reason = fmt::format("{} ({})", said, sign);
  return true;
}

bool OpenAiReading::take_finish(OpenAiChoice& choice, std::string reason) {
  if (finish_key(reason).empty()) return true;
  const std::string& before = choice.finish_reason;
  if (!before.empty() && before != reason &&
      meaning_of_finish(before, words_) != meaning_of_finish(reason, words_)) {
    return reject(broken_reply(fmt::format("the reply ended twice, by \"{}\" and by \"{}\"",
                                           excerpt_of(before), excerpt_of(reason))));
  }
  if (before.empty()) choice.finish_reason = std::move(reason);
  return true;
}

std::size_t OpenAiReading::held_bytes() const {
  std::size_t bytes = 0;
  for (const auto& [number, choice] : choices_) {
    bytes += choice.parts.held_bytes() + iago::held_bytes(choice.reply);
  }
  return bytes;
}

bool OpenAiReading::all_finished() const {
  return !choices_.empty() && std::ranges::all_of(choices_, [](const auto& item) {
    return !item.second.finish_reason.empty();
  });
}

// Fills in the choice's reply, or says why there is none.
std::optional<WireOutcome> OpenAiReading::finish(OpenAiChoice& choice, bool heard) {
  if (choice.parts.unread.empty()) choice.parts.unread = unread_;
  const MessageParts& parts = choice.parts;
  ChatReply& reply = choice.reply;
  drop_partial_logprobs(reply);
  reply.finish_reason = choice.finish_reason;
  const auto failure = decide_finish(reply, words_);
  const bool declined = !parts.refusal.empty();
  const bool is_known = decide_by_sign(choice) || declined;
  if (failure && !(is_known && failure->failure->only_once)) return failure;
  if (declined) reply.finish = Finish::refused;
  // A call of a tool instead of an answer, whatever the reason says.
  if (reply.finish == Finish::stop && parts.calls_tools && parts.text.empty()) {
    return unknown_finish(choice.finish_reason + " with tool calls");
  }
  if (reply.finish == Finish::refused) {
    reply.provider_message = excerpt_of(declined ? parts.refusal : choice.filtered);
  }
  reply.text = parts.text.empty() ? parts.refusal : parts.text;
  decide_reasoning(reply, parts, usage_.counts_reasoning());
  const bool is_elsewhere = reply.text.empty() && reply.finish != Finish::refused &&
                            reply.reasoning.empty() && !parts.unread.empty();
  if (is_elsewhere) {
    return broken_reply(
        fmt::format("the reply has no text, but {} has, and Iago does not know it", parts.unread));
  }
  split_thinking(reply, heard);
  return std::nullopt;
}

WireOutcome OpenAiReading::conclude(bool heard) {
  if (choices_.empty()) {
    return broken_reply("expected at least one element in \"choices\", found none");
  }
  WireOutcome outcome;
  outcome.reply_id = reply_id_;
  const bool has_text = std::ranges::any_of(choices_, [](const auto& item) {
    return !item.second.parts.text.empty() || !item.second.parts.reasoning.empty();
  });
  const TokenUsage usage = usage_.conclude(false, has_text);
  for (auto& [number, choice] : choices_) {
    if (auto failure = finish(choice, heard)) {
      failure->failure->usage = usage;
      return *failure;
    }
    ChatReply& reply = choice.reply;
    // Of several replies to one request the first has the bill, if there is one.
    if (outcome.replies.empty()) {
      reply.usage = usage;
    } else if (usage.uncounted > 0) {
      reply.usage.uncounted = 1;
    } else {
      reply.billed_with_sibling = true;
    }
    reply.model_version = model_;
    reply.fingerprint = fingerprint_;
    reply.request_id = reply_id_;
    outcome.replies.push_back(std::move(reply));
  }
  return outcome;
}

WireOutcome read_openai_reply(std::string_view body, const FinishWords& words) {
  try {
    ReplyJson document(body, kReply);
    OpenAiReading reading(words);
    if (!reading.take(document)) return reading.failure();
    return reading.conclude(false);
  } catch (const Error& error) {
    return not_json(body, error.what());
  }
}

OpenAiStream::OpenAiStream(Wire::OnText on_text, const FinishWords& words)
    : words_(words),
      reading_(words),
      filter_(on_text ? on_text : [](std::string_view) {}),
      listening_(on_text != nullptr) {}

void OpenAiStream::take(const SseEvent& event) {
  const ReplyJson document(event.data, "a chunk of the reply");
  if (event.event == "error" && member(document.root(), "error").is_null()) {
    return fail(outcome_of_late_error(document, document.root()));
  }
  if (!reading_.take(document)) return fail(reading_.failure());
  if (listening_ && !reading_.news().empty()) filter_.feed(reading_.news());
}

WireOutcome OpenAiStream::take_document(std::string_view body) {
  WireOutcome outcome = read_openai_reply(body, words_);
  if (listening_ && !outcome.replies.empty() && !outcome.replies[0].text.empty()) {
    filter_.feed(outcome.replies[0].text);
    filter_.finish();
  }
  return outcome;
}

WireOutcome OpenAiStream::conclude() {
  const bool may_lack_reason = words_.contains(std::string_view());
  const bool has_reply = !reading_.empty();
  if (!has_ended() && !has_reply) return broken_reply("the stream ended before the reply did");
  if (!has_ended() && !reading_.all_finished() && !may_lack_reason) return unfinished_stream();
  if (listening_) filter_.finish();
  // What a listener has heard as text stays text.
  WireOutcome outcome = reading_.conclude(filter_.passed_any());
  outcome.is_streamed = true;
  return outcome;
}

}  // namespace iago
