#include "chat/internal/delivery.h"

#include <algorithm>

namespace iago {

struct Delivery::Parcel {
  Time due;
  std::uint64_t order = 0;
  ChatReply reply;
  std::stop_token stop;
  ChatModel::Done done;
  bool cancelled = false;
  // Wakes the thread. Destroyed outside of the lock, since it waits for a running callback.
  std::unique_ptr<std::stop_callback<std::function<void()>>> on_stop;
};

bool Delivery::DueLater::operator()(const std::unique_ptr<Parcel>& a,
                                    const std::unique_ptr<Parcel>& b) const {
  return a->due != b->due ? a->due > b->due : a->order > b->order;
}

Delivery::Delivery() : thread_([this] { run(); }) {}

Delivery::~Delivery() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Delivery::add(ChatReply reply, std::chrono::milliseconds delay, std::stop_token stop,
                   ChatModel::Done done) {
  auto parcel = std::make_unique<Parcel>();
  parcel->due = std::chrono::steady_clock::now() + delay;
  parcel->reply = std::move(reply);
  parcel->stop = stop;
  parcel->done = std::move(done);
  if (delay.count() > 0 && stop.stop_possible()) {
    parcel->on_stop = std::make_unique<std::stop_callback<std::function<void()>>>(
        stop, [this] { wake_for_stop(); });
  }
  {
    std::lock_guard lock(mutex_);
    // A stop requested between the callback's making and here woke the thread too early.
    if (stop.stop_requested()) stop_requested_ = true;
    parcel->order = added_++;
    pending_.push_back(std::move(parcel));
    std::ranges::push_heap(pending_, DueLater{});
  }
  changed_.notify_one();
}

void Delivery::wake_for_stop() {
  {
    std::lock_guard lock(mutex_);
    stop_requested_ = true;
  }
  changed_.notify_one();
}

std::vector<std::unique_ptr<Delivery::Parcel>> Delivery::take_ready() {
  std::vector<std::unique_ptr<Parcel>> ready;
  if (stop_requested_ || closing_) {
    stop_requested_ = false;
    for (auto& parcel : pending_) {
      parcel->cancelled = closing_ || parcel->stop.stop_requested();
      if (parcel->cancelled) ready.push_back(std::move(parcel));
    }
    std::erase(pending_, nullptr);
    std::ranges::make_heap(pending_, DueLater{});
    std::ranges::sort(ready, {}, [](const auto& parcel) { return parcel->order; });
  }
  auto now = std::chrono::steady_clock::now();
  while (!pending_.empty() && pending_.front()->due <= now) {
    std::ranges::pop_heap(pending_, DueLater{});
    ready.push_back(std::move(pending_.back()));
    pending_.pop_back();
  }
  return ready;
}

void Delivery::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    auto ready = take_ready();
    if (ready.empty()) {
      if (closing_) return;
      if (pending_.empty()) {
        changed_.wait(lock);
      } else {
        Time due = pending_.front()->due;
        changed_.wait_until(lock, due);
      }
      continue;
    }
    lock.unlock();
    for (auto& parcel : ready) {
      if (parcel->cancelled) {
        ChatReply cancelled;
        cancelled.finish = Finish::failed;
        cancelled.failure = ChatFailure{ErrorCode::cancelled, "stopped before the reply was due"};
        parcel->reply = std::move(cancelled);
      }
      parcel->done(std::move(parcel->reply));
      parcel.reset();
    }
    lock.lock();
  }
}

}  // namespace iago
