#include "trial/completion.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "text/echo.h"
#include "text/scratchpad.h"

namespace iago {
namespace {

// A stretch of a prompt that nobody writes by chance, in words.
constexpr std::size_t kShortestQuotation = 12;

// Does the output say nothing but what was asked, or what stands in its prompt? That is no answer.
bool repeats_prompt(const std::string& output, const Query& query, const Prompt& prompt) {
  const std::string words = plain_words(output);
  if (says_only(words, plain_words(query.text))) return true;
  const auto count = static_cast<std::size_t>(std::ranges::count(words, ' ')) - 1;
  return std::ranges::any_of(prompt.messages, [&](const Message& message) {
    if (message.role == Role::user) {
      const std::string asked = plain_words(message.text);
      return says_only(words, asked) || is_pieced_together(words, asked, kShortestQuotation);
    }
    return message.role == Role::system && count >= kShortestQuotation &&
           is_pieced_together(words, plain_words(message.text), kShortestQuotation);
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
  if (repeats_prompt(parsed.output, query, prompt)) {
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
  row.token_logprobs = reply.token_logprobs;
  row.token_texts = reply.token_texts;
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
  row.token_logprobs = from.token_logprobs;
  row.token_texts = from.token_texts;
  row.seconds = from.seconds;
  row.created = from.created;
  return row;
}

}  // namespace iago
