// Endpoint: a model behind a URL, spoken to by HTTP. Any OpenAI-compatible server (OpenAI, vLLM,
// SGLang, llama-server, Ollama, ...), or Anthropic's.
//
// An endpoint finds out how many requests the server takes at a time and per minute (net/pace.h).
// It retries where a retry can help (net/retry.h), and turns every answer of the server into a
// reply. A request that got no reply has Finish::failed, with one of these codes: overloaded (a
// limit or an overload, in all attempts), disconnected (no readable reply), cancelled, or the
// server's own rejection. ChatFailure::cause says what came instead, ends_run that no other request
// can succeed either.
//
// A field that the server refuses and that a request can do without is left out from then on; the
// request goes again at once.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/secret.h"
#include "chat/chat_model.h"
#include "chat/endpoint_figures.h"
#include "chat/finish_words.h"
#include "net/http.h"
#include "net/retry.h"

namespace iago {

enum class EndpointKind { openai, anthropic };

// "openai", "anthropic".
std::string_view name_of(EndpointKind kind);
// https://api.openai.com/v1, https://api.anthropic.com/v1.
std::string_view default_base_url(EndpointKind kind);
// OPENAI_API_KEY, ANTHROPIC_API_KEY: where the vendor's own programs look for the key.
std::string_view key_variable(EndpointKind kind);

enum class Streaming {
  // Everywhere but at OpenAI, so that the timeout of silence bounds a pause and not a whole reply;
  // there where somebody listens or the reply may be long (8192 tokens or more). A server that
  // counts tokens in whole replies alone is asked for those.
  automatic,
  always,
  never,
};

enum class TokenLimitName {
  automatic,  // max_completion_tokens at OpenAI, max_tokens elsewhere; the other on demand
  max_tokens,
  max_completion_tokens,
};

enum class SystemTurn {
  system,  // as a turn of its own, or in the protocol's place for it
  user,    // in front of the first user turn, for models that take no system turn
};

enum class PrefillStyle {
  automatic,       // rejected at OpenAI; elsewhere as continue_flags
  continue_flags,  // a last turn of the assistant, with the flags that vLLM and SGLang want
  plain,           // the last turn alone
  rejected,        // requests with a prefill fail: the server would not continue it
};

struct EndpointOptions {
  std::string base_url;  // empty: the vendor's
  Secret key;            // may be empty where base_url is this machine
  HttpHeaders headers;   // sent with every request, besides the client's own; hidden like the key
  // A JSON object whose members go into every request, or empty: null removes a field, any other
  // value replaces the client's own.
  std::string extra_body;
  FinishWords finish_words;  // win over the known reasons for a reply's end
  SystemTurn system_turn = SystemTurn::system;
  std::string option_prefix = "--";  // how the options for this model begin, for hints
  // For the transport that open_endpoint makes where it is given none; see CurlTransportOptions.
  std::string proxy, ca_file;
  std::shared_ptr<BodyAllowance> bodies;

  // [1, 128]: requests that differ only in their id are sent together. If the server does not take
  // such requests, each is sent alone. So it is with Anthropic's protocol, which has no such
  // request.
  int samples_per_request = 1;
  Streaming streaming = Streaming::automatic;
  TokenLimitName token_limit_name = TokenLimitName::automatic;
  PrefillStyle prefill = PrefillStyle::automatic;

  std::size_t max_in_flight = 1024;  // [1, 65536]; fewer if the server takes fewer
  std::size_t first_in_flight = 16;  // where the search for that begins, >= 1
  RetryPolicy retry;
  int max_broken_replies = 3;  // >= 1: attempts that may end in an unreadable reply
  HttpTimeouts timeouts;
  // The most of any reply; a request's own bound follows from its max_tokens (reply_bound).
  std::size_t max_reply_bytes = std::size_t{64} << 20;
};

class Endpoint : public ChatModel {
 public:
  // As of now. Thread-safe.
  virtual EndpointFigures figures() const = 0;
  std::optional<EndpointFigures> endpoint_figures() const final { return figures(); }
};

// The model called `model` at the endpoint. `info().name` is "openai:MODEL"; the identity is of
// kind, model, extra_body and system_turn, and not of the base URL: a run resumes at another
// address of the same server, and sent_record() says where it was. `transport` null: one of its
// own. The clock must outlive the model. Error invalid for options out of range, a base URL or
// extra_body that cannot be read, and a missing key where the base URL is not this machine;
// not_found for a ca_file that does not exist. Never shows the key.
//
// Callbacks come from a thread of the model's own, on_text from the transport's; requests that
// nobody has sent yet wait in memory without a limit (info().in_flight says how many keep it busy).
std::unique_ptr<Endpoint> open_endpoint(EndpointKind kind, std::string model,
                                        EndpointOptions options,
                                        std::shared_ptr<HttpTransport> transport,
                                        const Clock& clock);

}  // namespace iago
