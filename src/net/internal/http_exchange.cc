// A mailbox for one answer. The handler puts parts in, from any thread; the connection takes out
// all that has gathered since, so a slow client gets fewer and larger pieces. `wake_` is empty once
// nobody listens any more; from then on what is put in is dropped, but the order of calls is still
// checked.
#include "net/internal/http_exchange.h"

#include <utility>

#include "base/error.h"

namespace iago {
namespace {

constexpr int kServerError = 500;

class Answer final : public HttpResponder {
 public:
  explicit Answer(std::shared_ptr<HttpExchange> exchange) : exchange_(std::move(exchange)) {}
  ~Answer() override { exchange_->abandon(); }

  void respond(int status, HttpFields headers, std::string body) override {
    exchange_->respond(status, std::move(headers), std::move(body));
  }
  void begin_stream(int status, HttpFields headers) override {
    exchange_->begin_stream(status, std::move(headers));
  }
  void write(std::string_view bytes) override { exchange_->write(bytes); }
  void end() override { exchange_->end(); }
  std::stop_token gone() const override { return exchange_->gone(); }

 private:
  std::shared_ptr<HttpExchange> exchange_;
};

}  // namespace

void HttpExchange::wake_connection() {
  if (wake_) wake_();
}

HttpExchange::Piece HttpExchange::take() {
  std::lock_guard lock(mutex_);
  return std::exchange(pending_, {});
}

void HttpExchange::detach() {
  std::lock_guard lock(mutex_);
  wake_ = nullptr;
  pending_ = {};
}

void HttpExchange::lose() {
  detach();
  gone_.request_stop();  // outside of the lock: its callbacks may answer
}

void HttpExchange::respond(int status, HttpFields headers, std::string body) {
  std::lock_guard lock(mutex_);
  IAGO_CHECK(state_ == State::open, "a request is answered once");
  state_ = State::finished;
  if (!wake_) return;
  pending_.head = Head{status, std::move(headers), true};
  pending_.bytes = std::move(body);
  pending_.ended = true;
  wake_connection();
}

void HttpExchange::begin_stream(int status, HttpFields headers) {
  std::lock_guard lock(mutex_);
  IAGO_CHECK(state_ == State::open, "a request is answered once");
  state_ = State::streaming;
  if (!wake_) return;
  pending_.head = Head{status, std::move(headers), false};
  wake_connection();
}

void HttpExchange::write(std::string_view bytes) {
  std::lock_guard lock(mutex_);
  IAGO_CHECK(state_ == State::streaming, "a stream is begun before it is written");
  if (!wake_ || overrun_ || bytes.empty()) return;
  overrun_ = bytes.size() > max_backlog_bytes_ - pending_.bytes.size();
  if (overrun_) {
    pending_ = {.head = {}, .bytes = {}, .ended = false, .broken = true};
  } else {
    pending_.bytes += bytes;
  }
  wake_connection();
}

bool HttpExchange::overrun() {
  std::lock_guard lock(mutex_);
  return overrun_;
}

void HttpExchange::end() {
  std::lock_guard lock(mutex_);
  IAGO_CHECK(state_ == State::streaming, "a stream is begun before it is ended");
  state_ = State::finished;
  if (!wake_) return;
  pending_.ended = true;
  wake_connection();
}

void HttpExchange::abandon() {
  std::lock_guard lock(mutex_);
  if (state_ == State::finished) return;
  const bool streaming = std::exchange(state_, State::finished) == State::streaming;
  if (!wake_) return;
  if (streaming) {
    pending_.broken = true;
  } else {
    pending_.head = Head{kServerError, {{"content-type", "text/plain"}}, true};
    pending_.bytes = "the request was dropped\n";
    pending_.ended = true;
  }
  wake_connection();
}

std::shared_ptr<HttpResponder> make_answer(std::shared_ptr<HttpExchange> exchange) {
  return std::make_shared<Answer>(std::move(exchange));
}

}  // namespace iago
