#include "chat/internal/openai_wire.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/random.h"

namespace iago {
namespace {

Json openai_messages(const ChatRequest& request) {
  Json messages = Json::array();
  for (const Message& message : request.messages) {
    messages.push_back({{"role", name_of(message.role)}, {"content", message.text}});
  }
  if (!request.prefill.empty()) {
    messages.push_back({{"role", "assistant"}, {"content", request.prefill}});
  }
  return messages;
}

// Positive in every integer type that servers read it into.
std::uint64_t seed_of(const ChatRequest& request) {
  return Random(request.seed, request.id).bits() >> 33;
}

void put_sampling(Json& body, const Sampling& sampling, const WireShape& shape) {
  body[shape.completion_tokens ? "max_completion_tokens" : "max_tokens"] = sampling.max_tokens;
  // Servers of open weights take what is left out from the checkpoint's own defaults, not from 1;
  // some hosted models reject even a stated 1.
  if (shape.explicit_sampling || sampling.temperature != 1) {
    body["temperature"] = sampling.temperature;
  }
  if (shape.explicit_sampling || sampling.top_p != 1) body["top_p"] = sampling.top_p;
  if (sampling.top_k > 0) body["top_k"] = sampling.top_k;
  if (!sampling.stop.empty()) body["stop"] = sampling.stop;
  if (sampling.logprobs) body["logprobs"] = true;
}

class OpenAiWire final : public Wire {
 public:
  std::string path() const override { return "/chat/completions"; }

  HttpHeaders headers(const std::string& key) const override {
    if (key.empty()) return {};
    return {{"Authorization", "Bearer " + key}};
  }

  std::string body(const ChatRequest& request, const WireShape& shape) const override {
    Json body = {{"model", shape.model}, {"messages", openai_messages(request)}};
    put_sampling(body, request.sampling, shape);
    body["seed"] = seed_of(request);
    if (shape.samples > 1) body["n"] = shape.samples;
    if (shape.stream) {
      body["stream"] = true;
      body["stream_options"] = {{"include_usage", true}};
    }
    if (!request.prefill.empty() && shape.continue_prefill) {
      body["continue_final_message"] = true;
      body["add_generation_prompt"] = false;
    }
    if (shape.extra) body.update(*shape.extra);
    return dump_json(body);
  }

  WireOutcome read(std::string_view body) const override { return read_openai_reply(body); }

  std::unique_ptr<WireStream> stream(OnText on_text) const override {
    return std::make_unique<OpenAiStream>(std::move(on_text));
  }

  WireOutcome read_error(int status, std::string_view body) const override {
    return read_openai_error(status, body);
  }
};

}  // namespace

std::unique_ptr<Wire> make_openai_wire() { return std::make_unique<OpenAiWire>(); }

}  // namespace iago
