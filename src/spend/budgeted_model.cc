// The door to one model: a queue of requests that wait for the account to let them through. Several
// models share one account (the subject and its judges).
//
// Requests pass in the order in which they came. If the first must wait, all wait: else small
// requests would overtake a large one for ever. A request is in exactly one of two places: in
// `queue`, or in `running`, from its reservation until its reply has been delivered and the queue
// has been looked at once more. It may come back: when the model is about to send it, the account
// is asked again, and if there is no room any more, it is put back into the queue at its place. The
// destructor answers the queue with `cancelled` and waits until `running` is empty, so no reply
// comes after it.
//
// Locks. A model's lock is taken before the account's, never the other way round. No lock of a
// model is held while `done` or the model is called: both may call back into `submit`.
#include "spend/budgeted_model.h"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "chat/endpoint_figures.h"
#include "chat/reply.h"

namespace iago {
namespace {

constexpr std::chrono::milliseconds kLook{50};  // how often what waits is looked after

std::size_t bytes_of(const ChatRequest& request) {
  std::size_t bytes = request.prefill.size();
  for (const Message& message : request.messages) bytes += message.text.size();
  return bytes;
}

std::uint64_t rounded_up(double tokens) { return static_cast<std::uint64_t>(std::ceil(tokens)); }

}  // namespace

std::uint64_t PromptEstimate::tokens(const ChatRequest& request) const {
  const double ratio = ratio_ > 0 ? ratio_ * kMargin : kFirstRatio;
  return kPerMessage * (request.messages.size() + 1) + beside_ +
         rounded_up(static_cast<double>(bytes_of(request)) * ratio);
}

// The highest ratio so far, not the mean: an estimate that is too low breaks the limit, one that is
// too high only makes others wait. No text has more than kMostRatio tokens for a byte: what exceeds
// that does not grow with the prompt.
bool PromptEstimate::learn(const ChatRequest& request, std::uint64_t prompt_tokens) {
  if (prompt_tokens == 0) return false;
  const double bytes = static_cast<double>(bytes_of(request));
  const double tokens = static_cast<double>(prompt_tokens);
  const double ratio = bytes > 0 ? std::min(tokens / bytes, kMostRatio) : 0;
  const std::uint64_t beside = rounded_up(std::max(0.0, tokens - kMostRatio * bytes));
  const bool rises = ratio > ratio_ || beside > beside_;
  ratio_ = std::max(ratio_, ratio);
  beside_ = std::max(beside_, beside);
  return rises;
}

struct BudgetedModel::Waiting {
  ChatRequest request;
  std::stop_token stop;
  ChatModel::Done done;
  std::uint64_t place = 0;  // among all requests
  TokenUsage most = {};     // by which `reservation` was made
  Budget::Reservation reservation = {};
  // The account's last word. Unless it is `yes`, nothing is reserved.
  Budget::Permission permission = Budget::Permission::later;
};

// What waits here waits for money, not for a thread: whether the first may go depends on the
// budget, which a base/queue.h could not ask.
//
// Shared with the callbacks of running requests: the last of them still lets go of `mutex` when the
// destructor has stopped waiting for it.
struct BudgetedModel::State : std::enable_shared_from_this<BudgetedModel::State> {
  using Sent = std::shared_ptr<Waiting>;

  State(ChatModel& model, Budget& budget, std::optional<TokenPrice> price, Counting counting)
      : model(model), budget(budget), price(price), counting(counting) {}

  // mutex held. What the request should use at most, by what is known now.
  TokenUsage most_of(const ChatRequest& request) const {
    if (counting == Counting::nothing) return {};
    return {.prompt = estimate.tokens(request),
            .generated = std::max(static_cast<std::uint64_t>(request.sampling.max_tokens),
                                  most_beyond_limit)};
  }

  Budget::Reservation reservation_for(const TokenUsage& most) const {
    const TokenPrice known = price.value_or(TokenPrice{});
    // A provider's cache may be written to, which costs more than reading afresh.
    const TokenPrice dearest{std::max(known.input, known.cache_write), known.output, 0, 0};
    return {most.prompt + most.generated, dearest.cost(most)};
  }

  // A request that need not wait is sent in the caller's own thread, so that what the model throws
  // reaches the caller. It goes only past an empty queue: it may not overtake.
  void submit(Waiting waiting) {
    Sent sent;
    {
      std::lock_guard lock(mutex);
      waiting.place = next_place++;
      const bool goes = queue.empty() && !is_stopped(waiting) && reserve(waiting);
      if (goes) {
        sent = begin(std::move(waiting));
      } else {
        queue.push_back(std::move(waiting));
      }
    }
    if (!sent) return pump();
    try {
      send(sent);
    } catch (...) {
      give_back(sent);
      ended_one(sent);
      throw;
    }
  }

  static bool is_stopped(const Waiting& waiting) {
    return waiting.stop.stop_requested() || waiting.request.no_more.stop_requested();
  }

  // Takes requests from the front of the queue while they may be sent, or need not be sent any
  // more. They are sent or answered after the lock is released.
  void pump() {
    std::vector<std::pair<Waiting, std::string>> ended;
    std::vector<Sent> ready;
    {
      std::lock_guard lock(mutex);
      for (auto it = queue.begin(); it != queue.end();) {
        if (closing || is_stopped(*it)) {
          ended.emplace_back(std::move(*it), "stopped before it was sent");
        } else if (reserve(*it)) {
          ready.push_back(begin(std::move(*it)));
        } else if (it->permission == Budget::Permission::later) {
          break;
        } else {
          ended.emplace_back(std::move(*it), "not sent: " + budget.met());
        }
        it = queue.erase(it);
      }
    }
    for (auto& [waiting, why] : ended) waiting.done(failed_reply({ErrorCode::cancelled, why}));
    for (const Sent& sent : ready) send_late(sent);
  }

  // mutex held for these three.
  bool reserve(Waiting& waiting) {
    waiting.most = most_of(waiting.request);
    waiting.reservation = reservation_for(waiting.most);
    waiting.permission = budget.reserve(waiting.reservation);
    return waiting.permission == Budget::Permission::yes;
  }

  Sent begin(Waiting waiting) {
    auto sent = std::make_shared<Waiting>(std::move(waiting));
    running.insert(sent);
    return sent;
  }

  // Reservations of what is under way follow what was learnt, and are never lowered before the
  // reply: others would be let in on a guess.
  void raise_reservations() {
    for (const Sent& sent : running) {
      const TokenUsage most = most_of(sent->request);
      const Budget::Reservation now = reservation_for(most);
      if (sent->permission != Budget::Permission::yes || now.tokens <= sent->reservation.tokens) {
        continue;
      }
      budget.raise(std::exchange(sent->reservation, now), now);
      sent->most = most;
    }
  }

  // The model is about to send the request: by what is known now, may it?
  bool may_send(Waiting& waiting) {
    if (waiting.request.may_send && !waiting.request.may_send()) return false;
    std::lock_guard lock(mutex);
    if (waiting.permission != Budget::Permission::yes) return false;
    const TokenUsage most = most_of(waiting.request);
    const Budget::Reservation now = reservation_for(most);
    waiting.permission = budget.renew(waiting.reservation, now);
    waiting.most = most;
    waiting.reservation = now;
    return waiting.permission == Budget::Permission::yes;
  }

  void send(const Sent& sent) {
    ChatRequest request = sent->request;
    auto self = shared_from_this();
    request.may_send = [self, sent] { return self->may_send(*sent); };
    // A request that waits to be tried again would else be noticed only when its turn comes.
    if (!request.no_more.stop_possible()) request.no_more = budget.over();
    model.submit(std::move(request), sent->stop, [self, sent](ChatReply reply) {
      if (!self->put_back(sent)) {
        self->settle(sent, reply);
        sent->done(std::move(reply));
      }
      // `running` still has this request, so the model outlives the requests that pump sends.
      self->pump();
      self->ended_one(sent);
    });
  }

  // The caller of `submit` has returned long ago, so what the model throws becomes the reply.
  void send_late(const Sent& sent) {
    auto fail = [&](ErrorCode code, const char* why, const std::string& hint) {
      give_back(sent);
      sent->done(failed_reply({code, why, hint}));
      ended_one(sent);
    };
    try {
      send(sent);
    } catch (const Error& error) {
      fail(error.code(), error.what(), error.hint());
    } catch (const std::exception& error) {
      fail(ErrorCode::disconnected, error.what(), "");
    }
  }

  // A request that found no room when it was to be sent goes back to its place among those that
  // wait. False for any other.
  bool put_back(const Sent& sent) {
    std::lock_guard lock(mutex);
    if (sent->permission != Budget::Permission::later) return false;
    auto place = std::ranges::upper_bound(queue, sent->place, {}, &Waiting::place);
    queue.insert(place, *sent);
    return true;
  }

  void give_back(const Sent& sent) {
    std::lock_guard lock(mutex);
    if (sent->permission == Budget::Permission::yes) budget.release(sent->reservation);
    sent->permission = Budget::Permission::never;
  }

  // What the reply really used, in place of its reservation.
  void settle(const Sent& sent, ChatReply& reply) {
    if (!costs(reply)) {
      give_back(sent);
      const bool cancelled = reply.failure && reply.failure->code == ErrorCode::cancelled;
      const std::string why = cancelled && !is_stopped(*sent) ? budget.met() : std::string();
      if (!why.empty()) reply.failure->message = "not sent: " + why;
      return;
    }
    std::lock_guard lock(mutex);
    // Some servers count nothing, or only one of the two: then all that was reserved is assumed.
    TokenUsage& used = reply.usage;
    if (!is_counted(used)) used.uncounted = std::max<std::uint64_t>(used.uncounted, 1);
    TokenUsage assumed;
    if (used.uncounted > 0 && used.prompt == 0) assumed.prompt = sent->most.prompt;
    if (used.uncounted > 0 && used.generated == 0) assumed.generated = sent->most.generated;
    sent->permission = Budget::Permission::never;
    budget.settle(sent->reservation, used, price, assumed);
    learn(sent->request, reply);
  }

  static bool is_counted(const TokenUsage& usage) {
    return usage.prompt > 0 || usage.generated > 0;
  }

  // Without a count a failed reply costs nothing, nor one that was refused before the model read
  // it, nor one that a sibling's count includes.
  bool costs(const ChatReply& reply) const {
    if (counting == Counting::nothing) return false;
    if (is_counted(reply.usage) || reply.usage.uncounted > 0) return true;
    return !reply.failure && !reply.billed_with_sibling && reply.finish != Finish::refused;
  }

  // mutex held
  void learn(const ChatRequest& request, const ChatReply& reply) {
    bool rises = estimate.learn(request, reply.usage.prompt);
    const std::uint64_t replies = 1 + reply.siblings;
    const std::uint64_t each = (reply.usage.generated + replies - 1) / replies;
    const auto limit = static_cast<std::uint64_t>(request.sampling.max_tokens);
    if (each > limit) {
      budget.count_overrun(each, limit);
      rises = rises || each > most_beyond_limit;
      most_beyond_limit = std::max(most_beyond_limit, each);
    }
    if (rises) raise_reservations();
  }

  void ended_one(const Sent& sent) {
    std::lock_guard lock(mutex);
    running.erase(sent);
    changed.notify_all();
  }

  ChatModel& model;
  Budget& budget;
  const std::optional<TokenPrice> price;
  const Counting counting;
  // Of all below but `watch`.
  std::mutex mutex;
  PromptEstimate estimate;
  std::uint64_t most_beyond_limit = 0;  // tokens of the longest reply that exceeded its max_tokens
  std::condition_variable changed;
  std::deque<Waiting> queue;
  std::set<Sent> running;
  std::uint64_t next_place = 0;
  bool closing = false;
  std::thread watch;  // what waits may be stopped, or its time pass, while nothing else happens
};

BudgetedModel::BudgetedModel(std::unique_ptr<ChatModel> model, Budget& budget,
                             std::optional<TokenPrice> price, Counting counting)
    : state_(std::make_shared<State>(*model, budget, price, counting)), model_(std::move(model)) {
  // Polling, since three of the events that a waiting request waits for announce themselves to
  // nobody here: its own stop token, the time limit, and room that another model has given back.
  state_->watch = std::thread([state = state_.get()] {
    std::unique_lock lock(state->mutex);
    while (!state->closing) {
      state->changed.wait_for(lock, kLook);
      if (state->closing || state->queue.empty()) continue;
      lock.unlock();
      state->pump();
      lock.lock();
    }
  });
}

BudgetedModel::~BudgetedModel() {
  {
    std::lock_guard lock(state_->mutex);
    state_->closing = true;
    state_->changed.notify_all();
  }
  state_->watch.join();
  state_->pump();
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [&] { return state_->running.empty(); });
}

std::optional<EndpointFigures> BudgetedModel::endpoint_figures() const {
  return model_->endpoint_figures();
}

void BudgetedModel::submit(ChatRequest request, std::stop_token stop, Done done) {
  check_request(request);
  state_->submit({std::move(request), std::move(stop), std::move(done)});
}

}  // namespace iago
