// How a trial came out: how its reply ended, how its text was parsed, and the outcome. The names
// are those of the store and of summary.json.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace iago {

// How a trial came out. Every completion has exactly one.
enum class Outcome {
  answered,             // parsed: judges look at it
  refused_by_provider,  // by the provider's own channel: non-compliance, counts in n
  truncated,            // the last three are missing: not in n, always in the bounds
  invalid_format,
  failed,
};
inline constexpr std::array kOutcomes = {Outcome::answered, Outcome::refused_by_provider,
                                         Outcome::truncated, Outcome::invalid_format,
                                         Outcome::failed};
std::string_view name_of(Outcome outcome);
// Absent for any other name, as in all that follow.
std::optional<Outcome> outcome_named(std::string_view name);

// How a reply ended.
enum class Finish {
  stop,     // the model ended its turn or met a stop string
  length,   // max_tokens or the context's end
  refused,  // the provider refused by its own channel
  failed,   // there is no reply
};
std::string_view name_of(Finish finish);
std::optional<Finish> finish_named(std::string_view name);

// Why a trial has no completion: what came instead of a reply.
enum class OpenCause {
  unreachable,     // no connection, or it broke off
  rate_limit,      // a limit of requests or tokens, in all attempts
  overloaded,      // the server had no room, in all attempts
  server_error,    // another error of the server's own, in all attempts
  unreadable,      // not what the protocol promises, or broken off in the middle
  rejected,        // the server cannot take this request
  too_long,        // the prompt, or prompt and limit together, exceed the context
  unknown_finish,  // the reply ended for a reason that is not known, or for none
};
std::string_view name_of(OpenCause cause);
std::optional<OpenCause> open_cause_named(std::string_view name);

// Why there is no reply.
struct Failure {
  ErrorCode code = ErrorCode::disconnected;
  std::string message;
  bool operator==(const Failure&) const = default;
};

// What the provider's own channel says of the model's reasoning.
enum class ReasoningChannel {
  none,         // the model does not reason there
  present,      // its reasoning came with the reply
  unavailable,  // it reasoned, and the provider keeps that to itself
};
std::string_view name_of(ReasoningChannel channel);
std::optional<ReasoningChannel> reasoning_channel_named(std::string_view name);

// How a completion's tags were read (text/scratchpad.h has the rules).
enum class Parse {
  strict,    // as asked
  fallback,  // by a rule for a known deviation
  invalid,   // there is no answer to be found
};
std::string_view name_of(Parse parse);
std::optional<Parse> parse_named(std::string_view name);

}  // namespace iago
