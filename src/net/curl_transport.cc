// One thread, the loop's, owns libcurl's multi handle and every transfer; while it runs, it alone
// calls libcurl. Other threads only put transfers into `inbox_` and ids into `to_cancel_`, under
// `mutex_`, and write to the eventfd `wake_` on which the loop sleeps along with all sockets.
//
// A round of the loop: take what others left, wait for events, tell curl of them and of its timer,
// collect the transfers that curl has finished, look for those whose time is over. curl calls back
// on_socket and on_timer from within these calls, to say which sockets it wants watched and when it
// wants to be called at the latest.
//
// `done` is called exactly once: a transfer is in `inbox_`, then in `transfers_`, and leaves it
// only by `finish`, which takes it out before it calls back. So a callback may submit, and a
// transfer that is cancelled after it has finished is not found. No lock is held during a callback
// or while a transfer is destroyed: the latter waits for a stop callback that may be running, and
// that one takes `mutex_`.
//
// When the transport is destroyed the loop cancels everything, then goes on as long as callbacks
// submit more, and then ends.
#include "net/curl_transport.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "net/internal/curl_transfer.h"

namespace iago {
namespace {

// How late a silence or total timeout may be noticed.
constexpr std::chrono::milliseconds kSweep{100};
constexpr rlim_t kOpenFiles = 16'384;
constexpr long kKeptConnections = 4096;

void raise_open_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kOpenFiles) return;
  limit.rlim_cur = std::min(kOpenFiles, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);  // refused: the old limit stays, and transfers fail one by one
}

// A descriptor that closes itself.
class Descriptor {
 public:
  Descriptor(int fd, std::string_view what) : fd_(fd) {
    if (fd < 0) {
      throw Error(ErrorCode::disconnected,
                  fmt::format("{}: the system gives no descriptor: {}", what, std::strerror(errno)),
                  "raise the limit of open files (ulimit -n)");
    }
  }
  ~Descriptor() { ::close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

struct MultiCleanup {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

}  // namespace

class CurlTransport::Loop {
 public:
  explicit Loop(CurlTransportOptions options);
  ~Loop();
  void submit(HttpRequest request, std::stop_token stop, OnData on_data, Done done);

 private:
  using Transfers = std::unordered_map<std::uint64_t, std::unique_ptr<CurlTransfer>>;

  static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void* known);
  static int on_timer(CURLM*, long timeout_ms, void* self);

  void run();
  bool take_inbox();  // false once closing and empty
  void start(std::unique_ptr<CurlTransfer> transfer);
  void wait_for_events();
  int wait_ms() const;
  void act(curl_socket_t fd, int mask);
  void reap();
  void sweep();
  void cancel(std::uint64_t id);
  bool make_room(CurlTransfer& asker, std::size_t bytes);
  void finish_given_up();
  void finish(Transfers::iterator transfer);
  void wake();

  const CurlTransportOptions options_;
  Descriptor epoll_, wake_;
  std::unique_ptr<CURLM, MultiCleanup> multi_;

  // The thread waits for sockets in epoll, not for an inbox: no base/queue.h.
  std::mutex mutex_;  // of the next four
  std::vector<std::unique_ptr<CurlTransfer>> inbox_;
  std::vector<std::uint64_t> to_cancel_;
  std::uint64_t next_id_ = 1;
  bool closing_ = false;

  Transfers transfers_;                  // the thread's own, like all below
  std::vector<std::uint64_t> given_up_;  // for their room, and not yet finished
  std::optional<SteadyTime> timer_due_;  // when curl wants to be called without an event
  SteadyTime next_sweep_;
  SteadyTime polled_;     // when the sockets were last asked for what has come
  bool all_read_ = true;  // of what had come by then
  std::thread thread_;    // last: it uses all of the above
};

CurlTransport::Loop::Loop(CurlTransportOptions options)
    : options_(std::move(options)),
      epoll_(epoll_create1(EPOLL_CLOEXEC), "HTTP client"),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "HTTP client"),
      multi_(curl_multi_init()) {
  IAGO_CHECK(multi_ != nullptr, "libcurl gives no multi handle");
  epoll_event event{.events = EPOLLIN, .data = {.fd = wake_.get()}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event);
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &Loop::on_socket);
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &Loop::on_timer);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kKeptConnections);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& error) {
    throw Error(ErrorCode::disconnected,
                fmt::format("HTTP client: the system gives no thread: {}", error.what()));
  }
}

CurlTransport::Loop::~Loop() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake();
  thread_.join();
}

void CurlTransport::Loop::submit(HttpRequest request, std::stop_token stop, OnData on_data,
                                 Done done) {
  std::uint64_t id = 0;
  {
    std::lock_guard lock(mutex_);
    id = next_id_++;
  }
  auto transfer = std::make_unique<CurlTransfer>(id, std::move(request), stop, std::move(on_data),
                                                 std::move(done));
  if (stop.stop_possible()) {
    // May run at once, before the transfer is known to the loop, which asks again in `start`.
    transfer->on_stop = std::make_unique<std::stop_callback<std::function<void()>>>(
        stop, [this, id] { cancel(id); });
  }
  {
    std::lock_guard lock(mutex_);
    inbox_.push_back(std::move(transfer));
  }
  wake();
}

void CurlTransport::Loop::cancel(std::uint64_t id) {
  {
    std::lock_guard lock(mutex_);
    to_cancel_.push_back(id);
  }
  wake();
}

void CurlTransport::Loop::wake() {
  std::uint64_t one = 1;
  // Fails only if the counter is full, and then the loop is awake.
  [[maybe_unused]] auto written = ::write(wake_.get(), &one, sizeof one);
}

int CurlTransport::Loop::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  auto& loop = *static_cast<Loop*>(self);
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(loop.epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    return 0;
  }
  // Level-triggered, as curl needs it: it may leave bytes in a socket and expects to hear of them
  // again.
  epoll_event event{};
  event.data.fd = fd;
  if (what & CURL_POLL_IN) event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
  // epoll may or may not know a descriptor that was closed and opened again; curl cannot tell.
  if (epoll_ctl(loop.epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0 && errno == ENOENT) {
    epoll_ctl(loop.epoll_.get(), EPOLL_CTL_ADD, fd, &event);
  }
  return 0;
}

int CurlTransport::Loop::on_timer(CURLM*, long timeout_ms, void* self) {
  auto& due = static_cast<Loop*>(self)->timer_due_;
  if (timeout_ms < 0) {
    due.reset();
  } else {
    due = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  }
  return 0;
}

void CurlTransport::Loop::run() {
  while (take_inbox()) {
    wait_for_events();
    if (timer_due_ && *timer_due_ <= std::chrono::steady_clock::now()) {
      timer_due_.reset();
      act(CURL_SOCKET_TIMEOUT, 0);
    }
    reap();
    finish_given_up();
    sweep();
  }
}

bool CurlTransport::Loop::take_inbox() {
  std::vector<std::unique_ptr<CurlTransfer>> added;
  std::vector<std::uint64_t> cancelled;
  bool closing = false;
  {
    std::lock_guard lock(mutex_);
    // Swapped out whole: a transfer that fails to start calls back, and the callback may submit.
    added.swap(inbox_);
    cancelled.swap(to_cancel_);
    closing = closing_;
  }
  for (auto& transfer : added) start(std::move(transfer));
  if (closing) {
    cancelled.clear();
    for (const auto& [id, transfer] : transfers_) cancelled.push_back(id);
  }
  for (std::uint64_t id : cancelled) {
    auto found = transfers_.find(id);
    if (found == transfers_.end()) continue;
    found->second->fail(HttpFault::cancelled, "stopped before the response was whole");
    finish(found);
  }
  if (!closing) return true;
  std::lock_guard lock(mutex_);
  return !inbox_.empty();  // a callback may have submitted more
}

void CurlTransport::Loop::start(std::unique_ptr<CurlTransfer> transfer) {
  auto place = transfers_.emplace(transfer->id(), std::move(transfer)).first;
  CurlTransfer& added = *place->second;
  if (added.stop_requested()) {
    added.fail(HttpFault::cancelled, "stopped before it was sent");
  } else if (added.prepare(options_, [this](CurlTransfer& asker, std::size_t bytes) {
               return make_room(asker, bytes);
             })) {
    CURLMcode code = curl_multi_add_handle(multi_.get(), added.easy());
    IAGO_CHECK(code == CURLM_OK, curl_multi_strerror(code));
    return;
  }
  finish(place);
}

int CurlTransport::Loop::wait_ms() const {
  using std::chrono::milliseconds;
  if (transfers_.empty() && !timer_due_) return -1;
  auto now = std::chrono::steady_clock::now();
  SteadyTime due = transfers_.empty() ? now + std::chrono::hours(1) : next_sweep_;
  if (timer_due_) due = std::min(due, *timer_due_);
  return static_cast<int>(
      std::max<std::int64_t>(0, std::chrono::ceil<milliseconds>(due - now).count()));
}

void CurlTransport::Loop::wait_for_events() {
  std::array<epoll_event, 256> events;
  polled_ = std::chrono::steady_clock::now();
  int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_ms());
  all_read_ = count < static_cast<int>(events.size());
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.fd == wake_.get()) {
      std::uint64_t ignored = 0;
      [[maybe_unused]] auto read = ::read(wake_.get(), &ignored, sizeof ignored);
      continue;
    }
    int mask = 0;
    if (event.events & EPOLLIN) mask |= CURL_CSELECT_IN;
    if (event.events & EPOLLOUT) mask |= CURL_CSELECT_OUT;
    if (event.events & (EPOLLERR | EPOLLHUP)) mask |= CURL_CSELECT_ERR;
    act(event.data.fd, mask);
  }
}

void CurlTransport::Loop::act(curl_socket_t fd, int mask) {
  int running = 0;
  CURLMcode code = curl_multi_socket_action(multi_.get(), fd, mask, &running);
  // A socket may go away while events of the same wait are handled: no defect.
  IAGO_CHECK(code == CURLM_OK || code == CURLM_BAD_SOCKET, curl_multi_strerror(code));
}

void CurlTransport::Loop::reap() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURLcode result = message->data.result;  // the message dies with the handle
    CurlTransfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    transfer->conclude(result);
    finish(transfers_.find(transfer->id()));
  }
}

void CurlTransport::Loop::sweep() {
  auto now = std::chrono::steady_clock::now();
  if (now < next_sweep_ || !all_read_) return;
  next_sweep_ = now + kSweep;
  // As of the last poll: what came since, while a long body was read by its callback, waits in the
  // sockets, and its sender was not silent.
  std::vector<std::uint64_t> overdue;
  for (const auto& [id, transfer] : transfers_) {
    if (transfer->is_overdue(polled_)) overdue.push_back(id);
  }
  for (std::uint64_t id : overdue) finish(transfers_.find(id));
}

// The largest body gives way, again and again, until there is room: so small ones get through, and
// nobody waits for room that only the waiting could give. Called by curl from within a transfer,
// where no other may be taken out.
bool CurlTransport::Loop::make_room(CurlTransfer& asker, std::size_t bytes) {
  while (!asker.room().grow_to(bytes)) {
    CurlTransfer* largest = &asker;
    std::size_t most = bytes;
    for (const auto& [id, transfer] : transfers_) {
      if (transfer->room().bytes() <= most) continue;
      most = transfer->room().bytes();
      largest = transfer.get();
    }
    largest->give_up_room(options_.bodies->bytes());
    if (largest == &asker) return false;
    given_up_.push_back(largest->id());
  }
  return true;
}

void CurlTransport::Loop::finish_given_up() {
  for (std::uint64_t id : std::exchange(given_up_, {})) {
    auto place = transfers_.find(id);
    if (place != transfers_.end()) finish(place);
  }
}

void CurlTransport::Loop::finish(Transfers::iterator place) {
  std::unique_ptr<CurlTransfer> transfer = std::move(place->second);
  transfers_.erase(place);
  if (transfer->easy() != nullptr) curl_multi_remove_handle(multi_.get(), transfer->easy());
  transfer->deliver();
}

CurlTransport::CurlTransport(CurlTransportOptions options) {
  static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
  IAGO_CHECK(global == CURLE_OK, curl_easy_strerror(global));
  if (!options.ca_file.empty() && !std::ifstream(options.ca_file).good()) {
    throw Error(ErrorCode::not_found,
                fmt::format("{}: expected a file of certificates (PEM)", options.ca_file));
  }
  raise_open_files();
  if (!options.bodies) options.bodies = std::make_shared<BodyAllowance>(kDefaultBodyAllowance);
  loop_ = std::make_unique<Loop>(std::move(options));
}

CurlTransport::~CurlTransport() = default;

void CurlTransport::submit(HttpRequest request, std::stop_token stop, OnData on_data, Done done) {
  loop_->submit(std::move(request), std::move(stop), std::move(on_data), std::move(done));
}

}  // namespace iago
