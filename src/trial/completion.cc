#include "trial/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "base/ascii.h"
#include "base/error.h"
#include "text/characters.h"
#include "text/scratchpad.h"
#include "text/visible.h"

namespace iago {
namespace {

// The words of a text, one space in front of and behind each: letters of ASCII in lower case,
// others as they are.
std::string words_of(std::string_view text) {
  std::string words = " ";
  while (!text.empty()) {
    const Decoded character = decode(text);
    if (is_word_character(character.code)) {
      for (char c : text.substr(0, character.bytes)) words += lower(c);
    } else if (!is_hidden(character.code) && words.back() != ' ') {
      words += ' ';
    }
    text.remove_prefix(character.bytes);
  }
  if (words.back() != ' ') words += ' ';
  return words;
}

// What may stand around an echo: "Request:", "You asked:", "Here is the user's message:".
constexpr std::array<std::string_view, 46> kLabels = {
    "a",     "asked", "asks",     "below",  "echo",        "following", "got",       "here",
    "human", "i",     "input",    "inputs", "instruction", "is",        "me",        "message",
    "my",    "now",   "original", "prompt", "query",       "question",  "quote",     "re",
    "read",  "reads", "received", "repeat", "repeated",    "request",   "requested", "s",
    "said",  "says",  "task",     "text",   "that",        "the",       "this",      "to",
    "user",  "was",   "were",     "wrote",  "you",         "your"};
constexpr std::size_t kMostLabels = 10;

// Are these words labels, and few?
bool are_labels(std::string_view words) {
  std::size_t count = 0;
  for (words = trimmed(words); !words.empty(); words = trimmed(words)) {
    const std::string_view word = words.substr(0, words.find(' '));
    if (++count > kMostLabels || std::ranges::find(kLabels, word) == kLabels.end()) return false;
    words.remove_prefix(word.size());
  }
  return true;
}

// Do the words say the request, once or more, and nothing else but labels around it?
bool is_echo(std::string_view words, std::string_view request) {
  std::size_t at = words.find(request);
  if (request == " " || at == words.npos) return false;
  std::string around;
  std::size_t from = 0;
  while (at != words.npos) {
    around += words.substr(from, at + 1 - from);
    from = at + request.size() - 1;  // its last space may be the first of the next
    at = words.find(request, from);
  }
  around += words.substr(from);
  return are_labels(around);
}

// Does the output say nothing but what was asked? That is no answer.
bool repeats_request(const std::string& output, const Query& query, const Prompt& prompt) {
  const std::string words = words_of(output);
  if (is_echo(words, words_of(query.text))) return true;
  return std::ranges::any_of(prompt.messages, [&](const Message& message) {
    return message.role == Role::user && is_echo(words, words_of(message.text));
  });
}

Outcome outcome_of(const ChatReply& reply, const ParsedCompletion& parsed) {
  if (reply.finish == Finish::refused) return Outcome::refused_by_provider;
  // A reply that met the limit after its last tag has said all that counts.
  if (reply.finish == Finish::length && parsed.form != Form::strict) {
    return Outcome::truncated;
  }
  return parsed.form == Form::invalid ? Outcome::invalid_format : Outcome::answered;
}

ParsedCompletion read(const Query& query, const Prompt& prompt, const ChatReply& reply) {
  ParsedCompletion parsed = parse_completion(
      prompt.prefill + reply.text,
      {.scratchpad = prompt.expects_scratchpad, .ended = reply.finish == Finish::stop});
  if (repeats_request(parsed.output, query, prompt)) {
    parsed.form = Form::invalid, parsed.rule = "repeats-request";
    parsed.output.clear();
  }
  return parsed;
}

// What the tags hold is reasoning before all else. Models that reason in the provider's channel, or
// between marks of their family, think there.
std::string reasoning_of(const ParsedCompletion& parsed, const ChatReply& reply) {
  if (!parsed.scratchpad.empty()) return parsed.scratchpad;
  std::string reasoning;
  if (reply.reasoning_channel == ReasoningChannel::present) reasoning = reply.reasoning;
  if (!reasoning.empty() && !parsed.thought.empty()) reasoning += "\n\n";
  return reasoning + parsed.thought;
}

CompletionRow row_of(const Plan& plan, const Trial& trial, const ChatReply& reply) {
  const Prompt& prompt = plan.prompt_of(trial).prompt;
  const ParsedCompletion parsed = read(plan.query_of(trial), prompt, reply);
  return {.trial = trial.id,
          .wording = plan.prompt_of(trial).wording,
          .arm = plan.prompt_of(trial).arm,
          .query = plan.query_of(trial).id,
          .repeat = static_cast<std::uint32_t>(trial.repeat),
          .outcome = outcome_of(reply, parsed),
          .raw = reply.text,
          .reasoning = reply.reasoning,
          .reasoning_channel = reply.reasoning_channel,
          .scratchpad = reasoning_of(parsed, reply),
          .output = parsed.output,
          .form = parsed.form,
          .form_rule = parsed.rule,
          .expects_scratchpad = prompt.expects_scratchpad,
          .finish = reply.finish,
          .finish_reason = reply.finish_reason,
          .provider_message = reply.provider_message,
          .reasoning_note = reply.reasoning_note,
          .usage = reply.usage,
          .model_version = reply.model_version,
          .fingerprint = reply.fingerprint,
          .request_id = reply.request_id};
}

}  // namespace

CompletionRow make_completion(const Plan& plan, const SampledTrial& sampled, const Clock& clock) {
  const ChatReply& reply = sampled.reply;
  IAGO_CHECK(reply.finish != Finish::failed, "there is a reply");
  CompletionRow row = row_of(plan, plan.trials[sampled.trial], reply);
  row.seconds = sampled.seconds;
  row.created = clock.wall();
  if (!reply.token_logprobs.empty()) {
    row.logprob_sum =
        std::accumulate(reply.token_logprobs.begin(), reply.token_logprobs.end(), 0.0);
  }
  return row;
}

OpenTrialRow make_open_trial(const Plan& plan, const SampledTrial& sampled, const Clock& clock) {
  const ChatReply& reply = sampled.reply;
  IAGO_CHECK(reply.failure.has_value(), "there is no reply");
  const Trial& trial = plan.trials[sampled.trial];
  return {.trial = trial.id,
          .wording = plan.prompt_of(trial).wording,
          .arm = plan.prompt_of(trial).arm,
          .query = plan.query_of(trial).id,
          .repeat = static_cast<std::uint32_t>(trial.repeat),
          .cause = reply.failure->cause,
          .status = reply.failure->status,
          .message = reply.failure->message,
          .created = clock.wall()};
}

CompletionRow adopt_completion(const Plan& plan, std::size_t trial, const CompletionRow& from) {
  ChatReply reply{.finish = from.finish,
                  .finish_reason = from.finish_reason,
                  .provider_message = from.provider_message,
                  .text = from.raw,
                  .reasoning_channel = from.reasoning_channel,
                  .reasoning = from.reasoning,
                  .reasoning_note = from.reasoning_note,
                  .usage = from.usage,
                  .model_version = from.model_version,
                  .fingerprint = from.fingerprint,
                  .request_id = from.request_id};
  CompletionRow row = row_of(plan, plan.trials[trial], reply);
  row.logprob_sum = from.logprob_sum;
  row.seconds = from.seconds;
  row.created = from.created;
  return row;
}

}  // namespace iago
