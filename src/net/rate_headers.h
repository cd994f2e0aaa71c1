// What servers say of their limits in the headers of a response. Two spellings:
//   x-ratelimit-{limit,remaining,reset}-{requests,tokens}             reset as "1m30s"
//   anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}
//                                                                     reset as RFC 3339
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "net/http.h"

namespace iago {

enum class RateKind { requests, tokens, input_tokens, output_tokens };
inline constexpr std::array kRateKinds = {RateKind::requests, RateKind::tokens,
                                          RateKind::input_tokens, RateKind::output_tokens};
// "requests", "tokens", "input_tokens", "output_tokens", or with another character between the
// words.
std::string name_of(RateKind kind, char between = '_');

struct RateReport {
  RateKind kind = RateKind::requests;
  double limit = 0;      // > 0, at most 1e15: what a full allowance holds
  double remaining = 0;  // [0, limit]
  // From now until the allowance is full again, at least 0, at most a day.
  std::optional<std::chrono::nanoseconds> reset;
};

// One report per kind whose limit and remaining are both there and make sense. Limits of 0 and
// negative numbers are placeholders (some gateways send them) and left out.
std::vector<RateReport> read_rate_headers(const HttpHeaders& headers,
                                          std::chrono::nanoseconds wall_now);

}  // namespace iago
