#include "chat/internal/wire_call.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "chat/internal/wire_failure.h"
#include "chat/internal/wire_json.h"
#include "chat/reply.h"

namespace iago {
namespace {

OpenCause cause_of(HttpFault fault) {
  switch (fault) {
    case HttpFault::invalid:
      return OpenCause::no_access;
    case HttpFault::malformed:
    case HttpFault::too_large:
      return OpenCause::unreadable;
    case HttpFault::crowded:
    case HttpFault::no_files:
      return OpenCause::overloaded;
    default:
      return OpenCause::unreachable;
  }
}

// Of memory or of open files: fewer requests at a time may do.
WireOutcome lack(const HttpFailure& failure, std::string hint) {
  return failed(Remedy::slow_down, OpenCause::overloaded, ErrorCode::overloaded, failure.message,
                std::move(hint));
}

WireOutcome outcome_of_fault(const HttpFailure& failure) {
  const std::string& message = failure.message;
  const OpenCause cause = cause_of(failure.fault);
  switch (failure.fault) {
    case HttpFault::cancelled:
      return failed(Remedy::give_up, cause, ErrorCode::cancelled,
                    "stopped before the reply was complete");
    case HttpFault::untrusted:
      return failed(Remedy::give_up, cause, ErrorCode::disconnected, message,
                    "TLS failed: renew the server's certificate, give its authority's certificate "
                    "to --ca-file, or write http:// if the server has no TLS",
                    true);
    case HttpFault::invalid:
      return failed(Remedy::give_up, cause, ErrorCode::invalid, message,
                    "correct the base URL or the headers", true);
    case HttpFault::too_large:
      return failed(Remedy::give_up, cause, ErrorCode::disconnected, message,
                    "the bound follows from max_tokens, which this server ignores: check what it "
                    "sends, or raise max_tokens");
    case HttpFault::crowded:
      return lack(failure, "lower --max-in-flight, or max_tokens in the study");
    case HttpFault::no_files:
      return lack(failure, "raise the limit of open files (ulimit -n), or lower --max-in-flight");
    case HttpFault::unresolved:
    case HttpFault::unreachable:
      return failed(Remedy::retry, cause, ErrorCode::disconnected, message,
                    "check that the server is running and that the base URL is right");
    case HttpFault::timeout:
      return failed(
          Remedy::retry, cause, ErrorCode::disconnected, message,
          "a request that waits in the server's own queue is silent, too: send fewer at a "
          "time (--max-in-flight), or wait longer (--silence)");
    default:
      return failed(Remedy::retry, cause, ErrorCode::disconnected, message);
  }
}

WireOutcome outcome_of_redirect(const HttpResponse& response) {
  std::string location(find_header(response.headers, "location").value_or("nowhere"));
  WireOutcome outcome = failed(
      Remedy::give_up, OpenCause::no_access, ErrorCode::unsupported,
      fmt::format("the server answered {} and redirects to {}; the redirect was not followed, so "
                  "neither the request nor the key went there",
                  response.status, excerpt_of(url_for_messages(location))),
      "if that address is right, give it as the base URL", true);
  outcome.failure->failure.status = response.status;
  return outcome;
}

// Servers that take our name for a request give it back, some with more around it. Another name of
// ours means that replies got mixed up on the way.
bool is_of_another(const std::string& name, const std::string& own) {
  static const re2::RE2 kOurs("iago-[0-9a-f]{16}");
  return name.find(own) == std::string::npos && re2::RE2::PartialMatch(name, kOurs);
}

std::string name_in_headers(const HttpHeaders& headers) {
  for (std::string_view key : {"request-id", "x-request-id"}) {
    if (auto value = find_header(headers, key); value && !value->empty()) {
      return excerpt_of(*value);
    }
  }
  return {};
}

bool is_success(int status) { return status >= 200 && status < 300; }

// Some servers stream whatever they are asked for.
WireOutcome read_body(const Wire& wire, std::string_view body) {
  const auto first = std::min(body.find_first_not_of(" \t\r\n\xef\xbb\xbf"), body.size());
  const std::string_view begin = body.substr(first);
  const bool is_events =
      std::ranges::any_of(std::array<std::string_view, 5>{"data:", "event:", "id:", "retry:", ":"},
                          [&](std::string_view field) { return begin.starts_with(field); });
  if (!is_events) return wire.read(body);
  const auto stream = wire.stream({});
  stream->feed(body);
  return stream->finish();
}

WireOutcome read_response(const Wire& wire, WireCall& call) {
  const HttpResponse& response = call.response;
  if (response.failure) return outcome_of_fault(*response.failure);
  if (response.status >= 300 && response.status < 400) return outcome_of_redirect(response);
  if (!is_success(response.status)) {
    return wire.read_error(response.status, response.body);
  }
  WireOutcome outcome = call.stream ? call.stream->finish() : read_body(wire, response.body);
  for (const std::string& name : {outcome.reply_id, name_in_headers(response.headers)}) {
    if (!is_of_another(name, call.id)) continue;
    return broken_reply(
        fmt::format("request {1} got the reply to request {0}", excerpt_of(name), call.id),
        "a proxy or cache between here and the server mixes up replies");
  }
  return outcome;
}

}  // namespace

WireOutcome interpret(const Wire& wire, WireCall& call, const Scrubber& scrubber) {
  HttpResponse& response = call.response;
  if (!is_success(response.status)) call.scrubbed = scrubber.scrub(response.body);
  WireOutcome outcome = read_response(wire, call);
  if (outcome.failure && is_success(response.status) && !call.stream) {
    call.scrubbed = scrubber.scrub(response.body);
    if (call.scrubbed) outcome = read_response(wire, call);
  }
  if (outcome.failure && outcome.failure->failure.status == 0) {
    outcome.failure->failure.status = response.status;
  }
  return outcome;
}

std::size_t reply_bound(const ChatRequest& request, std::size_t replies, std::size_t most) {
  constexpr std::size_t kBase = std::size_t{1} << 20, kPerToken = 2048;
  const auto tokens = static_cast<std::size_t>(request.sampling.max_tokens);
  if (tokens > most / kPerToken / replies) return most;
  return std::min(most, replies * (kBase + tokens * kPerToken));
}

bool lacks_room(const HttpResponse& response) {
  return response.failure && (response.failure->fault == HttpFault::crowded ||
                              response.failure->fault == HttpFault::no_files);
}

PaceOutcome pace_outcome_of(const WireOutcome& outcome) {
  if (!outcome.failure) return PaceOutcome::answered;
  if (outcome.failure->remedy != Remedy::slow_down) return PaceOutcome::failed;
  return outcome.failure->limited ? PaceOutcome::refused : PaceOutcome::overloaded;
}

void fit_reply(ChatReply& reply, const ChatRequest& request, const HttpHeaders& headers) {
  drop_repeated_prefill(reply, request.prefill);
  cut_at_stop(reply, request.sampling.stop);
  if (std::string name = name_in_headers(headers); !name.empty()) reply.request_id = name;
}

}  // namespace iago
