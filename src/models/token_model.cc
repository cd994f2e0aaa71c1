#include "models/token_model.h"

#include <exception>
#include <latch>
#include <memory>
#include <utility>

namespace iago {

std::vector<TokenReply> ask_all(TokenModel& model, std::vector<ChatRequest> requests,
                                std::stop_token stop) {
  std::vector<TokenReply> replies(requests.size());
  // Shared: who counts it down last may still be in it when the wait is over.
  auto left = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(requests.size()));
  std::exception_ptr refused;
  std::size_t next = 0;
  try {
    for (; next < requests.size(); ++next) {
      model.submit_tokens(std::move(requests[next]), stop,
                          [&replies, left, next](TokenReply reply) {
                            replies[next] = std::move(reply);
                            left->count_down();
                          });
    }
  } catch (...) {
    refused = std::current_exception();
    left->count_down(static_cast<std::ptrdiff_t>(requests.size() - next));
  }
  left->wait();  // the callbacks write into this frame
  if (refused) std::rethrow_exception(refused);
  return replies;
}

}  // namespace iago
