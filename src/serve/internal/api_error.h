// ApiError: what the endpoint answers instead of a result, in the shape that OpenAI's clients know:
// {"error": {"message", "type", "param", "code"}} under an HTTP status.
#pragma once

#include <string>

#include "base/error.h"
#include "chat/chat_model.h"

namespace iago {

class ApiError : public Error {
 public:
  // `param` names the field of the request that is at fault, `code` is a word for programs; either
  // may be empty.
  ApiError(int status, std::string message, std::string param = {}, std::string code = {});

  int status() const { return status_; }
  const std::string& param() const { return param_; }
  const std::string& code_word() const { return code_word_; }
  // The error object as JSON on one line. The message is cut after 2,000 bytes, since it may quote
  // the request.
  std::string body() const;

 private:
  int status_;
  std::string param_, code_word_;
};

// A model's failure to reply, or its refusal to take a request, as the client hears of it: 400 for
// a request that the model cannot serve (context_length_exceeded if it is too long), 503 where
// trying again may help, 500 and 502 else.
ApiError api_error_of(const ChatFailure& failure);

}  // namespace iago
