#include "chat/chat_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <future>
#include <memory>

#include "chat/endpoint_figures.h"

namespace iago {
namespace {

constexpr std::size_t kMaxRequestBytes = std::size_t{64} << 20;

[[noreturn]] void reject(const ChatRequest& request, std::string_view expected,
                         std::string_view found) {
  throw Error(ErrorCode::invalid,
              fmt::format("request {}: expected {}, found {}",
                          request.id.empty() ? "without an id" : request.id, expected, found));
}

void check_sampling(const ChatRequest& request) {
  const Sampling& sampling = request.sampling;
  if (!std::isfinite(sampling.temperature) || sampling.temperature < 0) {
    reject(request, "a temperature of at least 0", fmt::to_string(sampling.temperature));
  }
  if (!(sampling.top_p > 0 && sampling.top_p <= 1)) {
    reject(request, "top_p in (0, 1]", fmt::to_string(sampling.top_p));
  }
  if (sampling.top_k < 0) {
    reject(request, "top_k of at least 0", fmt::to_string(sampling.top_k));
  }
  if (sampling.max_tokens < 1) {
    reject(request, "max_tokens of at least 1", fmt::to_string(sampling.max_tokens));
  }
  if (std::ranges::any_of(sampling.stop, &std::string::empty)) {
    reject(request, "stop strings with text", "an empty one");
  }
}

}  // namespace

std::optional<EndpointFigures> ChatModel::endpoint_figures() const { return std::nullopt; }
std::optional<std::uint64_t> ChatModel::unfinished_tokens() const { return std::nullopt; }
std::optional<SentRecord> ChatModel::sent_record() const { return std::nullopt; }

void check_request(const ChatRequest& request) {
  if (request.id.empty()) reject(request, "an id", "none");
  if (request.messages.empty()) reject(request, "at least one message", "none");
  if (request.messages.back().role != Role::user) {
    reject(request, "a user turn at the end", "another role's");
  }
  std::size_t bytes = request.prefill.size();
  for (const Message& message : request.messages) bytes += message.text.size();
  if (bytes > kMaxRequestBytes) {
    reject(request, fmt::format("at most {} bytes of text", kMaxRequestBytes),
           fmt::to_string(bytes));
  }
  check_sampling(request);
}

bool may_be_sent(const ChatRequest& request) {
  return !request.no_more.stop_requested() && (!request.may_send || request.may_send());
}

ChatFailure withdrawn() { return {ErrorCode::cancelled, "withdrawn before it was sent"}; }

ChatReply ask(ChatModel& model, ChatRequest request) {
  // Shared with the callback: it may still be inside set_value when the waiting side wakes and
  // goes.
  auto promise = std::make_shared<std::promise<ChatReply>>();
  auto reply = promise->get_future();
  model.submit(std::move(request), {},
               [promise](ChatReply answer) { promise->set_value(std::move(answer)); });
  return reply.get();
}

}  // namespace iago
