#include "serve/internal/api_error.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"

namespace iago {
namespace {

constexpr std::size_t kMaxMessageBytes = 2000;

ErrorCode code_of(int status) {
  switch (status) {
    case 404:
      return ErrorCode::not_found;
    case 405:
      return ErrorCode::unsupported;
    case 503:
      return ErrorCode::overloaded;
    default:
      return status >= 500 ? ErrorCode::disconnected : ErrorCode::invalid;
  }
}

std::string type_of(int status) {
  if (status == 401) return "authentication_error";
  if (status == 403) return "permission_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

}  // namespace

ApiError::ApiError(int status, std::string message, std::string param, std::string code)
    : Error(code_of(status), std::move(message)),
      status_(status),
      param_(std::move(param)),
      code_word_(std::move(code)) {}

std::string ApiError::body() const {
  Json error = {{"message", std::string(what()).substr(0, kMaxMessageBytes)},
                {"type", type_of(status_)},
                {"param", text_or_null(param_)},
                {"code", text_or_null(code_word_)}};
  return dump_json({{"error", error}});
}

ApiError api_error_of(const ChatFailure& failure) {
  // As OpenAI says it, since clients look for the code or for its words.
  if (failure.cause == OpenCause::too_long) {
    return ApiError(400, failure.message + " Please reduce the length of the messages.", "messages",
                    "context_length_exceeded");
  }
  std::string message = failure.message;
  if (!failure.hint.empty()) message += " (" + failure.hint + ")";
  switch (failure.code) {
    case ErrorCode::invalid:
      return ApiError(400, message, "messages", "invalid_prompt");
    case ErrorCode::unsupported:
      return ApiError(400, message, {}, "unsupported");
    case ErrorCode::overloaded:
      return ApiError(503, message, {}, "overloaded");
    case ErrorCode::cancelled:
      return ApiError(503, message, {}, "stopping");
    case ErrorCode::disconnected:
      return ApiError(502, message, {}, "model_unreachable");
    case ErrorCode::not_found:
    case ErrorCode::corrupt:
      break;
  }
  return ApiError(500, message, {}, "model_failed");
}

}  // namespace iago
