#include "trial/completion.h"

#include <fmt/format.h>

#include <numeric>

#include "base/error.h"
#include "text/scratchpad.h"

namespace iago {
namespace {

Outcome outcome_of(const ChatReply& reply, const ParsedCompletion& parsed) {
  if (reply.finish == Finish::failed) return Outcome::failed;
  if (reply.finish == Finish::refused) return Outcome::refused_by_provider;
  // A reply that met the limit after its last tag has said all that counts.
  if (reply.finish == Finish::length && parsed.how != Parse::strict) {
    return Outcome::truncated;
  }
  return parsed.how == Parse::invalid ? Outcome::invalid_format : Outcome::answered;
}

CompletionRow row_of(const Plan& plan, const Trial& trial, const ChatReply& reply) {
  const Prompt& prompt = plan.prompt_of(trial).prompt;
  ParsedCompletion parsed = parse_completion(
      prompt.prefill + reply.text,
      {.expects_scratchpad = prompt.expects_scratchpad, .ended = reply.finish == Finish::stop});
  CompletionRow row{.trial = trial.id,
                    .wording = plan.prompt_of(trial).wording,
                    .arm = plan.prompt_of(trial).arm,
                    .query = plan.query_of(trial).id,
                    .repeat = static_cast<std::uint32_t>(trial.repeat),
                    .outcome = outcome_of(reply, parsed),
                    .raw = reply.text,
                    .reasoning = reply.reasoning,
                    .reasoning_channel = reply.reasoning_channel,
                    .scratchpad = parsed.scratchpad,
                    .output = parsed.output,
                    .parsed = parsed.how,
                    .parse_reason = parsed.reason,
                    .finish = reply.finish,
                    .usage = reply.usage,
                    .model_version = reply.model_version,
                    .fingerprint = reply.fingerprint,
                    .request_id = reply.request_id};
  // Models with a reasoning channel of their own think there.
  if (row.scratchpad.empty() && reply.reasoning_channel == ReasoningChannel::present) {
    row.scratchpad = reply.reasoning;
  }
  return row;
}

}  // namespace

CompletionRow make_completion(const Plan& plan, const SampledTrial& sampled, const Clock& clock) {
  const ChatReply& reply = sampled.reply;
  CompletionRow row = row_of(plan, plan.trials[sampled.trial], reply);
  row.seconds = sampled.seconds;
  row.created = clock.wall();
  if (reply.failure) row.failure = Failure{reply.failure->code, reply.failure->message};
  if (!reply.token_logprobs.empty()) {
    row.logprob_sum =
        std::accumulate(reply.token_logprobs.begin(), reply.token_logprobs.end(), 0.0);
  }
  return row;
}

CompletionRow adopt_completion(const Plan& plan, std::size_t trial, const CompletionRow& from,
                               std::string_view where) {
  if (from.finish == Finish::failed) {
    throw Error(ErrorCode::corrupt,
                fmt::format("{}: the completion {:.12} is called {} and holds no reply", where,
                            from.trial, name_of(from.outcome)),
                "restore the file from a copy");
  }
  ChatReply reply{.finish = from.finish,
                  .text = from.raw,
                  .reasoning_channel = from.reasoning_channel,
                  .reasoning = from.reasoning,
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
