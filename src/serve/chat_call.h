// ChatCall: the body of a POST to /v1/chat/completions, read and checked. A field that we cannot
// serve is an error that names it. It is never silently ignored, because a measurement must know
// exactly what was sent to the model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chat/chat_model.h"

namespace iago {

struct ChatCall {
  std::string model;
  ChatRequest request;  // without id, seed and on_text
  int choices = 1;      // n
  std::optional<std::uint64_t> seed;
  bool stream = false;
  bool include_usage = false;  // stream_options
};

struct ChatCallLimits {
  int choices = 128;
  int max_tokens = 1 << 20;
  int default_max_tokens = 8192;  // where the call names none; the context may end sooner
  std::size_t messages = 4096;
  std::size_t stop_strings = 16;
  std::size_t stop_bytes = 1024;  // of each
};

// Throws ApiError with status 400: not JSON (line and column are named), a field of the wrong type
// or out of range, a field or value that is not supported. docs/server.md lists the fields.
ChatCall parse_chat_call(std::string_view body, const ChatCallLimits& limits = {});

}  // namespace iago
