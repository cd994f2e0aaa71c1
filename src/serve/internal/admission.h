// Admission: the way of all choices into the one model. So many are given to it at once as keep it
// busy; the rest wait here, in the order they came, where those whose client went can be dropped
// and a full queue can be refused. One thread of its own submits them, since a model may compute
// (tokenize a long prompt) before `submit` returns.
//
// It has no base/queue.h: a choice goes when the model has room and not as soon as it is there,
// several come in together or not at all, and a full queue first drops those whose client went.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "chat/chat_model.h"

namespace iago {

struct Choice {
  ChatRequest request;
  std::stop_token stop;
  // Called exactly once, from any thread. A request that the model does not take becomes a failed
  // reply with the error's code; one that waited in vain a cancelled one.
  ChatModel::Done done;
};

// Thread-safe.
class Admission {
 public:
  // `running` > 0: choices that the model has at once; `waiting`: how many may wait beside them.
  Admission(ChatModel& model, std::size_t running, std::size_t waiting);
  // Cancels what waits and returns when the model owes no reply.
  ~Admission();
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  // Queues all of the choices, or none and false if there is no room for all.
  bool add(std::vector<Choice> choices);

  std::size_t running() const;
  std::size_t waiting() const;

 private:
  void run();
  void submit(Choice choice);
  void finished();

  ChatModel& model_;
  const std::size_t max_running_, max_waiting_;
  mutable std::mutex mutex_;  // of the next four
  std::condition_variable changed_;
  std::deque<Choice> waiting_;
  std::size_t running_ = 0;
  bool closing_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace iago
