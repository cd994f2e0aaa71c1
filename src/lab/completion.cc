#include "lab/completion.h"

#include <numeric>

#include "base/error.h"
#include "text/scratchpad.h"

namespace iago::lab {
namespace {

std::string_view name_of(Finish finish) {
  switch (finish) {
    case Finish::stop:
      return "stop";
    case Finish::length:
      return "length";
    case Finish::refused:
      return "refused";
    case Finish::failed:
      return "failed";
  }
  check_failed("a known Finish", std::to_string(static_cast<int>(finish)));
}

std::string_view name_of(ReasoningChannel channel) {
  switch (channel) {
    case ReasoningChannel::none:
      return "none";
    case ReasoningChannel::present:
      return "present";
    case ReasoningChannel::unavailable:
      return "unavailable";
  }
  check_failed("a known ReasoningChannel", std::to_string(static_cast<int>(channel)));
}

Outcome outcome_of(const ChatReply& reply, const ParsedCompletion& parsed) {
  if (reply.finish == Finish::failed) return Outcome::failed;
  if (reply.finish == Finish::refused) return Outcome::refused_by_provider;
  // A reply that met the limit after its last tag has said all that counts.
  if (reply.finish == Finish::length && parsed.how != ParsedCompletion::How::strict) {
    return Outcome::truncated;
  }
  return parsed.how == ParsedCompletion::How::invalid ? Outcome::invalid_format : Outcome::answered;
}

}  // namespace

CompletionRow make_completion(const Plan& plan, const SampledTrial& sampled, const Clock& clock) {
  const Trial& trial = plan.trials[sampled.trial];
  const Prompt& prompt = plan.prompt_of(trial).prompt;
  const ChatReply& reply = sampled.reply;
  ParsedCompletion parsed = parse_completion(
      prompt.prefill + reply.text,
      {.expects_scratchpad = prompt.expects_scratchpad, .ended = reply.finish == Finish::stop});
  CompletionRow row{.trial = trial.id,
                    .arm = plan.arm_of(trial),
                    .query = plan.query_of(trial).id,
                    .repeat = static_cast<std::uint32_t>(trial.repeat),
                    .outcome = outcome_of(reply, parsed),
                    .raw = reply.text,
                    .reasoning = reply.reasoning,
                    .reasoning_channel = std::string(name_of(reply.reasoning_channel)),
                    .scratchpad = parsed.scratchpad,
                    .output = parsed.output,
                    .parsed = std::string(name_of(parsed.how)),
                    .parse_reason = parsed.reason,
                    .finish = std::string(name_of(reply.finish)),
                    .prompt_tokens = reply.usage.prompt,
                    .cached_prompt_tokens = reply.usage.cached_prompt,
                    .generated_tokens = reply.usage.generated,
                    .cache_written_tokens = reply.usage.cache_written,
                    .model_version = reply.model_version,
                    .fingerprint = reply.fingerprint,
                    .request_id = reply.request_id,
                    .seconds = sampled.seconds,
                    .created = clock.wall()};
  if (reply.failure) {
    row.failure_code = std::string(iago::name_of(reply.failure->code));
    row.failure_message = reply.failure->message;
  }
  if (!reply.token_logprobs.empty()) {
    row.logprob_sum =
        std::accumulate(reply.token_logprobs.begin(), reply.token_logprobs.end(), 0.0);
  }
  // Models with a reasoning channel of their own think there.
  if (row.scratchpad.empty() && reply.reasoning_channel == ReasoningChannel::present) {
    row.scratchpad = reply.reasoning;
  }
  return row;
}

}  // namespace iago::lab
