#include "serve/internal/call_response.h"

#include <utility>

#include "serve/internal/api_error.h"
#include "serve/internal/metrics.h"

namespace iago {
namespace {

constexpr std::string_view kStreamEnd = "[DONE]";

}  // namespace

CallResponse::CallResponse(Options options, std::shared_ptr<HttpResponder> answer)
    : options_(std::move(options)),
      chunks_(options_.head, options_.include_usage),
      answer_(std::move(answer)),
      replies_(options_.choices),
      begun_(options_.choices),
      due_(options_.choices) {
  // The callback keeps the source alive by itself: what it stops may drop this object.
  on_gone_.emplace(answer_->gone(), [stop = stop_] {
    std::stop_source kept = stop;
    kept.request_stop();
  });
}

void CallResponse::count_end(int status) {
  const bool gone = answer_->gone().stop_requested();
  options_.on_end(gone ? Metrics::kClientGone : status, replies_);
}

void CallResponse::begin_stream() {
  if (status_ != 0) return;
  status_ = 200;
  answer_->begin_stream(status_, {{"content-type", "text/event-stream; charset=utf-8"},
                                  {"cache-control", "no-cache"},
                                  {"x-request-id", options_.head.id}});
}

void CallResponse::on_text(int choice, std::string_view piece) {
  if (options_.framing != Framing::stream) return;
  const auto at = static_cast<std::size_t>(choice);
  std::lock_guard lock(mutex_);
  if (over_ || stop_.stop_requested()) return;
  begin_stream();
  std::string events = begun_[at] ? "" : chunks_.role(choice);
  begun_[at] = true;
  answer_->write(events + chunks_.text(choice, piece));
}

void CallResponse::on_reply(int choice, ChatReply reply) {
  const auto at = static_cast<std::size_t>(choice);
  std::unique_lock lock(mutex_);
  replies_[at] = std::move(reply);
  --due_;
  const bool fails = !over_ && replies_[at].failure.has_value();
  if (fails) fail(*replies_[at].failure);
  if (!over_ && options_.framing == Framing::stream) send_end(choice);
  if (due_ == 0) count_end(over_ ? status_ : 200);
  if (!over_ && due_ == 0) finish();
  lock.unlock();
  if (fails) stop_.request_stop();  // outside of the lock: other choices may reply from within
}

void CallResponse::refuse(const ChatFailure& failure) {
  std::lock_guard lock(mutex_);
  fail(failure);
  due_ = 0;
  count_end(status_);
}

void CallResponse::send_end(int choice) {
  const auto at = static_cast<std::size_t>(choice);
  begin_stream();
  std::string events = begun_[at] ? "" : chunks_.role(choice);
  begun_[at] = true;
  answer_->write(events + chunks_.reasoning(choice, replies_[at]) +
                 chunks_.finish(choice, replies_[at]));
}

void CallResponse::fail(const ChatFailure& failure) {
  over_ = true;
  const ApiError error = api_error_of(failure);
  if (status_ == 0) {
    status_ = error.status();
    HttpFields headers = {{"content-type", "application/json"}, {"x-request-id", options_.head.id}};
    if (status_ == 503) headers.emplace_back("retry-after", "1");
    answer_->respond(status_, std::move(headers), error.body());
    return;
  }
  // The status is spent: the stream itself has to say it.
  answer_->write(sse_event(error.body()));
  answer_->write(sse_event(kStreamEnd));
  answer_->end();
}

void CallResponse::finish() {
  over_ = true;
  if (options_.framing == Framing::stream) {
    if (options_.include_usage) answer_->write(chunks_.usage(replies_));
    answer_->write(sse_event(kStreamEnd));
    answer_->end();
    return;
  }
  status_ = 200;
  answer_->respond(status_,
                   {{"content-type", "application/json"}, {"x-request-id", options_.head.id}},
                   render_completion(options_.head, replies_));
}

}  // namespace iago
