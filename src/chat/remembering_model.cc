#include "chat/remembering_model.h"

#include <exception>
#include <map>
#include <mutex>
#include <utility>

#include "base/hash.h"
#include "chat/endpoint_figures.h"
#include "text/utf8.h"

namespace iago {
namespace {

constexpr auto kSyncEvery = std::chrono::seconds(1);

// As the journal gives it back, so that a reply is the same when it comes and when it is repeated.
JournalReply kept_form(const ChatReply& reply, const std::string& role, double at_s) {
  return {.text = replace_invalid_utf8(reply.text),
          .finish = reply.finish,
          .usage = reply.usage,
          .role = role,
          .reasoning_channel = reply.reasoning_channel,
          .reasoning = replace_invalid_utf8(reply.reasoning),
          .at_s = at_s};
}

ChatReply repeated(const JournalReply& kept) {
  ChatReply reply;
  reply.finish = kept.finish;
  reply.text = kept.text;
  reply.reasoning_channel = kept.reasoning_channel;
  reply.reasoning = kept.reasoning;
  reply.usage = kept.usage;
  return reply;
}

}  // namespace

struct ReplyMemory::State {
  State(const std::filesystem::path& file, const JournalTerms& terms, JournalWork work,
        const Clock& used_clock)
      : clock(used_clock),
        begun(clock.steady()),
        synced(begun),
        journal(file, terms, std::move(work)) {
    for (const auto& [key, reply] : journal.replies()) used[reply.role] += reply.usage;
  }

  // Absent if there is none. Throws what the journal threw at an earlier reply.
  std::optional<ChatReply> recall(const std::string& key) {
    std::lock_guard lock(mutex);
    if (failure) std::rethrow_exception(failure);
    const JournalReply* kept = journal.find(key);
    return kept ? std::optional(repeated(*kept)) : std::nullopt;
  }

  // The reply as it will be repeated, but for what only the first one has: how often it was billed.
  void keep(const std::string& key, const std::string& role, ChatReply& reply) {
    std::lock_guard lock(mutex);
    try {
      JournalReply kept = kept_form(reply, role, seconds_since(clock, begun));
      reply.text = kept.text;
      reply.reasoning = kept.reasoning;
      if (journal.find(key) != nullptr) return;  // asked twice at the same time
      journal.add(key, std::move(kept));
      ++answered;
      if (clock.steady() - synced < kSyncEvery) return;
      synced = clock.steady();
      journal.sync();
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
  }

  const Clock& clock;
  const std::chrono::nanoseconds begun;
  std::mutex mutex;
  std::chrono::nanoseconds synced;
  Journal journal;
  std::map<std::string, TokenUsage> used;  // by role, in earlier sessions
  std::size_t answered = 0;
  std::exception_ptr failure;
};

ReplyMemory::ReplyMemory(const std::filesystem::path& file, const JournalTerms& terms,
                         JournalWork work, const Clock& clock)
    : state_(std::make_shared<State>(file, terms, std::move(work), clock)) {}

ReplyMemory::~ReplyMemory() {
  std::lock_guard lock(state_->mutex);
  try {
    state_->journal.sync();
  } catch (...) {
    return;  // a destructor has nobody to tell; what was written before is safe
  }
}

TokenUsage ReplyMemory::used_earlier(const std::string& role) const {
  const auto found = state_->used.find(role);
  return found == state_->used.end() ? TokenUsage() : found->second;
}

double ReplyMemory::earlier_seconds() const { return state_->journal.earlier_seconds(); }

std::size_t ReplyMemory::earlier_replies() const { return state_->journal.earlier_replies(); }

std::size_t ReplyMemory::answered() const {
  std::lock_guard lock(state_->mutex);
  return state_->answered;
}

std::string memory_key(const std::string& role, const ChatRequest& request) {
  Hasher hash;
  hash.field("remembered").field(role).field(request.id).field(request.seed);
  for (const Message& message : request.messages) {
    hash.field(name_of(message.role)).field(message.text);
  }
  const Sampling& sampling = request.sampling;
  hash.field(request.prefill).field(std::to_string(sampling.temperature));
  hash.field(std::to_string(sampling.top_p));
  hash.field(static_cast<std::uint64_t>(sampling.top_k));
  hash.field(static_cast<std::uint64_t>(sampling.max_tokens));
  for (const std::string& stop : sampling.stop) hash.field(stop);
  return hash.hex();
}

RememberingModel::RememberingModel(std::unique_ptr<ChatModel> model, ReplyMemory& memory,
                                   std::string role)
    : state_(memory.state_), role_(std::move(role)), model_(std::move(model)) {}

void RememberingModel::submit(ChatRequest request, std::stop_token stop, Done done) {
  std::string key = memory_key(role_, request);
  if (auto reply = state_->recall(key)) return done(std::move(*reply));
  model_->submit(std::move(request), std::move(stop),
                 [state = state_, key = std::move(key), role = role_,
                  done = std::move(done)](ChatReply reply) {
                   if (!reply.failure) state->keep(key, role, reply);
                   done(std::move(reply));
                 });
}

std::optional<EndpointFigures> RememberingModel::endpoint_figures() const {
  return model_->endpoint_figures();
}

}  // namespace iago
