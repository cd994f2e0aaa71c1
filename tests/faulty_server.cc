#include "faulty_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"

namespace iago {
namespace {

// One answer has ten megabytes among so many contents, the first one early enough for small tests.
constexpr std::size_t kFirstLong = 700, kLongEvery = 4'000;

// Empty where there is none.
std::string header(std::string_view request, std::string_view name) {
  const std::string head(request.substr(0, request.find("\r\n\r\n") + 2));
  std::string lowered = head;
  std::ranges::transform(lowered, lowered.begin(), [](unsigned char c) { return std::tolower(c); });
  const std::string begin = fmt::format("\r\n{}: ", name);
  const auto at = lowered.find(begin);
  if (at == std::string::npos) return {};
  const auto from = at + begin.size();
  return head.substr(from, head.find("\r\n", from) - from);
}

}  // namespace

// What a request says, as far as anything depends on it.
struct FaultyServer::Received {
  explicit Received(const std::string& request)
      : protocol(request.starts_with("POST /v1/messages ") ? Protocol::anthropic
                                                           : Protocol::openai),
        id(header(request, "x-request-id")),
        takes_gzip(header(request, "accept-encoding").find("gzip") != std::string::npos),
        key(protocol == Protocol::openai ? header(request, "authorization")
                                         : "Bearer " + header(request, "x-api-key")) {
    const Json body = parse_json(request.substr(request.find("\r\n\r\n") + 4), "request");
    std::string content;
    for (const char* part : {"system", "messages", "seed"}) {
      content += body.contains(part) ? dump_json(body.at(part)) + "\n" : "\n";
    }
    content_bytes = content.size();
    note = fmt::format("{:016x}", hash64(content));
    wants_events = body.value("stream", false);
  }

  Protocol protocol;
  std::string id;  // the client's name for the request
  bool takes_gzip, wants_events = false;
  std::string key, note;
  std::size_t content_bytes = 0;
};

FaultyServer::FaultyServer(std::string key)
    : key_(std::move(key)),
      server_([this](const std::string& request) { return answer(request); },
              RawServer::Keep::nothing) {}

void FaultyServer::begin(const Weather& weather) {
  std::lock_guard lock(mutex_);
  weather_ = weather;
  for (auto& [note, content] : contents_) {
    content.in_a_row = content.broken_in_a_row = 0;
    content.served = {};
  }
  injected_ = {};
  wrong_keys_ = 0;
}

std::map<std::string, FaultyServer::Served> FaultyServer::served() const {
  std::lock_guard lock(mutex_);
  std::map<std::string, Served> found;
  for (const auto& [note, content] : contents_) {
    if (content.served.asked > 0) found.emplace(note, content.served);
  }
  return found;
}

std::array<int, kFaultCount> FaultyServer::injected() const {
  std::lock_guard lock(mutex_);
  return injected_;
}

int FaultyServer::wrong_keys() const {
  std::lock_guard lock(mutex_);
  return wrong_keys_;
}

ModelReply FaultyServer::reply_to(const std::string& note) const {
  std::lock_guard lock(mutex_);
  const auto found = contents_.find(note);
  IAGO_CHECK(found != contents_.end(), note);
  return whole_reply(found->second);
}

ModelReply FaultyServer::whole_reply(const Content& content) const {
  ModelReply reply = content.reply;
  if (content.is_long) lengthen(reply);
  return reply;
}

FaultyServer::Content& FaultyServer::take(const Received& received) {
  auto [place, is_new] = contents_.try_emplace(received.note);
  Content& content = place->second;
  if (is_new) {
    content.number = contents_.size() - 1;
    content.reply = reply_with(received.note, received.content_bytes);
    content.is_long =
        content.reply.finish == "stop" && content.number >= kFirstLong + kLongEvery * long_ones_;
    long_ones_ += content.is_long;
  }
  wrong_keys_ += received.key != "Bearer " + key_;
  ++content.served.asked;
  ++asked_;
  return content;
}

std::optional<Fault> FaultyServer::draw_fault(const Content& content, const Received& received,
                                              bool as_events, Random& random) const {
  if (!random.chance(weather_.chance)) return std::nullopt;
  std::array<double, kFaultCount> weights{};
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    const auto fault = static_cast<Fault>(i);
    const bool enough =
        (!is_harmless(fault) && content.in_a_row >= weather_.most_in_a_row) ||
        (is_broken(fault) && content.broken_in_a_row >= weather_.most_broken_in_a_row);
    if (enough || !can_befall(fault, as_events)) continue;
    if (fault == Fault::gzip && !received.takes_gzip) continue;
    if (fault == Fault::other_request && (last_note_.empty() || last_note_ == received.note)) {
      continue;
    }
    weights[i] = weight_of(fault);
  }
  if (std::ranges::all_of(weights, [](double weight) { return weight == 0; })) return std::nullopt;
  return static_cast<Fault>(random.pick(weights));
}

void FaultyServer::count(Content& content, std::optional<Fault> fault) {
  if (fault) ++injected_[index_of(*fault)];
  if (fault && !is_harmless(*fault)) {
    ++content.served.failed;
    ++content.in_a_row;
    content.broken_in_a_row += is_broken(*fault);
    return;
  }
  ++content.served.answered;
  content.in_a_row = content.broken_in_a_row = 0;
  injected_[index_of(Fault::no_usage)] += !content.reply.with_usage;
  injected_[index_of(Fault::invalid_utf8)] += content.reply.with_invalid_utf8;
  injected_[index_of(Fault::ten_megabytes)] += content.is_long;
}

RawReply FaultyServer::answer(const std::string& request) {
  if (!request.starts_with("POST /v1/chat/completions ") &&
      !request.starts_with("POST /v1/messages ")) {
    return raw_response("no such path", "", "404 Not Found");
  }
  const Received received(request);
  NamedReply reply{.reply = {}, .id = received.id}, other;
  std::optional<Fault> fault;
  Random random(0, "");
  bool as_events = false;
  {
    std::lock_guard lock(mutex_);
    Content& content = take(received);
    random = Random(weather_.seed, fmt::format("{} {}", content.number, content.served.asked));
    // Servers may answer as a whole although they were asked for events.
    as_events = received.wants_events && random.chance(0.7);
    fault = draw_fault(content, received, as_events, random);
    reply.reply = whole_reply(content);
    if (fault == Fault::other_request) {
      other = {whole_reply(contents_.at(last_note_)), last_id_};
    }
    last_note_ = received.note;
    last_id_ = received.id;
    count(content, fault);
  }
  return response_with(reply, received.protocol, as_events, fault, other, random);
}

}  // namespace iago
