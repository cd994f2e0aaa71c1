#include "chat/internal/openai_wire.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/random.h"
#include "chat/internal/wire_failure.h"

namespace iago {
namespace {

Json openai_messages(const ChatRequest& request, const WireShape& shape) {
  const std::vector<Message> turns =
      shape.system_in_user ? with_system_in_user(request.messages) : request.messages;
  Json messages = Json::array();
  for (const Message& message : turns) {
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

// Servers of open weights take what is left out from the checkpoint's own defaults, not from the
// neutral value; some hosted models reject even a stated 1. top_k of all tokens is -1 for vLLM,
// SGLang and llama.cpp, and 0 for others. repetition_penalty is vLLM's, SGLang's and OpenRouter's
// name, repeat_penalty llama.cpp's and LM Studio's.
void put_sampling(Json& body, const Sampling& sampling, const WireShape& shape) {
  body[shape.completion_tokens ? "max_completion_tokens" : "max_tokens"] = sampling.max_tokens;
  if (shape.explicit_sampling || sampling.temperature != 1) {
    body["temperature"] = sampling.temperature;
  }
  if (shape.explicit_sampling || sampling.top_p != 1) body["top_p"] = sampling.top_p;
  if (sampling.top_k > 0) body["top_k"] = sampling.top_k;
  if (!sampling.stop.empty()) body["stop"] = sampling.stop;
  if (sampling.logprobs) body["logprobs"] = true;
  if (!shape.explicit_sampling) return;
  if (sampling.top_k <= 0) body["top_k"] = shape.all_tokens;
  body["min_p"] = 0;
  body["repetition_penalty"] = 1;
  body["repeat_penalty"] = 1;
}

class OpenAiWire final : public Wire {
 public:
  explicit OpenAiWire(FinishWords words) : words_(std::move(words)) {}

  std::string path() const override { return "/chat/completions"; }

  HttpHeaders headers(const std::string& key) const override {
    if (key.empty()) return {};
    return {{"Authorization", "Bearer " + key}};
  }

  Json body(const ChatRequest& request, const WireShape& shape) const override {
    Json body = {{"model", shape.model}, {"messages", openai_messages(request, shape)}};
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
    for (const std::string& field : shape.left_out) body.erase(field);
    apply_extra(body, shape);
    return body;
  }

  WireOutcome read(std::string_view body) const override { return read_openai_reply(body, words_); }

  std::unique_ptr<WireStream> stream(OnText on_text) const override {
    return std::make_unique<OpenAiStream>(std::move(on_text), words_);
  }

  WireOutcome read_error(int status, std::string_view body) const override {
    return outcome_of_error(status, read_vendor_error(body));
  }

 private:
  const FinishWords words_;
};

}  // namespace

std::unique_ptr<Wire> make_openai_wire(FinishWords words) {
  return std::make_unique<OpenAiWire>(std::move(words));
}

}  // namespace iago
