// Bodies of /v1/chat/completions: whatever the bytes, a call that every model's check takes, or an
// ApiError that says 400 and renders as JSON.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "serve/chat_call.h"
#include "serve/internal/api_error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view body(reinterpret_cast<const char*>(data), size);
  try {
    iago::ChatCall call = iago::parse_chat_call(body);
    IAGO_CHECK(call.choices >= 1 && !call.model.empty(), "a call without choices or a model");
    call.request.id = "fuzz";
    iago::check_request(call.request);
  } catch (const iago::ApiError& error) {
    IAGO_CHECK(error.status() == 400, error.what());
    IAGO_CHECK(iago::parse_json(error.body(), "error").contains("error"), error.body());
  }
  return 0;
}
