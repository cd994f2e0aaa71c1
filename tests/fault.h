// What servers of models, and the ways to them, do on bad days, and the bytes that this comes to on
// a connection. For tests.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "model_reply.h"
#include "testing/net/raw_server.h"

namespace iago {

enum class Fault {
  // Worth another attempt.
  limit,               // 429 and not a word of when to come back
  limit_seconds,       // with Retry-After: 1
  limit_date,          // with the date of the next second
  limit_milliseconds,  // with retry-after-ms
  server_error,        // 500, a page of HTML
  unavailable,         // 503
  overload_in_stream,  // the error of a 529 in the midst of a stream with status 200
  reset,               // the connection breaks in the midst of the response
  silence,             // half a response, and then nothing
  // Replies that are none, of which the client bears two for a request.
  half_json,         // in a whole response
  cut_in_character,  // events that end within a character, the response itself whole
  other_request,     // the reply to another request, or its chunks, under that one's name
  no_choices,
  html_page,  // with status 200
  // Ways to send a reply that is whole.
  duplicate_chunks,
  gzip,
  // Parts of what is said: the same at each attempt.
  no_usage,
  invalid_utf8,
  ten_megabytes,
};
inline constexpr std::size_t kFaultCount = 19;
inline std::size_t index_of(Fault fault) { return static_cast<std::size_t>(fault); }
std::string_view name_of(Fault fault);

// A reply that is none, though the response is whole.
bool is_broken(Fault fault);
// Whether the reply gets there all the same.
bool is_harmless(Fault fault);
// Whether it can be done to a reply that is sent as events, or as a document.
bool can_befall(Fault fault, bool as_events);
// How often it is drawn beside the others; 0 for parts of what is said.
double weight_of(Fault fault);

// A reply on its way, under its name.
struct NamedReply {
  ModelReply reply;
  std::string id;  // the client's name for the request
};

// The bytes of a response with `reply`, or of what the fault makes of it; `other` is what
// other_request sends. `random` says where things break.
RawReply response_with(const NamedReply& reply, Protocol protocol, bool as_events,
                       std::optional<Fault> fault, const NamedReply& other, Random& random);

}  // namespace iago
