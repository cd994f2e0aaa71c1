#include "chat/internal/wire_failure.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "chat/internal/context_overflow.h"
#include "chat/internal/finish_reason.h"
#include "chat/internal/provider_refusal.h"
#include "chat/internal/refused_fields.h"
#include "chat/internal/stated_wait.h"
#include "chat/internal/wire_json.h"
#include "net/retry.h"

namespace iago {
namespace {

constexpr std::array<std::string_view, 26> kNoCredit = {"insufficient_quota",
                                                        "billing_hard_limit",
                                                        "credit balance is too low",
                                                        "billing_not_active",
                                                        "insufficient credits",
                                                        "insufficient balance",
                                                        "insufficient_balance",
                                                        "payment required",
                                                        "exceeded_current_quota",
                                                        "exceeded your monthly",
                                                        "arrearage",
                                                        "account is in arrears",
                                                        "no credits remaining",
                                                        "balance is not enough",
                                                        "insufficient account balance",
                                                        "insufficient funds",
                                                        "insufficient credit",
                                                        "not enough credit",
                                                        "not enough balance",
                                                        "out of credit",
                                                        "no credit",
                                                        "credits exhausted",
                                                        "credit exhausted",
                                                        "account overdue",
                                                        "negative balance",
                                                        "\xe4\xbd\x99\xe9\xa2\x9d\xe4\xb8\x8d"};
constexpr std::array<std::string_view, 10> kWrongKey = {
    "api key not valid",   "api_key_invalid",   "invalid api key",      "invalid_api_key",
    "incorrect api key",   "invalid x-api-key", "authentication_error", "invalidapikey",
    "no auth credentials", "api key is invalid"};
constexpr std::array<std::string_view, 17> kNoModel = {
    "model_not_found",
    "invalid_model",
    "model does not exist",
    "unknown model",
    "is not a valid model id",
    "invalid model name",
    "model not found",
    "model_not_available",
    "no such model",
    "endpoints found",
    "model not exist",
    "deploymentnotfound",
    "deployment for this resource does not exist",
    "is not a valid model",
    "model_not_supported",
    "no model named",
    "no models loaded"};
constexpr std::array<std::string_view, 4> kModelVerbs = {"does not exist", "not found",
                                                         "not available", "not loaded"};
constexpr std::array<std::string_view, 6> kFieldNouns = {"parameter", "field", "argument",
                                                         "option",    "role",  "system"};
constexpr std::array<std::string_view, 4> kPrefill = {"prefill", "must end with a user",
                                                      "final message must be from the user",
                                                      "last message must be from the user"};
constexpr std::array<std::string_view, 3> kUnsupported = {
    "unsupported_parameter", "unsupported_value", "is not supported with this model"};
constexpr std::array<std::string_view, 17> kNoSystemTurn = {
    "system role not supported",
    "system role is not supported",
    "system role is unsupported",
    "system role isn't supported",
    "does not support the system role",
    "does not support system",
    "doesn't support system",
    "system messages are not supported",
    "system message is not supported",
    "system message not supported",
    "system prompt is not supported",
    "system instruction is not supported",
    "developer instruction is not enabled",
    "unsupported role: system",
    "only user and assistant roles are supported",
    "only user, assistant",
    "roles must alternate"};
constexpr std::array<std::string_view, 4> kRoleWords = {"role", "roles", "messages", "message"};
// Of one sentence that has a word of each list besides "system" or "developer".
constexpr std::array<std::string_view, 8> kTurnWords = {"role",  "message", "prompt",      "turn",
                                                        "field", "content", "instruction", "param"};
constexpr std::array<std::string_view, 15> kNotTaken = {
    "not supported", "unsupported", "not allowed",   "not permitted",   "not accepted",
    "not support",   "n't support", "not available", "not enabled",     "not accept",
    "n't accept",    "n't allow",   "invalid role",  "unexpected role", "extra inputs"};
constexpr std::array<std::string_view, 6> kFirstIsUser = {
    "first message must be user",   "first message must be from the user",
    "first message must be a user", "first message must have role",
    "first message should be",      "must start with a user"};
constexpr std::array<std::string_view, 3> kCountry = {
    "unsupported_country", "country, region, or territory", "user location is not supported"};

// A request larger than the server takes, whatever it counts: the prompt is what makes it so.
constexpr std::array<std::string_view, 8> kTooLarge = {
    "request_too_large",        "exceeds the maximum size", "exceeds the maximum request size",
    "request entity too large", "payload too large",        "content too large",
    "request body too large",   "request size exceeds"};
// Unless it speaks of what the account may send in a while.
constexpr std::array<std::string_view, 6> kInAWhile = {"per min", "per day",    "(tpm)",
                                                       "(tpd)",   "rate_limit", "rate limit"};

// The status that an error inside of a reply would have had.
int status_of_type(const std::string& text) {
  constexpr std::pair<std::string_view, int> kTypes[] = {
      {"overloaded", 529},        {"rate_limit", 429},     {"resource_exhausted", 429},
      {"too many requests", 429}, {"authentication", 401}, {"permission", 403},
      {"not_found", 404},         {"timeout", 504},        {"invalid_request", 400},
      {"invalid_argument", 400},  {"badrequest", 400}};
  for (const auto& [type, status] : kTypes) {
    if (text.find(type) != std::string::npos) return status;
  }
  return 500;
}

// "This model doesn't support the system field", "invalid role: system".
bool sentence_refuses_system(std::string_view sentence) {
  static const re2::RE2 kSystem(R"(\b(?:system|developer)\b)");
  return re2::RE2::PartialMatch(sentence, kSystem) && says_any(sentence, kTurnWords) &&
         says_any(sentence, kNotTaken);
}

// "'system' is not one of ['user', 'assistant']", and what else names the role.
bool refuses_system_turn(const VendorError& error, const std::string& said) {
  if (says_any(said, kNoSystemTurn)) return true;
  // A request begins with the user's turn, or with a system turn in front of it.
  if (says_any(said, kFirstIsUser)) return true;
  if (std::ranges::find(error.fields, "system") != error.fields.end()) return true;
  const auto sentences = sentences_of(said);
  if (std::ranges::any_of(sentences, sentence_refuses_system)) return true;
  const bool quotes = said.find("'system'") != std::string::npos ||
                      said.find("\"system\"") != std::string::npos ||
                      said.find("`system`") != std::string::npos;
  return quotes && says_any(said, kRoleWords);
}

bool names_no_model(const std::string& said) {
  if (says_any(said, kNoModel)) return true;
  return said.find("model") != std::string::npos && says_any(said, kModelVerbs);
}

// The model is what does not exist, and not a field of the request that it does not take.
bool surely_names_no_model(const std::string& said) {
  if (says_any(said, kNoModel)) return true;
  for (std::string_view sentence : sentences_of(said)) {
    if (says_any(sentence, kFieldNouns)) continue;
    const auto model = sentence.find("model");
    if (model != sentence.npos && says_any(sentence.substr(model), kModelVerbs)) return true;
  }
  return false;
}

// No other request can succeed, either.
WireOutcome rejecting_all(ErrorCode code, std::string message, std::string hint) {
  return failed(Remedy::give_up, OpenCause::no_access, code, std::move(message), std::move(hint),
                true);
}

WireOutcome rejected(std::string message, std::string hint) {
  return rejecting_all(ErrorCode::unsupported, std::move(message), std::move(hint));
}

WireOutcome without_credit(std::string message) {
  return failed(Remedy::give_up, OpenCause::no_credit, ErrorCode::unsupported, std::move(message),
                "the account has no credit left: add credit, then resume the run", true);
}

WireOutcome without_model(std::string message) {
  return rejecting_all(ErrorCode::not_found, std::move(message),
                       "the server does not offer this model: see its list under /models");
}

WireOutcome without_access(int status, const VendorError& error, const std::string& said,
                           std::string message) {
  std::string hint = "the key is missing, wrong or not allowed to use this model";
  if (says_any(said, kCountry)) {
    hint = "the provider does not serve the region that the requests come from";
  } else if (error.page) {
    hint = fmt::format(
        "this is a web page, not an answer of the API: a proxy, gateway or firewall between here "
        "and the server {}. Check the base URL (most end in /v1), --proxy, and whether that "
        "server wants a --header",
        status == 401 ? "wants a login" : "refused the request");
  }
  WireOutcome outcome = rejecting_all(ErrorCode::invalid, std::move(message), std::move(hint));
  outcome.failure->perhaps_one_prompt =
      status == 403 && !says_any(said, kWrongKey) && !says_any(said, kCountry);
  return outcome;
}

WireOutcome not_found(const VendorError& error, const std::string& said, std::string message) {
  if (!error.page && names_no_model(said)) return without_model(std::move(message));
  const bool says_nothing_of_it = !error.page && said.find("model") != std::string::npos;
  return rejecting_all(ErrorCode::not_found, std::move(message),
                       says_nothing_of_it
                           ? "the model's name or the base URL is wrong (most end in /v1)"
                           : "nothing answers at this URL: correct the base URL (most end in /v1); "
                             "if it is right, the model's name is wrong");
}

// A request may be larger than all that the account may send in a minute.
bool is_beyond_rate(const std::string& said) {
  return said.find("request too large") != std::string::npos &&
         (said.find("per min") != std::string::npos || said.find("(tpm)") != std::string::npos);
}

WireOutcome beyond_rate(std::string message) {
  return failed(Remedy::give_up, OpenCause::rejected, ErrorCode::unsupported, std::move(message),
                "one request is more than the account may send in a minute: lower max_tokens under "
                "[sampling] in the study, or have the limit raised");
}

WireOutcome too_busy(int status, const VendorError& error, std::string message) {
  WireOutcome outcome =
      failed(Remedy::slow_down, status == 429 ? OpenCause::rate_limit : OpenCause::overloaded,
             ErrorCode::overloaded, std::move(message));
  outcome.failure->limited = status == 429;
  outcome.failure->asked_wait = stated_wait(error);
  return outcome;
}

WireOutcome outcome_of_rejection(const VendorError& error, const std::string& said,
                                 std::string message) {
  if (says_any(said, kNoCredit)) return without_credit(std::move(message));
  if (says_any(said, kWrongKey)) return without_access(401, error, said, std::move(message));
  if (surely_names_no_model(said)) return without_model(std::move(message));
  if (complains_of_token_limit(error, said)) {
    WireOutcome outcome = rejected(std::move(message),
                                   "the server takes neither max_tokens nor max_completion_tokens");
    outcome.failure->remedy = Remedy::reshape;
    return outcome;
  }
  if (says_any(said, kPrefill)) {
    return rejected(std::move(message),
                    "this model takes no prefill: use a setting or channel without one");
  }
  if (refuses_system_turn(error, said)) {
    return failed(Remedy::give_up, OpenCause::rejected, ErrorCode::unsupported, std::move(message),
                  "this model takes no system turn: --system-turn user puts its text in front of "
                  "the first user turn");
  }
  const std::vector<std::string> fields = refused_fields(error, said);
  if (fields.empty() && error.fields.empty() && names_no_model(said)) {
    return without_model(std::move(message));
  }
  std::string hint = hint_for_fields(fields);
  if (hint.empty() && !error.fields.empty()) {
    hint = fmt::format(
        "the server complains of \"{}\": see --extra-body, --header and the study's "
        "[sampling]",
        excerpt_of(error.fields.front()));
  }
  WireOutcome outcome = failed(Remedy::give_up, OpenCause::rejected, ErrorCode::invalid,
                               std::move(message), std::move(hint));
  if (says_any(said, kUnsupported)) {
    constexpr const char* kAnyOption =
        "this model does not take a sampling option: leave temperature and top_p at 1, top_k at 0, "
        "without stop strings and log-probabilities";
    outcome = rejected(std::move(outcome.failure->failure.message),
                       fields.empty() ? kAnyOption : hint_for_fields(fields));
  }
  outcome.failure->refused_fields = fields;
  return outcome;
}

WireOutcome outcome_of_status(int status, const VendorError& error, const std::string& said,
                              std::string message) {
  if (status == 403 && says_any(said, kNoCredit)) return without_credit(message);
  if (status == 401 || status == 403) return without_access(status, error, said, message);
  if (status == 407) return rejected(message, "the proxy wants a login: give it in --proxy");
  if (is_beyond_rate(said)) return beyond_rate(message);
  // Google calls its limits of a minute and a day a quota that was exceeded.
  const bool no_credit =
      says_any(said, kNoCredit) || (said.find("exceeded your current quota") != std::string::npos &&
                                    said.find("resource_exhausted") == std::string::npos);
  if (status == 402 || (status >= 400 && status < 500 && no_credit)) return without_credit(message);
  if (status == 404) return not_found(error, said, message);
  if (status >= 300 && status < 400) return rejected(message, "give the final base URL");
  if (status == 429 || status == 503 || status == 529) return too_busy(status, error, message);
  // A server that lets its own exception through answers 500 to what will always fail.
  const bool is_final = said.find("unexpected keyword argument") != std::string::npos ||
                        says_any(said, kNoSystemTurn);
  if (is_retryable_status(status) && !is_final) {
    return failed(Remedy::retry, OpenCause::server_error, ErrorCode::disconnected, message,
                  error.page ? "this is a web page: a proxy or gateway between here and the server "
                               "gave it"
                             : "");
  }
  return outcome_of_rejection(error, said, message);
}

std::string message_of(int status, const VendorError& error) {
  const std::string& shown = !error.message.empty() ? error.message : error.codes;
  const std::string what = error.page ? fmt::format("a web page: {}", excerpt_of(shown))
                                      : (shown.empty() ? "nothing more" : excerpt_of(shown));
  if (status == 0) return fmt::format("the server broke off with an error: {}", what);
  return fmt::format("the server answered {}: {}", status, what);
}

WireOutcome outcome_of_overflow(const ContextOverflow& overflow, const std::string& message) {
  return failed(Remedy::give_up, OpenCause::too_long, ErrorCode::unsupported,
                fmt::format("{} ({})", overflow.text(), message), overflow.hint());
}

WireOutcome too_large(std::string message) {
  return failed(Remedy::give_up, OpenCause::too_long, ErrorCode::invalid, std::move(message),
                "the request is larger than the server takes: use a channel or setting with a "
                "shorter prompt, or have the server's limit raised");
}

bool may_tell_of_overflow(int status) {
  // 500: servers that let their own exception through.
  return status == 0 || status == 400 || status == 413 || status == 422 || status == 500;
}

WireOutcome outcome_by_meaning(int status, const VendorError& error) {
  const std::string message = message_of(status, error);
  // What is too long is told first: some servers call it an invalid prompt, as others call a
  // refusal.
  if (may_tell_of_overflow(status)) {
    if (auto overflow = context_overflow_in(error)) return outcome_of_overflow(*overflow, message);
    const std::string said = error.said();
    const bool is_too_large = status == 413 || says_any(said, kTooLarge);
    if (is_too_large && !says_any(said, kInAWhile)) return too_large(message);
  }
  if (is_refusal_by_policy(status, error)) {
    return refused_reply(error.message.empty() ? error.codes : error.message);
  }
  const std::string said = error.said();
  if (status == 0) status = error.status.value_or(status_of_type(said));
  return outcome_of_status(status, error, said, message);
}

}  // namespace

WireOutcome failed(Remedy remedy, OpenCause cause, ErrorCode code, std::string message,
                   std::string hint, bool ends_run) {
  WireOutcome outcome;
  outcome.failure =
      WireFailure{remedy, ChatFailure{code, std::move(message), std::move(hint), ends_run, cause}};
  return outcome;
}

WireOutcome refused_reply(std::string_view says, std::string_view reason) {
  WireOutcome outcome;
  ChatReply& reply = outcome.replies.emplace_back();
  reply.finish = Finish::refused;
  reply.finish_reason = reason;
  reply.provider_message = excerpt_of(says);
  return outcome;
}

WireOutcome outcome_of_error(int status, const VendorError& error) {
  WireOutcome outcome = outcome_by_meaning(status, error);
  if (outcome.failure) {
    outcome.failure->failure.status = status == 0 ? error.status.value_or(0) : status;
  }
  return outcome;
}

WireOutcome broken_reply(std::string message, std::string hint) {
  WireOutcome outcome = failed(Remedy::retry, OpenCause::unreadable, ErrorCode::disconnected,
                               std::move(message), std::move(hint));
  outcome.failure->broken = true;
  return outcome;
}

WireOutcome unknown_finish(std::string_view reason) {
  const std::string what =
      finish_key(reason).empty()
          ? "the reply ended without a finish reason"
          : fmt::format("the reply ended with the unknown finish reason \"{}\"",
                        excerpt_of(reason));
  WireOutcome outcome = failed(Remedy::retry, OpenCause::unknown_finish, ErrorCode::unsupported,
                               what, hint_for_finish(reason));
  outcome.failure->broken = true;
  outcome.failure->only_once = true;
  return outcome;
}

WireOutcome unfinished_stream() {
  WireOutcome outcome = broken_reply(
      "the stream ended before the reply did: it gave no finish reason and no end mark",
      "if this server never gives a reason, say so with --finish none=stop; a reply that was cut "
      "then counts as whole");
  outcome.failure->failure.cause = OpenCause::unknown_finish;
  return outcome;
}

std::optional<WireOutcome> decide_finish(ChatReply& reply, const FinishWords& words) {
  const std::string& reason = reply.finish_reason;
  switch (meaning_of_finish(reason, words)) {
    case FinishMeaning::stop:
      reply.finish = Finish::stop;
      return std::nullopt;
    case FinishMeaning::length:
      reply.finish = Finish::length;
      return std::nullopt;
    case FinishMeaning::refused:
      reply.finish = Finish::refused;
      return std::nullopt;
    case FinishMeaning::broken:
      return broken_reply(
          fmt::format("the server broke off in the middle of the reply ({})", excerpt_of(reason)));
    case FinishMeaning::unknown:
      break;
  }
  return unknown_finish(reason);
}

WireOutcome not_json(std::string_view body, std::string_view why) {
  auto first = body.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return broken_reply("the reply is empty");
  if (body[first] == '<') {
    return broken_reply(
        fmt::format("expected JSON, found a page of HTML: {}", excerpt_of(body.substr(first))),
        "the base URL leads to a website or a proxy's login page; most end in /v1");
  }
  return broken_reply(fmt::format("expected JSON, found {} other bytes: {} ({})", body.size(),
                                  excerpt_of(body.substr(first)), why));
}

}  // namespace iago
