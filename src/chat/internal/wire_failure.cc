#include "chat/internal/wire_failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "chat/internal/wire_json.h"
#include "net/retry.h"

namespace iago {
namespace {

std::string lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lowered;
}

template <std::size_t N>
bool says_any(const std::string& text, const std::array<std::string_view, N>& phrases) {
  return std::ranges::any_of(phrases,
                             [&](auto phrase) { return text.find(phrase) != std::string::npos; });
}

constexpr std::array<std::string_view, 8> kPolicy = {
    "content_policy_violation", "content_filter",
    "invalid_prompt",           "cyber_policy",
    "content_policy",           "safety_violation",
    "input was flagged",        "responsibleaipolicyviolation"};
constexpr std::array<std::string_view, 8> kTooLong = {"context_length_exceeded",
                                                      "exceed_context_size",
                                                      "maximum context length",
                                                      "prompt is too long",
                                                      "context window",
                                                      "model_context_window_exceeded",
                                                      "exceeds the available context size",
                                                      "input is too long"};
constexpr std::array<std::string_view, 6> kNoCredit = {
    "insufficient_quota",        "exceeded your current quota", "billing_hard_limit",
    "credit balance is too low", "billing_not_active",          "insufficient credits"};
constexpr std::array<std::string_view, 6> kNoModel = {
    "model_not_found", "invalid_model",           "model does not exist",
    "unknown model",   "is not a valid model id", "invalid model name"};
constexpr std::array<std::string_view, 4> kPrefill = {"prefill", "must end with a user",
                                                      "final message must be from the user",
                                                      "last message must be from the user"};
constexpr std::array<std::string_view, 3> kUnsupported = {
    "unsupported_parameter", "unsupported_value", "is not supported with this model"};

ChatReply reply_that_is(Finish finish) {
  ChatReply reply;
  reply.finish = finish;
  return reply;
}

// The status that an error inside of a stream would have had.
int status_of_type(const std::string& text) {
  if (text.find("overloaded") != std::string::npos) return 529;
  if (text.find("rate_limit") != std::string::npos) return 429;
  if (text.find("authentication") != std::string::npos) return 401;
  if (text.find("permission") != std::string::npos) return 403;
  if (text.find("not_found") != std::string::npos) return 404;
  if (text.find("timeout") != std::string::npos) return 504;
  if (text.find("invalid_request") != std::string::npos) return 400;
  return 500;
}

// Whether a 400 complains of the name under which the limit of tokens was sent.
bool is_about_token_limit(const VendorError& error, const std::string& said) {
  bool names = error.param == "max_tokens" || error.param == "max_completion_tokens" ||
               said.find("max_completion_tokens") != std::string::npos;
  constexpr std::array<std::string_view, 7> kUnknown = {
      "unsupported", "not supported", "unrecognized", "unknown",
      "instead",     "extra inputs",  "not permitted"};
  return names && says_any(said, kUnknown);
}

WireOutcome outcome_of_client_error(const VendorError& error, const std::string& said,
                                    const std::string& message) {
  if (says_any(said, kNoCredit)) {
    return failed(Remedy::give_up, ErrorCode::unsupported, message,
                  "the account has no credit left: add credit, then resume the run", true);
  }
  if (says_any(said, kNoModel)) {
    return failed(Remedy::give_up, ErrorCode::not_found, message,
                  "the server does not offer this model: see its list under /models", true);
  }
  if (is_about_token_limit(error, said)) {
    return failed(Remedy::reshape, ErrorCode::unsupported, message,
                  "the server takes neither max_tokens nor max_completion_tokens", true);
  }
  if (says_any(said, kPrefill)) {
    return failed(Remedy::give_up, ErrorCode::unsupported, message,
                  "this model takes no prefill: use a setting or channel without one", true);
  }
  if (says_any(said, kUnsupported)) {
    return failed(Remedy::give_up, ErrorCode::unsupported, message,
                  "this model does not take a sampling option: leave temperature and top_p at 1, "
                  "top_k at 0, without stop strings and log-probabilities",
                  true);
  }
  return failed(Remedy::give_up, ErrorCode::invalid, message);
}

}  // namespace

WireOutcome failed(Remedy remedy, ErrorCode code, std::string message, std::string hint,
                   bool ends_run) {
  WireOutcome outcome;
  outcome.failure =
      WireFailure{remedy, ChatFailure{code, std::move(message), std::move(hint), ends_run}};
  return outcome;
}

WireOutcome outcome_of_error(int status, const VendorError& error) {
  std::string said = lower(error.type + "\n" + error.code + "\n" + error.message);
  std::string shown = error.message.empty() ? error.type + error.code : error.message;
  std::string message =
      status == 0 ? fmt::format("the server broke off with an error: {}", excerpt_of(shown))
                  : fmt::format("the server answered {}: {}", status, excerpt_of(shown));
  if (status == 0) status = status_of_type(said);
  bool client = status >= 400 && status < 500;
  WireOutcome outcome;
  if (client && status != 429 && (error.flagged || says_any(said, kPolicy))) {
    outcome.replies.push_back(reply_that_is(Finish::refused));
    return outcome;
  }
  if ((status == 400 || status == 413 || status == 422) && says_any(said, kTooLong)) {
    outcome.replies.push_back(reply_that_is(Finish::length));
    return outcome;
  }
  if (status == 401 || status == 403) {
    return failed(Remedy::give_up, ErrorCode::invalid, message,
                  "the key is missing, wrong or not allowed to use this model", true);
  }
  if (status == 402 || (status == 429 && says_any(said, kNoCredit))) {
    return failed(Remedy::give_up, ErrorCode::unsupported, message,
                  "the account has no credit left: add credit, then resume the run", true);
  }
  if (status == 404) {
    return failed(Remedy::give_up, ErrorCode::not_found, message,
                  "the model's name or the base URL is wrong (most end in /v1)", true);
  }
  if (status >= 300 && status < 400) {
    return failed(Remedy::give_up, ErrorCode::unsupported, message, "give the final base URL",
                  true);
  }
  if (status == 429 || status == 503 || status == 529) {
    outcome = failed(Remedy::slow_down, ErrorCode::overloaded, message);
    outcome.failure->limited = status == 429;
    return outcome;
  }
  if (is_retryable_status(status)) return failed(Remedy::retry, ErrorCode::disconnected, message);
  return outcome_of_client_error(error, said, message);
}

WireOutcome broken_reply(std::string message, std::string hint) {
  WireOutcome outcome =
      failed(Remedy::retry, ErrorCode::disconnected, std::move(message), std::move(hint));
  outcome.failure->broken = true;
  return outcome;
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
