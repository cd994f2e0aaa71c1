#include "chat/internal/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "base/random.h"
#include "chat/internal/wire_failure.h"
#include "chat/reply.h"

namespace iago {
namespace {

using std::chrono::nanoseconds;

constexpr int kLongReply = 8192;  // tokens: connections that are silent for so long get cut
constexpr std::size_t kMostLookedThrough = 2048;  // of the queue, for requests that go together

std::string group_of(const ChatRequest& request) {
  if (request.on_text) return {};
  const Sampling& sampling = request.sampling;
  Hasher hasher;
  for (const Message& message : request.messages) {
    hasher.field(name_of(message.role)).field(message.text);
  }
  hasher.field(request.prefill).field(request.seed);
  hasher.field(fmt::format("{} {} {} {} {}", sampling.temperature, sampling.top_p, sampling.top_k,
                           sampling.max_tokens, sampling.logprobs));
  for (const std::string& stop : sampling.stop) hasher.field(stop);
  return hasher.hex();
}

ChatFailure cancelled() {
  return {ErrorCode::cancelled, "stopped before the reply was whole", "", false};
}

// Some servers reject a request for several replies instead of giving one. What else may be wrong
// with it is wrong with each, but a model that is not there.
bool may_reject_several(const WireCall& call, const WireFailure& failure) {
  const int status = call.response.status;
  return call.shape.samples > 1 && (status == 400 || status == 422) &&
         failure.remedy == Remedy::give_up && failure.failure.code != ErrorCode::not_found;
}

bool wants_stream(Streaming streaming, const ChatRequest& request) {
  if (streaming != Streaming::automatic) return streaming == Streaming::always;
  return request.on_text || request.sampling.max_tokens >= kLongReply;
}

}  // namespace

Dispatcher::Dispatcher(DispatcherSetup setup, std::unique_ptr<Wire> wire,
                       std::shared_ptr<HttpTransport> transport, const Clock& clock)
    : setup_(std::move(setup)),
      wire_(std::move(wire)),
      transport_(std::move(transport)),
      clock_(clock),
      inbox_(clock),
      pace_({.first = setup_.options.first_in_flight, .most = setup_.options.max_in_flight}, clock),
      completion_tokens_(setup_.shape.completion_tokens),
      samples_(setup_.shape.samples) {
  // OpenAI debits what a reply may take, Anthropic what it took.
  figures_.counts_use = setup_.kind == EndpointKind::anthropic;
  publish();
  thread_ = std::jthread([this](std::stop_token closing) { run(closing); });
}

EndpointFigures Dispatcher::figures() const {
  std::lock_guard lock(mutex_);
  return published_;
}

void Dispatcher::submit(ChatRequest request, std::stop_token stop, Done done) {
  check_request(request);
  auto job = std::make_unique<EndpointJob>();
  job->request = std::move(request);
  job->stop = stop;
  job->done = std::move(done);
  if (setup_.shape.samples > 1) job->group = group_of(job->request);
  if (stop.stop_possible()) {
    job->on_stop = std::make_unique<std::stop_callback<std::function<void()>>>(
        stop, [this] { look_for_stops(); });
  }
  inbox_.add({std::move(job)});
  // Requested between the making of the callback and here: it woke the thread too early.
  if (stop.stop_requested()) look_for_stops();
}

void Dispatcher::look_for_stops() {
  stop_requested_ = true;
  inbox_.wake();
}

// Ends when the model closes and nothing is left; meanwhile what waits is dropped and what is in
// flight comes back cancelled.
void Dispatcher::run(std::stop_token closing) {
  nanoseconds wait = nanoseconds::max();
  while (!shutting_ || !is_idle()) {
    // The stop wakes the thread once; from then on only the transport and callbacks do.
    std::vector<Event> events =
        inbox_.take({.patience = wait}, shutting_ ? std::stop_token() : closing);
    shutting_ = closing.stop_requested();
    for (Event& event : events) take_in(std::move(event));
    if (stop_requested_.exchange(false) || shutting_) drop_stopped();
    wait = release_delayed();
    wait = std::min(wait, send_ready());
    publish();
  }
}

void Dispatcher::take_in(Event event) {
  if (event.arrived == nullptr) {
    ready_.push_back(std::move(event.job));
    return;
  }
  auto place = flying_.find(event.arrived);
  std::unique_ptr<WireCall> owned = std::move(place->second);
  flying_.erase(place);
  settle(*owned);
}

bool Dispatcher::is_idle() const {
  return ready_.empty() && delayed_.empty() && flying_.empty() && inbox_.size() == 0;
}

bool Dispatcher::is_stopped(const EndpointJob& job) const {
  return shutting_ || job.stop.stop_requested();
}

void Dispatcher::drop_stopped() {
  Jobs dropped;
  for (Job& job : ready_) {
    if (is_stopped(*job)) dropped.push_back(std::move(job));
  }
  std::erase(ready_, nullptr);
  for (auto& [due, job] : delayed_) {
    if (is_stopped(*job)) dropped.push_back(std::move(job));
  }
  std::erase_if(delayed_, [](const auto& item) { return item.second == nullptr; });
  drop_stopped_in_flight();
  for (Job& job : dropped) fail(std::move(job), cancelled());
}

void Dispatcher::drop_stopped_in_flight() {
  Jobs dropped;
  for (auto& [key, call] : flying_) {
    Jobs& jobs = call->jobs;
    auto stopped = static_cast<std::size_t>(
        std::ranges::count_if(jobs, [&](const Job& job) { return is_stopped(*job); }));
    if (stopped == jobs.size()) {
      // They are answered when the transport has let go: on_text may be running.
      call->stop.request_stop();
      continue;
    }
    for (Job& job : jobs) {
      if (is_stopped(*job)) dropped.push_back(std::move(job));
    }
    std::erase(jobs, nullptr);
  }
  for (Job& job : dropped) fail(std::move(job), cancelled());
}

nanoseconds Dispatcher::release_delayed() {
  auto now = clock_.steady();
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    ready_.push_front(std::move(delayed_.begin()->second));
    delayed_.erase(delayed_.begin());
  }
  return delayed_.empty() ? nanoseconds::max() : delayed_.begin()->first - now;
}

nanoseconds Dispatcher::send_ready() {
  while (!ready_.empty()) {
    if (ready_.front()->stop.stop_requested() || shutting_) {
      Job job = std::move(ready_.front());
      ready_.pop_front();
      fail(std::move(job), cancelled());
      continue;
    }
    Pace::Permission answer = pace_.ask(cost_of(ready_.front()->request, group_size(samples_)));
    if (!answer.ticket) return answer.wait;
    send(*answer.ticket);
  }
  return nanoseconds::max();
}

RequestCost Dispatcher::cost_of(const ChatRequest& request, std::size_t samples) const {
  constexpr double kBytesPerToken = 4;
  double bytes = static_cast<double>(request.prefill.size());
  for (const Message& message : request.messages) bytes += static_cast<double>(message.text.size());
  double most = request.sampling.max_tokens;
  bool by_use = figures_.counts_use && mean_generated_ >= 0;
  double each = by_use ? std::min(most, 1.2 * mean_generated_) : most;
  return {1 + bytes / kBytesPerToken, each * static_cast<double>(samples)};
}

std::size_t Dispatcher::group_size(std::size_t most) const {
  const std::string& key = ready_.front()->group;
  std::size_t size = 1;
  if (key.empty()) return size;
  std::size_t end = std::min(ready_.size(), kMostLookedThrough + 1);
  for (std::size_t i = 1; i < end && size < most; ++i) size += ready_[i]->group == key;
  return size;
}

Dispatcher::Jobs Dispatcher::take_group(std::size_t most) {
  Jobs group;
  group.push_back(std::move(ready_.front()));
  ready_.pop_front();
  const std::string& key = group.front()->group;
  if (most <= 1 || key.empty()) return group;
  std::size_t end = std::min(ready_.size(), kMostLookedThrough);
  for (std::size_t i = 0; i < end && group.size() < most; ++i) {
    if (ready_[i]->group == key) group.push_back(std::move(ready_[i]));
  }
  std::erase(ready_, nullptr);
  return group;
}

void Dispatcher::send(Pace::Ticket ticket) {
  auto call = std::make_unique<WireCall>();
  call->jobs = take_group(samples_);
  call->ticket = ticket;
  const ChatRequest& request = call->jobs.front()->request;
  if (setup_.prefill == PrefillStyle::rejected && !request.prefill.empty()) {
    pace_.ended(ticket, PaceOutcome::failed, {}, 0);
    for (Job& job : call->jobs) {
      fail(std::move(job), {ErrorCode::unsupported, "this endpoint does not continue a prefill",
                            "use a setting or channel without one", true});
    }
    return;
  }
  call->shape = setup_.shape;
  call->shape.completion_tokens = completion_tokens_;
  call->shape.samples = call->jobs.size();
  call->shape.stream = wants_stream(setup_.options.streaming, request);
  call->id =
      fmt::format("iago-{:016x}", hash64(fmt::format("{} {} {} {}", setup_.info.identity,
                                                     request.id, calls_++, clock_.wall().count())));
  start(std::move(call));
}

HttpRequest Dispatcher::http_request(const WireCall& call) const {
  const EndpointOptions& options = setup_.options;
  HttpRequest http;
  http.url = setup_.url;
  http.headers = wire_->headers(options.key.reveal());
  http.headers.push_back({"Content-Type", "application/json"});
  http.headers.push_back(
      {"Accept", call.shape.stream ? "text/event-stream, application/json" : "application/json"});
  if (!setup_.id_header.empty()) http.headers.push_back({setup_.id_header, call.id});
  http.headers.insert(http.headers.end(), options.headers.begin(), options.headers.end());
  http.body = wire_->body(call.jobs.front()->request, call.shape);
  http.timeouts = options.timeouts;
  http.max_response_bytes = options.max_reply_bytes;
  return http;
}

void Dispatcher::start(std::unique_ptr<WireCall> owned) {
  WireCall* call = owned.get();
  for (Job& job : call->jobs) {
    ++job->attempts;
    if (!job->first_sent) job->first_sent = clock_.steady();
  }
  HttpTransport::OnData on_data;
  if (call->shape.stream) {
    Wire::OnText on_text;
    if (call->jobs.front()->request.on_text) {
      on_text = [call, heard = call->jobs.front()->request.on_text](std::string_view text) {
        call->heard = true;
        heard(text);
      };
    }
    call->stream = wire_->stream(std::move(on_text));
    on_data = [call](std::string_view bytes) { call->stream->feed(bytes); };
  }
  HttpRequest request = http_request(*call);
  flying_.emplace(call, std::move(owned));
  ++figures_.sent;
  transport_->submit(std::move(request), call->stop.get_token(), std::move(on_data),
                     [this, call](HttpResponse response) {
                       call->response = std::move(response);
                       inbox_.push({nullptr, call});
                     });
}

void Dispatcher::settle(WireCall& call) {
  WireOutcome outcome = interpret(*wire_, call, setup_.secrets);
  double generated = 0;
  for (const ChatReply& reply : outcome.replies) {
    generated += static_cast<double>(reply.usage.generated);
  }
  PaceOutcome paced = pace_outcome_of(outcome);
  pace_.ended(call.ticket, paced, call.response.headers, generated);
  figures_.rate_limits = pace_.rate_limits();
  figures_.rate_limited += paced == PaceOutcome::refused;
  figures_.overloaded += paced == PaceOutcome::overloaded;
  if (outcome.failure) {
    figures_.broken += outcome.failure->broken;
    mend(call, *outcome.failure);
  } else {
    deliver_replies(call, std::move(outcome.replies));
  }
}

void Dispatcher::deliver_replies(WireCall& call, std::vector<ChatReply> replies) {
  const TokenUsage& usage = replies.front().usage;
  figures_.prompt_tokens += usage.prompt;
  figures_.cached_prompt_tokens += usage.cached_prompt;
  figures_.generated_tokens += usage.generated;
  figures_.without_usage += usage.prompt == 0 && usage.generated == 0;
  double mean = static_cast<double>(usage.generated) / static_cast<double>(replies.size());
  mean_generated_ = mean_generated_ < 0 ? mean : 0.95 * mean_generated_ + 0.05 * mean;
  Jobs& jobs = call.jobs;
  // A server that does not know how to give several gives one, or rejects them and then answers
  // one: asked one by one from here on. A refusal of the prompt, which is no 200, says nothing.
  const bool gave_fewer = call.response.status == 200 && replies.size() < call.shape.samples;
  if (gave_fewer || jobs.front()->split) samples_ = 1;
  for (std::size_t i = jobs.size(); i > replies.size(); --i) {
    --jobs[i - 1]->attempts;
    ready_.push_front(std::move(jobs[i - 1]));
  }
  for (std::size_t i = 0; i < std::min(jobs.size(), replies.size()); ++i) {
    fit_reply(replies[i], jobs[i]->request, call.response.headers);
    deliver(std::move(jobs[i]), std::move(replies[i]));
  }
}

void Dispatcher::mend(WireCall& call, const WireFailure& failure) {
  const bool split = may_reject_several(call, failure);
  for (Job& job : call.jobs) {
    if (is_stopped(*job)) {
      fail(std::move(job), cancelled());
    } else if (split) {
      job->group.clear();
      job->split = true;
      --job->attempts;
      ready_.push_front(std::move(job));
    } else if (failure.remedy == Remedy::reshape && !job->reshaped) {
      completion_tokens_ = !call.shape.completion_tokens;
      job->reshaped = true;
      --job->attempts;
      ready_.push_front(std::move(job));
    } else if (failure.remedy == Remedy::reshape || failure.remedy == Remedy::give_up) {
      fail(std::move(job), failure.failure);
    } else if (call.heard) {
      ChatFailure lost = failure.failure;
      lost.message += " (not tried again: a part of the reply was already passed on)";
      fail(std::move(job), std::move(lost));
    } else {
      try_again(std::move(job), failure, call.response.headers);
    }
  }
}

void Dispatcher::try_again(Job job, const WireFailure& failure, const HttpHeaders& headers) {
  auto now = clock_.steady();
  std::optional<nanoseconds> wait;
  job->broken += failure.broken;
  if (job->broken < setup_.options.max_broken_replies) {
    Random random(job->request.seed, fmt::format("retry {} {}", job->attempts, job->request.id));
    std::optional<nanoseconds> asked;
    if (!failure.broken) asked = retry_after(headers, clock_.wall());
    wait = wait_before_next(setup_.options.retry, job->attempts, now - *job->first_sent, asked,
                            random);
  }
  if (!wait) {
    ChatFailure last = failure.failure;
    last.message +=
        fmt::format(" (after {} attempt{})", job->attempts, job->attempts == 1 ? "" : "s");
    fail(std::move(job), std::move(last));
    return;
  }
  ++figures_.retries;
  delayed_.emplace(now + *wait, std::move(job));
}

void Dispatcher::fail(Job job, ChatFailure failure) {
  deliver(std::move(job), failed_reply(std::move(failure)));
}

void Dispatcher::deliver(Job job, ChatReply reply) {
  job->on_stop.reset();
  publish();  // who is called back may look
  job->done(std::move(reply));
}

void Dispatcher::publish() {
  figures_.in_flight = pace_.in_flight();
  figures_.limit = pace_.limit();
  figures_.waiting = ready_.size() + delayed_.size();
  std::lock_guard lock(mutex_);
  published_ = figures_;
}

}  // namespace iago
