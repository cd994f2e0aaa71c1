// How a trial came out: how its reply ended, in which form it was written, and the outcome; or why
// there is none. The names are those of the store and of summary.json.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace iago {

// What a model said. Every completion has exactly one; a trial of which no model said anything has
// none, and is open.
enum class Outcome {
  answered,             // there is an output: judges look at it
  refused_by_provider,  // by the provider's own channel: non-compliance, counts in n
  truncated,            // the last two are missing: not in n, always in the bounds
  invalid_format,
};
inline constexpr std::array kOutcomes = {Outcome::answered, Outcome::refused_by_provider,
                                         Outcome::truncated, Outcome::invalid_format};
std::string_view name_of(Outcome outcome);
// Absent for any other name, as in all that follow.
std::optional<Outcome> outcome_named(std::string_view name);

// How a reply ended.
enum class Finish {
  stop,     // the model ended its turn or met a stop string
  length,   // max_tokens or the context's end
  refused,  // the provider refused by its own channel
  failed,   // there is no reply, so no completion either: never stored
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
  no_access,       // it takes none: a wrong key, model, address or option
  no_credit,       // nor without credit on the account
  too_long,        // the prompt, or prompt and limit together, exceed the context
  unknown_finish,  // the reply ended for a reason that is not known, or for none
};
inline constexpr std::array kOpenCauses = {OpenCause::unreachable, OpenCause::rate_limit,
                                           OpenCause::overloaded,  OpenCause::server_error,
                                           OpenCause::unreadable,  OpenCause::rejected,
                                           OpenCause::no_access,   OpenCause::no_credit,
                                           OpenCause::too_long,    OpenCause::unknown_finish};
std::string_view name_of(OpenCause cause);
std::optional<OpenCause> open_cause_named(std::string_view name);

// What the provider's own channel says of the model's reasoning.
enum class ReasoningChannel {
  none,         // the model does not reason there
  present,      // its reasoning came with the reply
  unavailable,  // it reasoned, and the provider keeps that to itself
};
std::string_view name_of(ReasoningChannel channel);
std::optional<ReasoningChannel> reasoning_channel_named(std::string_view name);

// The form in which a completion was written (text/scratchpad.h has the rules by which it is read).
enum class Form {
  strict,    // as asked
  lenient,   // with tags, read by a rule for a known deviation
  untagged,  // without a tag: the whole text is the output
  invalid,   // there is no output, or its tags contradict each other
};
inline constexpr std::array kForms = {Form::strict, Form::lenient, Form::untagged, Form::invalid};
std::string_view name_of(Form form);
std::optional<Form> form_named(std::string_view name);

// Which answers count as such.
enum class FormRule {
  any,          // in whatever form
  strict_only,  // in the strict form: others count as invalid_format
};

}  // namespace iago
