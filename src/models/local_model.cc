// One thread holds the engine, whose helpers compute with it, so that all of them work however few
// sequences there are, and share one prefix tree. It takes requests between two steps while its
// batch has room, and sleeps in the waiting room when it has nothing to do.
//
// Text is made of tokens here, and three things delay it. A token may hold part of a character (the
// decoder keeps it back). The text's end may be the beginning of a stop string (possible_stop),
// which must not be told, since a stop string is not part of the reply. And a stop string may lie
// across tokens, so it is searched for a little before what is new. `reply.text` has everything
// that is decoded; `told` says how much of it the listener has had.
//
// Closing: it answers what it has with `cancelled`, then empties the waiting room, again and again
// until it finds nothing, because an answer's callback may submit once more.
#include "models/local_model.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/queue.h"
#include "base/random.h"
#include "chat/reply.h"
#include "lm/engine.h"
#include "lm/weights.h"
#include "models/checkpoint_path.h"
#include "models/internal/checkpoint.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxCores = 16;     // used unless more are asked for
constexpr std::size_t kMaxThreads = 256;  // as of EngineOptions
constexpr std::size_t kMaxBatch = 4096;   // likewise

// Keys and values, in float32.
double bytes_per_token(const LlamaConfig& config) {
  return 2.0 * sizeof(float) * static_cast<double>(config.layers * config.kv_width());
}

// The network and its words.
struct Checkpoint {
  std::shared_ptr<const Weights> weights;
  CheckpointFiles files;
  std::vector<TokenId> turn_ends;
};

Checkpoint load_checkpoint(const fs::path& folder, std::string_view chat_template) {
  try {
    CheckpointFiles files = read_checkpoint_files(folder, chat_template);
    const CheckpointPath path = parse_checkpoint_path(folder);
    auto weights = Weights::load(path.folder, path.adapter);
    std::vector<TokenId> ends = all_turn_ends(files, weights->config());
    return {std::move(weights), std::move(files), std::move(ends)};
  } catch (const Error& error) {
    throw with_server_hint(error);
  }
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

ChatFailure stopped_early() { return {ErrorCode::cancelled, "stopped before the model answered"}; }

void cancel(Conversation& conversation) { fail(conversation, stopped_early()); }

// Conversations that wait to be taken.
using WaitingRoom = Queue<std::unique_ptr<Conversation>>;

// The thread's loop: takes conversations into its engine and gives their tokens back as text. When
// the engine breaks (weights whose logits are not finite), all that it has and gets fails with what
// broke it.
class Worker {
 public:
  // Counts in `unfinished` the tokens of replies that have not ended.
  Worker(const Checkpoint& checkpoint, WaitingRoom& room, std::stop_token closing,
         const EngineOptions& options, std::atomic<std::uint64_t>& unfinished)
      : checkpoint_(checkpoint),
        unfinished_(unfinished),
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
      const bool stopped = conversation->stop.stop_requested();
      if (stopped || !may_be_sent(conversation->request)) {
        conversation->reply.usage = {};  // nothing of it was read
        fail(*conversation, stopped ? stopped_early() : withdrawn());
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
    conversation->decoder.emplace(checkpoint_.files.tokenizer, ControlTokens::skip);
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
    std::uint64_t unfinished = 0;
    for (const auto& [id, conversation] : running_) {
      unfinished += conversation->reply.usage.generated;
    }
    unfinished_ = unfinished;
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
    const Tokenizer& tokenizer = checkpoint_.files.tokenizer;
    conversation.reply.token_logprobs.push_back(token.logprob);
    conversation.reply.token_texts.emplace_back(
        tokenizer.is_control(token.token) ? "" : tokenizer.bytes_of(token.token));
  }

  const Checkpoint& checkpoint_;
  std::atomic<std::uint64_t>& unfinished_;
  WaitingRoom& room_;
  const std::stop_token closing_;
  const std::size_t batch_;
  Engine engine_;
  std::map<SequenceId, std::unique_ptr<Conversation>> running_;
  std::optional<ChatFailure> broken_;
};

class LocalModel final : public ChatModel {
 public:
  LocalModel(Checkpoint checkpoint, ModelInfo info, const EngineOptions& options)
      : checkpoint_(std::move(checkpoint)),
        info_(std::move(info)),
        worker_(checkpoint_, room_, closing_.get_token(), options, unfinished_),
        thread_([this] { worker_.run(); }) {}

  ~LocalModel() override {
    closing_.request_stop();
    thread_.join();
  }

  ModelInfo info() const override { return info_; }
  std::optional<std::uint64_t> unfinished_tokens() const override { return unfinished_; }
  std::optional<SentRecord> sent_record() const override {
    return SentRecord{.notes = checkpoint_.files.notes};
  }

  void submit(ChatRequest request, std::stop_token stop, Done done) override {
    check_request(request);
    EncodedChat chat = encode_chat(checkpoint_.files.tokenizer, checkpoint_.files.format,
                                   request.messages, request.prefill);
    const auto context = static_cast<std::size_t>(checkpoint_.weights->config().max_positions);
    if (chat.ids.size() >= context) {
      return done(failed_reply(beyond_context(chat.ids.size(), context)));
    }
    auto conversation = std::make_unique<Conversation>();
    conversation->sequence = {.prompt = std::move(chat.ids),
                              .sampling = request.sampling,
                              .stop_tokens = checkpoint_.turn_ends,
                              .random = Random(request.seed, request.id)};
    conversation->reply.usage.prompt = conversation->sequence.prompt.size();
    conversation->reply.model_version = info_.identity;
    conversation->request = std::move(request);
    conversation->stop = std::move(stop);
    conversation->done = std::move(done);
    room_.add(std::move(conversation));
  }

 private:
  // As a server has it: what one trial asks is no error of the run. In OpenAI's words, by which
  // clients of our own server know it.
  ChatFailure beyond_context(std::size_t prompt, std::size_t context) const {
    return {
        .code = ErrorCode::invalid,
        .message = fmt::format("This model's maximum context length is {} tokens. However, your "
                               "messages resulted in {} tokens.",
                               context, prompt),
        .hint = "use a shorter channel of the setting, or a model with a longer context",
        .cause = OpenCause::too_long};
  }

  const Checkpoint checkpoint_;
  const ModelInfo info_;
  const SystemClock clock_;
  WaitingRoom room_{clock_};
  std::stop_source closing_;
  std::atomic<std::uint64_t> unfinished_{0};
  Worker worker_;
  std::thread thread_;  // last: it uses all of the above
};

// See LocalModelOptions::cache_bytes.
std::size_t cache_bytes_for(const LlamaConfig& config, std::size_t threads) {
  const auto least = static_cast<double>(threads * (std::size_t{192} << 20));
  const double memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  const double wanted = 2 * static_cast<double>(threads) * bytes_per_token(config) *
                        static_cast<double>(config.max_positions);
  return static_cast<std::size_t>(std::clamp(wanted, least, std::max(memory / 3, least)));
}

EngineOptions engine_options(const LlamaConfig& config, const LocalModelOptions& options) {
  const std::size_t threads = local_threads(options);
  return {.max_batch = std::min(threads * options.batch, kMaxBatch),
          .cache_bytes =
              options.cache_bytes > 0 ? options.cache_bytes : cache_bytes_for(config, threads),
          .prefill_rows = 256 * threads,
          .threads = threads};
}

// A checkpoint without its weights.
class NamedCheckpoint final : public ChatModel {
 public:
  NamedCheckpoint(ModelInfo info, std::vector<std::string> notes)
      : info_(std::move(info)), notes_(std::move(notes)) {}
  ModelInfo info() const override { return info_; }
  std::optional<SentRecord> sent_record() const override { return SentRecord{.notes = notes_}; }
  void submit(ChatRequest request, std::stop_token, Done done) override {
    check_request(request);
    ChatReply reply{.finish = Finish::failed};
    reply.failure = ChatFailure{ErrorCode::invalid, info_.name + " was opened without its weights"};
    done(std::move(reply));
  }

 private:
  const ModelInfo info_;
  const std::vector<std::string> notes_;
};

ModelInfo info_of(std::string name, const CheckpointFiles& files, const EngineOptions& options) {
  return {
      .name = std::move(name), .identity = files.identity, .in_flight = options.max_batch * 3 / 2};
}

}  // namespace

std::size_t local_threads(const LocalModelOptions& options) {
  const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
  return std::min(options.threads > 0 ? options.threads : std::min(cores, kMaxCores), kMaxThreads);
}

std::unique_ptr<ChatModel> open_local_model(const fs::path& folder, std::string name,
                                            const LocalModelOptions& options) {
  Checkpoint checkpoint = load_checkpoint(folder, options.chat_template);
  const EngineOptions engine = engine_options(checkpoint.weights->config(), options);
  ModelInfo info = info_of(std::move(name), checkpoint.files, engine);
  return std::make_unique<LocalModel>(std::move(checkpoint), std::move(info), engine);
}

std::unique_ptr<ChatModel> name_local_model(const fs::path& folder, std::string name,
                                            const LocalModelOptions& options) {
  try {
    CheckpointFiles files = read_checkpoint_files(folder, options.chat_template);
    const LlamaConfig config = load_config(parse_checkpoint_path(folder).folder);
    const EngineOptions engine = engine_options(config, options);
    return std::make_unique<NamedCheckpoint>(info_of(std::move(name), files, engine),
                                             std::move(files.notes));
  } catch (const Error& error) {
    throw with_server_hint(error);
  }
}

LocalNeeds local_needs(const fs::path& folder, const LocalModelOptions& options) {
  const LlamaConfig config = load_config(parse_checkpoint_path(folder).folder);
  const EngineOptions engine = engine_options(config, options);
  double parameters = 0;
  for (const TensorSpec& spec : tensor_specs(config)) {
    double size = 1;
    for (std::int64_t length : spec.shape) size *= static_cast<double>(length);
    parameters += size;
  }
  return {.weight_bytes = sizeof(float) * parameters,
          .cache_bytes_per_token = bytes_per_token(config),
          .cache_bytes = static_cast<double>(engine.cache_bytes),
          .batch = engine.max_batch,
          .threads = engine.threads};
}

}  // namespace iago
