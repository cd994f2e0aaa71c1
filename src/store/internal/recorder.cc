// Names become small numbers here. Arms, queries, judges and prompts are few and are looked up for
// every row, so their ids are held in memory and a completion costs no query but its own inserts.
//
// The maps mirror the tables as the open transaction sees them. A caller that rolls back a plan or
// a judge must `reload`, or later rows would refer to ids that the file does not have. Ids of arms,
// queries, prompts and judges count up from 1 without a gap in the order of recording: readers use
// id - 1 as an index.
//
// Recording again what is there already is normal: a resumed run records its whole plan. It changes
// nothing, but for what may (repeats that grow, a judge's error, a price). A query's text or a
// request that differs is an error, since the run would mix answers to different questions. The
// rows that a model paid for, completions and verdicts, are never replaced: the first one stays,
// and the caller is told.
#include "store/internal/recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/readable.h"
#include "store/internal/checksum.h"
#include "store/internal/counts_json.h"
#include "store/internal/seal.h"
#include "store/internal/sent_json.h"
#include "store/internal/token_blobs.h"
#include "store/internal/wording_json.h"

namespace iago {
namespace {

constexpr std::string_view kEditHint =
    "the query set or the setting was edited since the run began; undo that, or start a new run "
    "with --new";

std::string labels_text(const std::map<std::string, std::string>& labels) {
  Json object = Json::object();
  for (const auto& [name, value] : labels) object[name] = value;
  return dump_json(object);
}

void load_ids(const Database& database, std::string_view sql,
              std::unordered_map<std::string, std::int64_t>& ids) {
  ids.clear();
  auto row = database.prepare(sql);
  while (row.step()) ids.emplace(row.bytes(1), row.integer(0));
}

}  // namespace

std::optional<std::string> trial_bytes(std::string_view hex) {
  auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  if (hex.size() != 64) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    int high = digit(hex[i]), low = digit(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

std::string trial_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (unsigned char byte : bytes) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  return hex;
}

Recorder::Recorder(const Database& database)
    : database_(database),
      find_text_(database.prepare("SELECT id, body FROM text WHERE sha256 = ?1")),
      add_text_(database.prepare("INSERT INTO text VALUES (?1, ?2, ?3, ?4)")),
      put_prompt_(database.prepare(
          "INSERT OR REPLACE INTO prompt VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")),
      get_prompt_(database.prepare("SELECT * FROM prompt WHERE id = ?1")),
      add_message_(database.prepare("INSERT INTO message VALUES (?1, ?2, ?3, ?4, ?5)")),
      add_completion_(database.prepare(
          "INSERT INTO completion VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
          "?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26) "
          "ON CONFLICT (trial) DO NOTHING")),
      add_transcript_(database.prepare("INSERT INTO transcript VALUES (?1, ?2, ?3, ?4, ?5, ?6)")),
      add_logprobs_(database.prepare("INSERT INTO token_logprobs VALUES (?1, ?2, ?3, ?4, ?5)")),
      find_completion_(database.prepare("SELECT id FROM completion WHERE trial = ?1")),
      find_open_(database.prepare("SELECT cause, attempts FROM open_trial WHERE trial = ?1")),
      put_open_(database.prepare(
          "INSERT OR REPLACE INTO open_trial VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")),
      drop_open_(database.prepare("DELETE FROM open_trial WHERE trial = ?1")),
      add_verdict_(database.prepare(
          "INSERT INTO verdict VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
          "?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) ON CONFLICT (judge, completion) DO NOTHING")),
      add_rationale_(database.prepare("INSERT INTO rationale VALUES (?1, ?2, ?3, ?4, ?5, ?6)")),
      put_session_(database.prepare(
          "INSERT OR REPLACE INTO session VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")),
      add_readable_(database.prepare("INSERT INTO readable VALUES (?1, ?2, ?3, ?4)")) {
  reload();
}

void Recorder::reload() {
  load_ids(database_, "SELECT id, name FROM wording", wordings_);
  load_ids(database_, "SELECT id, name FROM query", queries_);
  load_ids(database_, "SELECT id, hash FROM judge", judges_);
  next_text_ = 1 + database_.integer("SELECT max(id) FROM text");
  next_completion_ = 1 + database_.integer("SELECT max(id) FROM completion");
  next_session_ = 1 + database_.integer("SELECT max(id) FROM session");
  arms_.clear();
  auto arm = database_.prepare(
      "SELECT a.id, w.name, a.name FROM arm a JOIN wording w ON w.id = a.wording");
  while (arm.step()) arms_[{arm.bytes(1), arm.bytes(2)}] = arm.integer(0);
  prompts_.clear();
  auto row = database_.prepare("SELECT id, arm, query FROM prompt");
  while (row.step()) prompts_[{row.integer(1), row.integer(2)}] = row.integer(0);
}

std::int64_t Recorder::id_of(const Ids& ids, std::string_view kind, const std::string& name) const {
  if (auto found = ids.find(name); found != ids.end()) return found->second;
  throw Error(ErrorCode::invalid, fmt::format("{}: the {} \"{}\" was not recorded",
                                              database_.path().string(), kind, name));
}

// A text is stored once, however many prompts hold it.
std::int64_t Recorder::text_id(std::string_view body) {
  auto hash = sha256_hex(body);
  find_text_.bind(1, hash);
  if (find_text_.step()) {
    auto id = find_text_.integer(0);
    find_text_.reset();
    return id;
  }
  auto id = next_text_++;
  run_sealed(add_text_, {integer(id), text(hash), blob(body)});
  return id;
}

// A wording or an arm that is known is left as it is: what is said in it is checked with its
// prompts.
void Recorder::record_wording(const WordingRow& wording) {
  if (wording.published && !is_published(*wording.published)) {
    throw Error(
        ErrorCode::invalid,
        fmt::format(
            "{}: the published result of the wording {:.80} must have rates and a gap in points",
            database_.path().string(), wording.name));
  }
  if (wordings_.contains(wording.name)) return;
  auto id = static_cast<std::int64_t>(wordings_.size()) + 1;
  const std::string published = text_of(wording.published);
  auto insert = database_.prepare("INSERT INTO wording VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  run_sealed(insert, {integer(id), text(wording.name), text(name_of(wording.role)),
                      text(wording.judge), text(published)});
  wordings_[wording.name] = id;
}

void Recorder::record_arm(const ArmRow& arm) {
  if (arms_.contains({arm.wording, arm.name})) return;
  auto id = static_cast<std::int64_t>(arms_.size()) + 1;
  const std::string circumstances = text_of(arm.circumstances);
  auto insert = database_.prepare("INSERT INTO arm VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  run_sealed(insert, {integer(id), integer(id_of(wordings_, "wording", arm.wording)),
                      text(arm.name), integer(arm.place), text(circumstances)});
  arms_[{arm.wording, arm.name}] = id;
}

void Recorder::record_query(const Query& query) {
  auto body = text_id(query.text);
  const std::string labels = labels_text(query.labels);
  if (auto found = queries_.find(query.id); found != queries_.end()) {
    auto row = database_.prepare("SELECT text, topic, labels FROM query WHERE id = ?1");
    row.bind(1, found->second);
    const bool is_there = row.step(), reads_alike = is_there && row.integer(0) == body;
    // Figures go by topic and labels, so one that changed in silence would change them.
    if (reads_alike && row.bytes(1) == query.topic && row.bytes(2) == labels) return;
    throw Error(ErrorCode::invalid,
                fmt::format("{}: the query \"{}\" {}", database_.path().string(), query.id,
                            reads_alike ? "has another topic or other labels than were recorded"
                                        : "reads differently from when it was sampled"),
                std::string(kEditHint));
  }
  auto id = static_cast<std::int64_t>(queries_.size()) + 1;
  auto insert = database_.prepare("INSERT INTO query VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  run_sealed(insert, {integer(id), text(query.id), integer(body), text(query.topic), text(labels)});
  queries_[query.id] = id;
}

void Recorder::record_prompt(const PromptRow& prompt) {
  auto known = arms_.find({prompt.wording, prompt.arm});
  if (known == arms_.end()) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: the arm \"{}\" of the wording \"{}\" was not recorded",
                            database_.path().string(), prompt.arm, prompt.wording));
  }
  auto arm = known->second, query = id_of(queries_, "query", prompt.query);
  auto found = prompts_.find({arm, query});
  if (found != prompts_.end()) return change_prompt(found->second, prompt);
  auto id = static_cast<std::int64_t>(prompts_.size()) + 1;
  run_sealed(put_prompt_, {integer(id), integer(arm), integer(query), text(prompt.request_hash),
                           integer(prompt.repeats), integer(text_id(prompt.prefill)),
                           integer(prompt.expects_scratchpad)});
  int position = 0;
  for (const auto& message : prompt.messages) {
    run_sealed(add_message_, {integer(id), integer(position++), text(name_of(message.role)),
                              integer(text_id(message.text))});
  }
  prompts_[{arm, query}] = id;
}

// Only the repeats may change, and only upwards: a session with fewer asks for fewer, and takes
// nothing back. The request's hash stands for all else that is sent.
void Recorder::change_prompt(std::int64_t id, const PromptRow& prompt) {
  get_prompt_.bind(1, id);
  get_prompt_.step();
  auto request_hash = get_prompt_.bytes(3);
  auto arm = get_prompt_.integer(1), query = get_prompt_.integer(2),
       repeats = get_prompt_.integer(4), prefill = get_prompt_.integer(5),
       expects_scratchpad = get_prompt_.integer(6);
  get_prompt_.reset();
  if (request_hash != prompt.request_hash) {
    throw Error(
        ErrorCode::invalid,
        fmt::format(
            "{}: the prompt for the query \"{}\" in the arm \"{}\" of the wording \"{}\" differs "
            "from the one sent earlier in this run (request {:.12}, earlier {:.12})",
            database_.path().string(), prompt.query, prompt.arm, prompt.wording,
            prompt.request_hash, request_hash),
        std::string(kEditHint));
  }
  if (repeats >= prompt.repeats) return;
  run_sealed(put_prompt_, {integer(id), integer(arm), integer(query), text(request_hash),
                           integer(prompt.repeats), integer(prefill), integer(expects_scratchpad)});
}

// Nothing that was known of the judge is lost by recording it again: neither that it was planned,
// nor an error whose source says more of this run.
void Recorder::record_judge(const JudgeRow& judge) {
  const auto where = database_.path().string();
  if (!is_judge_error(judge.error)) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: the error of the judge {:.80}: expected counts of at most {} "
                            "texts, in the arms of a setting no more than over all",
                            where, judge.name, kMaxErrorCount));
  }
  auto found = judges_.find(judge.hash);
  bool known = found != judges_.end();
  auto id = known ? found->second : static_cast<std::int64_t>(judges_.size()) + 1;
  auto row = judge;
  if (known) {
    auto old = database_.prepare("SELECT planned, error FROM judge WHERE id = ?1");
    old.bind(1, id);
    old.step();
    row.planned = row.planned || old.integer(0) != 0;
    const JudgeError before = judge_error_in(old.view(1), where);
    if (row.error == JudgeError() || before.source > row.error.source) row.error = before;
    old.reset();
  }
  auto put =
      database_.prepare("INSERT OR REPLACE INTO judge VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
  const std::string error = text_of(row.error), kind = text_of(row.kind);
  run_sealed(put, {integer(id), text(row.hash), text(row.name), text(kind), blob(row.config),
                   integer(row.planned), text(error)});
  judges_[judge.hash] = id;
}

void Recorder::record_price(const PriceRow& row) {
  if (!is_price(row)) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: no price of {:.80}: expected a day and dollars from 0 to a "
                            "million, found \"{:.20}\" and {}, {}, {}, {}",
                            database_.path().string(), row.model, row.date, row.price.input,
                            row.price.output, row.price.cache_read, row.price.cache_write));
  }
  auto put = database_.prepare("INSERT OR REPLACE INTO price VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  run_sealed(put, {text(row.model), number(row.price.input), number(row.price.output),
                   number(row.price.cache_read), number(row.price.cache_write), text(row.date)});
}

std::optional<std::int64_t> Recorder::prompt_id(const WordingArm& told,
                                                const std::string& query) const {
  auto a = arms_.find(told);
  auto q = queries_.find(query);
  if (a == arms_.end() || q == queries_.end()) return std::nullopt;
  auto found = prompts_.find({a->second, q->second});
  if (found == prompts_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::int64_t> Recorder::judge_id(std::string_view hash) const {
  auto found = judges_.find(std::string(hash));
  if (found == judges_.end()) return std::nullopt;
  return found->second;
}

Appended Recorder::add_completion(const CompletionRow& row, std::int64_t prompt) {
  auto trial = trial_bytes(row.trial);
  IAGO_CHECK(trial.has_value(), row.trial);
  // Counted on only once the row is in, so that ids have no gaps.
  auto id = next_completion_;
  auto before = database_.total_changes();
  run_sealed(add_completion_, {integer(id),
                               blob(*trial),
                               integer(prompt),
                               integer(row.repeat),
                               text(name_of(row.outcome)),
                               text(name_of(row.form)),
                               text(row.form_rule),
                               text(name_of(row.reasoning_channel)),
                               text(name_of(row.finish)),
                               blob(row.finish_reason),
                               blob(row.provider_message),
                               blob(row.reasoning_note),
                               integer(Checksum().field(row.raw).field(row.reasoning).value()),
                               integer(row.usage.prompt),
                               integer(row.usage.cached_prompt),
                               integer(row.usage.cache_written),
                               integer(row.usage.generated),
                               integer(row.usage.uncounted),
                               number(logprob_sum(row)),
                               text(row.model_version),
                               text(row.fingerprint),
                               text(row.request_id),
                               number(row.seconds),
                               integer(row.created.count()),
                               text(row.reused_from)});
  if (database_.total_changes() == before) return Appended::was_there;
  ++next_completion_;
  run_sealed(add_transcript_, {integer(id), blob(row.raw), blob(row.reasoning),
                               blob(row.scratchpad), blob(row.output)});
  add_readable(id, row);
  if (!row.token_logprobs.empty()) {
    const TokenBlobs tokens = token_blobs(row);
    run_sealed(add_logprobs_,
               {integer(id), blob(tokens.logprobs), blob(tokens.sizes), blob(tokens.texts)});
  }
  drop_open_.bind_blob(1, *trial);
  drop_open_.run();
  return Appended::added;
}

void Recorder::add_readable(std::int64_t id, const CompletionRow& row) {
  const std::string scratchpad = readable_text(row.scratchpad), output = readable_text(row.output);
  if (scratchpad == row.scratchpad && output == row.output) return;
  run_sealed(add_readable_, {integer(id), text(scratchpad), text(output)});
}

Appended Recorder::put_open(const OpenTrialRow& row, std::int64_t prompt) {
  auto trial = trial_bytes(row.trial);
  IAGO_CHECK(trial.has_value(), row.trial);
  find_completion_.bind_blob(1, *trial);
  const bool is_completed = find_completion_.step();
  find_completion_.reset();
  if (is_completed) return Appended::was_there;
  std::uint32_t attempts = 1;
  find_open_.bind_blob(1, *trial);
  if (find_open_.step() && find_open_.view(0) == name_of(row.cause)) {
    attempts += static_cast<std::uint32_t>(find_open_.integer(1));
  }
  find_open_.reset();
  run_sealed(put_open_, {blob(*trial), integer(prompt), integer(row.repeat),
                         text(name_of(row.cause)), integer(row.status), blob(row.message),
                         integer(attempts), integer(row.created.count())});
  return Appended::added;
}

Appended Recorder::add_verdict(const Verdict& row, std::string_view votes,
                               std::string_view evidence, std::int64_t judge) {
  auto trial = trial_bytes(row.trial);
  IAGO_CHECK(trial.has_value(), row.trial);
  find_completion_.bind_blob(1, *trial);
  if (!find_completion_.step()) {
    throw Error(ErrorCode::invalid, fmt::format("{}: a verdict on the trial {}, which has no "
                                                "completion",
                                                database_.path().string(), row.trial));
  }
  auto completion = find_completion_.integer(0);
  find_completion_.reset();
  auto before = database_.total_changes();
  run_sealed(add_verdict_,
             {integer(judge), integer(completion), text(name_of(row.outcome)), text(row.label),
              number(row.probability), integer(row.usage.prompt), integer(row.usage.cached_prompt),
              integer(row.usage.cache_written), integer(row.usage.generated),
              integer(row.usage.uncounted), integer(row.created.count()), integer(row.yes_to_quote),
              integer(row.unquoted), integer(row.unquoted_decide)});
  if (database_.total_changes() == before) return Appended::was_there;
  run_sealed(add_rationale_,
             {integer(judge), integer(completion), blob(votes), blob(evidence), blob(row.why)});
  return Appended::added;
}

std::int64_t Recorder::put_session(std::int64_t id, const SessionRow& row) {
  if (id == 0) id = next_session_++;
  const std::string sent = text_of(row.sent), shown = text_of(row.shown);
  run_sealed(put_session_,
             {integer(id), text(row.program), integer(row.started.count()), integer(row.ended),
              number(row.wall_s), number(row.sampling_s), integer(row.generated_tokens),
              number(row.peak_rss_mb), blob(sent), text(shown)});
  return id;
}

}  // namespace iago
