// Threads share the weights, read-only, and one waiting room; nothing else. Each has an engine and
// a batch of its own, so there is no lock in the loop over tokens. A thread with room in its batch
// takes requests between two steps; one with nothing to do sleeps in the waiting room. A request
// stays with the thread that took it: its keys and values lie there.
//
// Text is made of tokens here, and three things delay it. A token may hold part of a character (the
// decoder keeps it back). The text's end may be the beginning of a stop string (possible_stop),
// which must not be told, since a stop string is not part of the reply. And a stop string may lie
// across tokens, so it is searched for a little before what is new. `reply.text` has everything
// that is decoded; `told` says how much of it the listener has had.
//
// Closing: every thread answers what it has with `cancelled`, then empties the waiting room, again
// and again until it finds nothing, because an answer's callback may submit once more.
#include "models/local_model.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/hash.h"
#include "base/queue.h"
#include "base/random.h"
#include "chat/reply.h"
#include "lm/engine.h"
#include "lm/weights.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

// What all threads share: the network and its words.
struct Checkpoint {
  std::shared_ptr<const Weights> weights;
  Tokenizer tokenizer;
  ChatFormat format;
  std::vector<TokenId> turn_ends;
};

Checkpoint load_checkpoint(const fs::path& folder) {
  auto weights = Weights::load(folder);
  Tokenizer tokenizer = Tokenizer::load(folder);
  TokenizerConfig config = load_tokenizer_config(folder);
  const FoundTemplate found = find_chat_template(config, "");
  ChatFormat format(found.id, config);
  check_chat_format(tokenizer, format);
  std::vector<TokenId> ends = turn_ends(tokenizer, format);
  for (std::int32_t token : weights->config().eos_tokens) {
    if (std::find(ends.begin(), ends.end(), token) == ends.end()) ends.push_back(token);
  }
  return {std::move(weights), std::move(tokenizer), format, std::move(ends)};
}

// Of everything in the folder that decides what is answered.
std::string identity_of(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::string name = entry.path().filename().string();
    bool decides = name.ends_with(".safetensors") || name == "config.json" ||
                   name == "generation_config.json" || name == "tokenizer.json" ||
                   name == "tokenizer_config.json" || name == "chat_template.jinja" ||
                   name == "model.safetensors.index.json";
    if (decides) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  // Sorted, since a folder lists its files in no order.
  Hasher hasher;
  for (const fs::path& file : files) {
    hasher.field(file.filename().string()).field(sha256_hex_of_file(file));
  }
  return hasher.hex();
}

// One request on its way through an engine.
struct Conversation {
  ChatRequest request;
  std::stop_token stop;
  ChatModel::Done done;
  SequenceRequest sequence;
  ChatReply reply;
  std::optional<StreamDecoder> decoder;
  std::size_t told = 0;  // bytes of the reply's text that on_text has had
};

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
  std::string_view text = conversation.reply.text;
  if (told == Told::what_is_certain) {
    text.remove_suffix(possible_stop(text, request.sampling.stop));
  }
  if (text.size() <= conversation.told) return;
  request.on_text(text.substr(conversation.told));
  conversation.told = text.size();
}

void answer(Conversation& conversation, Finish finish) {
  conversation.reply.finish = finish;
  conversation.done(std::move(conversation.reply));
}

void fail(Conversation& conversation, const ChatFailure& failure) {
  conversation.reply.failure = failure;
  answer(conversation, Finish::failed);
}

void cancel(Conversation& conversation) {
  fail(conversation, {ErrorCode::cancelled, "stopped before it had answered"});
}

// Conversations that wait for a thread.
using WaitingRoom = Queue<std::unique_ptr<Conversation>>;

// One thread's loop: takes conversations into its engine and gives their tokens back as text. When
// the engine breaks (weights whose logits are not finite), all that it has and gets fails with what
// broke it.
class Worker {
 public:
  Worker(const Checkpoint& checkpoint, WaitingRoom& room, std::stop_token closing,
         const EngineOptions& options)
      : checkpoint_(checkpoint),
        room_(room),
        closing_(std::move(closing)),
        batch_(options.max_batch),
        engine_(checkpoint.weights, options) {}

  void run() {
    for (;;) {
      admit();
      if (closing_.stop_requested()) return cancel_all();
      drop_stopped();
      step();
    }
  }

 private:
  void admit() {
    std::size_t room = batch_ - std::min(batch_, running_.size());
    if (room == 0) return;
    const QueueBatch batch{
        .most = room,
        .patience = running_.empty() ? QueueBatch::kForever : std::chrono::nanoseconds(0)};
    for (auto& conversation : room_.take(batch, closing_)) {
      if (conversation->stop.stop_requested()) {
        cancel(*conversation);
        continue;
      }
      if (broken_) {
        fail(*conversation, *broken_);
        continue;
      }
      enter(std::move(conversation));
    }
  }

  // A sequence that could never fit into the engine's memory fails alone.
  void enter(std::unique_ptr<Conversation> conversation) {
    conversation->decoder.emplace(checkpoint_.tokenizer, ControlTokens::skip);
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
      broken_ = ChatFailure{error.code(), error.what()};
      for (auto& [id, conversation] : std::exchange(running_, {})) fail(*conversation, *broken_);
      return;
    }
    for (const SampledToken& token : tokens) take(token);
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

  // Until nothing is left: a callback may have submitted once more.
  void cancel_all() {
    for (auto& [id, conversation] : running_) cancel(*conversation);
    for (;;) {
      auto waiting = room_.take({.patience = std::chrono::nanoseconds(0)});
      if (waiting.empty()) return;
      for (auto& conversation : waiting) cancel(*conversation);
    }
  }

  void take(const SampledToken& token) {
    auto found = running_.find(token.id);
    Conversation& conversation = *found->second;
    ChatReply& reply = conversation.reply;
    ++reply.usage.generated;
    reply.usage.cached_prompt = token.cached_prompt;
    if (conversation.request.sampling.logprobs) keep_logprob(conversation, token);
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

  void keep_logprob(Conversation& conversation, const SampledToken& token) const {
    const Tokenizer& tokenizer = checkpoint_.tokenizer;
    conversation.reply.token_logprobs.push_back(token.logprob);
    conversation.reply.token_texts.emplace_back(
        tokenizer.is_control(token.token) ? "" : tokenizer.bytes_of(token.token));
  }

  const Checkpoint& checkpoint_;
  WaitingRoom& room_;
  const std::stop_token closing_;
  const std::size_t batch_;
  Engine engine_;
  std::map<SequenceId, std::unique_ptr<Conversation>> running_;
  std::optional<ChatFailure> broken_;
};

class LocalModel final : public ChatModel {
 public:
  LocalModel(Checkpoint checkpoint, ModelInfo info, std::size_t threads,
             const EngineOptions& options)
      : checkpoint_(std::move(checkpoint)), info_(std::move(info)) {
    for (std::size_t i = 0; i < threads; ++i) {
      workers_.push_back(
          std::make_unique<Worker>(checkpoint_, room_, closing_.get_token(), options));
    }
    for (auto& worker : workers_) threads_.emplace_back([&worker = *worker] { worker.run(); });
  }

  ~LocalModel() override {
    closing_.request_stop();
    for (std::thread& thread : threads_) thread.join();
  }

  ModelInfo info() const override { return info_; }

  void submit(ChatRequest request, std::stop_token stop, Done done) override {
    check_request(request);
    auto conversation = std::make_unique<Conversation>();
    conversation->sequence = sequence_of(request);
    conversation->reply.usage.prompt = conversation->sequence.prompt.size();
    conversation->reply.model_version = info_.identity;
    conversation->request = std::move(request);
    conversation->stop = std::move(stop);
    conversation->done = std::move(done);
    room_.add(std::move(conversation));
  }

 private:
  SequenceRequest sequence_of(const ChatRequest& request) const {
    EncodedChat chat =
        encode_chat(checkpoint_.tokenizer, checkpoint_.format, request.messages, request.prefill);
    auto context = static_cast<std::size_t>(checkpoint_.weights->config().max_positions);
    if (chat.ids.size() >= context) {
      throw Error(ErrorCode::invalid,
                  fmt::format("{}: a prompt of {} tokens does not fit in a context of {}",
                              info_.name, chat.ids.size(), context),
                  "use a shorter channel of the setting, or a model with a longer context");
    }
    SequenceRequest sequence{.prompt = std::move(chat.ids),
                             .sampling = request.sampling,
                             .stop_tokens = checkpoint_.turn_ends,
                             .random = Random(request.seed, request.id)};
    return sequence;
  }

  const Checkpoint checkpoint_;
  const ModelInfo info_;
  const SystemClock clock_;
  WaitingRoom room_{clock_};
  std::stop_source closing_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
};

// See LocalModelOptions::cache_bytes.
std::size_t cache_bytes_for(const LlamaConfig& config, std::size_t threads) {
  constexpr std::size_t kLeast = std::size_t{192} << 20;
  auto memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  double per_token = 2.0 * sizeof(float) * static_cast<double>(config.layers * config.kv_width());
  double wanted = 2 * per_token * static_cast<double>(config.max_positions);
  double bound = std::max<double>(memory / 3 / static_cast<double>(threads), kLeast);
  return static_cast<std::size_t>(std::clamp<double>(wanted, kLeast, bound));
}

}  // namespace

std::unique_ptr<ChatModel> open_local_model(const fs::path& folder, std::string name,
                                            const LocalModelOptions& options) {
  std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
  std::size_t threads = options.threads > 0 ? options.threads : std::min<std::size_t>(cores, 16);
  Checkpoint checkpoint = load_checkpoint(folder);
  ModelInfo info{.name = std::move(name),
                 .identity = identity_of(folder),
                 .in_flight = threads * options.batch * 3 / 2};
  EngineOptions engine{.max_batch = options.batch, .cache_bytes = options.cache_bytes};
  if (engine.cache_bytes == 0) {
    engine.cache_bytes = cache_bytes_for(checkpoint.weights->config(), threads);
  }
  return std::make_unique<LocalModel>(std::move(checkpoint), std::move(info), threads, engine);
}

}  // namespace iago
