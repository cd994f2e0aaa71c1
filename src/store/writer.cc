#include "store/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <thread>
#include <tuple>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/queue.h"
#include "record/field_difference.h"
#include "store/internal/label_rows.h"
#include "store/internal/lock.h"
#include "store/internal/recorder.h"
#include "store/internal/schema.h"
#include "store/internal/verdict_json.h"
#include "store/store.h"

namespace iago {
namespace {

// Votes and evidence are turned into JSON by whoever appends, not by the writing thread.
struct WaitingVerdict {
  Verdict verdict;  // without its votes and its evidence
  std::string votes, evidence;
};

// A row, or nothing: a flush, which is stored when all before it is.
struct Item {
  std::variant<CompletionRow, OpenTrialRow, WaitingVerdict, SessionRow, std::monostate> row;
  std::int64_t owner = 0;  // the prompt of a trial, the judge of a verdict
  StoreWriter::OnStored stored;
};

// A number, a text of a few bytes that needs no memory of its own.
constexpr std::size_t kBytesPerToken = sizeof(float) + sizeof(std::string);

std::size_t bytes_of(const CompletionRow& row) {
  return sizeof(Item) + row.raw.size() + row.reasoning.size() + row.scratchpad.size() +
         row.output.size() + row.finish_reason.size() + row.provider_message.size() +
         row.reasoning_note.size() + row.token_logprobs.size() * kBytesPerToken;
}

std::size_t bytes_of(const OpenTrialRow& row) { return sizeof(Item) + row.message.size(); }

std::size_t bytes_of(const WaitingVerdict& row) {
  return sizeof(Item) + row.votes.size() + row.evidence.size() + row.verdict.why.size();
}

void check_text(std::size_t bytes, std::string_view trial) {
  if (bytes <= kMaxTextBytes) return;
  throw Error(ErrorCode::invalid, fmt::format("trial {}: texts of {} bytes, at most {} are stored",
                                              trial, bytes, kMaxTextBytes));
}

void check_trial(const std::string& trial) {
  if (trial_bytes(trial)) return;
  throw Error(ErrorCode::invalid,
              fmt::format("\"{:.80}\" is not a trial id: expected 64 hexadecimal digits", trial));
}

void check_origin(const CompletionRow& row) {
  if (row.reused_from.empty() || is_run_id(row.reused_from)) return;
  throw Error(ErrorCode::invalid,
              fmt::format("trial {}: taken from a run whose id has {} bytes, at most {} are stored",
                          row.trial, row.reused_from.size(), kMaxRunIdBytes));
}

// The parts of a run that never change. The plan of analysis stays as it was first recorded.
std::vector<NamedField> fixed_fields(const RunRow& run) {
  return {plain_field("run id", run.id),
          plain_field("study", run.study),
          plain_field("setting", run.setting),
          plain_field("channel", run.channel),
          plain_field("seed", std::to_string(run.seed)),
          plain_field("subject", run.subject),
          plain_field("subject's identity", run.subject_identity),
          plain_field("margin", fmt::format("{}", run.margin_points))};
}

void check_same_run(const std::filesystem::path& path, const RunRow& stored, const RunRow& given) {
  const auto found = differing_fields(fixed_fields(stored), fixed_fields(given));
  if (found.empty()) return;
  throw Error(ErrorCode::invalid,
              fmt::format("{}: the store belongs to another run: its {} is \"{}\", not \"{}\"",
                          path.string(), found[0].field, found[0].was, found[0].is),
              "start a new run with --new, or undo the change");
}

Database open_for(const std::filesystem::path& path, const RunRow* run) {
  std::error_code status;
  bool is_new = run != nullptr && !std::filesystem::exists(path, status);
  if (is_new) create_store(path, *run);
  auto database = open_store(path, OpenMode::write);
  if (run == nullptr || is_new) return database;
  auto stored = read_run(database);
  check_same_run(path, stored, *run);
  const auto changeable = [](RunRow& row) {
    return std::tie(row.study_toml, row.forms, row.cluster_by, row.groups);
  };
  RunRow given = *run;
  if (changeable(stored) != changeable(given)) {
    changeable(stored) = changeable(given);
    write_run(database, stored);
  }
  return database;
}

// A batch larger than the queue would never fill.
WriterOptions checked(WriterOptions options) {
  options.queue_rows = std::max<std::size_t>(options.queue_rows, 1);
  options.batch_rows = std::clamp<std::size_t>(options.batch_rows, 1, options.queue_rows);
  return options;
}

}  // namespace

struct StoreWriter::Impl {
  Impl(const std::filesystem::path& path, const RunRow* run, WriterOptions given)
      : options(checked(given)),
        lock(std::in_place, path),
        database(open_for(path, run)),
        recorder(std::in_place, *database),
        queue(clock, {.entries = options.queue_rows, .weight = options.queue_bytes}),
        thread([this] { work(); }) {}

  void push(Item item, QueueEntry how);
  void flush();
  void work();
  void commit(std::vector<Item>& batch);
  bool store_item(const Item& item);
  void fail(const Error& error);
  void throw_failure();  // with `mutex` held
  template <typename Change>
  void change_names(Change change);
  template <typename Row>
  void append_of_trial(Row row, OnStored on_stored);

  WriterOptions options;
  std::optional<WriterLock> lock;
  std::optional<Database> database;
  std::optional<Recorder> recorder;
  std::shared_mutex names;  // the recorder's names: changed by plans and judges, read by appends
  std::mutex sql;           // the connection; taken after `names`
  std::int64_t session = 0;

  const SystemClock clock;
  Queue<Item> queue;  // closed when the writer closes or its thread has failed

  std::mutex mutex;                     // of the next two
  std::condition_variable flush_waits;  // for a flush to be stored, or for a failure
  std::uint64_t duplicates = 0;
  std::optional<Error> failure;  // once set, it stays, and the queue is closed

  std::thread thread;  // last: it uses all of the above
};

void StoreWriter::Impl::throw_failure() {
  if (failure) throw *failure;
  if (queue.closed()) throw Error(ErrorCode::invalid, "the store's writer is closed");
}

void StoreWriter::Impl::push(Item item, QueueEntry how) {
  if (queue.push(std::move(item), how)) return;
  std::lock_guard guard(mutex);
  throw_failure();
}

void StoreWriter::Impl::flush() {
  bool is_stored = false;
  auto stored = [&] {
    std::lock_guard guard(mutex);
    is_stored = true;
    flush_waits.notify_all();
  };
  push({std::monostate{}, 0, stored}, {.weight = 0, .urgent = true});
  std::unique_lock guard(mutex);
  flush_waits.wait(guard, [&] { return is_stored || failure; });
  if (failure) throw *failure;
}

bool StoreWriter::Impl::store_item(const Item& item) {
  if (const auto* row = std::get_if<CompletionRow>(&item.row)) {
    return recorder->add_completion(*row, item.owner) == Appended::added;
  }
  if (const auto* row = std::get_if<OpenTrialRow>(&item.row)) {
    return recorder->put_open(*row, item.owner) == Appended::added;
  }
  if (const auto* row = std::get_if<WaitingVerdict>(&item.row)) {
    return recorder->add_verdict(row->verdict, row->votes, row->evidence, item.owner) ==
           Appended::added;
  }
  if (const auto* row = std::get_if<SessionRow>(&item.row)) {
    session = recorder->put_session(session, *row);
  }
  return true;
}

void StoreWriter::Impl::commit(std::vector<Item>& batch) {
  std::uint64_t dropped = 0;
  {
    std::lock_guard guard(sql);
    Transaction transaction(*database);  // of a flush alone: it writes nothing
    for (const Item& item : batch) dropped += store_item(item) ? 0 : 1;
    transaction.commit();
  }
  {
    std::lock_guard guard(mutex);
    duplicates += dropped;
  }
  for (Item& item : batch) {
    if (item.stored) item.stored();
  }
}

void StoreWriter::Impl::fail(const Error& error) {
  {
    std::lock_guard guard(mutex);
    failure = error;
    queue.close();  // under the lock: nobody gets in who has seen the failure
    flush_waits.notify_all();
  }
  queue.take();  // what was not stored is dropped
}

void StoreWriter::Impl::work() {
  try {
    const QueueBatch limits{.most = options.batch_rows, .linger = options.batch_delay};
    for (auto batch = queue.take(limits); !batch.empty(); batch = queue.take(limits)) commit(batch);
  } catch (const Error& error) {
    fail(error);
  } catch (const std::exception& error) {
    fail(Error(ErrorCode::disconnected,
               fmt::format("{}: writing failed: {}", database->path().string(), error.what())));
  }
}

// All or nothing, and the recorder's names follow.
template <typename Change>
void StoreWriter::Impl::change_names(Change change) {
  std::unique_lock names_guard(names);
  {
    std::lock_guard guard(mutex);
    throw_failure();
  }
  std::lock_guard guard(sql);
  try {
    Transaction transaction(*database);
    change();
    transaction.commit();
  } catch (...) {
    recorder->reload();
    throw;
  }
}

StoreWriter::StoreWriter(const std::filesystem::path& path, const RunRow& run,
                         WriterOptions options)
    : impl_(std::make_unique<Impl>(path, &run, options)) {}

StoreWriter::StoreWriter(const std::filesystem::path& path, WriterOptions options)
    : impl_(std::make_unique<Impl>(path, nullptr, options)) {}

StoreWriter::~StoreWriter() {
  try {
    close();
  } catch (const std::exception& error) {
    log_error(error.what());
  }
}

void StoreWriter::record_plan(std::span<const WordingRow> wordings, std::span<const ArmRow> arms,
                              std::span<const Query> queries, std::span<const PromptRow> prompts) {
  impl_->change_names([&] {
    for (const auto& wording : wordings) impl_->recorder->record_wording(wording);
    for (const auto& arm : arms) impl_->recorder->record_arm(arm);
    for (const auto& query : queries) impl_->recorder->record_query(query);
    for (const auto& prompt : prompts) impl_->recorder->record_prompt(prompt);
  });
}

void StoreWriter::record_judge(const JudgeRow& judge) {
  impl_->change_names([&] { impl_->recorder->record_judge(judge); });
}

void StoreWriter::record_prices(std::span<const PriceRow> prices) {
  impl_->change_names([&] {
    for (const auto& price : prices) impl_->recorder->record_price(price);
  });
}

void StoreWriter::record_subject_check(std::string_view json) {
  check_text(json.size(), "the check of the subject");
  impl_->change_names([&] { write_subject_check(*impl_->database, json); });
}

void StoreWriter::record_sample(const LabelSample& sample) {
  impl_->change_names([&] { write_sample(*impl_->database, sample); });
}

void StoreWriter::record_people_labels(std::span<const PeopleLabel> labels) {
  impl_->change_names([&] { write_people_labels(*impl_->database, labels); });
}

// A completion or an open trial: what is stored of one trial of a prompt.
template <typename Row>
void StoreWriter::Impl::append_of_trial(Row row, OnStored on_stored) {
  check_trial(row.trial);
  auto bytes = bytes_of(row);
  check_text(bytes, row.trial);
  std::optional<std::int64_t> prompt;
  {
    std::shared_lock guard(names);
    if (recorder) prompt = recorder->prompt_id({row.wording, row.arm}, row.query);
  }
  if (!prompt && recorder) {
    throw Error(
        ErrorCode::invalid,
        fmt::format("trial {}: no plan was recorded for the wording \"{}\", the arm \"{}\" and the "
                    "query \"{}\"",
                    row.trial, row.wording, row.arm, row.query));
  }
  push({std::move(row), prompt.value_or(0), std::move(on_stored)}, {.weight = bytes});
}

void StoreWriter::append(CompletionRow row, OnStored on_stored) {
  IAGO_CHECK(row.finish != Finish::failed, "a completion is what a model said");
  check_origin(row);
  impl_->append_of_trial(std::move(row), std::move(on_stored));
}

void StoreWriter::append(OpenTrialRow row, OnStored on_stored) {
  impl_->append_of_trial(std::move(row), std::move(on_stored));
}

void StoreWriter::append(Verdict verdict, OnStored on_stored) {
  check_trial(verdict.trial);
  WaitingVerdict row{{}, votes_json(verdict.votes), evidence_json(verdict.evidence)};
  row.verdict = std::move(verdict);
  row.verdict.votes.clear(), row.verdict.evidence.clear();
  auto bytes = bytes_of(row);
  check_text(bytes, row.verdict.trial);
  std::optional<std::int64_t> judge;
  {
    std::shared_lock guard(impl_->names);
    if (impl_->recorder) judge = impl_->recorder->judge_id(row.verdict.judge);
  }
  if (!judge && impl_->recorder) {
    throw Error(ErrorCode::invalid, fmt::format("trial {}: the judge {} was not recorded",
                                                row.verdict.trial, row.verdict.judge));
  }
  impl_->push({std::move(row), judge.value_or(0), std::move(on_stored)}, {.weight = bytes});
}

void StoreWriter::update_session(const SessionRow& session) {
  impl_->push({session, 0, {}}, {.weight = sizeof(Item)});
}

void StoreWriter::flush() { impl_->flush(); }

void StoreWriter::close() {
  if (!impl_->thread.joinable()) return;
  impl_->queue.close();  // the thread commits what is queued, then ends
  impl_->thread.join();
  std::unique_lock names_guard(impl_->names);
  impl_->recorder.reset();
  // The last to close a store empties its log, but readers may be open still. Where it cannot be
  // emptied, what is committed stays in it.
  try {
    impl_->database->execute("PRAGMA busy_timeout=1000; PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (const Error& error) {
    log_error(error.what());
  }
  impl_->database.reset();
  impl_->lock.reset();
  std::lock_guard guard(impl_->mutex);
  if (impl_->failure) throw *impl_->failure;
}

std::uint64_t StoreWriter::duplicates() const {
  std::lock_guard guard(impl_->mutex);
  return impl_->duplicates;
}

}  // namespace iago
