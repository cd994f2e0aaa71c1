// One thread holds the engine, whose helpers compute with it, so that all of them work however few
// sequences there are, and share one prefix tree. Between two steps it takes what has arrived while
// its batch has room, and sleeps at the queue when it has nothing to do.
//
// Text is made of tokens here, and three things delay it. A token may hold part of a character (the
// decoder keeps it back). The text's end may be the beginning of a stop string (possible_stop),
// which must not be told, since a stop string is not part of the reply. And a stop string may lie
// across tokens, so it is searched for a little before what is new. `reply.text` has everything
// that is decoded; `told` says how much of it the listener has had.
//
// Other weights get an engine of their own. Keys and values of the old ones are worth nothing to
// them, and an engine that was just made is what a checkpoint gets that is opened from disk, so the
// two cannot differ by what is left over. Making it costs little beside copying the weights: its
// memory is the system's until it is written.
//
// Conversations that came together enter together, however many: the engine itself lets those wait
// for which its batch has no place. So the batches of a training's step do not depend on how fast
// its requests come in.
//
// A conversation is pending until right before its callback: whoever waits for the last callback
// may replace the weights at once.
//
// Closing: it answers what it has with `cancelled`, then empties the queue, again and again until
// it finds nothing, because an answer's callback may submit once more.
#include "models/internal/engine_thread.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "chat/reply.h"

namespace iago {
namespace {

// So many bytes at the text's end may turn out to begin a stop string: the longest end that is a
// true beginning of one.
std::size_t possible_stop(std::string_view text, const std::vector<std::string>& stops) {
  std::size_t longest = 0;
  for (std::string_view stop : stops) {
    for (std::size_t size = std::min(stop.size() - 1, text.size()); size > longest; --size) {
      if (text.ends_with(stop.substr(0, size))) longest = size;
    }
  }
  return longest;
}

enum class Told { what_is_certain, all };

void pass_on_text(Conversation& conversation, Told told) {
  const ChatRequest& request = conversation.request;
  if (!request.on_text) return;
  std::string_view text = conversation.answer.reply.text;
  if (told == Told::what_is_certain) {
    text.remove_suffix(possible_stop(text, request.sampling.stop));
  }
  if (text.size() <= conversation.told) return;
  request.on_text(text.substr(conversation.told));
  conversation.told = text.size();
}

ChatFailure stopped_early() { return {ErrorCode::cancelled, "stopped before the model answered"}; }

}  // namespace

// The thread's loop. When the engine breaks (weights whose logits are not finite), all that it has
// and gets fails with what broke it, until it has other weights.
class EngineThread::Worker {
 public:
  Worker(EngineThread& owner, const Tokenizer& tokenizer, const EngineOptions& options)
      : owner_(owner),
        tokenizer_(tokenizer),
        options_(options),
        engine_(owner.loaded_.weights, options) {}

  void run() {
    for (;;) {
      admit();
      if (owner_.closing_.stop_requested()) return cancel_all();
      drop_stopped();
      step();
    }
  }

  Engine& engine() { return engine_; }

  void use(const std::shared_ptr<const Weights>& weights) {
    engine_ = Engine(weights, options_);
    broken_.reset();
  }

  void check_whole() const {
    if (broken_) throw Error(broken_->code, broken_->message, broken_->hint);
  }
  void note_broken(const Error& error) { broken_ = ChatFailure{error.code(), error.what()}; }

 private:
  void answer(Conversation& conversation, Finish finish) {
    conversation.answer.reply.finish = finish;
    --owner_.pending_;
    conversation.done(std::move(conversation.answer));
  }

  void fail(Conversation& conversation, const ChatFailure& failure) {
    conversation.answer.reply.failure = failure;
    answer(conversation, Finish::failed);
  }

  void cancel(Conversation& conversation) { fail(conversation, stopped_early()); }

  void admit() {
    const std::size_t room = options_.max_batch - std::min(options_.max_batch, running_.size());
    if (room == 0) return;
    const QueueBatch batch{
        .most = room,
        .patience = running_.empty() ? QueueBatch::kForever : std::chrono::nanoseconds(0)};
    for (Arrival& arrival : owner_.arrivals_.take(batch, owner_.closing_.get_token())) {
      if (arrival.task.valid()) arrival.task();
      for (auto& conversation : arrival.conversations) admit(std::move(conversation));
    }
  }

  void admit(std::unique_ptr<Conversation> conversation) {
    const bool stopped = conversation->stop.stop_requested();
    if (stopped || !may_be_sent(conversation->request)) {
      conversation->answer.reply.usage = {};  // nothing of it was read
      return fail(*conversation, stopped ? stopped_early() : withdrawn());
    }
    if (broken_) return fail(*conversation, *broken_);
    enter(std::move(conversation));
  }

  // A sequence that could never fit into the engine's memory fails alone.
  void enter(std::unique_ptr<Conversation> conversation) {
    conversation->answer.reply.model_version = owner_.loaded_.identity;
    conversation->decoder.emplace(tokenizer_, ControlTokens::skip);
    try {
      SequenceId id = engine_.submit(std::move(conversation->sequence));
      running_.emplace(id, std::move(conversation));
    } catch (const Error& error) {
      fail(*conversation, {error.code(), error.what()});
    }
  }

  void step() {
    std::span<const SampledToken> tokens;
    try {
      tokens = engine_.step();
    } catch (const Error& error) {
      note_broken(error);
      for (auto& [id, conversation] : std::exchange(running_, {})) fail(*conversation, *broken_);
      return;
    }
    for (const SampledToken& token : tokens) take(token);
    std::uint64_t unfinished = 0;
    for (const auto& [id, conversation] : running_) {
      unfinished += conversation->answer.reply.usage.generated;
    }
    owner_.unfinished_ = unfinished;
  }

  void drop_stopped() {
    for (auto it = running_.begin(); it != running_.end();) {
      if (!it->second->stop.stop_requested()) {
        ++it;
        continue;
      }
      engine_.cancel(it->first);
      cancel(*it->second);
      it = running_.erase(it);
    }
  }

  // Until nothing is left: a callback may have submitted once more. A task that is dropped tells
  // whoever waits for it.
  void cancel_all() {
    for (auto& [id, conversation] : running_) cancel(*conversation);
    for (;;) {
      auto waiting = owner_.arrivals_.take({.patience = std::chrono::nanoseconds(0)});
      if (waiting.empty()) return;
      for (Arrival& arrival : waiting) {
        for (auto& conversation : arrival.conversations) cancel(*conversation);
      }
    }
  }

  void take(const SampledToken& token) {
    auto found = running_.find(token.id);
    Conversation& conversation = *found->second;
    ChatReply& reply = conversation.answer.reply;
    ++reply.usage.generated;
    reply.usage.cached_prompt = token.cached_prompt;
    keep(conversation, token);
    bool ended = token.end == SequenceEnd::stop;
    std::size_t searched = reply.text.size();
    if (!ended) reply.text += conversation.decoder->push(token.token);
    const std::size_t stop = find_stop(reply.text, conversation.request.sampling.stop, searched);
    const bool stopped = stop != std::string::npos;
    if (stopped) reply.text.resize(stop);
    if (stopped && token.end == SequenceEnd::none) engine_.cancel(token.id);
    if (!stopped && token.end == SequenceEnd::none) {
      return pass_on_text(conversation, Told::what_is_certain);
    }
    if (!stopped) reply.text += conversation.decoder->finish();
    pass_on_text(conversation, Told::all);
    answer(conversation, ended || stopped ? Finish::stop : Finish::length);
    running_.erase(found);
  }

  void keep(Conversation& conversation, const SampledToken& token) const {
    TokenReply& answer = conversation.answer;
    if (conversation.request.sampling.logprobs) {
      answer.reply.token_logprobs.push_back(token.logprob);
      answer.reply.token_texts.emplace_back(
          tokenizer_.is_control(token.token) ? "" : tokenizer_.bytes_of(token.token));
    }
    if (!conversation.wants_tokens) return;
    answer.tokens.push_back(token.token);
    answer.logprobs.push_back(token.logprob);
    answer.sampled_logprobs.push_back(token.sampled_logprob);
  }

  EngineThread& owner_;
  const Tokenizer& tokenizer_;
  const EngineOptions options_;
  Engine engine_;
  std::map<SequenceId, std::unique_ptr<Conversation>> running_;
  std::optional<ChatFailure> broken_;
};

EngineThread::EngineThread(LoadedWeights loaded, const Tokenizer& tokenizer,
                           const EngineOptions& options)
    : loaded_(std::move(loaded)),
      worker_(std::make_unique<Worker>(*this, tokenizer, options)),
      thread_([this] { worker_->run(); }) {}

EngineThread::~EngineThread() {
  closing_.request_stop();
  thread_.join();
}

LoadedWeights EngineThread::loaded() const {
  std::lock_guard lock(mutex_);
  return loaded_;
}

void EngineThread::add(std::vector<std::unique_ptr<Conversation>> conversations) {
  const std::size_t count = conversations.size();
  pending_ += count;
  try {
    arrivals_.add({.conversations = std::move(conversations), .task = {}});
  } catch (...) {
    pending_ -= count;
    throw;
  }
}

void EngineThread::check_may_wait() const {
  if (std::this_thread::get_id() != thread_.get_id()) return;
  throw Error(ErrorCode::invalid,
              "a reply's callback asked its model for what waits for that callback",
              "do it on another thread, after the callback has returned");
}

// On the thread, with the engine at rest. What the work throws is thrown here.
void EngineThread::do_between_steps(std::function<void()> work) {
  check_may_wait();
  std::packaged_task<void()> task(std::move(work));
  std::future<void> done = task.get_future();
  arrivals_.add({.conversations = {}, .task = std::move(task)});
  try {
    done.get();
  } catch (const std::future_error&) {  // dropped
    throw Error(ErrorCode::cancelled, "the model was closed before it came to this");
  }
}

std::vector<std::vector<float>> EngineThread::score(std::span<const Continuation> continuations,
                                                    double temperature) {
  std::vector<std::vector<float>> scores;
  do_between_steps([&] {
    worker_->check_whole();
    try {
      scores = worker_->engine().score(continuations, temperature);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::corrupt) worker_->note_broken(error);
      throw;
    }
  });
  return scores;
}

void EngineThread::check_nothing_pending() const {
  const std::size_t pending = pending_;
  if (pending == 0) return;
  throw Error(ErrorCode::overloaded,
              fmt::format("weights are replaced while nothing is asked: {} request{} pending",
                          pending, pending == 1 ? " is" : "s are"),
              "wait for the replies, or stop the requests, and replace the weights then");
}

void EngineThread::replace(LoadedWeights loaded) {
  check_nothing_pending();  // at once, though the batch be full
  do_between_steps([&] {
    check_nothing_pending();
    worker_->use(loaded.weights);
    std::lock_guard lock(mutex_);
    loaded_ = std::move(loaded);
  });
}

}  // namespace iago
