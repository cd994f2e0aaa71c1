#include "chat/internal/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/hash.h"
#include "base/random.h"
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

bool is_long(const ChatRequest& request) { return request.sampling.max_tokens >= kLongReply; }

}  // namespace

Dispatcher::Dispatcher(DispatcherSetup setup, std::unique_ptr<Wire> wire,
                       std::shared_ptr<HttpTransport> transport, const Clock& clock)
    : setup_(std::move(setup)),
      scrubber_(setup_.secrets),
      wire_(std::move(wire)),
      transport_(std::move(transport)),
      clock_(clock),
      inbox_(clock),
      pace_({.first = setup_.options.first_in_flight, .most = setup_.options.max_in_flight}, clock),
      completion_tokens_(setup_.shape.completion_tokens),
      samples_(setup_.shape.samples) {
  // OpenAI debits what a reply may take, Anthropic what it took.
  figures_.counts_use = setup_.kind == EndpointKind::anthropic;
  record_ = setup_.record;
  publish();
  thread_ = std::jthread([this](std::stop_token closing) { run(closing); });
}

EndpointFigures Dispatcher::figures() const {
  std::lock_guard lock(mutex_);
  return published_;
}

std::optional<SentRecord> Dispatcher::sent_record() const {
  std::lock_guard lock(mutex_);
  return record_;
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
  const std::stop_token no_more = job->request.no_more;
  if (no_more.stop_possible()) {
    job->on_no_more = std::make_unique<std::stop_callback<std::function<void()>>>(
        no_more, [this] { look_for_stops(); });
  }
  inbox_.add({std::move(job)});
  // Requested between the making of the callbacks and here: it woke the thread too early.
  if (stop.stop_requested() || no_more.stop_requested()) look_for_stops();
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
  auto waits_in_vain = [&](const EndpointJob& job) {
    return is_stopped(job) || job.request.no_more.stop_requested();
  };
  for (Job& job : ready_) {
    if (waits_in_vain(*job)) dropped.push_back(std::move(job));
  }
  std::erase(ready_, nullptr);
  for (auto& [due, job] : delayed_) {
    if (waits_in_vain(*job)) dropped.push_back(std::move(job));
  }
  std::erase_if(delayed_, [](const auto& item) { return item.second == nullptr; });
  drop_stopped_in_flight();
  for (Job& job : dropped) fail(std::move(job), cancelled_failure());
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
  for (Job& job : dropped) fail(std::move(job), cancelled_failure());
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
  figures_.held_by.reset();
  while (!ready_.empty()) {
    if (ready_.front()->stop.stop_requested() || shutting_) {
      Job job = std::move(ready_.front());
      ready_.pop_front();
      fail(std::move(job), cancelled_failure());
      continue;
    }
    if (!may_be_sent(ready_.front()->request)) {
      Job job = std::move(ready_.front());
      ready_.pop_front();
      fail(std::move(job), withdrawn());
      continue;
    }
    Pace::Permission answer = pace_.ask(cost_of(ready_.front()->request, group_size(samples_)));
    figures_.held_by = answer.held_by;
    figures_.held_s = answer.held_by ? std::chrono::duration<double>(answer.wait).count() : 0;
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

// The first job was asked for before the pace was.
void Dispatcher::drop_withdrawn_siblings(Jobs& jobs) {
  Jobs dropped;
  for (std::size_t i = 1; i < jobs.size(); ++i) {
    if (!may_be_sent(jobs[i]->request)) dropped.push_back(std::move(jobs[i]));
  }
  std::erase(jobs, nullptr);
  for (Job& job : dropped) fail(std::move(job), withdrawn());
}

void Dispatcher::send(Pace::Ticket ticket) {
  auto call = std::make_unique<WireCall>();
  call->jobs = take_group(samples_);
  drop_withdrawn_siblings(call->jobs);
  call->ticket = ticket;
  const ChatRequest& request = call->jobs.front()->request;
  if (setup_.prefill == PrefillStyle::rejected && !request.prefill.empty()) {
    pace_.ended(ticket, PaceOutcome::failed, {}, 0);
    for (Job& job : call->jobs) {
      fail(std::move(job), {ErrorCode::unsupported, "this endpoint does not continue a prefill",
                            "use a setting or channel without one", true, OpenCause::no_access});
    }
    return;
  }
  call->shape = setup_.shape;
  call->shape.completion_tokens = completion_tokens_;
  call->shape.samples = call->jobs.size();
  call->shape.stream = wants_stream(request);
  learnt_.apply(call->shape);
  call->id =
      fmt::format("iago-{:016x}", hash64(fmt::format("{} {} {} {}", setup_.info.identity,
                                                     request.id, calls_++, clock_.wall().count())));
  start(std::move(call));
}

bool Dispatcher::chooses_stream(const ChatRequest& request) const {
  return setup_.streams && setup_.options.streaming == Streaming::automatic && !request.on_text &&
         !is_long(request);
}

bool Dispatcher::wants_stream(const ChatRequest& request) const {
  const Streaming streaming = setup_.options.streaming;
  if (streaming != Streaming::automatic) return streaming == Streaming::always;
  return chooses_stream(request) ? learnt_.streams() : request.on_text || is_long(request);
}

HttpRequest Dispatcher::http_request(WireCall& call) const {
  const EndpointOptions& options = setup_.options;
  HttpRequest http;
  http.url = setup_.url;
  http.headers = wire_->headers(options.key.reveal());
  http.headers.push_back({"Content-Type", "application/json"});
  http.headers.push_back(
      {"Accept", call.shape.stream ? "text/event-stream, application/json" : "application/json"});
  if (!setup_.id_header.empty()) http.headers.push_back({setup_.id_header, call.id});
  http.headers.insert(http.headers.end(), options.headers.begin(), options.headers.end());
  const Json body = wire_->body(call.jobs.front()->request, call.shape);
  for (const auto& [key, value] : body.items()) call.fields.insert(key);
  call.sampling = sampling_in(body);
  http.body = dump_json(body);
  http.timeouts = options.timeouts;
  http.max_response_bytes =
      reply_bound(call.jobs.front()->request, call.shape.samples, options.max_reply_bytes);
  if (call.stream) http.held_bytes = [&call] { return call.stream->held_bytes(); };
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
      auto tell = [call, heard = call->jobs.front()->request.on_text](std::string_view text) {
        call->heard = true;
        heard(text);
      };
      call->told = std::make_unique<ScrubbedText>(scrubber_, std::move(tell));
      on_text = [call](std::string_view text) { call->told->feed(text); };
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

}  // namespace iago
