// Wire: what a vendor's protocol says, without the network. Pure mappings from requests to bodies
// and from bodies to replies; the endpoint around it sends, waits and tries again.
//
// Bodies are hostile: for any bytes, reading gives an outcome and never throws.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "chat/chat_model.h"
#include "chat/finish_words.h"
#include "net/http.h"

namespace iago {

// How to write a request: everything that the request itself does not say.
struct WireShape {
  std::string model;
  std::size_t samples = 1;  // replies per request
  bool stream = false;
  bool completion_tokens = false;  // OpenAI: max_completion_tokens instead of max_tokens
  // State the sampling options that are neutral, too: a server of open weights takes what is left
  // out from the checkpoint's own defaults.
  bool explicit_sampling = true;
  bool continue_prefill = true;       // OpenAI: flags that make vLLM and SGLang continue it
  bool system_in_user = false;        // the system text stands in front of the first user turn
  int all_tokens = -1;                // the top_k that means all of them: -1 or 0, by server
  std::set<std::string> left_out;     // fields that the server refuses
  std::shared_ptr<const Json> extra;  // an object whose members are added to the body, or null
};

enum class Remedy {
  retry,      // the same again, later
  slow_down,  // the same again, later, and all others more slowly: a limit or an overload
  reshape,    // at once with the other name for the limit of tokens
  give_up,    // this request cannot be answered
};

struct WireFailure {
  Remedy remedy = Remedy::give_up;
  ChatFailure failure;
  bool limited = false;    // slow_down: for a limit of the rate, not for an overload
  bool broken = false;     // the reply was unreadable: worth a few attempts, fewer than a limit
  bool only_once = false;  // broken, and worth one more attempt alone
  // Fields of the request that the server names and that it can do without.
  std::vector<std::string> refused_fields;
  TokenUsage usage;  // that was billed for a reply that cannot be used
  // It may be about this prompt alone: a gateway, a filter or a firewall answers so too.
  bool perhaps_one_prompt = false;
  // How long the body asks to wait; a header's word comes first.
  std::optional<std::chrono::nanoseconds> asked_wait = {};
};

// The result of one request: at most `samples` replies, or a failure.
struct WireOutcome {
  std::vector<ChatReply> replies;
  std::optional<WireFailure> failure;
  std::string reply_id;      // the body's own name for itself, or empty
  bool is_streamed = false;  // it came as events
};

// Reads the body of a 2xx as it comes, events or one JSON document. Not thread-safe.
class WireStream {
 public:
  virtual ~WireStream() = default;
  virtual void feed(std::string_view bytes) = 0;
  // Bytes of memory that what was read takes, about.
  virtual std::size_t held_bytes() const = 0;
  // The response has ended. Once.
  virtual WireOutcome finish() = 0;
};

class Wire {
 public:
  using OnText = std::function<void(std::string_view)>;

  virtual ~Wire() = default;
  virtual std::string path() const = 0;                           // behind the base URL
  virtual HttpHeaders headers(const std::string& key) const = 0;  // no key: none for it
  virtual Json body(const ChatRequest& request, const WireShape& shape) const = 0;
  virtual WireOutcome read(std::string_view body) const = 0;
  // `on_text` may be empty; it gets the text of the first reply.
  virtual std::unique_ptr<WireStream> stream(OnText on_text) const = 0;
  // A response whose status is not 2xx.
  virtual WireOutcome read_error(int status, std::string_view body) const = 0;
};

// `words` are the user's own for reasons of a reply's end.
std::unique_ptr<Wire> make_openai_wire(FinishWords words = {});
std::unique_ptr<Wire> make_anthropic_wire(FinishWords words = {});

// Adds the members of `shape.extra` to a body: null removes a field, anything else replaces it.
void apply_extra(Json& body, const WireShape& shape);
// The messages with the system text in front of the first user turn.
std::vector<Message> with_system_in_user(const std::vector<Message>& messages);

}  // namespace iago
