// Two layers. A Budget is the account: what is spent, what is reserved, and whether a limit has
// been met. A BudgetedModel is the door to one model: a queue of requests that wait for the account
// to let them through. Several models share one account (the subject and its judges).
//
// The account. Every reservation that `reserve` grants comes back exactly once, by `settle` or
// `release`. A request is refused for good when it does not fit beside what is spent; it waits when
// it does not fit beside what is spent and reserved, since reservations are upper bounds and most
// come back smaller. So its own estimate may refuse a request, those of others only delay it. Once
// a limit is met the account is closed for everyone, smaller requests included: a run that went on
// with its cheap requests would be a biased sample of its plan.
//
// The door. Requests pass in the order in which they came. If the first must wait, all wait: else
// small requests would overtake a large one for ever. A request is in exactly one of two places: in
// `queue`, or counted in `running`, from its reservation until its reply has been delivered and the
// queue has been looked at once more. The destructor answers the queue with `cancelled` and waits
// until `running` is 0, so no reply comes after it.
//
// Locks. A model's lock is taken before the account's, never the other way round. No lock of a
// model is held while `done` or the model is called: both may call back into `submit`.
#include "spend/budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
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

}  // namespace

std::uint64_t PromptEstimate::tokens(const ChatRequest& request) const {
  const double ratio = ratio_ > 0 ? ratio_ * kMargin : kFirstRatio;
  return kPerMessage * (request.messages.size() + 1) +
         static_cast<std::uint64_t>(std::ceil(static_cast<double>(bytes_of(request)) * ratio));
}

void PromptEstimate::learn(const ChatRequest& request, std::uint64_t prompt_tokens) {
  const std::size_t bytes = bytes_of(request);
  if (bytes == 0 || prompt_tokens == 0) return;
  const double seen = static_cast<double>(prompt_tokens) / static_cast<double>(bytes);
  // The highest ratio so far, not the mean: an estimate that is too low breaks the limit, one that
  // is too high only makes others wait. More than four tokens for a byte is a server's miscount.
  ratio_ = std::clamp(std::max(ratio_, seen), 0.0, 4.0);
}

Spent& Spent::operator+=(const Spent& more) {
  cost += more.cost;
  saved_by_cache += more.saved_by_cache;
  usage += more.usage;
  seconds += more.seconds;
  return *this;
}

Budget::Budget(BudgetLimits limits, const Clock& clock, Spent before)
    : limits_(limits), clock_(clock), begun_(clock.steady()), spent_(before) {}

void Budget::count_earlier(const Spent& spent) {
  std::lock_guard lock(mutex_);
  spent_ += spent;
}

Budget::Permission Budget::reserve(const Reservation& asked) {
  std::lock_guard lock(mutex_);
  if (!met_.empty()) return Permission::never;
  const double seconds = spent_.seconds + seconds_since(clock_, begun_);
  if (limits_.max_seconds && seconds >= *limits_.max_seconds) {
    end(fmt::format("the {:.0f} s allowed have passed", *limits_.max_seconds), "--max-time");
    return Permission::never;
  }
  if (limits_.max_tokens) {
    const std::uint64_t with = spent_.tokens() + asked.tokens;
    if (with > *limits_.max_tokens) {
      end(fmt::format("{} of {} tokens are spent and the next request may use {}", spent_.tokens(),
                      *limits_.max_tokens, asked.tokens),
          "--max-tokens");
      return Permission::never;
    }
    if (with + reserved_.tokens > *limits_.max_tokens) return Permission::later;
  }
  if (limits_.max_cost) {
    const double with = spent_.cost + asked.cost;
    if (with > *limits_.max_cost) {
      end(fmt::format("${:.4f} of ${:.2f} are spent and the next request may cost ${:.4f}",
                      spent_.cost, *limits_.max_cost, asked.cost),
          "--max-cost");
      return Permission::never;
    }
    if (with + reserved_.cost > *limits_.max_cost) return Permission::later;
  }
  reserved_.tokens += asked.tokens;
  reserved_.cost += asked.cost;
  return Permission::yes;
}

void Budget::settle(const Reservation& reservation, const TokenUsage& usage,
                    const TokenPrice& price) {
  // Under one lock: between the two, others would see room that there is not.
  std::lock_guard lock(mutex_);
  give_back(reservation);
  spent_.usage += usage;
  spent_.cost += price.cost(usage);
  spent_.saved_by_cache += price.saved_by_cache(usage);
}

void Budget::release(const Reservation& reservation) {
  std::lock_guard lock(mutex_);
  give_back(reservation);
}

void Budget::give_back(const Reservation& reservation) {
  reserved_.tokens -= std::min(reserved_.tokens, reservation.tokens);
  reserved_.cost = std::max(0.0, reserved_.cost - reservation.cost);
}

Spent Budget::spent() const {
  std::lock_guard lock(mutex_);
  return spent_;
}

double Budget::seconds() const {
  std::lock_guard lock(mutex_);
  return spent_.seconds + seconds_since(clock_, begun_);
}

std::string Budget::met() const {
  std::lock_guard lock(mutex_);
  return met_;
}

// Only the first limit that is met is reported. Stop callbacks run here, while mutex_ is held: they
// may request a stop elsewhere, but must not call the budget.
void Budget::end(const std::string& why, std::string_view option) {
  met_ = fmt::format("{}; raise {} to resume", why, option);
  over_.request_stop();
}

struct BudgetedModel::Waiting {
  ChatRequest request;
  std::stop_token stop;
  ChatModel::Done done;
  Budget::Reservation reservation = {};
};

// What waits here waits for money, not for a thread: whether the first may go depends on the
// budget, which a base/queue.h could not ask.
//
// Shared with the callbacks of running requests: the last of them still lets go of `mutex` when the
// destructor has stopped waiting for it.
struct BudgetedModel::State : std::enable_shared_from_this<BudgetedModel::State> {
  State(ChatModel& model, Budget& budget, std::optional<TokenPrice> price)
      : model(model), budget(budget), price(price.value_or(TokenPrice{})) {}

  Budget::Reservation most_of(const ChatRequest& request) {
    const TokenUsage most{.prompt = estimate.tokens(request),
                          .generated = static_cast<std::uint64_t>(request.sampling.max_tokens)};
    // A provider's cache may be written to, which costs more than reading afresh.
    const TokenPrice dearest{std::max(price.input, price.cache_write), price.output, 0, 0};
    return {most.prompt + most.generated, dearest.cost(most)};
  }

  // A request that need not wait is sent in the caller's own thread, so that what the model throws
  // reaches the caller. It goes only past an empty queue: it may not overtake.
  void submit(Waiting waiting) {
    bool goes = false;
    {
      std::lock_guard lock(mutex);
      goes = queue.empty() && !waiting.stop.stop_requested() &&
             reserve(waiting) == Budget::Permission::yes;
      if (!goes) queue.push_back(std::move(waiting));
    }
    if (!goes) return pump();
    auto sent = std::make_shared<Waiting>(std::move(waiting));
    try {
      send(sent);
    } catch (...) {
      budget.release(sent->reservation);
      ended_one();
      throw;
    }
  }

  // Takes requests from the front of the queue while they may be sent, or need not be sent any
  // more. They are sent or answered after the lock is released.
  void pump() {
    std::vector<std::pair<Waiting, std::string>> ended;
    std::vector<std::shared_ptr<Waiting>> ready;
    {
      std::lock_guard lock(mutex);
      for (auto it = queue.begin(); it != queue.end();) {
        if (closing || it->stop.stop_requested()) {
          ended.emplace_back(std::move(*it), "stopped before it was sent");
        } else {
          const Budget::Permission answer = reserve(*it);
          if (answer == Budget::Permission::later) break;
          if (answer == Budget::Permission::never) {
            ended.emplace_back(std::move(*it), "not sent: " + budget.met());
          } else {
            ready.push_back(std::make_shared<Waiting>(std::move(*it)));
          }
        }
        it = queue.erase(it);
      }
    }
    for (auto& [waiting, why] : ended) waiting.done(failed_reply({ErrorCode::cancelled, why}));
    for (const auto& waiting : ready) send_late(waiting);
  }

  // mutex held. A request that may go counts as running from here on.
  Budget::Permission reserve(Waiting& waiting) {
    waiting.reservation = most_of(waiting.request);
    const Budget::Permission answer = budget.reserve(waiting.reservation);
    running += answer == Budget::Permission::yes;
    return answer;
  }

  void send(const std::shared_ptr<Waiting>& waiting) {
    ChatRequest request = waiting->request;
    auto self = shared_from_this();
    model.submit(std::move(request), waiting->stop, [self, waiting](ChatReply reply) {
      self->settle(*waiting, reply);
      waiting->done(std::move(reply));
      // `running` still counts this request, so the model outlives the requests that pump sends.
      self->pump();
      self->ended_one();
    });
  }

  // The caller of `submit` has returned long ago, so what the model throws becomes the reply.
  void send_late(const std::shared_ptr<Waiting>& waiting) {
    auto fail = [&](ErrorCode code, const char* why, const std::string& hint) {
      budget.release(waiting->reservation);
      waiting->done(failed_reply({code, why, hint}));
      ended_one();
    };
    try {
      send(waiting);
    } catch (const Error& error) {
      fail(error.code(), error.what(), error.hint());
    } catch (const std::exception& error) {
      fail(ErrorCode::disconnected, error.what(), "");
    }
  }

  // A reply without any count of tokens (some servers send none) is taken to have used all that was
  // reserved; a failed one without a count, nothing, nor one that a sibling's count includes.
  void settle(const Waiting& waiting, const ChatReply& reply) {
    TokenUsage used = reply.usage;
    const bool counted = used.prompt > 0 || used.generated > 0;
    if (!counted && (reply.failure || reply.billed_with_sibling)) {
      budget.release(waiting.reservation);
      return;
    }
    std::lock_guard lock(mutex);
    if (counted) {
      estimate.learn(waiting.request, used.prompt);
    } else {
      used.prompt = estimate.tokens(waiting.request);
      used.generated = static_cast<std::uint64_t>(waiting.request.sampling.max_tokens);
    }
    budget.settle(waiting.reservation, used, price);
  }

  void ended_one() {
    std::lock_guard lock(mutex);
    --running;
    changed.notify_all();
  }

  ChatModel& model;
  Budget& budget;
  const TokenPrice price;
  PromptEstimate estimate;
  // Of all below but `watch`, and of `estimate`.
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Waiting> queue;
  std::size_t running = 0;
  bool closing = false;
  std::thread watch;  // what waits may be stopped, or its time pass, while nothing else happens
};

BudgetedModel::BudgetedModel(std::unique_ptr<ChatModel> model, Budget& budget,
                             std::optional<TokenPrice> price)
    : state_(std::make_shared<State>(*model, budget, price)), model_(std::move(model)) {
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
  state_->changed.wait(lock, [&] { return state_->running == 0; });
}

std::optional<EndpointFigures> BudgetedModel::endpoint_figures() const {
  return model_->endpoint_figures();
}

void BudgetedModel::submit(ChatRequest request, std::stop_token stop, Done done) {
  check_request(request);
  state_->submit({std::move(request), std::move(stop), std::move(done), {}});
}

}  // namespace iago
