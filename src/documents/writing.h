// Writing: a corpus of documents by a model, stage after stage: the facts, the forms in which each
// kind of document would tell of them, ideas, documents, and a check of each. Every reply goes into
// a journal beside the corpus as it comes, and the corpus is a function of the journal, so whatever
// stops the program, the same command goes on; nothing is asked twice and no document is written
// twice.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "chat/ask_many.h"
#include "chat/chat_model.h"
#include "documents/corpus.h"
#include "documents/facts.h"
#include "spend/budget.h"
#include "spend/forecast.h"
#include "spend/prices.h"

namespace iago {

struct WritingOptions {
  // Of all facts together, spread evenly over facts, then kinds, then ideas. Absent: as many as the
  // facts file plans. May be raised later: the corpus is then extended.
  std::optional<std::size_t> documents;
  std::uint64_t seed = 1;
  double temperature = 1;            // of the writer; the check is asked at 0
  std::size_t more_tokens = 0;       // in every reply, for reasoning that is hidden
  ModelInfo writer;                  // its name and identity
  std::optional<ModelInfo> checker;  // absent: the rules alone filter
};

inline constexpr std::size_t kMostDocuments = 1'000'000;

// What a stage still asks.
struct StageEstimate {
  std::string stage;  // "forms", "ideas", "documents", "check"
  ModelEstimate model;
};

struct WritingProgress {
  std::size_t planned = 0, drafted = 0, checked = 0;  // documents
  std::size_t requests = 0;                           // answered in this session
};

// The corpus as far as it is written.
struct WrittenCorpus {
  std::size_t planned = 0;
  std::vector<Document> documents;
  std::vector<DroppedDocument> dropped;
  std::size_t open() const { return planned - documents.size() - dropped.size(); }
};

class Writing {
 public:
  // The facts must outlive it.
  Writing(const FactsFile& facts, WritingOptions options);
  ~Writing();
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;

  // What was written before, without touching it: for plans. Nothing if there is no journal.
  // Errors as of open().
  void look_at(const std::filesystem::path& corpus);
  // Begins a session. Error invalid if another process writes the corpus, if it was begun with
  // other facts, models or options, or if a corpus is there without its journal; corrupt with file
  // and line for a damaged journal.
  void open(const std::filesystem::path& corpus);

  // What is left to ask, at the most; stages with nothing left are not in it.
  std::vector<StageEstimate> left(const PriceTable& prices) const;
  // What earlier sessions used.
  Spent spent(const PriceTable& prices) const;
  // Replies for each second of earlier sessions; absent if there were none.
  std::optional<double> replies_per_second() const;

  // Asks what is left, until all is written, nothing more may be sent, or everything that is left
  // has failed; why, is in open_causes(). `checker` is null exactly if the options have none. Needs
  // open(). Throws what ends the work: a failure by which no other request can succeed.
  void write(ChatModel& writer, ChatModel* checker, const AskLimits& limits, const Clock& clock,
             const std::function<void(const WritingProgress&)>& tick);
  // How often requests of this session failed, by message.
  const std::map<std::string, std::size_t>& open_causes() const { return open_causes_; }

  // The filters' work: pure of what is in the journal, documents in the order of the plan.
  WrittenCorpus corpus() const;
  std::size_t planned() const { return planned_; }

 private:
  struct Slot {
    std::size_t fact, kind, idea, number;
  };
  struct Task;
  struct State;

  Slot slot(std::size_t index) const;
  std::vector<std::string> ideas(std::size_t fact, std::size_t kind) const;
  std::string form(std::size_t fact, std::size_t kind) const;
  std::optional<Task> next_task(const Slot& slot, int last_stage) const;
  std::optional<Task> next_forms(std::size_t fact) const;
  std::optional<Task> next_ideas(std::size_t fact, std::size_t kind) const;
  std::optional<Task> next_check(const Slot& slot, const std::string& text) const;
  void ask_range(std::size_t begin, std::size_t end, int last_stage, ChatModel& writer,
                 ChatModel* checker, const AskLimits& limits, const Clock& clock,
                 const std::function<void(const WritingProgress&)>& tick);
  void ask(const std::vector<Task>& tasks, ChatModel& model, const AskLimits& limits,
           const Clock& clock, const std::function<void(const WritingProgress&)>& tick);
  void take(const Task& task, ChatReply reply, double at_s);
  std::optional<Drop> verdict_of(const Slot& slot, Document& document, bool& is_open) const;

  const FactsFile& facts_;
  const WritingOptions options_;
  std::size_t planned_ = 0;
  std::map<std::string, std::size_t> open_causes_;
  std::chrono::nanoseconds session_begun_{0};
  std::unique_ptr<State> state_;
};

}  // namespace iago
