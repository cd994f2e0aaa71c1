// Each function is one SQL statement, and most read whole tables side by side: SELECT c.*, t.*, ...
// Columns are then found by position, each table's behind those of the one before; the constants
// k...Columns are the tables' widths. Whole tables, because a seal covers a whole row: check_seal
// wants every column, in order.
//
// Checks. The whole file is checked when it is opened (soundness.h), so that rows which are only
// counted or summed in SQL (count_cells, count_labels, the tokens) are sound. Rows that a function
// returns are checked by their seals once more, texts by their hashes: a file may decay, or another
// process may write it, while it is open. So a row's long texts are joined by LEFT JOIN: were they
// missing, an inner join would drop the row without a word, and nulls do not match a seal.
//
// Reading while another process writes. Until it ends, a statement sees what was committed when it
// began. Two statements may see two states. So no function combines two, unless the first is still
// open while the second runs (prompts and their messages) or the order makes it harmless
// (check_places).
#include "store/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "store/internal/checksum.h"
#include "store/internal/counts_json.h"
#include "store/internal/label_rows.h"
#include "store/internal/recorder.h"
#include "store/internal/schema.h"
#include "store/internal/seal.h"
#include "store/internal/sent_json.h"
#include "store/internal/soundness.h"
#include "store/internal/token_blobs.h"
#include "store/internal/verdict_json.h"
#include "store/internal/wording_json.h"

namespace iago {

namespace {

// The arm called ?1 of the wording called ?2.
constexpr const char* kArmToldIn =
    "(SELECT a.id FROM arm a JOIN wording w ON w.id = a.wording WHERE a.name = ?1 AND w.name = ?2)";

constexpr int kCompletionColumns = 26, kTranscriptColumns = 6, kLogprobColumns = 5;
constexpr int kArmColumns = 6;
constexpr int kOpenColumns = 9;
constexpr int kVerdictColumns = 15, kRationaleColumns = 6;

[[noreturn]] void corrupt(const Database& database, std::string_view what) {
  throw Error(ErrorCode::corrupt, fmt::format("{}: {}", database.path().string(), what),
              "restore the file from a copy");
}

std::string origin_of(const Statement& row, int column, const Database& database) {
  auto run = row.bytes(column);
  if (!is_run_id(run)) corrupt(database, "a completion was taken from a run without a name");
  return run;
}

std::map<std::string, std::string> labels_of(const std::string& json, const Database& database) {
  std::map<std::string, std::string> labels;
  auto object = parse_json(json, database.path().string() + ": labels of a query");
  for (const auto& [name, value] : object.items()) {
    if (value.is_string()) labels[name] = value.get<std::string>();
  }
  return labels;
}

// The value that a column names. `what` is the column's noun.
template <typename Enum>
Enum value_of(std::optional<Enum> (*named)(std::string_view), std::string_view what,
              std::string_view name, const Database& database) {
  const auto value = named(name);
  if (!value) corrupt(database, fmt::format("unknown {} \"{:.40}\"", what, name));
  return *value;
}

TokenUsage tokens_of(const Statement& row, int first) {
  auto count = [&](int column) { return static_cast<std::uint64_t>(row.integer(first + column)); };
  return {count(0), count(1), count(2), count(3), count(4)};
}

// completion.*, transcript.*, the names of wording, arm and query, prompt.expects_scratchpad,
// token_logprobs.* (null for a completion without them)
CompletionRow completion_of(const Statement& row, const Database& database) {
  check_seal(row, "completion", 0, kCompletionColumns);
  check_seal(row, "transcript", kCompletionColumns, kTranscriptColumns);
  CompletionRow completion;
  completion.trial = trial_hex(row.view(1));
  completion.repeat = static_cast<std::uint32_t>(row.integer(3));
  completion.outcome = value_of(outcome_named, "outcome", row.view(4), database);
  completion.form = value_of(form_named, "form", row.view(5), database);
  completion.form_rule = row.bytes(6);
  completion.reasoning_channel =
      value_of(reasoning_channel_named, "reasoning channel", row.view(7), database);
  completion.finish = value_of(finish_named, "finish", row.view(8), database);
  if (completion.finish == Finish::failed) corrupt(database, "a completion without a reply");
  completion.finish_reason = row.bytes(9), completion.provider_message = row.bytes(10);
  completion.reasoning_note = row.bytes(11);
  completion.usage = tokens_of(row, 13);
  completion.model_version = row.bytes(19), completion.fingerprint = row.bytes(20);
  completion.request_id = row.bytes(21), completion.seconds = row.number(22);
  completion.created = std::chrono::nanoseconds(row.integer(23));
  if (!row.view(24).empty()) completion.reused_from = origin_of(row, 24, database);
  int t = kCompletionColumns;
  completion.raw = row.bytes(t + 1), completion.reasoning = row.bytes(t + 2);
  completion.scratchpad = row.bytes(t + 3), completion.output = row.bytes(t + 4);
  completion.wording = row.bytes(t + kTranscriptColumns);
  completion.arm = row.bytes(t + kTranscriptColumns + 1);
  completion.query = row.bytes(t + kTranscriptColumns + 2);
  completion.expects_scratchpad = row.integer(t + kTranscriptColumns + 3) != 0;
  const int l = t + kTranscriptColumns + 4;
  if (row.type(l) != ColumnType::null) {
    check_seal(row, "token_logprobs", l, kLogprobColumns);
    read_token_blobs(row, l + 1, database, completion);
  }
  return completion;
}

// Callers use `arm` and `query` as indices into arms() and queries(). To be called when all rows
// have been read: a run that is being written gets its arms and queries before their completions,
// so the later count can only be larger.
template <typename Counts>
void check_places(const std::vector<Counts>& counted, const Database& database) {
  const auto arms = static_cast<std::uint64_t>(database.integer("SELECT count(*) FROM arm"));
  const auto queries = static_cast<std::uint64_t>(database.integer("SELECT count(*) FROM query"));
  for (const Counts& counts : counted) {
    if (counts.arm < arms && counts.query < queries) continue;
    corrupt(database, "a prompt of an unknown arm or query");
  }
}

// verdict.*, rationale.*
Verdict verdict_of(const Statement& row, const Database& database) {
  check_seal(row, "verdict", 0, kVerdictColumns);
  check_seal(row, "rationale", kVerdictColumns, kRationaleColumns);
  Verdict verdict;
  verdict.outcome = value_of(verdict_outcome_named, "outcome of a verdict", row.view(2), database);
  verdict.label = row.bytes(3);
  verdict.probability = row.number(4), verdict.usage = tokens_of(row, 5);
  verdict.created = std::chrono::nanoseconds(row.integer(10));
  verdict.yes_to_quote = static_cast<std::uint64_t>(row.integer(11));
  verdict.unquoted = static_cast<std::uint64_t>(row.integer(12));
  verdict.unquoted_decide = row.integer(13) != 0;
  const int r = kVerdictColumns;
  const auto where = database.path().string();
  verdict.votes = votes_of(row.view(r + 2), where);
  verdict.evidence = evidence_of(row.view(r + 3), where);
  verdict.why = row.bytes(r + 4);
  return verdict;
}

// Each condition leaves the completions in the order of their ids, so that no row waits for a later
// one: those of a query are few enough to be listed by id; those of an arm are not, and are picked
// out along the way (the + keeps SQLite from going by the arm's prompts and sorting whole rows).
std::string filter_sql(const CompletionFilter& filter) {
  // By the arm, by the wording, or by both: an arm's row is of one wording.
  std::string arms;
  if (filter.arm) arms = "name = ?1";
  if (filter.wording) {
    arms += fmt::format("{}wording = (SELECT id FROM wording WHERE name = ?6)",
                        arms.empty() ? "" : " AND ");
  }
  std::string where;
  auto add = [&](bool wanted, std::string_view condition) {
    if (wanted) where += fmt::format("{} {}", where.empty() ? " WHERE" : " AND", condition);
  };
  const bool by_arm = !arms.empty(), by_query = filter.query.has_value();
  add(by_query,
      fmt::format("c.id IN (SELECT d.id FROM prompt s CROSS JOIN completion d ON d.prompt = s.id "
                  "WHERE s.query = (SELECT id FROM query WHERE name = ?2){})",
                  by_arm ? fmt::format(" AND s.arm IN (SELECT id FROM arm WHERE {})", arms) : ""));
  add(by_arm && !by_query,
      fmt::format("+c.prompt IN (SELECT id FROM prompt WHERE arm IN (SELECT id FROM arm WHERE {}))",
                  arms));
  add(filter.trial.has_value(), "c.trial = ?3");
  add(filter.outcome.has_value(), "c.outcome = ?4");
  add(filter.form.has_value(), "c.form = ?7");
  add(filter.not_judged_by.has_value(),
      "NOT EXISTS (SELECT 1 FROM verdict v JOIN judge j ON j.id = v.judge "
      "WHERE j.hash = ?5 AND v.completion = c.id)");
  return where;
}

// Calls `use` for each row of what completion_of takes; it returns false to stop.
void walk_completions(const Database& database, const CompletionFilter& filter,
                      const std::function<bool(const Statement&)>& use) {
  auto row = database.prepare(
      fmt::format("SELECT c.*, t.*, w.name, a.name, q.name, p.expects_scratchpad, l.* "
                  "FROM completion c "
                  "CROSS JOIN prompt p ON p.id = c.prompt CROSS JOIN arm a ON a.id = p.arm "
                  "CROSS JOIN wording w ON w.id = a.wording CROSS JOIN query q ON q.id = p.query "
                  "LEFT JOIN transcript t ON t.completion = c.id "
                  "LEFT JOIN token_logprobs l ON l.completion = c.id{} ORDER BY c.id",
                  filter_sql(filter)));
  std::string trial;
  if (filter.trial) {
    auto bytes = trial_bytes(*filter.trial);
    if (!bytes) return;  // no such trial
    trial = *bytes;
    row.bind_blob(3, trial);
  }
  if (filter.arm) row.bind(1, *filter.arm);
  if (filter.query) row.bind(2, *filter.query);
  if (filter.outcome) row.bind(4, name_of(*filter.outcome));
  if (filter.not_judged_by) row.bind(5, *filter.not_judged_by);
  if (filter.wording) row.bind(6, *filter.wording);
  if (filter.form) row.bind(7, name_of(*filter.form));
  while (row.step() && use(row)) {
  }
}

// Calls `use` with the row and what it says; it returns false to stop. Behind the table's columns
// stand the names of wording, arm and query, and the ids of arm and query.
void walk_open(const Database& database,
               const std::function<bool(const Statement&, const OpenTrialRow&)>& use) {
  auto row = database.prepare(
      "SELECT o.*, w.name, a.name, q.name, p.arm, p.query FROM open_trial o "
      "JOIN prompt p ON p.id = o.prompt JOIN arm a ON a.id = p.arm "
      "JOIN wording w ON w.id = a.wording JOIN query q ON q.id = p.query "
      "ORDER BY p.arm, p.query, o.repeat");
  while (row.step()) {
    check_seal(row, "open_trial", 0, kOpenColumns);
    const OpenTrialRow open{.trial = trial_hex(row.view(0)),
                            .wording = row.bytes(kOpenColumns),
                            .arm = row.bytes(kOpenColumns + 1),
                            .query = row.bytes(kOpenColumns + 2),
                            .repeat = static_cast<std::uint32_t>(row.integer(2)),
                            .cause = value_of(open_cause_named, "cause", row.view(3), database),
                            .status = static_cast<int>(row.integer(4)),
                            .message = row.bytes(5),
                            .attempts = static_cast<std::uint32_t>(row.integer(6)),
                            .created = std::chrono::nanoseconds(row.integer(7))};
    if (!use(row, open)) return;
  }
}

}  // namespace

struct Store::Impl {
  explicit Impl(const std::filesystem::path& path) : database(open_store(path, OpenMode::read)) {}
  Database database;
};

Store::Store(const std::filesystem::path& path) : impl_(std::make_unique<Impl>(path)) {}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

const std::filesystem::path& Store::path() const { return impl_->database.path(); }

RunRow Store::run() const { return read_run(impl_->database); }

std::vector<WordingRow> Store::wordings() const {
  auto row = impl_->database.prepare("SELECT * FROM wording ORDER BY id");
  std::vector<WordingRow> wordings;
  while (row.step()) {
    check_seal(row, "wording", 0, row.columns());
    wordings.push_back(
        {row.bytes(1),
         value_of(wording_role_named, "role of a wording", row.view(2), impl_->database),
         row.bytes(3), published_of(row.view(4), impl_->database.path().string())});
  }
  return wordings;
}

std::vector<ArmRow> Store::arms() const {
  auto row = impl_->database.prepare(
      "SELECT a.*, w.name, coalesce((SELECT sum(p.repeats) FROM prompt p WHERE p.arm = a.id), 0) "
      "FROM arm a LEFT JOIN wording w ON w.id = a.wording ORDER BY a.id");
  std::vector<ArmRow> arms;
  while (row.step()) {
    check_seal(row, "arm", 0, kArmColumns);
    if (row.type(kArmColumns) == ColumnType::null) {
      corrupt(impl_->database, "an arm of an unknown wording");
    }
    arms.push_back({row.bytes(kArmColumns), row.bytes(2),
                    static_cast<std::uint32_t>(row.integer(3)),
                    circumstances_of(row.view(4), impl_->database.path().string()),
                    static_cast<std::uint64_t>(row.integer(kArmColumns + 1))});
  }
  return arms;
}

std::vector<Query> Store::queries() const {
  auto row = impl_->database.prepare(
      "SELECT q.*, t.body, t.sha256 FROM query q LEFT JOIN text t ON t.id = q.text ORDER BY q.id");
  std::vector<Query> queries;
  while (row.step()) {
    check_seal(row, "query", 0, 6);
    Query query{row.bytes(1), row.bytes(6), row.bytes(3), {}};
    if (sha256_hex(query.text) != row.view(7))
      corrupt(impl_->database, "a query's text is damaged");
    query.labels = labels_of(row.bytes(4), impl_->database);
    queries.push_back(std::move(query));
  }
  return queries;
}

std::vector<JudgeRow> Store::judges() const {
  auto row = impl_->database.prepare("SELECT * FROM judge ORDER BY id");
  std::vector<JudgeRow> judges;
  while (row.step()) {
    check_seal(row, "judge", 0, row.columns());
    const JudgeKind kind = value_of(judge_kind_in, "kind of judge", row.view(3), impl_->database);
    judges.push_back({row.bytes(1), row.bytes(2), kind, row.bytes(4), row.integer(5) != 0,
                      judge_error_in(row.view(6), path().string())});
  }
  return judges;
}

std::vector<SessionRow> Store::sessions() const {
  auto row = impl_->database.prepare("SELECT * FROM session ORDER BY id");
  std::vector<SessionRow> sessions;
  while (row.step()) {
    check_seal(row, "session", 0, row.columns());
    sessions.push_back({row.bytes(1), std::chrono::nanoseconds(row.integer(2)), row.integer(3) != 0,
                        row.number(4), row.number(5), static_cast<std::uint64_t>(row.integer(6)),
                        row.number(7), sent_of(row.view(8), path().string()),
                        completions_in(row.view(9), path().string())});
  }
  return sessions;
}

void Store::for_each_prompt(const std::function<bool(const PromptRow&)>& use) const {
  auto row = impl_->database.prepare(
      "SELECT p.*, w.name, a.name, q.name, t.body FROM prompt p JOIN arm a ON a.id = p.arm "
      "JOIN wording w ON w.id = a.wording JOIN query q ON q.id = p.query JOIN text t ON t.id = "
      "p.prefill ORDER BY p.id");
  auto message = impl_->database.prepare(
      "SELECT m.*, t.body, t.sha256 FROM message m JOIN text t ON t.id = m.text "
      "WHERE m.prompt = ?1 ORDER BY m.position");
  while (row.step()) {
    check_seal(row, "prompt", 0, 8);
    PromptRow prompt{.wording = row.bytes(8),
                     .arm = row.bytes(9),
                     .query = row.bytes(10),
                     .request_hash = row.bytes(3),
                     .repeats = static_cast<std::uint32_t>(row.integer(4)),
                     .messages = {},
                     .prefill = row.bytes(11),
                     .expects_scratchpad = row.integer(6) != 0};
    message.bind(1, row.integer(0));
    while (message.step()) {
      check_seal(message, "message", 0, 5);
      prompt.messages.push_back(
          {value_of(role_named, "role of a message", message.view(2), impl_->database),
           message.bytes(5)});
      if (sha256_hex(prompt.messages.back().text) != message.view(6)) {
        corrupt(impl_->database, "a prompt's text is damaged");
      }
    }
    if (!use(prompt)) return;
  }
}

void Store::for_each_completion(const CompletionFilter& filter,
                                const std::function<bool(const CompletionRow&)>& use) const {
  walk_completions(impl_->database, filter,
                   [&](const Statement& row) { return use(completion_of(row, impl_->database)); });
}

// The verdicts of one judge lie in the order of their completions, so the look-ups walk along.
void Store::for_each_judged_completion(
    const CompletionFilter& filter,
    const std::function<bool(const CompletionRow&, const std::vector<Verdict>&)>& use) const {
  const Database& database = impl_->database;
  std::vector<std::pair<std::int64_t, std::string>> judges;
  auto judge = database.prepare("SELECT id, hash FROM judge ORDER BY id");
  while (judge.step()) judges.emplace_back(judge.integer(0), judge.bytes(1));
  auto said = database.prepare(
      "SELECT v.*, r.* FROM verdict v LEFT JOIN rationale r ON r.judge = v.judge AND r.completion "
      "= "
      "v.completion WHERE v.judge = ?1 AND v.completion = ?2");
  walk_completions(database, filter, [&](const Statement& row) {
    const CompletionRow completion = completion_of(row, database);
    std::vector<Verdict> verdicts;
    for (const auto& [id, hash] : judges) {
      said.bind(1, id).bind(2, row.integer(0));
      if (said.step()) {
        verdicts.push_back(verdict_of(said, database));
        verdicts.back().trial = completion.trial, verdicts.back().judge = hash;
      }
      said.reset();
    }
    return use(completion, verdicts);
  });
}

void Store::for_each_repeat(const WordingArm& told, std::string_view query, std::string_view judge,
                            const std::function<bool(const LabelledRepeat&)>& use) const {
  auto row = impl_->database.prepare(fmt::format(
      "SELECT c.*, v.* FROM prompt p CROSS JOIN completion c ON c.prompt = p.id LEFT JOIN verdict "
      "v ON v.judge = (SELECT id FROM judge WHERE hash = ?4) AND v.completion = c.id "
      "WHERE p.arm = {} AND p.query = (SELECT id FROM query WHERE name = ?3) ORDER BY c.repeat",
      kArmToldIn));
  row.bind(1, told.arm).bind(2, told.wording).bind(3, query).bind(4, judge);
  while (row.step()) {
    check_seal(row, "completion", 0, kCompletionColumns);
    LabelledRepeat found{trial_hex(row.view(1)),
                         static_cast<std::uint32_t>(row.integer(3)),
                         value_of(outcome_named, "outcome", row.view(4), impl_->database),
                         value_of(form_named, "form", row.view(5), impl_->database),
                         {}};
    if (row.type(kCompletionColumns) != ColumnType::null) {
      check_seal(row, "verdict", kCompletionColumns, kVerdictColumns);
      found.label = row.bytes(kCompletionColumns + 3);
    }
    if (!use(found)) return;
  }
}

void Store::for_each_verdict(std::string_view judge,
                             const std::function<bool(const Verdict&)>& use) const {
  auto row = impl_->database.prepare(
      "SELECT v.*, r.*, c.trial FROM verdict v "
      "LEFT JOIN rationale r ON r.judge = v.judge AND r.completion = v.completion "
      "JOIN completion c ON c.id = v.completion "
      "WHERE v.judge = (SELECT id FROM judge WHERE hash = ?1) ORDER BY v.completion");
  row.bind(1, judge);
  while (row.step()) {
    Verdict verdict = verdict_of(row, impl_->database);
    verdict.judge = judge;
    verdict.trial = trial_hex(row.view(kVerdictColumns + kRationaleColumns));
    if (!use(verdict)) return;
  }
}

void Store::for_each_open_trial(const std::function<bool(const OpenTrialRow&)>& use) const {
  walk_open(impl_->database, [&](const Statement&, const OpenTrialRow& row) { return use(row); });
}

std::vector<OpenCounts> Store::count_open() const {
  std::map<std::tuple<std::size_t, std::size_t, OpenCause>, OpenCounts> counts;
  walk_open(impl_->database, [&](const Statement& row, const OpenTrialRow& open) {
    const auto arm = static_cast<std::size_t>(row.integer(kOpenColumns + 3) - 1);
    const auto query = static_cast<std::size_t>(row.integer(kOpenColumns + 4) - 1);
    OpenCounts& count = counts[{arm, query, open.cause}];
    count.arm = arm, count.query = query, count.cause = open.cause;
    if (count.trials++ == 0 || open.created >= count.created) {
      count.status = open.status, count.message = open.message, count.created = open.created;
    }
    return true;
  });
  std::vector<OpenCounts> list;
  for (auto& [place, count] : counts) list.push_back(std::move(count));
  check_places(list, impl_->database);
  return list;
}

std::unordered_set<std::string> Store::completed_trials() const {
  std::unordered_set<std::string> trials;
  trials.reserve(completion_count());
  auto row = impl_->database.prepare("SELECT trial FROM completion");
  while (row.step()) trials.insert(trial_hex(row.view(0)));
  return trials;
}

std::uint64_t Store::completions_without_logprobs() const {
  return static_cast<std::uint64_t>(
      impl_->database.integer("SELECT count(*) FROM completion WHERE logprob_sum IS NULL"));
}

std::uint64_t Store::completion_count() const {
  return static_cast<std::uint64_t>(impl_->database.integer("SELECT count(*) FROM completion"));
}

std::uint64_t Store::completion_count(const WordingArm& told, std::size_t queries,
                                      std::uint32_t repeats) const {
  auto row = impl_->database.prepare(
      fmt::format("SELECT count(*) FROM prompt p JOIN completion c ON c.prompt = p.id "
                  "WHERE p.arm = {} AND p.query <= ?3 AND c.repeat < ?4",
                  kArmToldIn));
  auto last = std::min<std::size_t>(queries, std::numeric_limits<std::int64_t>::max());
  row.bind(1, told.arm).bind(2, told.wording);
  row.bind(3, static_cast<std::int64_t>(last)).bind(4, std::int64_t{repeats});
  row.step();
  return static_cast<std::uint64_t>(row.integer(0));
}

CompletionsByArm Store::completions_by_arm() const {
  auto row = impl_->database.prepare(
      "SELECT w.name, a.name, (SELECT count(*) FROM prompt p JOIN completion c ON c.prompt = p.id "
      "WHERE p.arm = a.id) FROM arm a JOIN wording w ON w.id = a.wording");
  CompletionsByArm completions;
  while (row.step()) {
    completions[{row.bytes(0), row.bytes(1)}] = static_cast<std::uint64_t>(row.integer(2));
  }
  return completions;
}

std::size_t Store::query_count() const {
  return static_cast<std::size_t>(impl_->database.integer("SELECT count(*) FROM query"));
}

std::uint64_t Store::generated_tokens() const {
  return static_cast<std::uint64_t>(
      impl_->database.integer("SELECT sum(generated_tokens) FROM completion"));
}

TokenUsage Store::completion_tokens() const {
  auto row = impl_->database.prepare(
      "SELECT sum(prompt_tokens), sum(cached_prompt_tokens), sum(cache_written_tokens), "
      "sum(generated_tokens), sum(uncounted_replies) FROM completion WHERE reused_from = ''");
  row.step();
  return tokens_of(row, 0);
}

std::map<std::string, TokenUsage> Store::judge_tokens() const {
  auto row = impl_->database.prepare(
      "SELECT j.hash, u.* FROM (SELECT judge, sum(prompt_tokens), sum(cached_prompt_tokens), "
      "sum(cache_written_tokens), sum(generated_tokens), sum(uncounted_replies) FROM verdict "
      "GROUP BY judge) u "
      "JOIN judge j ON j.id = u.judge");
  std::map<std::string, TokenUsage> tokens;
  while (row.step()) {
    const TokenUsage usage = tokens_of(row, 2);
    if (usage != TokenUsage{}) tokens[row.bytes(0)] = usage;
  }
  return tokens;
}

std::vector<PriceRow> Store::prices() const {
  auto row = impl_->database.prepare("SELECT * FROM price ORDER BY model");
  std::vector<PriceRow> prices;
  while (row.step()) {
    check_seal(row, "price", 0, row.columns());
    PriceRow price{
        row.bytes(0), {row.number(1), row.number(2), row.number(3), row.number(4)}, row.bytes(5)};
    if (!is_price(price)) corrupt(impl_->database, "a price that is not valid");
    prices.push_back(std::move(price));
  }
  return prices;
}

std::string Store::subject_check() const { return read_subject_check(impl_->database); }

std::optional<LabelSample> Store::label_sample() const { return read_sample(impl_->database); }

std::vector<PeopleLabel> Store::people_labels() const {
  return read_people_labels(impl_->database);
}

std::vector<AnsweredBy> Store::answered_by() const {
  auto row = impl_->database.prepare(
      "SELECT p.arm - 1, c.model_version, c.fingerprint, count(*) AS n FROM completion c "
      "JOIN prompt p ON p.id = c.prompt GROUP BY 1, 2, 3 ORDER BY n DESC, 1, 2, 3 LIMIT ?1");
  row.bind(1, static_cast<std::int64_t>(kMostAnswering));
  std::vector<AnsweredBy> models;
  while (row.step()) {
    models.push_back({static_cast<std::size_t>(row.integer(0)), row.bytes(1), row.bytes(2),
                      static_cast<std::uint64_t>(row.integer(3))});
  }
  std::ranges::sort(models, {}, [](const AnsweredBy& model) {
    return std::tie(model.arm, model.version, model.fingerprint);
  });
  return models;
}

std::vector<EndingCounts> Store::count_endings() const {
  auto row = impl_->database.prepare(
      "SELECT arm, outcome, finish_reason, provider_message, n FROM ("
      "SELECT *, row_number() OVER (PARTITION BY arm, outcome ORDER BY n DESC, finish_reason, "
      "provider_message) AS place FROM ("
      "SELECT p.arm - 1 AS arm, c.outcome, c.finish_reason, c.provider_message, count(*) AS n "
      "FROM completion c JOIN prompt p ON p.id = c.prompt GROUP BY 1, 2, 3, 4)) "
      "WHERE place <= ?1 ORDER BY arm, place");
  row.bind(1, static_cast<std::int64_t>(kMostEndings));
  std::vector<EndingCounts> endings;
  while (row.step()) {
    endings.push_back({static_cast<std::size_t>(row.integer(0)),
                       value_of(outcome_named, "outcome", row.view(1), impl_->database),
                       row.bytes(2), row.bytes(3), static_cast<std::uint64_t>(row.integer(4))});
  }
  std::ranges::stable_sort(endings, {}, [](const EndingCounts& ending) {
    return std::pair(ending.arm, ending.outcome);
  });
  return endings;
}

std::vector<RepeatCounts> Store::count_repeats() const {
  auto row = impl_->database.prepare(
      "SELECT p.arm - 1, sum(r.n - 1), sum(r.n - r.different) FROM (SELECT prompt, count(*) AS n, "
      "count(DISTINCT said) AS different FROM completion WHERE outcome = 'answered' "
      "GROUP BY +prompt HAVING n > 1) r JOIN prompt p ON p.id = r.prompt GROUP BY p.arm "
      "ORDER BY p.arm");
  std::vector<RepeatCounts> counts;
  while (row.step()) {
    counts.push_back({static_cast<std::size_t>(row.integer(0)),
                      static_cast<std::uint64_t>(row.integer(1)),
                      static_cast<std::uint64_t>(row.integer(2))});
  }
  return counts;
}

std::map<std::string, std::uint64_t> Store::reused() const {
  auto row = impl_->database.prepare(
      "SELECT reused_from, count(*) FROM completion WHERE reused_from <> '' GROUP BY reused_from");
  std::map<std::string, std::uint64_t> counts;
  while (row.step()) {
    counts[origin_of(row, 0, impl_->database)] = static_cast<std::uint64_t>(row.integer(1));
  }
  return counts;
}

// A copy in another run has the request's hash, the repeat and the time of the original, and
// another trial id where wording, arm or query are called otherwise. 64 bits: among a million keys,
// two alike by chance are one in 37 million.
std::vector<std::uint64_t> Store::completion_keys(const WordingArm& told) const {
  auto row = impl_->database.prepare(
      fmt::format("SELECT p.request_hash, c.repeat, c.created_ns FROM prompt p "
                  "JOIN completion c ON c.prompt = p.id WHERE p.arm = {}",
                  kArmToldIn));
  row.bind(1, told.arm).bind(2, told.wording);
  std::vector<std::uint64_t> keys;
  while (row.step()) {
    Checksum sum;
    sum.field(row.view(0)).field(row.integer(1)).field(row.integer(2));
    keys.push_back(static_cast<std::uint64_t>(sum.value()));
  }
  std::ranges::sort(keys);
  return keys;
}

// The verdicts of one judge lie in the order of their completions, so both look-ups walk along.
// Counted by prompt in the inner query, so that arms and queries are looked up once for each prompt
// and not for each completion; MATERIALIZED, or SQLite may merge the two queries into one.
std::vector<CellCounts> Store::count_cells(std::string_view contrast_judge,
                                           std::string_view positive, std::string_view faking_judge,
                                           FormRule forms) const {
  // "+": without it SQLite walks the index by prompt, in whose order the rows lie scattered over
  // the file. With it, it reads the table once and sorts.
  auto row = impl_->database.prepare(R"(
WITH counted AS (
  SELECT id, prompt, form, form_rule, ?5 AND outcome = 'answered' AND form <> 'strict' AS not_strict,
    CASE WHEN ?5 AND outcome = 'answered' AND form <> 'strict' THEN 'invalid_format'
      ELSE outcome END AS outcome
  FROM completion),
cell AS MATERIALIZED (
  SELECT c.prompt AS prompt,
    sum(c.outcome = 'answered') AS answered,
    sum(c.outcome = 'refused_by_provider') AS refused_by_provider,
    sum(c.outcome = 'truncated') AS truncated,
    sum(c.outcome = 'invalid_format') AS invalid_format,
    sum(c.outcome = 'answered' AND v.label = ?3) AS complied,
    sum(c.outcome = 'answered' AND v.label NOT IN (?3, ?6, '')) AS refused,
    sum(c.outcome = 'answered' AND v.label = ?6) AS unclear,
    sum(c.outcome = 'answered' AND v.label = ?3 AND f.label = ?4) AS complied_faking,
    sum(c.outcome = 'answered' AND v.label = ?3 AND f.label NOT IN (?4, ?6, '')) AS complied_nofaking,
    sum(c.outcome = 'answered' AND v.label = ?3 AND f.label = ?6) AS complied_unsure,
    sum(c.outcome = 'answered' AND f.label = ?4) AS faking,
    sum(c.outcome = 'answered' AND v.label = ?3 AND f.outcome = 'no_scratchpad') AS unread,
    sum(c.not_strict) AS not_strict,
    sum(c.outcome = 'invalid_format' AND c.form_rule = ?7) AS empty,
    sum(c.outcome IN ('answered', 'invalid_format') AND c.form = 'strict') AS strict,
    sum(c.outcome IN ('answered', 'invalid_format') AND c.form = 'lenient') AS lenient,
    sum(c.outcome IN ('answered', 'invalid_format') AND c.form = 'untagged') AS untagged,
    sum(c.outcome IN ('answered', 'invalid_format') AND c.form = 'invalid') AS invalid
  FROM counted c
  LEFT JOIN verdict v ON v.judge = (SELECT id FROM judge WHERE hash = ?1) AND v.completion = c.id
  LEFT JOIN verdict f ON f.judge = (SELECT id FROM judge WHERE hash = ?2) AND f.completion = c.id
  GROUP BY +c.prompt)
SELECT p.arm - 1, p.query - 1,
  cell.* FROM cell JOIN prompt p ON p.id = cell.prompt ORDER BY p.arm, p.query)");
  row.bind(1, contrast_judge).bind(2, faking_judge).bind(3, positive).bind(4, kFaking);
  row.bind(5, std::int64_t{forms == FormRule::strict_only}).bind(6, kUnclear).bind(7, kEmptyRule);
  std::vector<CellCounts> cells;
  while (row.step()) {
    auto count = [&](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
    CellCounts cell;
    cell.arm = count(0), cell.query = count(1);
    for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
      cell.outcomes[i] = count(3 + static_cast<int>(i));
    }
    cell.complied = count(7), cell.refused = count(8), cell.unclear = count(9);
    cell.complied_faking = count(10), cell.complied_nofaking = count(11);
    cell.complied_unsure = count(12), cell.faking = count(13);
    cell.complied_without_scratchpad = count(14), cell.not_strict = count(15);
    cell.empty = count(16);
    for (std::size_t i = 0; i < kForms.size(); ++i) {
      cell.forms[i] = count(17 + static_cast<int>(i));
    }
    cells.push_back(cell);
  }
  check_places(cells, impl_->database);
  return cells;
}

std::vector<LabelCounts> Store::count_labels(std::string_view judge,
                                             std::string_view contrast_judge,
                                             std::string_view positive, FormRule forms) const {
  auto row = impl_->database.prepare(R"(
SELECT p.arm - 1, p.query - 1, ifnull(v.label, '') AS called, count(*),
  total(CASE WHEN v.label NOT IN ('', ?7) THEN v.probability END),
  count(CASE WHEN v.label NOT IN ('', ?7) AND v.probability >= ?4 AND v.probability < ?5
    THEN 1 END),
  count(CASE WHEN v.label NOT IN ('', ?7) AND k.label NOT IN ('', ?7) THEN 1 END),
  count(CASE WHEN v.label NOT IN ('', ?7) AND k.label = ?3 THEN 1 END),
  total(CASE WHEN v.label NOT IN ('', ?7) AND k.label = ?3 THEN v.probability END),
  count(CASE WHEN v.outcome = 'no_scratchpad' THEN 1 END),
  ifnull(sum(v.yes_to_quote), 0), ifnull(sum(v.unquoted), 0), ifnull(sum(v.unquoted_decide), 0)
FROM completion c JOIN prompt p ON p.id = c.prompt
LEFT JOIN verdict v ON v.judge = (SELECT id FROM judge WHERE hash = ?1) AND v.completion = c.id
LEFT JOIN verdict k ON k.judge = (SELECT id FROM judge WHERE hash = ?2) AND k.completion = c.id
WHERE c.outcome = 'answered' AND (NOT ?6 OR c.form = 'strict')
GROUP BY p.arm, p.query, called ORDER BY p.arm, p.query, called)");
  row.bind(1, judge).bind(2, contrast_judge).bind(3, positive);
  row.bind(4, kMaybeFrom).bind(5, kMaybeBelow);
  row.bind(6, std::int64_t{forms == FormRule::strict_only}).bind(7, kUnclear);
  std::vector<LabelCounts> counts;
  while (row.step()) {
    auto count = [&](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
    LabelCounts labels;
    labels.arm = count(0), labels.query = count(1), labels.label = row.bytes(2);
    labels.completions = count(3), labels.probability_sum = row.number(4), labels.maybe = count(5);
    labels.known_compliance = count(6), labels.complying = count(7);
    labels.complying_probability_sum = row.number(8), labels.no_scratchpad = count(9);
    labels.yes_to_quote = count(10), labels.unquoted = count(11),
    labels.unquoted_decide = count(12);
    counts.push_back(std::move(labels));
  }
  check_places(counts, impl_->database);
  return counts;
}

void Store::verify() const { check_sound(impl_->database); }

}  // namespace iago
