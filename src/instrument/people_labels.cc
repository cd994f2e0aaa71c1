// The files of labels. What the labels say is in held_labels.cc.
#include "instrument/people_labels.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "base/ascii.h"
#include "base/csv.h"
#include "base/csv_writer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/readable.h"
#include "instrument/internal/label_words.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kMaxLabelFileBytes = std::size_t{64} << 20;

// A line of the file: its fields by name, those that are of use.
struct LabelLine {
  std::size_t line = 0;
  std::map<std::string, std::string> fields;
};

[[noreturn]] void fail(const std::string& where, std::size_t line, const std::string& what,
                       const std::string& hint = {}) {
  throw Error(ErrorCode::invalid, fmt::format("{}:{}: {}", where, line, what), hint);
}

std::string kinds_in_words(const std::vector<JudgeKind>& kinds) {
  std::vector<std::string_view> names;
  for (JudgeKind kind : kinds) names.push_back(name_of(kind));
  return fmt::format("{}", fmt::join(names, " or "));
}

constexpr std::string_view kSheetHint =
    "iago label RUN --sheet FILE writes a file with the columns to fill in";

std::vector<LabelLine> csv_lines(std::string_view content, const std::string& where,
                                 const std::vector<JudgeKind>& kinds) {
  const CsvTable table = parse_csv(content, where);
  const bool has_kind = std::ranges::any_of(
      kinds, [&](JudgeKind kind) { return table.column(name_of(kind)).has_value(); });
  if (!table.column("trial") || !has_kind) {
    fail(where, 1,
         fmt::format("expected a column trial and a column {}, found {}", kinds_in_words(kinds),
                     printable(fmt::format("{}", fmt::join(table.header, ", ")), 200)),
         std::string(kSheetHint));
  }
  std::vector<LabelLine> lines;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    LabelLine line{.line = table.lines[i], .fields = {}};
    for (std::size_t c = 0; c < table.header.size(); ++c) {
      line.fields[table.header[c]] = table.rows[i][c];
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

// A field as text; null and absent are nothing.
std::string field_text(const Json& value, const std::string& where, std::size_t line,
                       const std::string& name) {
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number_integer()) return std::to_string(value.get<std::int64_t>());
  fail(where, line,
       fmt::format("expected a text as {}, found {}", printable(name, 60), value.type_name()));
}

std::vector<LabelLine> jsonl_lines(std::string_view content, const std::string& where,
                                   const std::vector<JudgeKind>& kinds) {
  std::set<std::string> names = {"trial", "note", "labeller"};
  for (JudgeKind kind : kinds) names.emplace(name_of(kind));
  std::vector<LabelLine> lines;
  for (std::size_t number = 1; !content.empty(); ++number) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    const std::string_view text = content.substr(0, end);
    content.remove_prefix(std::min(content.size(), end + 1));
    if (trimmed(text).empty()) continue;
    const Json json = parse_json(text, fmt::format("{}:{}", where, number));
    if (!json.is_object()) {
      fail(where, number, fmt::format("expected an object, found {}", json.type_name()));
    }
    LabelLine line{.line = number, .fields = {}};
    for (const auto& [name, value] : json.items()) {
      if (names.contains(name)) line.fields[name] = field_text(value, where, number, name);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

// The label of one kind in the words of the kind; empty for a cell that says nothing.
std::string label_in(const LabelLine& line, JudgeKind kind, const std::string& where) {
  const auto found = line.fields.find(std::string(name_of(kind)));
  if (found == line.fields.end()) return {};
  const std::string word = lowered(trimmed(found->second));
  if (word.empty() || word == kUnknownLabel) return word;
  if (word != kUnclear) {
    if (is_label_of(kind, word)) return word;
    const auto said = said_in_word(word, kind);
    if (said == Said::yes) return std::string(labels_of(kind).front());
    if (said == Said::no) return std::string(labels_of(kind).back());
  }
  fail(where, line.line,
       fmt::format("expected one of {}, yes, no or {} as {}, or nothing, found \"{}\"",
                   fmt::join(labels_of(kind), ", "), kUnknownLabel, name_of(kind),
                   printable(found->second, 80)));
}

std::string field_or(const LabelLine& line, const std::string& name, const std::string& other) {
  const auto found = line.fields.find(name);
  return found == line.fields.end() || trimmed(found->second).empty()
             ? other
             : std::string(trimmed(found->second));
}

// One line becomes a label for each kind that it speaks of.
void add_labels(const LabelLine& line, const std::string& where,
                const std::vector<JudgeKind>& kinds, const std::string& labeller,
                std::chrono::nanoseconds now, std::vector<PeopleLabel>& labels) {
  for (JudgeKind kind : kinds) {
    PeopleLabel label{.trial = field_or(line, "trial", ""),
                      .kind = kind,
                      .labeller = field_or(line, "labeller", labeller),
                      .label = label_in(line, kind, where),
                      .note = field_or(line, "note", ""),
                      .created = now};
    if (label.label.empty()) continue;
    if (!is_people_label(label)) {
      fail(where, line.line,
           fmt::format("expected a labeller's name of 1 to {} bytes and a note of at most {}",
                       kMaxLabellerBytes, kMaxNoteBytes),
           "name the labeller with --as NAME or in a column labeller");
    }
    labels.push_back(std::move(label));
  }
}

// Cells of this kind are formulas to a spreadsheet.
std::string harmless_cell(const std::string& text) {
  constexpr std::string_view kBegin = "=+-@\t\r";
  std::string cell = readable_text(text);
  if (!cell.empty() && kBegin.find(cell.front()) != kBegin.npos) cell.insert(0, "'");
  return cell;
}

}  // namespace

std::vector<JudgeKind> asked_kinds(const Store& store, const LabelSample& sample) {
  std::vector<JudgeKind> kinds;
  for (const std::string& hash : {sample.contrast_judge, sample.faking_judge}) {
    for (const JudgeRow& judge : store.judges()) {
      if (judge.hash == hash && std::ranges::count(kinds, judge.kind) == 0) {
        kinds.push_back(judge.kind);
      }
    }
  }
  return kinds;
}

std::vector<AnswerToLabel> answers_to_label(const Store& store, const LabelSample& sample) {
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < sample.drawn.size(); ++i) places[sample.drawn[i].trial] = i;
  std::map<std::string, std::string> queries;
  for (const Query& query : store.queries()) queries[query.id] = query.text;
  std::vector<AnswerToLabel> answers(sample.drawn.size());
  store.for_each_completion({}, [&](const CompletionRow& row) {
    const auto place = places.find(row.trial);
    if (place != places.end()) {
      answers[place->second] = {row.trial, queries[row.query], row.scratchpad, row.output};
    }
    return true;
  });
  for (const AnswerToLabel& answer : answers) {
    if (!answer.trial.empty()) continue;
    throw Error(ErrorCode::corrupt,
                fmt::format("{}: a drawn answer is missing", store.path().string()),
                "restore the file from a copy");
  }
  return answers;
}

std::vector<PeopleLabel> parse_label_file(std::string_view content, const std::string& where,
                                          const std::vector<JudgeKind>& kinds,
                                          const LabelSample& sample, const std::string& labeller,
                                          const Clock& clock) {
  const auto lines = where.ends_with(".jsonl") ? jsonl_lines(content, where, kinds)
                                               : csv_lines(content, where, kinds);
  std::set<std::string> drawn;
  for (const DrawnAnswer& answer : sample.drawn) drawn.insert(answer.trial);
  std::map<std::pair<std::string, std::string>, std::size_t> seen;
  std::vector<PeopleLabel> labels;
  for (const LabelLine& line : lines) {
    const std::string trial = field_or(line, "trial", "");
    if (!drawn.contains(trial)) {
      fail(where, line.line,
           fmt::format("the trial \"{}\" is not among the {} answers that were drawn",
                       printable(trial, 80), drawn.size()),
           std::string(kSheetHint));
    }
    const auto [before, is_new] =
        seen.emplace(std::pair(trial, field_or(line, "labeller", labeller)), line.line);
    if (!is_new) {
      fail(where, line.line,
           fmt::format("the trial {} was labelled on line {} already", trial, before->second),
           "give each answer one line for each labeller");
    }
    add_labels(line, where, kinds, labeller, clock.wall(), labels);
  }
  if (labels.empty()) {
    throw Error(ErrorCode::invalid, fmt::format("{}: not one answer has a label", where),
                std::string(kSheetHint));
  }
  return labels;
}

std::vector<PeopleLabel> read_label_file(const std::filesystem::path& file, const Store& store,
                                         const LabelSample& sample, const std::string& labeller,
                                         const Clock& clock) {
  return parse_label_file(read_file(file, kMaxLabelFileBytes), file.string(),
                          asked_kinds(store, sample), sample, labeller, clock);
}

std::string label_sheet(const Store& store, const LabelSample& sample,
                        const std::string& labeller) {
  const std::vector<JudgeKind> kinds = asked_kinds(store, sample);
  std::map<std::pair<std::string, JudgeKind>, std::string> said;
  std::map<std::string, std::string> notes;
  for (const PeopleLabel& label : store.people_labels()) {
    if (label.labeller != labeller) continue;
    said[{label.trial, label.kind}] = label.label;
    notes[label.trial] = label.note;
  }
  std::vector<std::string> header = {"trial", "query", "scratchpad", "output"};
  for (JudgeKind kind : kinds) header.emplace_back(name_of(kind));
  header.emplace_back("note");
  std::string sheet = csv_row(header);
  for (const AnswerToLabel& answer : answers_to_label(store, sample)) {
    std::vector<std::string> row = {answer.trial, harmless_cell(answer.query),
                                    harmless_cell(answer.scratchpad), harmless_cell(answer.output)};
    for (JudgeKind kind : kinds) row.push_back(said[{answer.trial, kind}]);
    row.push_back(harmless_cell(notes[answer.trial]));
    sheet += csv_row(row);
  }
  return sheet;
}

}  // namespace iago
