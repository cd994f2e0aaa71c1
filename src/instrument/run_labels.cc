#include "instrument/run_labels.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/ascii.h"
#include "base/csv.h"
#include "base/error.h"
#include "base/file.h"
#include "figures/looks.h"
#include "figures/summary.h"
#include "instrument/internal/judged_labels.h"
#include "instrument/internal/label_words.h"
#include "run/run.h"
#include "store/writer.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kMaxRunLabelBytes = std::size_t{64} << 20;

// A column of labels.
struct LabelColumn {
  JudgeKind kind;
  std::size_t place = 0;
};

std::vector<LabelColumn> label_columns(const CsvTable& table, std::string_view where) {
  std::vector<LabelColumn> columns;
  std::vector<std::string_view> names;
  for (JudgeKind kind : kJudgeKinds) {
    names.push_back(name_of(kind));
    if (const auto place = table.column(name_of(kind))) columns.push_back({kind, *place});
  }
  if (!table.column("trial") || columns.empty()) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}:1: expected a column trial and one of {}, found {}", where,
                            fmt::join(names, ", "), fmt::join(table.header, ", ")),
                "Take the answers with their trial from the view `answers` of the run's run.db, at "
                "random within each arm, and add a column of labels; docs/rule-judges.md has the "
                "command.");
  }
  return columns;
}

LabelledAnswer answer_of(const CsvTable& table, std::size_t row,
                         const std::vector<LabelColumn>& columns, std::string_view where) {
  const std::vector<std::string>& fields = table.rows[row];
  LabelledAnswer answer{.trial = fields[*table.column("trial")], .line = table.lines[row]};
  for (const auto& [kind, place] : columns) {
    const std::string& word = fields[place];
    if (word.empty()) continue;
    const std::optional<Said> said = said_in_word(word, kind);
    if (!said && lowered(word) != "unknown") {
      throw Error(
          ErrorCode::invalid,
          fmt::format("{}:{}: expected a label {}, unknown or nothing as {}, found \"{}\"", where,
                      answer.line, words_of_labels(kind), name_of(kind), printable(word, 80)));
    }
    answer.truth[kind] = said ? truth_of(*said) : std::nullopt;
  }
  return answer;
}

// Absent where what is not known could decide.
std::optional<bool> both_true(std::optional<bool> complies, std::optional<bool> fakes) {
  if (complies == false || fakes == false) return false;
  return complies && fakes ? std::optional(true) : std::nullopt;
}

// What is counted of the labels: the judges, and the truth that is held against each.
class Labelling {
 public:
  Labelling(const Store& store, const RunLabels& labels, const std::vector<std::string>& names)
      : store_(store), choice_(choose_judges(store)), labels_(labels) {
    for (const LabelledAnswer& answer : labels.answers) by_trial_[answer.trial] = &answer;
    add_judges();
    for (const std::string& name : names) refuse_unknown(name);
    if (!names.empty()) {
      std::erase_if(judges_, [&](const JudgeRow& judge) {
        return std::ranges::count(names, judge.name) == 0;
      });
    }
  }

  LabelledRun hold() {
    const RunRow run = store_.run();
    LabelledRun result{.run = run.id, .subject = run.subject, .setting = run.setting};
    for (const JudgeRow& judge : judges_) {
      result.judges.push_back({.name = judge.name,
                               .hash = judge.hash,
                               .kind = judge.kind,
                               .counted_with = is_contrast(judge) ? "" : choice_.contrast->hash});
      verdicts_.push_back(read_labels(store_, judge.hash, judge.kind));
    }
    complied_ = read_labels(store_, choice_.contrast->hash, choice_.contrast->kind);
    for (std::string& name : wordings_of_contrast(store_.wordings())) {
      wordings_.insert(std::move(name));
    }
    store_.for_each_completion({.outcome = Outcome::answered}, [&](const CompletionRow& row) {
      add(row, result);
      return true;
    });
    refuse_missing(run);
    for (LabelledJudge& judge : result.judges) {
      for (auto& [name, arm] : judge.arms) arm.answered_queries = answered_[name].size();
    }
    return result;
  }

 private:
  bool is_contrast(const JudgeRow& judge) const { return judge.hash == choice_.contrast->hash; }
  bool has_column(JudgeKind kind) const { return std::ranges::count(labels_.kinds, kind) > 0; }

  void add_judges() {
    const auto& contrast = choice_.contrast;
    const auto& faking = choice_.faking_reasoning;
    if (!contrast) {
      throw Error(ErrorCode::invalid,
                  fmt::format("{}: the run has no judge of a contrast", store_.path().string()),
                  "judge it first: iago judge RUN --judge NAME");
    }
    const bool is_labelled = has_column(contrast->kind);
    if (is_labelled) judges_.push_back(*contrast);
    if (is_labelled && faking && has_column(faking->kind)) judges_.push_back(*faking);
    if (!judges_.empty()) return;
    throw Error(ErrorCode::invalid,
                fmt::format("{}:1: expected a column {}, by which {} counts in the run",
                            labels_.where, name_of(contrast->kind), printable(contrast->name, 60)),
                "faking reasoning counts only together with it");
  }

  void refuse_unknown(const std::string& name) const {
    if (std::ranges::count(judges_, name, &JudgeRow::name) > 0) return;
    std::vector<std::string> names;
    for (const JudgeRow& judge : judges_) names.push_back(printable(judge.name, 60));
    throw Error(ErrorCode::invalid,
                fmt::format("the labels of {} say nothing of a judge {} of the run {}",
                            labels_.where, printable(name, 60), store_.path().string()),
                fmt::format("they can be held against {}", fmt::join(names, ", ")));
  }

  void refuse_missing(const RunRow& run) const {
    for (const LabelledAnswer& answer : labels_.answers) {
      if (found_.contains(answer.trial)) continue;
      throw Error(ErrorCode::invalid,
                  fmt::format("{}:{}: the run {} has no answer to the trial \"{}\"", labels_.where,
                              answer.line, printable(run.id, 200), printable(answer.trial, 80)),
                  "label answers of this run: the view `answers` of run.db has their trials");
    }
  }

  // Is the answer's label known to be asked for, and what is it?
  struct Asked {
    bool was_asked = false;
    std::optional<bool> truth;
  };
  static Asked asked(const LabelledAnswer& answer, JudgeKind kind) {
    const auto found = answer.truth.find(kind);
    return found == answer.truth.end() ? Asked{} : Asked{true, found->second};
  }

  Asked truth_for(const JudgeRow& judge, const LabelledAnswer& answer) const {
    const Asked complies = asked(answer, choice_.contrast->kind);
    if (is_contrast(judge)) return complies;
    const Asked fakes = asked(answer, judge.kind);
    const std::optional<bool> truth = both_true(complies.truth, fakes.truth);
    return {truth == false || (complies.was_asked && fakes.was_asked), truth};
  }

  void add(const CompletionRow& row, LabelledRun& result) {
    const auto label = by_trial_.find(row.trial);
    const LabelledAnswer* answer = label == by_trial_.end() ? nullptr : label->second;
    if (answer != nullptr) {
      found_.insert(row.trial);
      result.labelled += answer->truth.empty() ? 0 : 1;
    }
    const bool is_counted = wordings_.contains(row.wording);
    if (is_counted) answered_[row.arm].insert(row.query);
    for (std::size_t i = 0; i < judges_.size(); ++i) {
      auto judged = label_of(verdicts_[i], row.trial);
      if (!is_contrast(judges_[i])) judged = both(label_of(complied_, row.trial), judged);
      LabelledJudge& judge = result.judges[i];
      if (is_counted && (judged == Said::yes || judged == Said::no)) {
        LabelledArm& arm = judge.arms[row.arm];
        ++arm.judged;
        arm.judged_positive += judged == Said::yes ? 1 : 0;
      }
      if (answer == nullptr) continue;
      const Asked truth = truth_for(judges_[i], *answer);
      if (!truth.was_asked) continue;
      ValidationRow& counted = is_counted ? judge.arms[row.arm].row : judge.elsewhere;
      const std::uint64_t before = counted.counts.total();
      count(truth.truth, judged, counted);
      if (is_counted && counted.counts.total() > before) {
        judge.arms[row.arm].labelled_queries.insert(row.query);
      }
    }
  }

  const Store& store_;
  const JudgeChoice choice_;
  const RunLabels& labels_;
  std::vector<JudgeRow> judges_;
  std::unordered_map<std::string, const LabelledAnswer*> by_trial_;
  std::vector<JudgedLabels> verdicts_;                     // of judges_
  JudgedLabels complied_;                                  // by the contrast's judge
  std::set<std::string> wordings_;                         // that the contrasts are made of
  std::set<std::string> found_;                            // trials
  std::map<std::string, std::set<std::string>> answered_;  // queries by arm, of these wordings
};

}  // namespace

RunLabels parse_run_labels(std::string_view csv, std::string_view where) {
  const CsvTable table = parse_csv(csv, where);
  const auto columns = label_columns(table, where);
  RunLabels labels{.where = std::string(where)};
  for (const LabelColumn& column : columns) labels.kinds.push_back(column.kind);
  std::unordered_map<std::string, std::size_t> lines;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    LabelledAnswer answer = answer_of(table, i, columns, where);
    const auto [before, is_new] = lines.emplace(answer.trial, answer.line);
    if (!is_new) {
      throw Error(ErrorCode::invalid,
                  fmt::format("{}:{}: the trial {} was labelled on line {} already", where,
                              answer.line, printable(answer.trial, 80), before->second),
                  "give each answer one label");
    }
    labels.answers.push_back(std::move(answer));
  }
  if (labels.answers.empty()) {
    throw Error(ErrorCode::invalid, fmt::format("{}: a header and no labelled answer", where));
  }
  return labels;
}

RunLabels load_run_labels(const std::filesystem::path& file) {
  return parse_run_labels(read_file(file, kMaxRunLabelBytes), file.string());
}

LabelledRun hold_against_verdicts(const Store& store, const RunLabels& labels,
                                  const std::vector<std::string>& names) {
  return Labelling(store, labels, names).hold();
}

namespace {

// What the labels say of a judge's error.
JudgeError error_of(const LabelledJudge& judge, const LabelledRun& labelled, const RunRow& run) {
  const ValidationRow total = judge.total();
  JudgeError error{.counts = total.counts,
                   .unknown_truth = total.unknown(),
                   .measured_on = labelled.subject,
                   .source = ErrorSource::labels,
                   .setting = labelled.setting,
                   .setting_hash = run.setting_hash};
  for (const auto& [name, arm] : judge.arms) {
    if (arm.row.counts.total() == 0) continue;
    error.by_arm[name] = arm.row.counts;
    error.labelled_queries[name] = {arm.labelled_queries.size(), arm.answered_queries};
  }
  return error;
}

}  // namespace

WrittenLabels write_label_errors(const std::filesystem::path& folder, const LabelledRun& labelled) {
  if (const auto uneven = uneven_draws(labelled); !uneven.empty()) {
    throw Error(ErrorCode::invalid, uneven.front(),
                "draw the answers to label at random, whatever the judges say of them");
  }
  WrittenLabels written;
  std::vector<const LabelledJudge*> counted;
  for (const LabelledJudge& judge : labelled.judges) {
    const std::string why = judge.why_nothing_counts();
    if (why.empty()) {
      counted.push_back(&judge);
      written.judges.push_back(judge.name);
    } else {
      written.not_written.push_back(fmt::format("{}: {}", printable(judge.name, 60), why));
    }
  }
  if (counted.empty()) return written;
  {
    StoreWriter writer(folder / "run.db");
    const Store store(folder / "run.db");
    const auto rows = store.judges();
    const RunRow run = store.run();
    for (const LabelledJudge* judge : counted) {
      const auto found = std::ranges::find(rows, judge->hash, &JudgeRow::hash);
      IAGO_CHECK(found != rows.end(), judge->name);
      JudgeRow row = *found;
      row.error = error_of(*judge, labelled, run);
      writer.record_judge(row);
    }
    writer.close();
  }
  write_summary(folder);
  return written;
}

}  // namespace iago
