#include "serve/internal/admission.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "chat/reply.h"

namespace iago {
namespace {

void cancel(Choice& choice) {
  choice.done(failed_reply({ErrorCode::cancelled, "stopped while it waited"}));
}

}  // namespace

Admission::Admission(ChatModel& model, std::size_t running, std::size_t waiting)
    : model_(model), max_running_(running), max_waiting_(waiting), thread_([this] { run(); }) {}

Admission::~Admission() {
  std::deque<Choice> dropped;
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    dropped.swap(waiting_);
    changed_.notify_all();
  }
  thread_.join();
  for (Choice& choice : dropped) cancel(choice);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return running_ == 0; });
}

bool Admission::add(std::vector<Choice> choices) {
  std::vector<Choice> gone;
  bool taken = false;
  {
    std::lock_guard lock(mutex_);
    const auto room = [&] {
      const std::size_t free = max_running_ - std::min(max_running_, running_ + waiting_.size());
      return waiting_.size() + choices.size() <= max_waiting_ + free;
    };
    if (!room()) {
      const auto stays = [](const Choice& choice) { return !choice.stop.stop_requested(); };
      const auto first = std::stable_partition(waiting_.begin(), waiting_.end(), stays);
      gone.assign(std::make_move_iterator(first), std::make_move_iterator(waiting_.end()));
      waiting_.erase(first, waiting_.end());
    }
    taken = !closing_ && room();
    if (taken) std::ranges::move(choices, std::back_inserter(waiting_));
    changed_.notify_all();
  }
  for (Choice& choice : gone) cancel(choice);
  return taken;
}

std::size_t Admission::running() const {
  std::lock_guard lock(mutex_);
  return running_;
}

std::size_t Admission::waiting() const {
  std::lock_guard lock(mutex_);
  return waiting_.size();
}

void Admission::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock,
                  [this] { return closing_ || (!waiting_.empty() && running_ < max_running_); });
    if (closing_) return;
    Choice choice = std::move(waiting_.front());
    waiting_.pop_front();
    ++running_;
    lock.unlock();
    submit(std::move(choice));
    lock.lock();
  }
}

void Admission::submit(Choice choice) {
  // Shared, since it is needed again if the model does not take the request.
  auto done = std::make_shared<ChatModel::Done>(std::move(choice.done));
  auto answered = [this, done](ChatReply reply) {
    (*done)(std::move(reply));
    finished();
  };
  if (choice.stop.stop_requested()) {
    return answered(failed_reply({ErrorCode::cancelled, "stopped while it waited"}));
  }
  try {
    model_.submit(std::move(choice.request), std::move(choice.stop), answered);
  } catch (const Error& error) {
    answered(failed_reply({error.code(), error.what(), error.hint()}));
  }
}

void Admission::finished() {
  std::lock_guard lock(mutex_);
  --running_;
  changed_.notify_all();
}

}  // namespace iago
