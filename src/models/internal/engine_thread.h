// EngineThread: the thread that holds a checkpoint's engine and turns requests into replies. All
// that touches the engine happens on it: requests, scoring, other weights. Private to the room.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/queue.h"
#include "lm/engine.h"
#include "lm/weights.h"
#include "models/token_model.h"
#include "text/tokenizer.h"

namespace iago {

// Weights, and what names them.
struct LoadedWeights {
  std::shared_ptr<const Weights> weights;
  std::string identity;  // of the model that answers by them
  std::string version;   // of weights from memory; empty for those of a folder
};

// One request on its way through an engine.
struct Conversation {
  ChatRequest request;
  std::stop_token stop;
  TokenModel::TokensDone done;
  bool wants_tokens = false;  // else TokenReply::reply is all that anybody reads
  SequenceRequest sequence;
  TokenReply answer;
  std::optional<StreamDecoder> decoder;
  std::size_t told = 0;  // bytes of the reply's text that on_text has had
};

// Thread-safe. Its destructor cancels what is pending and waits for it. It borrows the tokenizer.
class EngineThread {
 public:
  EngineThread(LoadedWeights loaded, const Tokenizer& tokenizer, const EngineOptions& options);
  ~EngineThread();

  // What it answers by now. The weights' config is always the same.
  LoadedWeights loaded() const;
  // Tokens of replies that have not ended.
  std::uint64_t unfinished_tokens() const { return unfinished_; }

  // Answers the conversations; errors are their replies'. They enter the engine together.
  void add(std::vector<std::unique_ptr<Conversation>> conversations);

  // Error invalid on this very thread, which cannot wait for itself.
  void check_may_wait() const;

  // As of TokenModel.
  std::vector<std::vector<float>> score(std::span<const Continuation> continuations,
                                        double temperature);
  // Error overloaded while a conversation is pending, and then nothing has changed.
  void replace(LoadedWeights loaded);

 private:
  class Worker;
  // What the thread takes: either of the two.
  struct Arrival {
    std::vector<std::unique_ptr<Conversation>> conversations;
    std::packaged_task<void()> task;
  };
  void do_between_steps(std::function<void()> work);
  void check_nothing_pending() const;

  const SystemClock clock_;
  Queue<Arrival> arrivals_{clock_};
  std::stop_source closing_;
  std::atomic<std::uint64_t> unfinished_{0};
  std::atomic<std::size_t> pending_{0};  // conversations whose callback was not yet called
  mutable std::mutex mutex_;             // of loaded_
  LoadedWeights loaded_;
  std::unique_ptr<Worker> worker_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace iago
