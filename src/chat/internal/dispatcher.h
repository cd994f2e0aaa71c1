// Dispatcher: the endpoint at work. One thread makes all decisions: which request is sent next,
// what its result means, when it may be retried. Callers and the transport only put events in its
// inbox. Private to the room.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/queue.h"
#include "chat/endpoint.h"
#include "chat/internal/learnt_shape.h"
#include "chat/internal/wire.h"
#include "chat/internal/wire_call.h"
#include "net/pace.h"

namespace iago {

// What open_endpoint has made of the user's options.
struct DispatcherSetup {
  EndpointKind kind = EndpointKind::openai;
  ModelInfo info;
  std::string url;  // of the requests
  WireShape shape;  // where every request begins
  PrefillStyle prefill = PrefillStyle::plain;
  bool loopback = false;  // the server is this machine
  bool streams = false;   // Streaming::automatic streams short replies, too
  SentRecord record;      // what is known of it before the first reply
  std::string id_header;  // the header that carries our name for a request
  EndpointOptions options;
  std::vector<HiddenSecret> secrets;  // nothing that is passed on shows them
};

// The failure of a request that was stopped.
ChatFailure cancelled_failure();

class Dispatcher final : public Endpoint {
 public:
  Dispatcher(DispatcherSetup setup, std::unique_ptr<Wire> wire,
             std::shared_ptr<HttpTransport> transport, const Clock& clock);
  ~Dispatcher() override = default;

  ModelInfo info() const override { return setup_.info; }
  EndpointFigures figures() const override;
  std::optional<SentRecord> sent_record() const override;
  void submit(ChatRequest request, std::stop_token stop, Done done) override;

 private:
  using Job = std::unique_ptr<EndpointJob>;
  using Jobs = std::vector<Job>;

  // An event for the thread: a job, or a call whose response has come.
  struct Event {
    Job job;
    WireCall* arrived = nullptr;
  };

  void run(std::stop_token closing);
  void take_in(Event event);
  bool is_idle() const;
  void look_for_stops();
  // Sends all that may be sent now. Returns how long until more may be sent.
  std::chrono::nanoseconds send_ready();
  std::chrono::nanoseconds release_delayed();
  void send(Pace::Ticket ticket);
  // The first job of the queue and those that are sent together with it, at most `most`: their
  // number (1 if there is no other), and the jobs.
  std::size_t group_size(std::size_t most) const;
  Jobs take_group(std::size_t most);
  void drop_withdrawn_siblings(Jobs& jobs);
  bool wants_stream(const ChatRequest& request) const;
  // Whether that follows from what is learnt of the server.
  bool chooses_stream(const ChatRequest& request) const;
  // Notes in `call` what it sends.
  HttpRequest http_request(WireCall& call) const;
  void start(std::unique_ptr<WireCall> call);
  void drop_stopped();
  void drop_stopped_in_flight();

  void settle(WireCall& call);
  bool is_absent_server(const WireCall& call) const;
  void learn_of_reply(const WireCall& call, const WireOutcome& outcome);
  void deliver_replies(WireCall& call, std::vector<ChatReply> replies);
  void mend(WireCall& call, const WireFailure& failure);
  void try_again(Job job, const WireFailure& failure, const HttpHeaders& headers);
  void fail(Job job, ChatFailure failure);
  void deliver(Job job, ChatReply reply);
  RequestCost cost_of(const ChatRequest& request, std::size_t samples) const;
  bool is_stopped(const EndpointJob& job) const;
  void publish();

  const DispatcherSetup setup_;
  const Scrubber scrubber_;
  const std::unique_ptr<Wire> wire_;
  const std::shared_ptr<HttpTransport> transport_;
  const Clock& clock_;

  Queue<Event> inbox_;
  std::atomic<bool> stop_requested_ = false;  // by some job's token, not yet looked into
  mutable std::mutex mutex_;                  // of the next two
  EndpointFigures published_;
  SentRecord record_;

  // The thread's own.
  Pace pace_;
  std::deque<Job> ready_;
  std::multimap<std::chrono::nanoseconds, Job> delayed_;  // by Clock::steady
  std::unordered_map<WireCall*, std::unique_ptr<WireCall>> flying_;
  EndpointFigures figures_;
  LearntShape learnt_;
  bool has_answered_ = false;  // the server did, whatever it said
  bool has_replied_ = false;   // with the model's words, to some prompt
  bool completion_tokens_;
  std::size_t samples_;
  double mean_generated_ = -1;  // tokens per reply, or unknown
  std::uint64_t calls_ = 0;
  bool shutting_ = false;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace iago
