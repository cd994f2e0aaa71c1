// A store is made whole or not at all: under another name, in SQLite's plain journal mode, with
// tables, version and the run's row in one transaction; then it becomes a WAL store, takes its
// name, and the folder is synced. Whoever finds a run.db therefore finds a run in it, and "no run"
// means damage.
//
// A store that is opened is not trusted. In this order: is it a file, is it large enough to be
// SQLite's (an empty file is a valid empty database), is it ours, is its version known, is it
// sound. Only then may rows be written.
#include "store/internal/schema.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "store/internal/log_check.h"
#include "store/internal/seal.h"
#include "store/internal/soundness.h"
#include "store/store.h"

namespace iago {
namespace {

// Every table's last column is its seal (seal.h). Texts that a model or a person wrote are BLOB:
// they are bytes, and a TEXT with a NUL inside is cut by half of SQLite's functions. What counting
// reads (completion, verdict) is apart from the long texts (transcript, rationale), so that a
// million rows are counted without reading them.
constexpr std::string_view kTables = R"(
CREATE TABLE run(
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1), id TEXT NOT NULL, study TEXT NOT NULL,
  study_toml BLOB NOT NULL, setting TEXT NOT NULL, channel TEXT NOT NULL, baseline TEXT NOT NULL,
  seed INTEGER NOT NULL, subject TEXT NOT NULL, subject_identity TEXT NOT NULL,
  margin_points REAL NOT NULL, analysis_plan BLOB NOT NULL, analysis_plan_hash TEXT NOT NULL,
  program TEXT NOT NULL, created_ns INTEGER NOT NULL, strict_form INTEGER NOT NULL,
  cluster_by BLOB NOT NULL, query_groups BLOB NOT NULL, setting_hash TEXT NOT NULL,
  seal INTEGER NOT NULL) STRICT;

CREATE TABLE text(
  id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, body BLOB NOT NULL,
  seal INTEGER NOT NULL) STRICT;

CREATE TABLE wording(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL, judge TEXT NOT NULL,
  published TEXT NOT NULL, seal INTEGER NOT NULL) STRICT;

CREATE TABLE arm(
  id INTEGER PRIMARY KEY, wording INTEGER NOT NULL REFERENCES wording, name TEXT NOT NULL,
  place INTEGER NOT NULL, circumstances TEXT NOT NULL, seal INTEGER NOT NULL,
  UNIQUE (wording, name)) STRICT;

CREATE TABLE query(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, text INTEGER NOT NULL REFERENCES text,
  topic TEXT NOT NULL, labels TEXT NOT NULL, seal INTEGER NOT NULL) STRICT;

CREATE TABLE prompt(
  id INTEGER PRIMARY KEY, arm INTEGER NOT NULL REFERENCES arm,
  query INTEGER NOT NULL REFERENCES query, request_hash TEXT NOT NULL, repeats INTEGER NOT NULL,
  prefill INTEGER NOT NULL REFERENCES text, expects_scratchpad INTEGER NOT NULL,
  seal INTEGER NOT NULL, UNIQUE (arm, query)) STRICT;

CREATE TABLE message(
  prompt INTEGER NOT NULL REFERENCES prompt, position INTEGER NOT NULL, role TEXT NOT NULL,
  text INTEGER NOT NULL REFERENCES text, seal INTEGER NOT NULL,
  PRIMARY KEY (prompt, position)) STRICT, WITHOUT ROWID;

CREATE TABLE completion(
  id INTEGER PRIMARY KEY, trial BLOB NOT NULL UNIQUE CHECK (length(trial) = 32),
  prompt INTEGER NOT NULL REFERENCES prompt, repeat INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN
    ('answered', 'refused_by_provider', 'truncated', 'invalid_format')),
  form TEXT NOT NULL, form_rule TEXT NOT NULL, reasoning_channel TEXT NOT NULL,
  finish TEXT NOT NULL,
  finish_reason BLOB NOT NULL, provider_message BLOB NOT NULL, reasoning_note BLOB NOT NULL,
  -- Of the reply's text and reasoning: equal ones have equal sums.
  said INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL, cached_prompt_tokens INTEGER NOT NULL,
  cache_written_tokens INTEGER NOT NULL, generated_tokens INTEGER NOT NULL,
  uncounted_replies INTEGER NOT NULL, logprob_sum REAL,
  model_version TEXT NOT NULL, fingerprint TEXT NOT NULL, request_id TEXT NOT NULL,
  seconds REAL NOT NULL, created_ns INTEGER NOT NULL, reused_from TEXT NOT NULL,
  seal INTEGER NOT NULL, UNIQUE (prompt, repeat)) STRICT;

-- As a rule a run takes nothing from others: whoever counts what it took reads no completion.
CREATE INDEX completion_reused ON completion(reused_from) WHERE reused_from <> '';

CREATE TABLE transcript(
  completion INTEGER PRIMARY KEY REFERENCES completion, raw BLOB NOT NULL,
  reasoning BLOB NOT NULL, scratchpad BLOB NOT NULL, output BLOB NOT NULL,
  seal INTEGER NOT NULL) STRICT;

CREATE TABLE token_logprobs(
  completion INTEGER PRIMARY KEY REFERENCES completion, logprobs BLOB NOT NULL,
  sizes BLOB NOT NULL, texts BLOB NOT NULL, seal INTEGER NOT NULL) STRICT;

CREATE TABLE open_trial(
  trial BLOB PRIMARY KEY CHECK (length(trial) = 32),
  prompt INTEGER NOT NULL REFERENCES prompt, repeat INTEGER NOT NULL,
  cause TEXT NOT NULL, status INTEGER NOT NULL, message BLOB NOT NULL, attempts INTEGER NOT NULL,
  created_ns INTEGER NOT NULL, seal INTEGER NOT NULL,
  UNIQUE (prompt, repeat)) STRICT, WITHOUT ROWID;

-- `kind`: a known kind's name, or a rubric's own with its labels: "client: names-client, does-not".
CREATE TABLE judge(
  id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL, kind TEXT NOT NULL,
  config BLOB NOT NULL, planned INTEGER NOT NULL, error TEXT NOT NULL,
  seal INTEGER NOT NULL) STRICT;

CREATE TABLE verdict(
  judge INTEGER NOT NULL REFERENCES judge, completion INTEGER NOT NULL REFERENCES completion,
  outcome TEXT NOT NULL, label TEXT NOT NULL, probability REAL NOT NULL,
  prompt_tokens INTEGER NOT NULL, cached_prompt_tokens INTEGER NOT NULL,
  cache_written_tokens INTEGER NOT NULL, generated_tokens INTEGER NOT NULL,
  uncounted_replies INTEGER NOT NULL, created_ns INTEGER NOT NULL, yes_to_quote INTEGER NOT NULL,
  unquoted INTEGER NOT NULL, unquoted_decide INTEGER NOT NULL, seal INTEGER NOT NULL,
  PRIMARY KEY (judge, completion)) STRICT, WITHOUT ROWID;

CREATE TABLE rationale(
  judge INTEGER NOT NULL, completion INTEGER NOT NULL, votes BLOB NOT NULL,
  evidence BLOB NOT NULL, why BLOB NOT NULL, seal INTEGER NOT NULL,
  PRIMARY KEY (judge, completion),
  FOREIGN KEY (judge, completion) REFERENCES verdict) STRICT, WITHOUT ROWID;

-- A transcript whose texts no program could read as text: without a NUL, and with U+FFFD in place
-- of what is not UTF-8.
CREATE TABLE readable(
  completion INTEGER PRIMARY KEY REFERENCES transcript, scratchpad TEXT NOT NULL,
  output TEXT NOT NULL, seal INTEGER NOT NULL) STRICT;

CREATE TABLE label_sample(
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1), contrast_judge TEXT NOT NULL,
  faking_judge TEXT NOT NULL, estimator TEXT NOT NULL, seed INTEGER NOT NULL,
  created_ns INTEGER NOT NULL, answers INTEGER NOT NULL, seal INTEGER NOT NULL) STRICT;

CREATE TABLE drawn(
  place INTEGER PRIMARY KEY, completion INTEGER NOT NULL UNIQUE REFERENCES completion,
  stratum TEXT NOT NULL, inclusion REAL NOT NULL, seal INTEGER NOT NULL) STRICT;

CREATE TABLE people_label(
  completion INTEGER NOT NULL REFERENCES completion, kind TEXT NOT NULL, labeller BLOB NOT NULL,
  label TEXT NOT NULL, note BLOB NOT NULL, created_ns INTEGER NOT NULL, seal INTEGER NOT NULL,
  PRIMARY KEY (completion, kind, labeller)) STRICT, WITHOUT ROWID;

-- The newest check of the run's subject, as JSON.
CREATE TABLE subject_check(
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1), report BLOB NOT NULL,
  seal INTEGER NOT NULL) STRICT;

CREATE TABLE price(
  model TEXT NOT NULL PRIMARY KEY, input REAL NOT NULL, output REAL NOT NULL,
  cache_read REAL NOT NULL, cache_write REAL NOT NULL, date TEXT NOT NULL,
  seal INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE session(
  id INTEGER PRIMARY KEY, program TEXT NOT NULL, started_ns INTEGER NOT NULL,
  ended INTEGER NOT NULL, wall_s REAL NOT NULL, sampling_s REAL NOT NULL,
  generated_tokens INTEGER NOT NULL, peak_rss_mb REAL NOT NULL, sent BLOB NOT NULL,
  shown TEXT NOT NULL, seal INTEGER NOT NULL) STRICT;

-- The next two are for people with another program; nothing here reads them. docs/data.md tells
-- how. Every text in them is UTF-8, whatever a model wrote.
CREATE VIEW verdicts AS
  SELECT lower(hex(c.trial)) AS trial, j.name AS judge, j.hash AS judge_hash,
    substr(j.kind, 1, instr(j.kind || ':', ':') - 1) AS kind, v.outcome, v.label, v.probability
  FROM verdict v JOIN judge j ON j.id = v.judge JOIN completion c ON c.id = v.completion;

-- `verdicts`: a JSON object of labels by the judges' names, of each judge's newest version.
CREATE VIEW answers AS
  SELECT lower(hex(c.trial)) AS trial, w.name AS wording, w.role, a.name AS arm, a.circumstances,
    q.name AS query, q.topic, c.repeat, c.outcome, c.form, c.finish, c.prompt_tokens,
    c.generated_tokens, CAST(request.body AS TEXT) AS request,
    coalesce(r.scratchpad, CAST(t.scratchpad AS TEXT)) AS scratchpad,
    coalesce(r.output, CAST(t.output AS TEXT)) AS output,
    (SELECT json_group_object(j.name, v.label) FROM verdict v JOIN judge j ON j.id = v.judge
     WHERE v.completion = c.id AND j.id IN (SELECT max(id) FROM judge GROUP BY name)) AS verdicts
  FROM completion c JOIN transcript t ON t.completion = c.id JOIN prompt p ON p.id = c.prompt
    JOIN arm a ON a.id = p.arm JOIN wording w ON w.id = a.wording JOIN query q ON q.id = p.query
    JOIN text request ON request.id = q.text LEFT JOIN readable r ON r.completion = c.id;
)";

constexpr std::array<std::string_view, 21> kTableNames = {
    "run",          "text",     "wording",      "arm",        "query",
    "prompt",       "message",  "completion",   "transcript", "token_logprobs",
    "open_trial",   "judge",    "verdict",      "rationale",  "session",
    "price",        "readable", "label_sample", "drawn",      "people_label",
    "subject_check"};

constexpr std::uintmax_t kSmallestFile = 512;  // SQLite's smallest page

void sync_folder(const std::filesystem::path& path) {
  auto folder = std::filesystem::absolute(path).parent_path();
  int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;  // not every file system has folders to sync
  ::fsync(file);
  ::close(file);
}

void check_header(const Database& database) {
  auto application = database.integer("PRAGMA application_id");
  auto schema = database.integer("PRAGMA user_version");
  auto name = database.path().string();
  if (application != kApplicationId) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: a database of another program (application id {:#x}, expected "
                            "{:#x})",
                            name, application, kApplicationId),
                "name the run.db in a run's folder");
  }
  if (schema != kStoreSchema) {
    throw Error(ErrorCode::unsupported,
                fmt::format("{}: written with store schema {}, this program reads {}", name, schema,
                            kStoreSchema),
                "use the version of iago that wrote it");
  }
}

}  // namespace

std::span<const std::string_view> table_names() { return kTableNames; }

void create_store(const std::filesystem::path& path, const RunRow& run) {
  auto beside = path;
  beside += ".new";
  std::error_code status;
  // What an interrupted attempt left behind.
  std::filesystem::remove(beside, status);
  {
    Database database(beside, OpenMode::create);
    database.execute(fmt::format(
        "PRAGMA page_size={}; PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL;", kStorePage));
    Transaction transaction(database);
    database.execute(std::string(kTables));
    database.execute(fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", kApplicationId,
                                 kStoreSchema));
    write_run(database, run);
    transaction.commit();
    database.execute("PRAGMA journal_mode=WAL");
  }
  // A log left over from a store that was removed by hand would be replayed into this one.
  for (auto suffix : {"-wal", "-shm"}) std::filesystem::remove(path.string() + suffix, status);
  std::filesystem::rename(beside, path, status);
  if (status) {
    throw Error(ErrorCode::disconnected,
                fmt::format("{}: cannot be put in place: {}", path.string(), status.message()));
  }
  sync_folder(path);
}

namespace {

// Whoever asks for a report before the first run learns how to get one.
Error no_store(const std::filesystem::path& path) {
  std::error_code ignored;
  const auto folder = std::filesystem::absolute(path, ignored).parent_path();
  return {ErrorCode::not_found,
          fmt::format("{}: {}", path.string(),
                      std::filesystem::is_directory(folder, ignored)
                          ? "no run is in this folder: it has no run.db"
                          : "there is no such folder, so there is no run"),
          "name the folder of a run; iago run starts one, and runs/latest then points to it"};
}

}  // namespace

Database open_store(const std::filesystem::path& path, OpenMode access) {
  std::error_code status;
  bool is_file = std::filesystem::is_regular_file(path, status);
  if (status == std::errc::permission_denied) {
    throw Error(
        ErrorCode::disconnected,
        fmt::format("{}: permission to read it is missing: {}", path.string(), status.message()),
        "check the permissions of its folder");
  }
  if (!is_file) {
    const bool is_there = std::filesystem::exists(path, status);
    if (!is_there) throw no_store(path);
    throw Error(ErrorCode::invalid, fmt::format("{}: {}", path.string(), why_no_file(path)),
                "name the run.db in a run's folder");
  }
  auto size = std::filesystem::file_size(path, status);
  if (!status && size < kSmallestFile) {  // which SQLite would take for an empty database
    throw Error(ErrorCode::corrupt,
                fmt::format("{}: the store is cut off, it has {} bytes", path.string(), size),
                "restore it from a copy, or move it away and start a new run with --new");
  }
  check_log(path);
  Database database(path, access);
  check_header(database);
  if (access != OpenMode::read) {
    database.execute(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
        "PRAGMA wal_autocheckpoint=4000;");
  }
  check_sound(database);
  return database;
}

RunRow read_run(const Database& database) {
  auto row = database.prepare("SELECT * FROM run");
  if (!row.step()) {
    throw Error(ErrorCode::corrupt,
                fmt::format("{}: the store has no run", database.path().string()));
  }
  check_seal(row, "run", 0, row.columns());
  RunRow run;
  run.id = row.bytes(1), run.study = row.bytes(2), run.study_toml = row.bytes(3);
  run.setting = row.bytes(4), run.channel = row.bytes(5), run.baseline = row.bytes(6);
  run.seed = static_cast<std::uint64_t>(row.integer(7));
  run.subject = row.bytes(8), run.subject_identity = row.bytes(9);
  run.margin_points = row.number(10);
  if (!is_margin(run.margin_points)) {
    throw Error(ErrorCode::corrupt,
                fmt::format("{}: the run's margin is {} points, expected above 0 and at most 100",
                            database.path().string(), run.margin_points),
                "restore the file from a copy");
  }
  run.analysis_plan = row.bytes(11), run.analysis_plan_hash = row.bytes(12);
  run.program = row.bytes(13);
  run.created = std::chrono::nanoseconds(row.integer(14));
  run.forms = row.integer(15) != 0 ? FormRule::strict_only : FormRule::any;
  run.cluster_by = row.bytes(16), run.groups = row.bytes(17);
  run.setting_hash = row.bytes(18);
  return run;
}

void write_run(const Database& database, const RunRow& run) {
  if (!is_margin(run.margin_points)) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: the run's margin is {} points, expected above 0 and at most 100",
                            database.path().string(), run.margin_points));
  }
  auto hash = sha256_hex(run.analysis_plan);
  auto insert = database.prepare(
      "INSERT OR REPLACE INTO run VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
      "?14, ?15, ?16, ?17, ?18, ?19, ?20)");
  run_sealed(insert, {integer(1), text(run.id), text(run.study), blob(run.study_toml),
                      text(run.setting), text(run.channel), text(run.baseline), integer(run.seed),
                      text(run.subject), text(run.subject_identity), number(run.margin_points),
                      blob(run.analysis_plan), text(hash), text(run.program),
                      integer(run.created.count()), integer(run.forms == FormRule::strict_only),
                      blob(run.cluster_by), blob(run.groups), text(run.setting_hash)});
}

}  // namespace iago
