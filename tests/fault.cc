#include "fault.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <numeric>
#include <vector>

namespace iago {
namespace {

struct Kind {
  std::string_view name;
  double weight;
};
// In the order of the enumeration. Silences cost their length, dates and seconds up to a second.
constexpr std::array<Kind, kFaultCount> kKinds = {{{"429", 4},
                                                   {"429 with seconds", 1},
                                                   {"429 with a date", 1},
                                                   {"429 with ms", 4},
                                                   {"500", 4},
                                                   {"503", 4},
                                                   {"529 in a stream", 5},
                                                   {"reset", 5},
                                                   {"silence", 0.3},
                                                   {"half a JSON", 5},
                                                   {"cut in a character", 5},
                                                   {"another's reply", 4},
                                                   {"no choices", 4},
                                                   {"HTML", 4},
                                                   {"duplicate chunks", 5},
                                                   {"gzip", 5},
                                                   {"no usage", 0},
                                                   {"invalid UTF-8", 0},
                                                   {"10 MB", 0}}};

constexpr std::string_view kOverload =
    R"({"type":"error","error":{"type":"overloaded_error","code":529,"message":"Overloaded"}})";

std::string name_headers(const std::string& id) {
  return fmt::format("X-Request-Id: {0}\r\nrequest-id: {0}\r\n", id);
}

std::string document_response(const std::string& body, const std::string& id,
                              const std::string& more = "") {
  return raw_response(body, "Content-Type: application/json\r\n" + name_headers(id) + more).bytes;
}

// Each event a chunk of its own.
std::string events_response(const std::vector<std::string>& events, const std::string& id) {
  std::string response = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" +
                         name_headers(id) + "Transfer-Encoding: chunked\r\n\r\n";
  for (const std::string& event : events) {
    response += fmt::format("{:x}\r\n", event.size());
    response += event;
    response += "\r\n";
  }
  return response + "0\r\n\r\n";
}

std::string sound_response(const NamedReply& reply, Protocol protocol, bool as_events) {
  return as_events ? events_response(events_of(protocol, reply.reply, reply.id), reply.id)
                   : document_response(document_of(protocol, reply.reply, reply.id), reply.id);
}

std::string gzipped_response(const NamedReply& reply, Protocol protocol, bool as_events) {
  std::string body;
  if (as_events) {
    for (const std::string& event : events_of(protocol, reply.reply, reply.id)) body += event;
  } else {
    body = document_of(protocol, reply.reply, reply.id);
  }
  return document_response(gzip(body), reply.id, "Content-Encoding: gzip\r\n");
}

std::string next_second() {
  const auto next = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()) + 1;
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(next));
}

// Refusals that say more state an allowance that is far from used up, as hosted models do with each
// response.
std::string limit_response(Fault fault) {
  std::string headers;
  if (fault == Fault::limit_seconds) headers = "Retry-After: 1\r\n";
  if (fault == Fault::limit_date) headers = fmt::format("Retry-After: {}\r\n", next_second());
  if (fault == Fault::limit_milliseconds) headers = "retry-after-ms: 20\r\n";
  if (!headers.empty()) {
    headers += "x-ratelimit-limit-requests: 1000000\r\nx-ratelimit-remaining-requests: 900000\r\n";
  }
  return raw_response(R"({"type":"error","error":{"type":"rate_limit_error",)"
                      R"("code":"rate_limit_exceeded","message":"slow down"}})",
                      headers, "429 Too Many Requests")
      .bytes;
}

// Up to the midst of the text's first character of several bytes.
std::vector<std::string> cut_in_character(std::vector<std::string> events) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto lead = std::ranges::find_if(
        events[i], [](char c) { return static_cast<unsigned char>(c) >= 0xc0; });
    if (lead == events[i].end()) continue;
    events[i].erase(lead + 1, events[i].end());
    events.resize(i + 1);
    break;
  }
  return events;
}

// With ids, some of them sent twice.
std::vector<std::string> with_duplicates(const std::vector<std::string>& events, Random& random) {
  std::vector<std::string> sent;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const int times = i == events.size() / 2 || random.chance(0.3) ? 2 : 1;
    for (int time = 0; time < times; ++time) {
      sent.push_back(fmt::format("id: {}\n{}", i + 1, events[i]));
    }
  }
  return sent;
}

std::string overload_in_stream(const NamedReply& reply, Protocol protocol, Random& random) {
  auto events = events_of(protocol, reply.reply, reply.id);
  events.resize(1 + random.below(events.size() - 2));
  events.push_back(fmt::format("data: {}\n\n", kOverload));
  return events_response(events, reply.id);
}

// A whole reply under the other's name. OpenAI's chunks bear a name each: there the other's take
// over in the midst, which none of the headers shows.
std::string other_response(const NamedReply& reply, const NamedReply& other, Protocol protocol,
                           bool as_events) {
  if (!as_events || protocol == Protocol::anthropic) {
    return sound_response(other, protocol, as_events);
  }
  auto events = events_of(protocol, reply.reply, reply.id);
  const auto others = events_of(protocol, other.reply, other.id);
  events.resize(events.size() / 2);
  events.insert(events.end(), others.begin() + static_cast<std::ptrdiff_t>(others.size() / 2),
                others.end());
  return events_response(events, reply.id);
}

std::string response_without_choices(const std::string& id, Protocol protocol, bool as_events) {
  const bool openai = protocol == Protocol::openai;
  if (!as_events) {
    return document_response(openai ? fmt::format(R"({{"id":"chatcmpl-{}","choices":[]}})", id)
                                    : fmt::format(R"({{"id":"msg_{}","type":"message"}})", id),
                             id);
  }
  if (openai) {
    const auto head = fmt::format("data: {{\"id\":\"chatcmpl-{}\",\"choices\":[]}}\n\n", id);
    return events_response({head, "data: [DONE]\n\n"}, id);
  }
  return events_response(
      {fmt::format("data: {{\"type\":\"message_start\",\"message\":{{\"id\":\"msg_{}\"}}}}\n\n",
                   id)},
      id);
}

// Somewhere in the body, by a reset or as if that were the end.
RawReply broken_off(std::string response, Random& random) {
  const std::size_t head = response.find("\r\n\r\n") + 4;
  response.resize(head + random.below(response.size() - head));
  return {std::move(response), random.chance(0.5) ? RawReply::Then::reset : RawReply::Then::close};
}

}  // namespace

std::string_view name_of(Fault fault) { return kKinds[index_of(fault)].name; }
double weight_of(Fault fault) { return kKinds[index_of(fault)].weight; }
bool is_broken(Fault fault) { return fault >= Fault::half_json && fault <= Fault::html_page; }
bool is_harmless(Fault fault) { return fault >= Fault::duplicate_chunks; }

bool can_befall(Fault fault, bool as_events) {
  if (fault == Fault::half_json) return !as_events;
  return as_events || (fault != Fault::cut_in_character && fault != Fault::overload_in_stream &&
                       fault != Fault::duplicate_chunks);
}

RawReply response_with(const NamedReply& reply, Protocol protocol, bool as_events,
                       std::optional<Fault> fault, const NamedReply& other, Random& random) {
  if (!fault) return {sound_response(reply, protocol, as_events)};
  switch (*fault) {
    case Fault::limit:
    case Fault::limit_seconds:
    case Fault::limit_date:
    case Fault::limit_milliseconds:
      return {limit_response(*fault)};
    case Fault::server_error:
      return raw_response("<html><h1>oops</h1></html>", "", "500 Internal Server Error");
    case Fault::unavailable:
      return raw_response("", "", "503 Service Unavailable");
    case Fault::overload_in_stream:
      return {overload_in_stream(reply, protocol, random)};
    case Fault::reset:
      return broken_off(sound_response(reply, protocol, as_events), random);
    case Fault::silence: {
      std::string response = sound_response(reply, protocol, as_events);
      response.resize(response.size() / 2);
      return {std::move(response), RawReply::Then::hold};
    }
    case Fault::half_json: {
      std::string body = document_of(protocol, reply.reply, reply.id);
      body.resize(1 + random.below(body.size() - 1));
      return {document_response(body, reply.id)};
    }
    case Fault::cut_in_character:
      return {
          events_response(cut_in_character(events_of(protocol, reply.reply, reply.id)), reply.id)};
    case Fault::other_request:
      return {other_response(reply, other, protocol, as_events)};
    case Fault::no_choices:
      return {response_without_choices(reply.id, protocol, as_events)};
    case Fault::html_page:
      return raw_response("<html><title>Sign in</title></html>", "Content-Type: text/html\r\n");
    case Fault::duplicate_chunks:
      return {events_response(with_duplicates(events_of(protocol, reply.reply, reply.id), random),
                              reply.id)};
    case Fault::gzip:
      return {gzipped_response(reply, protocol, as_events)};
    case Fault::no_usage:
    case Fault::invalid_utf8:
    case Fault::ten_megabytes:
      return {sound_response(reply, protocol, as_events)};
  }
  return {};
}

}  // namespace iago
