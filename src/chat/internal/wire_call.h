// One request over the wire on behalf of one or more chat requests, and the reading of what came
// back. Private to the room.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "chat/endpoint.h"
#include "chat/internal/scrub.h"
#include "chat/internal/wire.h"
#include "net/pace.h"

namespace iago {

// A chat request on its way through the endpoint.
struct EndpointJob {
  ChatRequest request;
  std::stop_token stop;
  ChatModel::Done done;
  std::string group;  // equal where requests differ in nothing but their id; empty: stays alone
  int attempts = 0, broken = 0;
  TokenUsage lost;  // billed for replies that could not be used
  bool reshaped = false;
  bool split = false;  // went with others, and the server rejected that request: goes alone
  std::optional<std::chrono::nanoseconds> first_sent;
  // Destroyed outside of locks: that waits for a running callback.
  std::unique_ptr<std::stop_callback<std::function<void()>>> on_stop, on_no_more;
};

struct WireCall {
  std::vector<std::unique_ptr<EndpointJob>> jobs;  // the replies go to them in order
  Pace::Ticket ticket;
  WireShape shape;
  std::set<std::string> fields;        // of the body as it was sent
  std::string sampling;                // those of sampling, as sampling_in gives them
  std::string id;                      // our own name for it, sent along
  std::unique_ptr<WireStream> stream;  // null: the body is read as a whole
  std::unique_ptr<ScrubbedText> told;  // what goes to on_text, if anyone listens
  bool heard = false;                  // a part of the text went to on_text
  bool scrubbed = false;               // the body held a secret
  std::stop_source stop;
  HttpResponse response;  // set before the call is given back
};

// What the response comes to, with the mistakes of transport and servers told apart. Secrets are
// hidden in a body that is quoted in a message: there it is shortened, and the half of a key is one
// too. Replies and messages may still hold some.
WireOutcome interpret(const Wire& wire, WireCall& call, const Scrubber& scrubber);

// The most bytes of a response with `replies` replies to the request: what a reply of max_tokens
// can need, generously, at most `most`. A chunk of a stream has some 600 bytes of its own at the
// most talkative servers, a token with its log-probability 300.
std::size_t reply_bound(const ChatRequest& request, std::size_t replies, std::size_t most);

// Whether the attempt failed for want of this machine's memory or open files.
bool lacks_room(const HttpResponse& response);

// The limit or condition that the outcome shows, for the pace.
PaceOutcome pace_outcome_of(const WireOutcome& outcome);

// What `reply` owes `request`: the prefill not repeated, nothing behind a stop string, the
// request's id as the response's headers give it.
void fit_reply(ChatReply& reply, const ChatRequest& request, const HttpHeaders& headers);

}  // namespace iago
