// RememberingModel: a ChatModel that keeps every reply in a journal (chat/journal.h) and gives it
// again to the same request, without asking the model. Work that is asked through it resumes by
// doing all of it again: what was answered before costs nothing and is the same to the last byte.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "chat/chat_model.h"
#include "chat/journal.h"

namespace iago {

// The journal of several models, which may all be asked at once. Thread-safe.
class ReplyMemory {
 public:
  // Opens the journal and begins a session. Errors as of Journal. `clock` must outlive it.
  ReplyMemory(const std::filesystem::path& file, const JournalTerms& terms, JournalWork work,
              const Clock& clock);
  ~ReplyMemory();
  ReplyMemory(const ReplyMemory&) = delete;
  ReplyMemory& operator=(const ReplyMemory&) = delete;

  // What one model's replies of earlier sessions used.
  TokenUsage used_earlier(const std::string& role) const;
  double earlier_seconds() const;
  std::size_t earlier_replies() const;
  // Replies of this session.
  std::size_t answered() const;

 private:
  friend class RememberingModel;
  struct State;
  std::shared_ptr<State> state_;
};

// `role` names the model in the journal: the same request to another role is another request. A
// request is known by its id, its messages and prefill, and its sampling options. A remembered
// reply is given from within `submit`. A request that got no reply is not remembered, and neither
// are log-probabilities. What the journal throws at a reply (a full disk) is thrown by the next
// `submit`. The memory must outlive the model.
class RememberingModel final : public ChatModel {
 public:
  RememberingModel(std::unique_ptr<ChatModel> model, ReplyMemory& memory, std::string role);

  ModelInfo info() const override { return model_->info(); }
  void submit(ChatRequest request, std::stop_token stop, Done done) override;
  std::optional<EndpointFigures> endpoint_figures() const override;
  std::optional<SentRecord> sent_record() const override { return model_->sent_record(); }
  std::optional<std::uint64_t> unfinished_tokens() const override {
    return model_->unfinished_tokens();
  }

 private:
  const std::shared_ptr<ReplyMemory::State> state_;
  const std::string role_;
  const std::unique_ptr<ChatModel> model_;  // last: its destructor waits for replies
};

// What the memory knows a request by: 64 hexadecimal digits.
std::string memory_key(const std::string& role, const ChatRequest& request);

}  // namespace iago
