// StoreWriter: the one writer of a run's store. Rows are handed over to its thread and committed in
// batches; a row is acknowledged only after the commit that holds it has reached the disk, so that
// nothing acknowledged is lost by a crash, a kill or a power cut.
//
// One writer per store, over all processes: a lock file beside it says so while the writer lives.
// Stores do not belong on network file systems (their locks cannot be trusted): give each worker
// its own and merge.
//
// Thread-safe. An error of the writing thread is thrown by the next call, whichever it is, and by
// every call after it; what was not acknowledged by then is not stored, and all else is. Open the
// store again to go on.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "store/rows.h"

namespace iago {

struct WriterOptions {
  std::size_t batch_rows = 100;                     // a batch is committed when it has that many
  std::chrono::milliseconds batch_delay{100};       // or its first row has waited this long
  std::size_t queue_rows = 4096;                    // append blocks while that many wait
  std::size_t queue_bytes = std::size_t{64} << 20;  // or that many bytes (a larger row goes alone)
};

inline constexpr std::size_t kMaxTextBytes = std::size_t{256} << 20;  // of any one text

class StoreWriter {
 public:
  // Called after the commit, on the writing thread. Must not throw, nor call the writer.
  using OnStored = std::function<void()>;

  // Opens the run's store for writing, making it first if there is none (its folder must exist). A
  // new store appears whole or not at all. Error invalid if the store is of another run (what
  // differs is named), overloaded if another process or writer has it (its pid is named), otherwise
  // as Store; disconnected with the system's reason if it cannot be written.
  StoreWriter(const std::filesystem::path& path, const RunRow& run, WriterOptions options = {});
  // Opens an existing store, whatever its run. Error not_found if there is none.
  explicit StoreWriter(const std::filesystem::path& path, WriterOptions options = {});
  // Commits what was appended; an error then is logged. Call close() to see it.
  ~StoreWriter();
  StoreWriter(const StoreWriter&) = delete;
  StoreWriter& operator=(const StoreWriter&) = delete;

  // Records what is going to be sampled: wordings, arms and queries before their completions.
  // Blocks until committed, all or nothing. May be repeated: what is there already stays, new
  // wordings, arms, queries and prompts are added, and the repeats of a prompt become the larger
  // number. Error invalid if a query or prompt that is there already reads differently now.
  void record_plan(std::span<const WordingRow> wordings, std::span<const ArmRow> arms,
                   std::span<const Query> queries, std::span<const PromptRow> prompts);

  // Records a judge before its verdicts; one that is there already gets the measured error given.
  // Blocks until committed.
  void record_judge(const JudgeRow& judge);

  // Records what models cost, in place of what was recorded for the same ones. Blocks until
  // committed, all or nothing. Error invalid for a date that is no day and for a price below 0 or
  // beyond a million dollars.
  void record_prices(std::span<const PriceRow> prices);

  // Records a check of the subject as JSON, in place of an earlier one. Blocks until committed.
  // Error invalid for a text beyond kMaxTextBytes.
  void record_subject_check(std::string_view json);

  // Records the sample for people, in place of an earlier one; their labels stay. Blocks until
  // committed, all or nothing. Error invalid for a trial without a completion, or a chance that is
  // none.
  void record_sample(const LabelSample& sample);

  // Records people's labels, each in place of what the same person said of the same answer by the
  // same kind. Blocks until committed, all or nothing. Error invalid for a trial without a
  // completion and for what is_people_label refuses.
  void record_people_labels(std::span<const PeopleLabel> labels);

  // Stores a completion. The arm and the query must have been recorded: Error invalid otherwise,
  // also for a malformed trial id, a text beyond kMaxTextBytes and the id of a run beyond
  // kMaxRunIdBytes; nothing is appended then. A trial that has a completion keeps its first one:
  // the new row is dropped and acknowledged, since that trial is stored. Blocks only while the
  // queue is full.
  void append(CompletionRow completion, OnStored on_stored = {});

  // Stores that a trial got no reply, in place of what was stored of it before; its completion,
  // once there is one, takes that away. A trial that has a completion stays as it is: the row is
  // dropped and acknowledged. Errors as above.
  void append(OpenTrialRow open, OnStored on_stored = {});

  // Stores a verdict on a completion appended before. The judge must have been recorded. The first
  // verdict of a judge on a trial stays, as above.
  void append(Verdict verdict, OnStored on_stored = {});

  // Replaces the totals of this writer's session (the first call begins it).
  void update_session(const SessionRow& session);

  // Blocks until all that was appended before is committed.
  void flush();
  // Flushes, stops the thread and gives the lock back. Every call but close() is Error invalid
  // afterwards.
  void close();

  // Rows dropped because their trial (and judge) had one already.
  std::uint64_t duplicates() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace iago
