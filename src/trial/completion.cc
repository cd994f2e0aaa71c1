#include "trial/completion.h"

#include <fmt/format.h>

#include <array>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "text/scratchpad.h"

namespace iago {
namespace {

constexpr std::array<std::pair<Finish, std::string_view>, 4> kFinishes = {
    {{Finish::stop, "stop"},
     {Finish::length, "length"},
     {Finish::refused, "refused"},
     {Finish::failed, "failed"}}};
constexpr std::array<std::pair<ReasoningChannel, std::string_view>, 3> kChannels = {
    {{ReasoningChannel::none, "none"},
     {ReasoningChannel::present, "present"},
     {ReasoningChannel::unavailable, "unavailable"}}};

template <typename Enum, std::size_t N>
std::string name_in(const std::array<std::pair<Enum, std::string_view>, N>& names, Enum value) {
  for (const auto& [known, name] : names) {
    if (known == value) return std::string(name);
  }
  check_failed("a known value", std::to_string(static_cast<int>(value)));
}

template <typename Enum, std::size_t N>
Enum named_in(const std::array<std::pair<Enum, std::string_view>, N>& names, std::string_view where,
              std::string_view what, std::string_view name) {
  for (const auto& [value, known] : names) {
    if (known == name) return value;
  }
  throw Error(ErrorCode::corrupt,
              fmt::format("{}: a completion has the {} \"{:.40}\", which there never was", where,
                          what, name),
              "restore the file from a copy");
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

CompletionRow row_of(const Plan& plan, const Trial& trial, const ChatReply& reply) {
  const Prompt& prompt = plan.prompt_of(trial).prompt;
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
                    .reasoning_channel = name_in(kChannels, reply.reasoning_channel),
                    .scratchpad = parsed.scratchpad,
                    .output = parsed.output,
                    .parsed = std::string(name_of(parsed.how)),
                    .parse_reason = parsed.reason,
                    .finish = name_in(kFinishes, reply.finish),
                    .prompt_tokens = reply.usage.prompt,
                    .cached_prompt_tokens = reply.usage.cached_prompt,
                    .generated_tokens = reply.usage.generated,
                    .cache_written_tokens = reply.usage.cache_written,
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
  if (reply.failure) {
    row.failure_code = std::string(iago::name_of(reply.failure->code));
    row.failure_message = reply.failure->message;
  }
  if (!reply.token_logprobs.empty()) {
    row.logprob_sum =
        std::accumulate(reply.token_logprobs.begin(), reply.token_logprobs.end(), 0.0);
  }
  return row;
}

CompletionRow adopt_completion(const Plan& plan, std::size_t trial, const CompletionRow& from,
                               std::string_view where) {
  ChatReply reply{
      .finish = named_in(kFinishes, where, "end", from.finish),
      .text = from.raw,
      .reasoning_channel = named_in(kChannels, where, "reasoning channel", from.reasoning_channel),
      .reasoning = from.reasoning,
      .usage = {.prompt = from.prompt_tokens,
                .cached_prompt = from.cached_prompt_tokens,
                .cache_written = from.cache_written_tokens,
                .generated = from.generated_tokens},
      .model_version = from.model_version,
      .fingerprint = from.fingerprint,
      .request_id = from.request_id};
  if (reply.finish == Finish::failed) {
    throw Error(ErrorCode::corrupt,
                fmt::format("{}: the completion {:.12} is called {} and holds no reply", where,
                            from.trial, iago::name_of(from.outcome)),
                "restore the file from a copy");
  }
  CompletionRow row = row_of(plan, plan.trials[trial], reply);
  row.logprob_sum = from.logprob_sum;
  row.seconds = from.seconds;
  row.created = from.created;
  return row;
}

}  // namespace iago
