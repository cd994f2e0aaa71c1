#include "chat/internal/anthropic_wire.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "chat/internal/wire_failure.h"

namespace iago {
namespace {

constexpr std::string_view kVersion = "2023-06-01";
// Shorter beginnings are not kept by the vendor's cache (1024 tokens or more, by model).
constexpr std::size_t kMinCachedBytes = 4096;

void append_turn(std::string& text, std::string_view more) {
  if (!text.empty()) text += "\n\n";
  text += more;
}

// The vendor wants roles that alternate: neighbours of one role become one turn.
Json anthropic_messages(const ChatRequest& request, const std::vector<Message>& messages) {
  std::vector<Message> turns;
  for (const Message& message : messages) {
    if (message.role == Role::system || message.text.empty()) continue;
    if (turns.empty() || turns.back().role != message.role) {
      turns.push_back(message);
    } else {
      append_turn(turns.back().text, message.text);
    }
  }
  if (!request.prefill.empty()) {
    // White space at its end is rejected; the reply begins with it then.
    std::string_view prefill = request.prefill;
    prefill = prefill.substr(0, prefill.find_last_not_of(" \t\r\n") + 1);
    if (!prefill.empty()) turns.push_back({Role::assistant, std::string(prefill)});
  }
  Json list = Json::array();
  for (const Message& turn : turns) {
    list.push_back({{"role", name_of(turn.role)}, {"content", turn.text}});
  }
  return list;
}

Json system_of(const std::vector<Message>& messages) {
  std::string text;
  for (const Message& message : messages) {
    if (message.role == Role::system) append_turn(text, message.text);
  }
  if (text.empty()) return nullptr;
  Json block = {{"type", "text"}, {"text", text}};
  if (text.size() >= kMinCachedBytes) block["cache_control"] = {{"type", "ephemeral"}};
  return Json::array({block});
}

class AnthropicWire final : public Wire {
 public:
  explicit AnthropicWire(FinishWords words) : words_(std::move(words)) {}

  std::string path() const override { return "/messages"; }

  HttpHeaders headers(const std::string& key) const override {
    HttpHeaders headers = {{"anthropic-version", std::string(kVersion)}};
    if (!key.empty()) headers.push_back({"x-api-key", key});
    return headers;
  }

  Json body(const ChatRequest& request, const WireShape& shape) const override {
    const Sampling& sampling = request.sampling;
    const std::vector<Message> messages =
        shape.system_in_user ? with_system_in_user(request.messages) : request.messages;
    Json body = {{"model", shape.model}, {"max_tokens", sampling.max_tokens}};
    if (Json system = system_of(messages); !system.is_null()) body["system"] = std::move(system);
    body["messages"] = anthropic_messages(request, messages);
    // The defaults are 1, and the newest models take no two of these together.
    if (sampling.temperature != 1) body["temperature"] = sampling.temperature;
    if (sampling.top_p != 1) body["top_p"] = sampling.top_p;
    if (sampling.top_k > 0) body["top_k"] = sampling.top_k;
    if (!sampling.stop.empty()) body["stop_sequences"] = sampling.stop;
    if (shape.stream) body["stream"] = true;
    for (const std::string& field : shape.left_out) body.erase(field);
    apply_extra(body, shape);
    return body;
  }

  WireOutcome read(std::string_view body) const override {
    return read_anthropic_reply(body, words_);
  }

  std::unique_ptr<WireStream> stream(OnText on_text) const override {
    return std::make_unique<AnthropicStream>(std::move(on_text), words_);
  }

  WireOutcome read_error(int status, std::string_view body) const override {
    return outcome_of_error(status, read_vendor_error(body));
  }

 private:
  const FinishWords words_;
};

}  // namespace

std::unique_ptr<Wire> make_anthropic_wire(FinishWords words) {
  return std::make_unique<AnthropicWire>(std::move(words));
}

}  // namespace iago
