#include "chat/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/ascii.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "chat/internal/dispatcher.h"
#include "net/curl_transport.h"
#include "net/url.h"

namespace iago {
namespace {

constexpr std::string_view kOpenAiHost = "api.openai.com";

[[noreturn]] void reject(EndpointKind kind, std::string_view expected, std::string found,
                         std::string hint = {}) {
  throw Error(ErrorCode::invalid,
              fmt::format("{} endpoint: expected {}, found {}", name_of(kind), expected, found),
              std::move(hint));
}

void check_options(EndpointKind kind, const EndpointOptions& options) {
  auto check = [&](bool sound, std::string_view expected, auto found) {
    if (!sound) reject(kind, expected, fmt::to_string(found));
  };
  check(options.samples_per_request >= 1 && options.samples_per_request <= 128,
        "samples_per_request in [1, 128]", options.samples_per_request);
  check(options.max_in_flight >= 1 && options.max_in_flight <= 65'536,
        "max_in_flight in [1, 65536]", options.max_in_flight);
  check(options.first_in_flight >= 1, "first_in_flight of at least 1", options.first_in_flight);
  check(options.retry.max_attempts >= 1, "at least 1 attempt", options.retry.max_attempts);
  check(options.max_broken_replies >= 1, "max_broken_replies of at least 1",
        options.max_broken_replies);
  check(options.max_reply_bytes >= 1024, "max_reply_bytes of at least 1024",
        options.max_reply_bytes);
  for (auto timeout :
       {options.timeouts.connect, options.timeouts.silence, options.timeouts.total}) {
    check(timeout.count() > 0, "timeouts above 0 ms", timeout.count());
  }
}

std::shared_ptr<const Json> extra_of(EndpointKind kind, const std::string& text) {
  if (text.empty()) return nullptr;
  auto extra = std::make_shared<const Json>(parse_json(text, "extra_body", {.bytes = 1 << 20}));
  if (!extra->is_object()) reject(kind, "extra_body as a JSON object", extra->type_name());
  for (std::string_view key : {"model", "messages", "system", "stream", "n"}) {
    if (extra->contains(key)) {
      reject(kind, "extra_body without the fields that the client sets",
             fmt::format("\"{}\"", key));
    }
  }
  // A budget reserves what the request says, and a run's identity holds it.
  for (std::string_view key : {"max_tokens", "max_completion_tokens"}) {
    if (extra->contains(key)) {
      reject(kind, "extra_body without a limit of tokens", fmt::format("\"{}\"", key),
             "set max_tokens under [sampling] in the study, or in the judge's rubric");
    }
  }
  return extra;
}

std::string identity_of(EndpointKind kind, const std::string& model,
                        const EndpointOptions& options) {
  Hasher hasher;
  hasher.field("endpoint 2").field(name_of(kind)).field(model).field(options.extra_body);
  if (options.system_turn == SystemTurn::user) hasher.field("system turn: user");
  return hasher.hex();
}

std::vector<std::string> notes_of(const EndpointOptions& options, const Json* extra) {
  std::vector<std::string> notes;
  if (options.system_turn == SystemTurn::user) {
    notes.push_back("The system text was put in front of the first user turn.");
  }
  for (const auto& [word, finish] : options.finish_words) {
    notes.push_back(
        fmt::format("A reply that ends {} was read as {}.",
                    word.empty() ? "without a reason" : fmt::format("with \"{}\"", word),
                    finish == Finish::length ? "truncated" : name_of(finish)));
  }
  if (extra == nullptr) return notes;
  for (const auto& [key, value] : extra->items()) {
    if (value.is_null()) notes.push_back(fmt::format("--extra-body removed \"{}\".", key));
  }
  return notes;
}

SentRecord record_of(const std::string& url, const EndpointOptions& options, const Json* extra) {
  SentRecord record{
      .base_url = url, .extra_body = options.extra_body, .notes = notes_of(options, extra)};
  for (const HttpHeader& header : options.headers) record.header_names.push_back(header.name);
  return record;
}

WireShape shape_of(EndpointKind kind, const std::string& model, const EndpointOptions& options,
                   bool at_openai) {
  WireShape shape;
  shape.model = model;
  shape.samples =
      kind == EndpointKind::openai ? static_cast<std::size_t>(options.samples_per_request) : 1;
  shape.completion_tokens = options.token_limit_name == TokenLimitName::max_completion_tokens ||
                            (options.token_limit_name == TokenLimitName::automatic && at_openai);
  shape.explicit_sampling = !at_openai;
  shape.continue_prefill = options.prefill != PrefillStyle::plain;
  shape.system_in_user = options.system_turn == SystemTurn::user;
  shape.extra = extra_of(kind, options.extra_body);
  return shape;
}

// Of headers that hold no secrets: their values are words like any other.
bool is_public(std::string_view header) {
  constexpr std::array<std::string_view, 10> kPublic = {
      "accept",       "accept-language", "anthropic-beta", "anthropic-version", "content-type",
      "http-referer", "openai-beta",     "referer",        "user-agent",        "x-title"};
  return std::ranges::find(kPublic, lowered(header)) != kPublic.end();
}

// What stands between "user:" and "@host" in a proxy's URL.
std::string password_in(std::string_view url) {
  auto scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('/'));
  auto at = url.rfind('@');
  if (at == std::string_view::npos) return {};
  auto colon = url.find(':');
  return colon < at ? std::string(url.substr(colon + 1, at - colon - 1)) : std::string();
}

// The key, every header's value that may be one, and the passwords of proxies. A server quotes such
// a value whole, or ("Bearer ...") without the word in front.
std::vector<HiddenSecret> secrets_of(const EndpointOptions& options) {
  std::vector<HiddenSecret> secrets = {{options.key, Parts::hidden}};
  for (const HttpHeader& header : options.headers) {
    if (is_public(header.name)) continue;
    std::string last_word = header.value.substr(header.value.rfind(' ') + 1);
    for (const std::string& value : {header.value, last_word}) {
      secrets.push_back({Secret(value), Parts::whole});
    }
  }
  secrets.push_back({Secret(password_in(options.proxy)), Parts::whole});
  for (const char* variable :
       {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    secrets.push_back(
        {Secret(password_in(Secret::from_environment(variable).reveal())), Parts::whole});
  }
  return secrets;
}

}  // namespace

std::string_view name_of(EndpointKind kind) {
  return kind == EndpointKind::openai ? "openai" : "anthropic";
}

std::string_view default_base_url(EndpointKind kind) {
  return kind == EndpointKind::openai ? "https://api.openai.com/v1"
                                      : "https://api.anthropic.com/v1";
}

std::string_view key_variable(EndpointKind kind) {
  return kind == EndpointKind::openai ? "OPENAI_API_KEY" : "ANTHROPIC_API_KEY";
}

std::unique_ptr<Endpoint> open_endpoint(EndpointKind kind, std::string model,
                                        EndpointOptions options,
                                        std::shared_ptr<HttpTransport> transport,
                                        const Clock& clock) {
  check_options(kind, options);
  if (model.empty()) reject(kind, "the name of a model", "none");
  BaseUrl url = parse_base_url(options.base_url.empty() ? default_base_url(kind)
                                                        : std::string_view(options.base_url));
  if (options.key.empty() && !url.loopback) {
    reject(kind, fmt::format("a key for {}", url.host), "none",
           fmt::format("set the environment variable {}", key_variable(kind)));
  }
  bool at_openai = url.host == kOpenAiHost;
  DispatcherSetup setup;
  setup.kind = kind;
  setup.shape = shape_of(kind, model, options, at_openai);
  setup.info = {fmt::format("{}:{}", name_of(kind), model), identity_of(kind, model, options),
                options.max_in_flight, true};
  setup.prefill = options.prefill;
  if (setup.prefill == PrefillStyle::automatic && at_openai) setup.prefill = PrefillStyle::rejected;
  setup.id_header = at_openai ? "X-Client-Request-Id" : "X-Request-Id";
  setup.loopback = url.loopback;
  setup.streams = !at_openai;
  setup.record = record_of(url.text, options, setup.shape.extra.get());
  auto wire = kind == EndpointKind::openai ? make_openai_wire(options.finish_words)
                                           : make_anthropic_wire(options.finish_words);
  setup.url = url.text + wire->path();
  if (!transport) {
    transport = std::make_shared<CurlTransport>(CurlTransportOptions{
        .proxy = options.proxy, .ca_file = options.ca_file, .bodies = options.bodies});
  }
  setup.secrets = secrets_of(options);
  setup.options = std::move(options);
  return std::make_unique<Dispatcher>(std::move(setup), std::move(wire), std::move(transport),
                                      clock);
}

}  // namespace iago
