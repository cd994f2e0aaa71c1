// ChatModel: anything that answers a conversation: an endpoint, a checkpoint on this machine, a
// script, or the world's grammar. Rooms above know a model by this interface alone.
//
// A model takes many requests at once and answers each through its callback, exactly once, from any
// thread. Answers and failures of the other side are in the reply. `submit` itself throws only
// Error invalid for a request that no model of this kind can serve (nothing was sent then, and the
// callback is not called).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "record/message.h"
#include "record/outcome.h"
#include "record/sampling.h"
#include "record/sent_record.h"
#include "record/usage.h"

namespace iago {

struct ChatRequest {
  std::string id;                 // content hash of the trial; names the random stream
  std::uint64_t seed = 0;         // the run's seed; the stream is (seed, id)
  std::vector<Message> messages;  // ends with a user turn
  std::string prefill;            // the assistant's turn begins with this text
  Sampling sampling;              // logprobs asks for ChatReply::token_logprobs
  // Called with the reply's text as it grows, in order, from any thread and before the callback;
  // what comes is never taken back. A model that knows only whole replies calls it once. Unset:
  // nobody listens.
  std::function<void(std::string_view)> on_text;
  // Asked right before each attempt to answer the request, from any thread; it must not block. If
  // it says false, or `no_more` was requested, the request goes out no more: it is answered as
  // cancelled. What is under way is not affected. Unset: nobody objects.
  std::function<bool()> may_send;
  std::stop_token no_more;
};

struct ChatFailure {
  ErrorCode code = ErrorCode::disconnected;
  std::string message;
  std::string hint;       // what to do, or empty
  bool ends_run = false;  // no other request can succeed: wrong key, no credit, no such model
  OpenCause cause = OpenCause::unreachable;
  int status = 0;  // of HTTP, of the last attempt; 0: there was none
  // When the limit that was met ends, where the server says so. Wall clock, since 1970.
  std::optional<std::chrono::nanoseconds> retry_at = {};
};

struct ChatReply {
  Finish finish = Finish::stop;
  std::string finish_reason;     // as the other side calls it, or empty
  std::string provider_message;  // what the provider says of its refusal, or empty
  std::string text;              // without the prefill; may be invalid UTF-8
  ReasoningChannel reasoning_channel = ReasoningChannel::none;
  std::string reasoning;              // the provider's own channel, not our tags
  std::string reasoning_note;         // if the channel is unavailable: why, where that is known
  std::vector<float> token_logprobs;  // natural log, temperature 1, untruncated
  // The bytes that each of those tokens says, none for one that ends the turn; as long as
  // token_logprobs, or empty.
  std::vector<std::string> token_texts;
  TokenUsage usage;
  // One of several replies to one request over the wire, of which another has the usage of all.
  bool billed_with_sibling = false;
  std::size_t siblings = 0;  // such other replies whose tokens are in `usage`
  std::string model_version, fingerprint, request_id;  // as the other side names them, or empty
  std::optional<ChatFailure> failure;                  // set exactly when finish == failed
};

struct ModelInfo {
  std::string name;  // as the user named it: organism:faker
  std::string
      identity;  // content hash of what answers: weights, script, or kind, model and extra body
  std::size_t in_flight = 1;  // how many requests keep it busy
  // Requests with equal beginnings cost less once one of them has been answered.
  bool caches_prompts = false;
};

struct EndpointFigures;  // chat/endpoint_figures.h

class ChatModel {
 public:
  using Done = std::function<void(ChatReply)>;

  virtual ~ChatModel() = default;
  virtual ModelInfo info() const = 0;
  // Takes the request and returns at once. After `stop` is requested, replies still due come soon,
  // as they are or failed with ErrorCode::cancelled. Thread-safe. The model must outlive its
  // pending replies; its destructor cancels and waits for them. Error overloaded, and no reply,
  // once more requests wait than the model can hold (a million); ModelInfo::in_flight keeps it
  // busy.
  virtual void submit(ChatRequest request, std::stop_token stop, Done done) = 0;
  // The current state of requests to a server; absent for a model without a server. A model that
  // passes its requests on to another gives that one's figures. Thread-safe.
  virtual std::optional<EndpointFigures> endpoint_figures() const;
  // What it sent so far; absent for a model that has no such record. Passed on likewise.
  // Thread-safe.
  virtual std::optional<SentRecord> sent_record() const;
  // Tokens generated for replies that have not come yet; absent where that is not known. Passed on
  // likewise. Thread-safe.
  virtual std::optional<std::uint64_t> unfinished_tokens() const;
};

// Error invalid if no model of any kind could serve the request: no id, no message, a last turn
// that is not the user's, sampling options out of range, an empty stop string, text beyond 64 MiB.
// Every client calls it first in `submit`.
void check_request(const ChatRequest& request);

// Whether nobody objects to sending the request now: no_more and may_send, in this order. Every
// model asks before it begins to answer.
bool may_be_sent(const ChatRequest& request);
// The answer where somebody does.
ChatFailure withdrawn();

// Submits one request and waits for the reply.
ChatReply ask(ChatModel& model, ChatRequest request);

}  // namespace iago
