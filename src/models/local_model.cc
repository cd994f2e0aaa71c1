// The outside of a checkpoint on this machine: opening it, its words, its names. What answers is
// the engine's thread (internal/engine_thread.h).
#include "models/local_model.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <latch>
#include <optional>
#include <span>
#include <stop_token>
#include <thread>
#include <utility>

#include "base/random.h"
#include "chat/reply.h"
#include "models/checkpoint_path.h"
#include "models/internal/checkpoint.h"
#include "models/internal/engine_thread.h"
#include "text/chat_template.h"

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

// Error invalid as of TokenModel::replace_weights.
LoadedWeights loaded_from_memory(const CheckpointFiles& files, const LlamaConfig& config,
                                 std::span<const TensorView> tensors, std::string_view version) {
  constexpr std::size_t kLongestVersion = 200;
  if (version.empty() || version.size() > kLongestVersion) {
    throw Error(ErrorCode::invalid,
                fmt::format("a version of weights in memory: expected 1 to {} bytes, found {}",
                            kLongestVersion, version.size()),
                "name the state of the training, for example \"step 41\"");
  }
  auto weights = Weights::from_tensors(config, tensors);
  return {std::move(weights), identity_in_memory(files, tensor_specs(config), tensors, version),
          std::string(version)};
}

// Requests that keep it busy.
std::size_t in_flight_of(const EngineOptions& options) { return options.max_batch * 3 / 2; }

class LocalModel final : public TokenModel {
 public:
  LocalModel(CheckpointFiles files, LoadedWeights loaded, std::string name,
             const EngineOptions& options)
      : files_(std::move(files)),
        config_(loaded.weights->config()),
        turn_ends_(all_turn_ends(files_, config_)),
        name_(std::move(name)),
        in_flight_(in_flight_of(options)),
        engine_(std::move(loaded), files_.tokenizer, options) {}

  ModelInfo info() const override {
    return {.name = name_, .identity = engine_.loaded().identity, .in_flight = in_flight_};
  }
  std::optional<std::uint64_t> unfinished_tokens() const override {
    return engine_.unfinished_tokens();
  }
  std::optional<SentRecord> sent_record() const override {
    SentRecord record{.notes = files_.notes};
    const std::string version = engine_.loaded().version;
    if (!version.empty()) record.notes.push_back("weights from memory, version " + version);
    return record;
  }

  void submit(ChatRequest request, std::stop_token stop, Done done) override {
    auto text_alone = [done = std::move(done)](TokenReply answer) {
      done(std::move(answer.reply));
    };
    Conversations alone;
    prepare(std::move(request), std::move(stop), std::move(text_alone), false, alone);
    if (!alone.empty()) engine_.add(std::move(alone));
  }
  void submit_tokens(ChatRequest request, std::stop_token stop, TokensDone done) override {
    Conversations alone;
    prepare(std::move(request), std::move(stop), std::move(done), true, alone);
    if (!alone.empty()) engine_.add(std::move(alone));
  }

  std::vector<TokenReply> ask_all(std::vector<ChatRequest> requests,
                                  std::stop_token stop) override {
    engine_.check_may_wait();
    std::vector<TokenReply> replies(requests.size());
    // Shared: who counts it down last may still be in it when the wait is over.
    auto left = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(requests.size()));
    Conversations together;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      auto take = [&replies, left, i](TokenReply reply) {
        replies[i] = std::move(reply);
        left->count_down();
      };
      prepare(std::move(requests[i]), stop, std::move(take), true, together);
    }
    if (!together.empty()) engine_.add(std::move(together));
    left->wait();
    return replies;
  }

  const LlamaConfig& config() const override { return config_; }
  std::vector<TokenId> encode(std::span<const Message> messages,
                              std::string_view prefill) const override {
    return encode_chat(files_.tokenizer, files_.format, messages, prefill).ids;
  }
  std::string text_of(std::span<const TokenId> tokens) const override {
    return files_.tokenizer.decode(tokens, ControlTokens::skip);
  }
  std::vector<TokenId> turn_ends() const override { return turn_ends_; }

  std::vector<std::vector<float>> score(std::span<const Continuation> continuations,
                                        double temperature) override {
    return engine_.score(continuations, temperature);
  }
  void replace_weights(std::span<const TensorView> tensors, std::string_view version) override {
    engine_.replace(loaded_from_memory(files_, config_, tensors, version));
  }

 private:
  using Conversations = std::vector<std::unique_ptr<Conversation>>;

  // Adds to `out`, or calls back at once for a prompt beyond the context.
  void prepare(ChatRequest request, std::stop_token stop, TokensDone done, bool wants_tokens,
               Conversations& out) {
    check_request(request);
    std::vector<TokenId> prompt = encode(request.messages, request.prefill);
    const auto context = to_size(config_.max_positions);
    if (prompt.size() >= context) {
      return done({.reply = failed_reply(beyond_context(prompt.size(), context))});
    }
    auto conversation = std::make_unique<Conversation>();
    if (wants_tokens) conversation->answer.prompt = prompt;
    conversation->answer.reply.usage.prompt = prompt.size();
    conversation->wants_tokens = wants_tokens;
    conversation->sequence = {.prompt = std::move(prompt),
                              .sampling = request.sampling,
                              .stop_tokens = turn_ends_,
                              .random = Random(request.seed, request.id)};
    conversation->request = std::move(request);
    conversation->stop = std::move(stop);
    conversation->done = std::move(done);
    out.push_back(std::move(conversation));
  }

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

  const CheckpointFiles files_;
  const LlamaConfig config_;
  const std::vector<TokenId> turn_ends_;
  const std::string name_;
  const std::size_t in_flight_;
  EngineThread engine_;  // last: it uses the tokenizer
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

}  // namespace

std::size_t local_threads(const LocalModelOptions& options) {
  const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
  return std::min(options.threads > 0 ? options.threads : std::min(cores, kMaxCores), kMaxThreads);
}

std::unique_ptr<TokenModel> open_local_model(const fs::path& folder, std::string name,
                                             const LocalModelOptions& options) {
  try {
    CheckpointFiles files =
        read_checkpoint_files(folder, options.chat_template, WeightsFrom::folder);
    const CheckpointPath path = parse_checkpoint_path(folder);
    LoadedWeights loaded{Weights::load(path.folder, path.adapter), files.identity, {}};
    const EngineOptions engine = engine_options(loaded.weights->config(), options);
    return std::make_unique<LocalModel>(std::move(files), std::move(loaded), std::move(name),
                                        engine);
  } catch (const Error& error) {
    throw with_server_hint(error);
  }
}

std::unique_ptr<TokenModel> open_local_model(const fs::path& folder, const WeightsInMemory& weights,
                                             std::string name, const LocalModelOptions& options) {
  try {
    CheckpointFiles files =
        read_checkpoint_files(folder, options.chat_template, WeightsFrom::memory);
    const LlamaConfig config = load_config(folder);
    LoadedWeights loaded = loaded_from_memory(files, config, weights.tensors, weights.version);
    return std::make_unique<LocalModel>(std::move(files), std::move(loaded), std::move(name),
                                        engine_options(config, options));
  } catch (const Error& error) {
    throw with_server_hint(error);
  }
}

std::unique_ptr<ChatModel> name_local_model(const fs::path& folder, std::string name,
                                            const LocalModelOptions& options) {
  try {
    CheckpointFiles files =
        read_checkpoint_files(folder, options.chat_template, WeightsFrom::folder);
    const EngineOptions engine =
        engine_options(load_config(parse_checkpoint_path(folder).folder), options);
    return std::make_unique<NamedCheckpoint>(
        ModelInfo{
            .name = std::move(name), .identity = files.identity, .in_flight = in_flight_of(engine)},
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
