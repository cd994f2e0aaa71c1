#include "store/internal/label_rows.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "store/internal/recorder.h"
#include "store/internal/seal.h"

namespace iago {
namespace {

[[noreturn]] void refuse_labels(const Database& database, const std::string& what) {
  throw Error(ErrorCode::invalid, fmt::format("{}: {}", database.path().string(), what));
}

[[noreturn]] void corrupt_labels(const Database& database, std::string_view what) {
  throw Error(ErrorCode::corrupt,
              fmt::format("{}: the store holds {}", database.path().string(), what),
              "restore the file from a copy");
}

// The completions by their trials.
class LabelledCompletions {
 public:
  explicit LabelledCompletions(const Database& database)
      : database_(database),
        find_(database.prepare("SELECT id FROM completion WHERE trial = ?1")) {}

  std::int64_t id_of(const std::string& trial) {
    const auto bytes = trial_bytes(trial);
    if (!bytes) refuse_labels(database_, fmt::format("\"{:.80}\" is no trial id", trial));
    find_.bind_blob(1, *bytes);
    if (!find_.step())
      refuse_labels(database_, fmt::format("the trial {} has no completion", trial));
    const std::int64_t id = find_.integer(0);
    find_.reset();
    return id;
  }

 private:
  const Database& database_;
  Statement find_;
};

bool is_inclusion(double chance) { return chance > 0 && chance <= 1; }

}  // namespace

void write_sample(const Database& database, const LabelSample& sample) {
  database.execute("DELETE FROM drawn");
  auto put = database.prepare(
      "INSERT OR REPLACE INTO label_sample VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
  run_sealed(put, {integer(1), text(sample.contrast_judge), text(sample.faking_judge),
                   text(name_of(sample.estimator)), integer(sample.seed),
                   integer(sample.created.count()), integer(sample.drawn.size())});
  auto add = database.prepare("INSERT INTO drawn VALUES (?1, ?2, ?3, ?4, ?5)");
  LabelledCompletions completions(database);
  std::int64_t place = 0;
  for (const DrawnAnswer& drawn : sample.drawn) {
    if (!is_inclusion(drawn.inclusion)) {
      refuse_labels(database,
                    fmt::format("expected a chance of inclusion above 0 and at most 1, found {}",
                                drawn.inclusion));
    }
    run_sealed(add, {integer(place++), integer(completions.id_of(drawn.trial)), text(drawn.stratum),
                     number(drawn.inclusion)});
  }
}

void write_people_labels(const Database& database, std::span<const PeopleLabel> labels) {
  auto put =
      database.prepare("INSERT OR REPLACE INTO people_label VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  LabelledCompletions completions(database);
  for (const PeopleLabel& label : labels) {
    if (!is_people_label(label)) {
      refuse_labels(database,
                    fmt::format("no label of the kind {} by a person: \"{:.80}\" by \"{:.100}\"",
                                name_of(label.kind), label.label, label.labeller));
    }
    const std::string kind = text_of(label.kind);
    run_sealed(put, {integer(completions.id_of(label.trial)), text(kind), blob(label.labeller),
                     text(label.label), blob(label.note), integer(label.created.count())});
  }
}

void write_subject_check(const Database& database, std::string_view json) {
  auto put = database.prepare("INSERT OR REPLACE INTO subject_check VALUES (?1, ?2, ?3)");
  run_sealed(put, {integer(1), blob(json)});
}

std::string read_subject_check(const Database& database) {
  auto row = database.prepare("SELECT * FROM subject_check");
  if (!row.step()) return {};
  check_seal(row, "subject_check", 0, row.columns());
  return row.bytes(1);
}

std::optional<LabelSample> read_sample(const Database& database) {
  auto row = database.prepare("SELECT * FROM label_sample");
  if (!row.step()) return std::nullopt;
  check_seal(row, "label_sample", 0, row.columns());
  const auto estimator = label_estimator_named(row.view(3));
  if (!estimator) corrupt_labels(database, "a sample with an unknown estimator");
  LabelSample sample{.contrast_judge = row.bytes(1),
                     .faking_judge = row.bytes(2),
                     .estimator = *estimator,
                     .seed = static_cast<std::uint64_t>(row.integer(4)),
                     .created = std::chrono::nanoseconds(row.integer(5)),
                     .drawn = {}};
  const std::int64_t drawn = row.integer(6);
  auto answer = database.prepare(
      "SELECT d.*, c.trial FROM drawn d JOIN completion c ON c.id = d.completion ORDER BY d.place");
  while (answer.step()) {
    check_seal(answer, "drawn", 0, answer.columns() - 1);
    if (!is_inclusion(answer.number(3)))
      corrupt_labels(database, "a chance of inclusion that is none");
    sample.drawn.push_back({trial_hex(answer.view(5)), answer.bytes(2), answer.number(3)});
  }
  if (std::cmp_not_equal(sample.drawn.size(), drawn))
    corrupt_labels(database, "a sample without a part");
  return sample;
}

std::vector<PeopleLabel> read_people_labels(const Database& database) {
  auto row = database.prepare(
      "SELECT l.*, c.trial FROM people_label l JOIN completion c ON c.id = l.completion "
      "ORDER BY l.created_ns, l.completion, l.kind, l.labeller");
  std::vector<PeopleLabel> labels;
  while (row.step()) {
    check_seal(row, "people_label", 0, row.columns() - 1);
    const auto kind = judge_kind_in(row.view(1));
    if (!kind) corrupt_labels(database, "a label of an unknown kind");
    labels.push_back({trial_hex(row.view(7)), *kind, row.bytes(2), row.bytes(3), row.bytes(4),
                      std::chrono::nanoseconds(row.integer(5))});
    if (!is_people_label(labels.back())) corrupt_labels(database, "a person's label that is none");
  }
  return labels;
}

}  // namespace iago
